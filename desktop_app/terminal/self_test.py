"""设备自检 before a meeting: every device tried in earnest, the line measured, the result a record for the center.

20 s at the most: the line is measured beside the devices. What is found stands on the provincial board as soon as the
records have travelled; without a network it waits with them.
"""

import asyncio
import json
import logging
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from desktop_app.domain.clock import Clock, stamp, unix_ms
from desktop_app.domain.faults import Fault, HostFault, OperatorError
from desktop_app.domain.ids import uuid7
from desktop_app.terminal.services import MachineDevices
from media.selftest.devices import camera_of, microphone_of, speaker_of
from media.selftest.picture import look_at_camera
from media.selftest.sound import SoundReport, hear_own_tone
from media.selftest.way import WITHIN, Way, find_way
from media.transport.relay import Relay, read_relay
from sync.log.write import Write
from sync.replication.client import CenterClient
from sync.terminal.line import LineReport, measure_line
from ui.services import DeviceKind, DeviceReport, DeviceState, SettingsStore, Told

if TYPE_CHECKING:
    from desktop_app.terminal.parts import Parts

log = logging.getLogger(__name__)

NEEDED_UP, NEEDED_DOWN = 250, 400
"""kbit/s: sound both ways and one small picture. With less there is no meeting."""
GOOD_UP, GOOD_DOWN = 1_000, 2_000
GOOD_DELAY_MS = 300
NONE = "none"
MACHINE = frozenset({"disk", "center", "clock"})
"""What of the doctor's checks is asked again; the center tells the time."""


class SelfTest:
    """The devices of one terminal: a `DeviceProbe`. For the worker thread; it blocks."""

    def __init__(self, parts: "Parts", settings: SettingsStore, clock: Clock) -> None:
        self._parts = parts
        self._quick = MachineDevices(parts.doctor)
        self._settings = settings
        self._clock = clock

    def probe(self) -> Sequence[DeviceReport]:
        """A quiet look: nothing is played, nothing is sent."""
        return self._quick.probe()

    def test(self, told: Told) -> Sequence[DeviceReport]:
        """Try everything; `told` hears of each device as it is done, on this thread."""
        began = self._clock.monotonic()
        found: dict[DeviceKind, DeviceReport] = {}

        def note(*reports: DeviceReport) -> None:
            for report in reports:
                found[report.kind] = report
                told(report)

        with ThreadPoolExecutor(1, thread_name_prefix="line-test") as beside:
            line = beside.submit(self._measure)
            note(*self._sound())
            note(self._picture())
            note(*(one for one in self._quick.probe(MACHINE) if one.kind is not DeviceKind.NETWORK))
            report, measured = self._line(line)
            note(report)
        reports = [found[kind] for kind in DeviceKind if kind in found]
        self._send(reports, measured, round(self._clock.monotonic() - began))
        return reports

    def _sound(self) -> tuple[DeviceReport, DeviceReport]:
        microphone, speaker = self._chosen("microphone"), self._chosen("speaker")
        heard = hear_own_tone(microphone_of(microphone), speaker_of(speaker))
        return _microphone(heard, microphone, speaker), _speaker(heard, microphone, speaker)

    def _picture(self) -> DeviceReport:
        chosen = self._chosen("camera")
        camera = camera_of(chosen)
        if camera is None:
            return DeviceReport(DeviceKind.CAMERA, DeviceState.OK, NONE)
        seen = look_at_camera(camera)
        if seen.fault is not None:
            return _report(DeviceKind.CAMERA, DeviceState.ADVICE, "", seen.fault)
        size = f"{seen.width}×{seen.height}"
        if seen.dark:
            return _report(DeviceKind.CAMERA, DeviceState.ADVICE, size, HostFault("camera-dark"))
        return DeviceReport(DeviceKind.CAMERA, DeviceState.OK, f"{size} {seen.fps:.0f} fps")

    def _measure(self) -> tuple[LineReport, Way | None]:
        """On a thread and a loop of its own: the sync loop's client belongs to that loop."""
        identity = self._parts.identity

        async def measured() -> tuple[LineReport, Way | None]:
            client = CenterClient(identity.center_url, identity.ca_pem, self._parts.signer, self._clock)
            way = asyncio.create_task(self._find_way(client))
            try:
                return await measure_line(client, self._clock), await way
            finally:
                way.cancel()
                await asyncio.gather(way, return_exceptions=True)
                await client.close()

        return asyncio.run(measured())

    async def _find_way(self, client: CenterClient) -> Way | None:
        """How media would reach the engine; None where the center cannot try it now."""

        async def ask(offer: str) -> tuple[str, Relay | None]:
            body = json.dumps({"sdp": offer}).encode()
            answer = (await client.exchange("POST", "/v1/media-trial", body, seconds=WITHIN)).json()
            return str(answer["sdp"]), read_relay(answer["relay"])

        try:
            relay = self._settings.get("media.relay") != "never"
            return await find_way(self._center_host(), ask, self._clock.monotonic, relay=relay)
        except (Fault, OSError, ValueError, KeyError, TypeError) as err:
            log.warning("the way of sound and picture was not tried: %s", err)
            return None

    def _center_host(self) -> str:
        return urlsplit(self._parts.identity.center_url).hostname or ""

    def _line(self, line: "Future[tuple[LineReport, Way | None]]") -> tuple[DeviceReport, LineReport | None]:
        try:
            found, way = line.result()
        except Fault as fault:
            return _report(DeviceKind.NETWORK, DeviceState.FAILED, "", fault), None
        if way is Way.BLOCKED:
            blocked = OperatorError("media-blocked", host=self._center_host())
            return _report(DeviceKind.NETWORK, DeviceState.FAILED, "UDP", blocked), found
        detail = f"↑{_mbit(found.up_kbps)} ↓{_mbit(found.down_kbps)} Mbit/s {found.delay_ms} ms"
        values = {"up": _mbit(found.up_kbps), "down": _mbit(found.down_kbps), "delay": found.delay_ms}
        if found.up_kbps < NEEDED_UP or found.down_kbps < NEEDED_DOWN:
            narrow = OperatorError("line-narrow", **values)
            return _report(DeviceKind.NETWORK, DeviceState.FAILED, detail, narrow), found
        if found.up_kbps < GOOD_UP or found.down_kbps < GOOD_DOWN or found.delay_ms > GOOD_DELAY_MS:
            modest = OperatorError("line-modest", **values)
            return _report(DeviceKind.NETWORK, DeviceState.ADVICE, detail, modest), found
        return DeviceReport(DeviceKind.NETWORK, DeviceState.OK, detail), found

    def _send(self, reports: Sequence[DeviceReport], line: LineReport | None, seconds: int) -> None:
        records = self._parts.records
        if not records.person:
            return  # the seat was locked meanwhile: nobody has tested
        now = self._clock.now()
        who = records.get("operator", records.person) or {}
        fields = {
            "unit_path": self._parts.identity.unit_path,
            "at": stamp(now),
            "state": worst_of(reports).value,
            "checks": [as_text(report) for report in reports],
            "seconds": seconds,
            "up_kbps": line.up_kbps if line is not None else 0,
            "down_kbps": line.down_kbps if line is not None else 0,
            "delay_ms": line.delay_ms if line is not None else 0,
            "person_name": str(who.get("name") or ""),
            "machine": self._parts.identity.device,
        }
        records.write(Write("self_test", uuid7(unix_ms(now)), fields))
        self._parts.sync.poke()

    def _chosen(self, device: str) -> str:
        return str(self._settings.get(f"media.{device}") or "auto")


