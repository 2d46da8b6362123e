"""签到台: signing people in and out of one meeting at one terminal, with or without a network.

Each act is one transaction. Signing twice changes nothing; two desks that sign one person merge to the earliest.
"""

from dataclasses import dataclass
from typing import NamedTuple

from desktop_app.domain.clock import Clock, stamp, unix_ms
from desktop_app.domain.faults import OperatorError
from desktop_app.domain.ids import derived_id, uuid7
from sync.log.write import Write
from sync.meetings.attendance import GUEST
from sync.meetings.roster import NAME_LENGTH, person_name
from sync.meetings.source import RecordWriter, Row


@dataclass(frozen=True, slots=True)
class SignInResult:
    """What an act at the desk led to."""

    member: str
    member_name: str
    already: Row | None = None
    """The signature that was there before and still counts; None where this act wrote one."""


class _Act(NamedTuple):
    sign_in: str
    member: str


class SignInDesk:
    """The sign-in of one meeting at this terminal."""

    def __init__(self, records: RecordWriter, meeting: str, site: str, clock: Clock) -> None:
        """`site` is the path of the unit whose room this is."""
        self._records = records
        self._meeting = meeting
        self._site = site
        self._clock = clock
        self._acts: list[_Act] = []

    def sign_in(self, member: str, method: str = "manual") -> SignInResult:
        """Note that a member is here; whoever was excused and came after all is present."""
        name = self._name(member)
        before = self._signature(member)
        if before is not None and before["status"] != "excused":
            return SignInResult(member, name, already=before)
        self._write(member, name, status="present", method=method)
        if before is not None:
            self._records.retract("sign_in", before["pk"], meeting=self._meeting)
        return SignInResult(member, name)

    def excuse(self, member: str, reason: str = "") -> SignInResult:
        """Note a leave (请假) that was granted; who has signed in stays present."""
        name = self._name(member)
        before = self._signature(member)
        if before is not None:
            return SignInResult(member, name, already=before)
        self._write(member, name, status="excused", method="manual", leave_reason=reason)
        return SignInResult(member, name)

    def sign_in_guest(self, name: str) -> SignInResult:
        """Sign in somebody who is on no roster, as a guest (列席)."""
        name = person_name(name)
        if not name:
            raise OperatorError("guest-name-missing")
        if len(name) > NAME_LENGTH:
            raise OperatorError("guest-name-too-long", limit=NAME_LENGTH)
        member = derived_id("guest", self._meeting, self._site, name)
        before = self._signature(member)
        if before is not None:
            return SignInResult(member, name, already=before)
        entry = Write(
            "roster_entry",
            derived_id("roster_entry", self._meeting, member),
            {"meeting": self._meeting, "member": member, "member_name": name, "site": self._site, "capacity": GUEST},
            self._meeting,
        )
        self._write(member, name, entry, status="present", method="manual")
        return SignInResult(member, name)

    def leave(self, member: str) -> SignInResult:
        """离会: somebody who signed in has left; a second time changes nothing. OperatorError `not-signed-in`."""
        name = self._name(member)
        standing = self._signature(member)
        if standing is None or standing["status"] == "excused":
            raise OperatorError("not-signed-in", name=name)
        if self._departures(member, since=str(standing["signed_at"])):
            return SignInResult(member, name, already=standing)
        now = self._clock.now()
        fields = {
            "meeting": self._meeting,
            "member": member,
            "member_name": name,
            "site": str(standing["site"] or self._site),
            "sign_in": standing["pk"],
            "left_at": max(stamp(now), str(standing["signed_at"])),
        }
        self._records.write(Write("departure", uuid7(unix_ms(now)), fields, self._meeting))
        return SignInResult(member, name)

    def come_back(self, member: str) -> bool:
        """Take back every departure of a member; False where there is none."""
        gone = self._departures(member)
        for row in gone:
            self._records.retract("departure", row["pk"], meeting=self._meeting)
        return bool(gone)

    def undo(self) -> str | None:
        """Take back this desk's last signature that still stands; returns the member, or None where there is none."""
        while self._acts:
            act = self._acts.pop()
            standing = self._signature(act.member)
            if standing is not None and standing["pk"] == act.sign_in:
                self._records.retract("sign_in", act.sign_in, meeting=self._meeting)
                return act.member
        return None

    def take_back(self, member: str) -> bool:
        """Take back the signature of a member that counts now; False where there is none."""
        standing = self._signature(member)
        if standing is None:
            return False
        self._records.retract("sign_in", standing["pk"], meeting=self._meeting)
        self.come_back(member)
        return True

    def _departures(self, member: str, since: str = "") -> list[Row]:
        rows = self._records.list("departure", meeting=self._meeting, member=member)
        return [row for row in rows if str(row.get("left_at") or "") >= since]

    def _signature(self, member: str) -> Row | None:
        return next((row for row in self._records.attendance(self._meeting) if row["member"] == member), None)

    def _name(self, member: str) -> str:
        row = self._records.get("member", member)
        if row is None:
            entry = self._records.get("roster_entry", derived_id("roster_entry", self._meeting, member))
            if entry is None:
                raise OperatorError("member-unknown", member=member)
            return str(entry["member_name"])
        return str(row["name"])

    def _write(self, member: str, name: str, *more: Write, status: str, method: str, leave_reason: str = "") -> None:
        now = self._clock.now()
        fields = {
            "meeting": self._meeting,
            "member": member,
            "member_name": name,
            "site": self._site,
            "status": status,
            "method": method,
            "signed_at": stamp(now),
        }
        if leave_reason:
            fields["leave_reason"] = leave_reason
        pk = uuid7(unix_ms(now))
        self._records.write(*more, Write("sign_in", pk, fields, self._meeting))
        self._acts.append(_Act(pk, member))
