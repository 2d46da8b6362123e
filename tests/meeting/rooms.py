"""Units, actors and a played meeting for the tests of meeting control."""

import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from desktop_app.domain.ids import DeviceId, MeetingId, UnitPath
from desktop_app.domain.meetings import MeetingMode
from media.meeting.apply import replay
from media.meeting.commands import Command, Schedule
from media.meeting.decide import CENTER, Refusal, SiteActor, decide
from media.meeting.events import Event
from media.meeting.model import AgendaPoint, MeetingState
from media.meeting.seals import CenterSigner, TerminalSigner, new_nonce, sealed, write_seal

MEETING = MeetingId("019a0000-0000-7000-8000-000000000001")
PROVINCE = UnitPath("100000/440000/")
CITY = UnitPath("100000/440000/441300/")
HUIDONG = UnitPath("100000/440000/441300/441323/")
BOLUO = UnitPath("100000/440000/441300/441322/")
STRANGER = UnitPath("100000/440000/440100/440103/")
NATION = UnitPath("100000/")
NAMES = {PROVINCE: "广东省政协", CITY: "惠州市政协", HUIDONG: "惠东县政协", BOLUO: "博罗县政协", STRANGER: "荔湾区政协"}
START = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)
AGENDA = (
    AgendaPoint("item-1", 1, "OPEN", "主持人说明议题"),
    AgendaPoint("item-2", 2, "SPEECH", "委员发言", limit_seconds=300),
    AgendaPoint("item-3", 3, "SUMMARY", "小结"),
)


def sign_as(device: str, message: bytes) -> bytes:
    """A stand-in for a device's key."""
    return hmac.digest(device.encode(), message, "sha256")


def is_signed_by(device: str, message: bytes, signature: bytes) -> bool:
    return hmac.compare_digest(sign_as(device, message), signature)


CENTER_SIGNER = CenterSigner(partial(sign_as, "center"), is_signed_by)


def signer_of(unit_path: UnitPath) -> TerminalSigner:
    return TerminalSigner(partial(sign_as, device_of(unit_path)), partial(is_signed_by, "center"))


def sealed_offer(unit_path: UnitPath, op: str, sdp: str = "offer") -> dict[str, str]:
    """The fields of a media message, as a terminal of this unit writes them."""
    nonce = new_nonce()
    seal = signer_of(unit_path).sign(sealed("offer", MEETING, op, nonce, sdp))
    return {"op": op, "sdp": sdp, "nonce": nonce, "seal": write_seal(seal)}


def device_of(unit_path: UnitPath, spare: bool = False) -> DeviceId:
    code = unit_path.rstrip("/").rpartition("/")[2] or "0"
    return DeviceId(code.rjust(32, "f" if spare else "0"))


def at(unit_path: UnitPath, *, provincial: bool = False) -> SiteActor:
    return SiteActor(unit_path, device_of(unit_path), provincial=provincial)


def gone(unit_path: UnitPath) -> SiteActor:
    """The center, speaking for a site that fell silent."""
    return replace(at(unit_path), center=True)


def schedule(mode: MeetingMode = MeetingMode.CONSULTATION, host: UnitPath = HUIDONG) -> Schedule:
    invited = tuple(path for path in (PROVINCE, CITY, HUIDONG, BOLUO) if path != host)
    return Schedule(MEETING, "县域医疗对口协商", mode, host, invited, AGENDA)


class Play:
    """A meeting as a test plays it: a state, its log, and a clock that goes where it is told."""

    def __init__(self, mode: MeetingMode = MeetingMode.CONSULTATION) -> None:
        self.state = MeetingState(MEETING)
        self.log: list[Event] = []
        self.now = START
        self.does(CENTER, schedule(mode))

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def tries(self, actor: SiteActor, command: Command) -> str | None:
        """The refusal's id, or None where the command was followed."""
        decision = decide(self.state, command, actor, self.now)
        if isinstance(decision, Refusal):
            return decision.id
        self.state = replay(self.state, decision)
        self.log += decision
        return None

    def does(self, actor: SiteActor, command: Command) -> list[Event]:
        before = len(self.log)
        refusal = self.tries(actor, command)
        assert refusal is None, refusal
        return self.log[before:]