def _microphone(heard: SoundReport, chosen: str, speaker: str) -> DeviceReport:
    kind = DeviceKind.MICROPHONE
    if chosen == NONE:
        return DeviceReport(kind, DeviceState.OK, NONE)
    if heard.microphone_fault is not None:
        return _report(kind, DeviceState.FAILED, "", heard.microphone_fault)
    if heard.dead:
        return _report(kind, DeviceState.FAILED, "", HostFault("microphone-dead"))
    return DeviceReport(kind, DeviceState.OK, f"{_named(chosen)}{heard.noise_db:.0f} dB")


def _speaker(heard: SoundReport, microphone: str, chosen: str) -> DeviceReport:
    """Whether the tone was heard can be said only of a microphone that works, and of one in the room."""
    kind = DeviceKind.SPEAKER
    if chosen == NONE:
        return DeviceReport(kind, DeviceState.OK, NONE)
    if heard.speaker_fault is not None:
        return _report(kind, DeviceState.FAILED, "", heard.speaker_fault)
    if heard.heard:
        return DeviceReport(kind, DeviceState.OK, f"{_named(chosen)}{heard.heard_db:.0f} dB")
    listens = microphone != NONE and heard.microphone_fault is None and not heard.dead
    return _report(kind, DeviceState.ADVICE, _named(chosen), HostFault("tone-unheard" if listens else "tone-nobody"))


def _named(chosen: str) -> str:
    return "" if chosen == "auto" else f"{Path(chosen).name} "


def _report(kind: DeviceKind, state: DeviceState, detail: str, fault: Fault) -> DeviceReport:
    return DeviceReport(kind, state, detail.strip(), fault.id, fault.values)


def _mbit(kbps: int) -> str:
    return f"{kbps / 1000:.1f}" if kbps < 10_000 else f"{kbps / 1000:.0f}"


def worst_of(reports: Sequence[DeviceReport]) -> DeviceState:
    """What the whole test comes to."""
    states = {report.state for report in reports}
    return next((one for one in (DeviceState.FAILED, DeviceState.ADVICE) if one in states), DeviceState.OK)


def as_text(report: DeviceReport) -> str:
    """One check as the record keeps it."""
    told = {"kind": report.kind.value, "state": report.state.value, "detail": report.detail, "fault": report.fault}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))
