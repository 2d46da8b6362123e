"""What a person of this room should read about the step from one state of the meeting to the next. No Qt."""

from collections.abc import Sequence
from dataclasses import dataclass

from desktop_app.domain.faults import Fault
from desktop_app.domain.ids import UnitPath
from media.engine.trouble import Trouble
from media.meeting.health import Healths
from media.meeting.model import FloorStatus, MeetingPhase, MeetingState
from ui.i18n import t
from ui.models.meeting_rows import UnitName


@dataclass(frozen=True, slots=True)
class Notice:
    """One sentence for the person: a key of `meeting.toml` and its values, or a fault."""

    key: str = ""
    values: tuple[str, ...] = ()
    fault: Fault | None = None
    tone: str = "neutral"


def troubles(before: Healths, after: Healths, own: UnitPath, name_of: UnitName) -> Sequence[Notice]:
    """Whom the engine limits from now on, and whose sound and picture did not come: a sentence for each or all.

    This room reads why it is limited itself.
    """
    told = []
    fresh = [path for path, one in after.items() if one.trouble and one.trouble is not _trouble_in(before, path)]
    if own in fresh and after[own].trouble is not Trouble.ABSENT:
        fresh.remove(own)
        told.append(Notice("news.limited-own", (t(f"trouble.of-{after[own].trouble}"),), tone="zheshi"))
    for key, paths in (
        ("absent", [path for path in fresh if after[path].trouble is Trouble.ABSENT]),
        ("limited", [path for path in fresh if after[path].trouble is not Trouble.ABSENT]),
    ):
        if len(paths) == 1:
            told.append(Notice(f"news.{key}", (name_of(paths[0]),), tone="zheshi"))
        elif paths:
            told.append(Notice(f"news.{key}-more", (name_of(paths[0]), str(len(paths))), tone="zheshi"))
    return told


def _trouble_in(healths: Healths, path: UnitPath) -> Trouble:
    return healths[path].trouble if path in healths else Trouble.NONE


def news(before: MeetingState, after: MeetingState, own: UnitPath, name_of: UnitName) -> Sequence[Notice]:
    """What a person of this room should read about the step from one state to the next."""
    told: list[Notice] = []
    old = {turn.request_id: turn.status for turn in before.floor}
    for turn in after.floor:
        if turn.unit_path != own or old.get(turn.request_id) in (turn.status, None):
            continue
        if turn.status in (FloorStatus.DENIED, FloorStatus.PENDING):
            told.append(Notice("news.held", (turn.member_name,), tone="zheshi"))
        elif turn.status is FloorStatus.GRANTED:
            told.append(Notice("news.granted", (turn.member_name,), tone="shilv"))
        elif turn.status is FloorStatus.REVOKED:
            told.append(Notice("news.revoked", (turn.member_name,), tone="neutral"))
    known = {one.message_id for one in before.messages}
    if before.seq:
        for message in after.messages:
            mine = message.to == own or (message.to is None and after.chair == own)
            if message.message_id not in known and mine and message.sender != own:
                told.append(Notice("news.message", (name_of(message.sender), message.text), tone="accent"))
    was, now = before.sites.get(own), after.sites.get(own)
    if was is not None and now is not None and was.muted != now.muted:
        if now.muted and now.mute_reason:
            told.append(Notice("news.muted-why", (now.mute_reason,), tone="zheshi"))
        else:
            told.append(Notice("news.muted" if now.muted else "news.unmuted", tone="zheshi" if now.muted else "shilv"))
    if before.chair != after.chair and before.phase is MeetingPhase.OPEN:
        if after.chair == own:
            told.append(Notice("news.chair-own", tone="shilv"))
        elif after.chair is not None:
            told.append(Notice("news.chair-other", (name_of(after.chair),)))
    return told
