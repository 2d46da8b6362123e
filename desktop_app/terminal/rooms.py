"""The live meetings of a terminal: where control, media and identity meet.

The media thread starts with the first meeting; everything heavy is imported then, not before the first paint.
"""

import importlib
import json
import random
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from desktop_app.domain.clock import Clock
from desktop_app.domain.faults import Fault, PeerFault
from desktop_app.domain.ids import MeetingId, PersonId
from media.content.sharing import ContentMedia, ContentSignal
from media.live import LiveListener, LiveMeeting
from media.meeting.link import Connect, dialer
from media.meeting.seals import TerminalSigner
from media.peers.seams import MediaConfig, MediaListener, MediaSignal, RoomMedia
from media.thread import MediaThread
from sync.identity.authority import SERVER_NAME, tls_context
from sync.identity.device import verify

if TYPE_CHECKING:
    from desktop_app.settings import SettingsFile
    from desktop_app.terminal.devices import RoomDevices
    from desktop_app.terminal.parts import Parts
    from media.devices.room import DevicesInUse


class Rooms:
    """Opens meetings."""

    def __init__(self, parts: "Parts", settings: "SettingsFile", devices: "RoomDevices", clock: Clock) -> None:
        self._devices = devices
        self._in_use: DevicesInUse | None = None
        self._parts = parts
        self._settings = settings
        self._clock = clock
        self._thread: MediaThread | None = None
        self._tls = tls_context(parts.identity.ca_pem)
        self.live: LiveMeeting | None = None
        """The meeting that was opened last."""
        self._told = PersonId("")
        """Who the center was told sits here, when control last connected."""

    def open_live(self, meeting: MeetingId, listener: LiveListener) -> LiveMeeting:
        """A meeting, not started yet."""
        if self._thread is None:
            self._thread = MediaThread()
            self._thread.start()
        identity = self._parts.identity
        self.live = LiveMeeting(
            thread=self._thread,
            meeting_id=meeting,
            unit_path=identity.unit_path,
            site_name=self._parts.unit_name,
            connect=self._connect(meeting),
            signer=TerminalSigner(identity.sign, partial(verify, identity.center_key)),
            media=self._media,
            listener=listener,
            clock=self._clock,
            jitter=random.Random(),
            content=self._content,
        )
        return self.live

    def seat_taken(self) -> None:
        """Somebody unlocked: what is done in the meeting from now on is told to the center as theirs."""
        if self.live is not None and self._told != self._parts.records.person:
            self.live.dial_again()

    def warm_up(self) -> None:
        """Bring in what the first meeting would else wait for, on a thread that nobody waits for."""
        threading.Thread(target=_bring_in, daemon=True, name="warm-up").start()

    def close(self) -> None:
        if self._in_use is not None:
            self._in_use.close()
        if self._thread is not None:
            self._thread.stop()

    def _connect(self, meeting: MeetingId) -> Connect:
        center = urlsplit(self._parts.identity.center_url)
        target = f"/v1/meetings/{meeting}"

        def headers() -> Mapping[str, str]:
            now = self._clock.now() + self._parts.client.clock_offset
            self._told = self._parts.records.person
            return self._parts.signer.headers("GET", target, now=now, person=self._told)

        return dialer(
            f"wss://{center.netloc}{target}",
            tls=self._tls,
            server_name=SERVER_NAME,
            headers=headers,
            refused=self._refused,
        )

    def _refused(self, status: int, body: bytes) -> Fault:
        """The center's own word for why it does not let us in; its time sets our stamp right for the next try."""
        try:
            told: dict[str, Any] = json.loads(body)
            fault = str(told["id"])
        except (ValueError, KeyError, TypeError):
            return PeerFault("center-refused", status=status)
        self._parts.client.note_center_time(told.get("now"))
        if fault == "clock-off":
            raise ConnectionError(fault)
        return PeerFault(fault)

    def _media(self, signal: MediaSignal, listener: MediaListener) -> RoomMedia:
        from media.peers.terminal import TerminalMedia

        identity = self._parts.identity
        if self._in_use is not None:
            self._in_use.close()
        self._in_use = devices = self._devices.open()
        thread = self._thread
        devices.tell = lambda fault: thread.call(listener.on_fault, fault) if thread is not None else None
        return TerminalMedia(
            signal=signal,
            capture=devices.capture,
            playout=devices.playout,
            listener=listener,
            clock=self._clock,
            config=MediaConfig(
                center_host=urlsplit(identity.center_url).hostname or "", relay=str(self._settings.get("media.relay"))
            ),
        )

    def _content(self, signal: ContentSignal, on_fault: Callable[[Fault], object]) -> ContentMedia:
        host = urlsplit(self._parts.identity.center_url).hostname or ""
        return ContentMedia(signal, host, on_fault, self._clock)


def _bring_in() -> None:
    for name in ("media.capture.capture", "media.peers.terminal", "media.playout.playout"):
        importlib.import_module(name)
