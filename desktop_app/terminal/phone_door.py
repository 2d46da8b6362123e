"""扫码签到: the terminal's own page on the room's network, for as long as the clerk shows its QR code.

It works without the center and without the internet. It listens at one address of this machine, on one port, with the
two forms of `sync.meetings.phone_page` and nothing else; closing the code ends it.
"""

import asyncio
import contextlib
import ipaddress
import logging
import socket
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime

import uvicorn
from starlette.applications import Starlette

from desktop_app.domain.clock import BEIJING, Clock, moment
from desktop_app.domain.faults import HostFault, OperatorError
from desktop_app.domain.ids import MeetingId, UnitPath
from sync.meetings.attendance import Attendee, attendance_sheet, search
from sync.meetings.desk import SignInDesk
from sync.meetings.phone_page import LEAST, SHOWN, PhoneMember, phone_page
from sync.meetings.tickets import Tickets
from sync.terminal.records import Records
from ui.i18n import language, t
from ui.services import DoorView, SettingsStore

log = logging.getLogger("silian.door")
AT_ONCE = 60
"""Connections; a phone has one or two."""
START_SECONDS = 10.0
WORDS = ("who", "find", "more", "none", "many", "sign", "already", "done", "expired", "busy", "desk")


class PhoneDoor:
    """One open door at a time. `open` and `close` for the worker thread, `view` for any."""

    def __init__(self, records: Records, unit_path: UnitPath, settings: SettingsStore, clock: Clock) -> None:
        self._records, self._unit_path, self._settings, self._clock = records, unit_path, settings, clock
        self._serving: _Serving | None = None
        self._tickets = Tickets()
        self._base = ""

    def open(self, meeting: MeetingId, title: str, place: str) -> DoorView:
        """Listen for this meeting. OperatorError `door-no-network`, HostFault `door-port-busy`."""
        self.close()
        host = own_address(str(self._settings.get("terminal.door_address")))
        listening = _listen(host, int(self._settings.get("terminal.door_port")))
        port = int(listening.getsockname()[1])
        self._tickets = Tickets()
        self._base = f"http://{host}:{port}"
        words = {word: t(f"door.{word}") for word in WORDS}
        words |= {"title": title, "place": place, "language": language().replace("_", "-")}
        desk = _Desk(self._records, meeting, self._unit_path, self._clock)
        page = phone_page(self._tickets, desk, words, [f"{host}:{port}"], self._clock.monotonic)
        self._serving = _Serving(page, listening)
        log.info("sign-in by phone is open at %s", self._base)
        view = self.view()
        if view is None:
            raise HostFault("door-port-busy", port=port)
        return view

    def view(self) -> DoorView | None:
        """What the QR code says now, and for how long; None while the door is closed."""
        if self._serving is None:
            return None
        ticket, left = self._tickets.current(self._clock.monotonic())
        return DoorView(f"{self._base}/s/{ticket}", round(left))

    def close(self) -> None:
        """Nobody comes in any more; idempotent."""
        serving, self._serving = self._serving, None
        if serving is not None:
            serving.stop()


class _Desk:
    """The room's desk as the page knows it: this room's members alone."""

    def __init__(self, records: Records, meeting: MeetingId, unit_path: UnitPath, clock: Clock) -> None:
        self._records, self._meeting, self._unit_path, self._clock = records, meeting, unit_path, clock
        self._desk = SignInDesk(records, meeting, unit_path, clock)

    def find(self, text: str) -> Sequence[PhoneMember]:
        """By name, initials or the whole card number; a part of a number finds nobody."""
        attendees = attendance_sheet(self._records, self._meeting).of_site(self._unit_path).attendees
        wanted = text.lower().replace(" ", "")
        found = search(attendees, text, SHOWN + 1)
        if any(character.isdigit() for character in wanted):
            found = [one for one in found if wanted in (one.member_no.lower(), one.name.lower(), one.initials)]
        return [_shown(one) for one in found] if len(wanted) >= LEAST else []

    def sign_in(self, member: str) -> PhoneMember:
        """OperatorError `member-unknown` for anybody who is not expected in this room."""
        sheet = attendance_sheet(self._records, self._meeting).of_site(self._unit_path)
        if sheet.find(member) is None:
            raise OperatorError("member-unknown", member=member)
        result = self._desk.sign_in(member, "qr")
        at = result.already["signed_at"] if result.already is not None else None
        return PhoneMember(member, result.member_name, "", _hour(moment(at) if at else self._clock.now()))


def _shown(one: Attendee) -> PhoneMember:
    signed = _hour(one.signed_at) if one.signed_at is not None and one.state == "present" else ""
    return PhoneMember(one.member, one.name, one.sector, signed)


def _hour(at: datetime) -> str:
    return f"{at.astimezone(BEIJING):%H:%M}"


class _Serving:
    """A server on a thread and a loop of its own."""

    def __init__(self, page: Starlette, listening: socket.socket) -> None:
        config = uvicorn.Config(
            page,
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            lifespan="off",
            ws="none",
            loop="asyncio",
            http="h11",
            limit_concurrency=AT_ONCE,
            timeout_keep_alive=4,
            h11_max_incomplete_event_size=8_192,
            proxy_headers=False,
        )
        self._server = _Quiet(config)
        self._listening = listening
        self._thread = threading.Thread(target=self._run, name="phone-door", daemon=True)
        self._thread.start()
        if not self._server.up.wait(START_SECONDS):
            raise HostFault("door-port-busy", port=listening.getsockname()[1])

    def stop(self) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(5)
        self._listening.close()

    def _run(self) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            asyncio.run(self._server.serve([self._listening]))


class _Quiet(uvicorn.Server):
    """A server that leaves the program's signals alone and says when it is up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = threading.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


def own_address(setting: str = "auto") -> str:
    """This machine's address on the room's network. OperatorError `door-no-network` where it has none.

    An address of the whole internet is none: the page is for the room. The route to a private network names the own
    address; no packet is sent.
    """
    found = _route() if setting in ("auto", "") else setting
    try:
        private = bool(found) and ipaddress.ip_address(found).is_private
    except ValueError:
        private = False
    if not private:
        raise OperatorError("door-no-network")
    return found


def _route() -> str:
    for target in ("10.255.255.255", "192.168.255.255", "172.31.255.255"):
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect((target, 9))
            host = str(sock.getsockname()[0])
            if not host.startswith(("127.", "0.")):
                return host
    return ""


def _listen(host: str, port: int) -> socket.socket:
    """On this address and no other; where the usual port is taken, on a free one."""
    for wanted in dict.fromkeys((port, 0)):
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            listening.bind((host, wanted))
            listening.listen(AT_ONCE)
        except OSError:
            listening.close()
            continue
        return listening
    raise HostFault("door-port-busy", port=port)
