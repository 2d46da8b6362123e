"""意见跟踪 at a terminal: a step of an opinion is a record of its own and a new state, written together, offline too.

The steps and their order are `desktop_app.domain.handling`; the center asks the same before it applies one.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from desktop_app.domain.clock import Clock, stamp, unix_ms
from desktop_app.domain.faults import OperatorError
from desktop_app.domain.handling import Handling, ReplyClass, check_step
from desktop_app.domain.ids import derived_id, uuid7
from sync.log.write import Write

CONTENT = 500
"""The longest text of a clue, in characters."""
TITLE = 80


class FollowUpRecords(Protocol):
    """What is needed of the records."""

    def get(self, entity: str, pk: str) -> dict[str, Any] | None: ...
    def write(self, *writes: Write) -> list[str]: ...


class FollowUp:
    """Blocking. OperatorError `record-missing`, `step-not-allowed`, or what an act says; then nothing is kept."""

    def __init__(self, records: FollowUpRecords, unit_path: str, clock: Clock) -> None:
        self._records, self._unit_path, self._clock = records, unit_path, clock

    def add(self, *, meeting: str, member_name: str, text: str, topic: str = "") -> str:
        """An opinion that was not marked in minutes; its key. `opinion-empty`, `opinion-meeting-missing`."""
        if not text.strip():
            raise OperatorError("opinion-empty")
        if not meeting:
            raise OperatorError("opinion-meeting-missing")
        pk = self._new()
        fields = {
            "meeting": meeting,
            "member_name": member_name.strip(),
            "site": self._unit_path,
            "quote": "",
            "text": text.strip(),
            "topic": topic,
            "state": Handling.NOTED.value,
        }
        self._records.write(Write("opinion", pk, fields, meeting))
        return pk

    def confirm(self, opinion: str) -> None:
        """Its member stands by it."""
        self._step(opinion, Handling.CONFIRMED)

    def dismiss(self, opinion: str) -> None:
        self._step(opinion, Handling.DISMISSED)

    def reopen(self, opinion: str) -> None:
        """What was put aside as no opinion, or a clue that was not taken up, is looked at again."""
        row = self._row(opinion)
        back = Handling.CLUE if row.get("state") == Handling.EXCLUDED else Handling.NOTED
        self._step(opinion, back)

    def make_clue(self, opinion: str, *, title: str, content: str, category: str = "") -> None:
        """转为线索. `clue-title-missing`, `clue-too-long`."""
        if not title.strip():
            raise OperatorError("clue-title-missing", limit=TITLE)
        if len(content) > CONTENT or len(title) > TITLE:
            raise OperatorError("clue-too-long", limit=CONTENT, title=TITLE)
        row = self._row(opinion)
        fields = {
            "meeting": row["meeting"],
            "unit_path": self._unit_path,
            "opinion": opinion,
            "title": title.strip(),
            "content": content.strip(),
            "category": category,
            "made_on": stamp(self._clock.now()),
        }
        clue = Write("clue", derived_id("clue", opinion), fields, str(row["meeting"]))
        self._step(opinion, Handling.CLUE, clue)

    def exclude(self, opinion: str, *, reason: str) -> None:
        """不立案, with the reason that is told to the member. `exclusion-reason-missing`."""
        if not reason.strip():
            raise OperatorError("exclusion-reason-missing")
        row = self._row(opinion)
        clue = Write("clue", derived_id("clue", opinion), {"excluded_reason": reason.strip()}, str(row["meeting"]))
        self._step(opinion, Handling.EXCLUDED, clue)

    def file_proposal(
        self, opinion: str, *, number: str, main_unit: str, co_units: Sequence[str] = (), due_on: str = ""
    ) -> None:
        """立案交办: the proposal is handled in another system; its number and who has to reply are kept here.

        `proposal-unit-missing`.
        """
        if not main_unit.strip():
            raise OperatorError("proposal-unit-missing")
        row = self._row(opinion)
        fields = {
            "meeting": row["meeting"],
            "unit_path": self._unit_path,
            "opinion": opinion,
            "proposal_no": number.strip(),
            "main_unit": main_unit.strip(),
            "co_units": [unit.strip() for unit in co_units if unit.strip()],
            "due_on": due_on,
            "assigned_on": stamp(self._clock.now()),
        }
        proposal = Write("proposal", derived_id("proposal", opinion), fields, str(row["meeting"]))
        self._step(opinion, Handling.PROPOSAL, proposal)

    def reply(
        self, opinion: str, *, reply_class: ReplyClass, text: str, duty_unit: str, due_on: str = "", reason: str = ""
    ) -> None:
        """答复. `reply-text-missing`; a B needs a day for the look-back (`reply-due-missing`), a C its reason."""
        if not text.strip():
            raise OperatorError("reply-text-missing")
        if reply_class is ReplyClass.B and not due_on:
            raise OperatorError("reply-due-missing")
        if reply_class is ReplyClass.C and not reason.strip():
            raise OperatorError("reply-reason-missing")
        row = self._row(opinion)
        fields = {
            "meeting": row["meeting"],
            "unit_path": self._unit_path,
            "opinion": opinion,
            "reply_class": reply_class.value,
            "text": text.strip(),
            "duty_unit": duty_unit.strip(),
            "replied_on": stamp(self._clock.now()),
            "due_on": due_on,
            "reason": reason.strip(),
        }
        reply = Write("reply", self._new(), fields, str(row["meeting"]))
        self._step(opinion, reply_class.leads_to, reply, leaves=Handling.PROPOSAL)

    def look_back(
        self,
        opinion: str,
        *,
        situation: str,
        class_after: ReplyClass,
        class_before: str = ReplyClass.B,
        remaining: str = "",
        next_due: str = "",
        participants: str = "",
    ) -> None:
        """回头看. `look-back-empty`; where it is still a B it needs the next day (`reply-due-missing`)."""
        if not situation.strip():
            raise OperatorError("look-back-empty")
        if class_after is ReplyClass.B and not next_due:
            raise OperatorError("reply-due-missing")
        row = self._row(opinion)
        fields = {
            "meeting": row["meeting"],
            "unit_path": self._unit_path,
            "opinion": opinion,
            "visited_on": stamp(self._clock.now()),
            "situation": situation.strip(),
            "class_before": str(class_before),
            "class_after": class_after.value,
            "remaining": remaining.strip(),
            "next_due": next_due,
            "participants": participants.strip(),
        }
        seen = Write("look_back", self._new(), fields, str(row["meeting"]))
        self._step(opinion, class_after.leads_to, seen, leaves=Handling.LOOK_BACK)

    def hand_out_again(self, opinion: str) -> None:
        """重办: what was found at the look-back goes back to whoever has to reply."""
        self._step(opinion, Handling.PROPOSAL, leaves=Handling.LOOK_BACK)

    def _row(self, opinion: str) -> dict[str, Any]:
        row = self._records.get("opinion", opinion)
        if row is None:
            raise OperatorError("record-missing", entity="opinion", pk=opinion)
        return row

    def _step(self, opinion: str, to: Handling, *writes: Write, leaves: Handling | None = None) -> None:
        """Write the step's own record and the new state together; `leaves` is the only state that this step leaves."""
        row = self._row(opinion)
        now = str(row.get("state") or "")
        if leaves is not None and now != leaves:
            raise OperatorError("step-not-allowed", now=now, wanted=to.value)
        check_step(now, to)
        state = [Write("opinion", opinion, {"state": to.value}, str(row["meeting"]))] if now != to else []
        if writes or state:
            self._records.write(*writes, *state)

    def _new(self) -> str:
        return uuid7(unix_ms(self._clock.now()))
