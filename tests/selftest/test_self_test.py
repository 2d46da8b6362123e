"""The whole test of one terminal: each device's word, and the record that goes to the center."""

import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from desktop_app.domain.faults import HostFault
from desktop_app.terminal.self_test import SelfTest, worst_of
from media.selftest.picture import PictureReport
from media.selftest.sound import SoundReport
from media.selftest.way import Way
from sync.log.write import Write
from sync.replication.client import LinkFault
from sync.terminal.line import LineReport
from ui.services import CheckLine, DeviceKind, DeviceReport, DeviceState

UNIT = "100000/440000/441300/441323/"
OK, ADVICE, FAILED = DeviceState.OK, DeviceState.ADVICE, DeviceState.FAILED
GOOD = LineReport(14, 21_000, 8_400)
FINE = (SoundReport(noise_db=-52, heard_db=-31, heard=True), PictureReport(None, 1280, 720, 25.0, 90.0), GOOD)


class Clock:
    def now(self) -> datetime:
        return datetime(2026, 11, 20, 1, 0, tzinfo=UTC)

    def monotonic(self) -> float:
        return time.monotonic()


class Kept:
    """The records of a terminal that somebody has unlocked, or nobody."""

    def __init__(self, person: str = "p") -> None:
        self.person = person
        self.written: list[Write] = []

    def get(self, _entity: str, _pk: str) -> dict[str, Any]:
        return {"name": "记录员01"}

    def write(self, *writes: Write) -> list[str]:
        self.written += writes
        return [write.pk for write in writes]


class Doctor:
    def check(self, only: Any = None) -> Sequence[CheckLine]:
        lines = [
            CheckLine("disk", OK, "61 GB"),
            CheckLine("center", OK, ""),
            CheckLine("clock", OK, "2026-11-20 09:00"),
        ]
        return [line for line in lines if only is None or line.id in only]


class Room:
    """A terminal whose devices are as a test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, sound: SoundReport, picture: PictureReport, line: Any) -> None:
        self.records = Kept()
        self.pokes = 0
        self.settings = {"media.camera": "auto", "media.microphone": "auto", "media.speaker": "auto"}
        monkeypatch.setattr("desktop_app.terminal.self_test.hear_own_tone", lambda *_: sound)
        monkeypatch.setattr("desktop_app.terminal.self_test.look_at_camera", lambda _: picture)

        def measured(_self: SelfTest) -> tuple[LineReport, Way]:
            if isinstance(line, Exception):
                raise line
            return line if isinstance(line, tuple) else (line, Way.DIRECT)

        monkeypatch.setattr(SelfTest, "_measure", measured)

    def test(self) -> dict[DeviceKind, DeviceReport]:
        parts: Any = SimpleNamespace(
            doctor=Doctor(),
            records=self.records,
            identity=SimpleNamespace(unit_path=UNIT, device="d", center_url="https://center.test:8443"),
            sync=SimpleNamespace(poke=self._poke),
        )
        told: list[DeviceReport] = []
        settings: Any = SimpleNamespace(get=self.settings.get)
        reports = SelfTest(parts, settings, Clock()).test(told.append)
        assert {one.kind for one in told} == {one.kind for one in reports} == set(DeviceKind)
        return {one.kind: one for one in reports}

    def _poke(self) -> None:
        self.pokes += 1


def test_a_good_room_is_ready_and_the_center_hears_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    room = Room(monkeypatch, *FINE)
    reports = room.test()
    assert worst_of(list(reports.values())) is OK
    [write] = room.records.written
    assert (write.entity, write.fields["state"], write.fields["unit_path"]) == ("self_test", "ok", UNIT)
    assert (write.fields["up_kbps"], write.fields["down_kbps"], write.fields["delay_ms"]) == (8_400, 21_000, 14)
    assert [json.loads(text)["kind"] for text in write.fields["checks"]] == [kind.value for kind in DeviceKind]
    assert room.pokes == 1


MISSING = HostFault("microphone-missing")


@pytest.mark.parametrize(
    ("sound", "picture", "line", "kind", "state", "fault"),
    [
        (SoundReport(MISSING), FINE[1], GOOD, DeviceKind.MICROPHONE, FAILED, "microphone-missing"),
        (SoundReport(MISSING), FINE[1], GOOD, DeviceKind.SPEAKER, ADVICE, "tone-nobody"),
        (SoundReport(dead=True), FINE[1], GOOD, DeviceKind.MICROPHONE, FAILED, "microphone-dead"),
        (SoundReport(noise_db=-50), FINE[1], GOOD, DeviceKind.SPEAKER, ADVICE, "tone-unheard"),
        (
            SoundReport(None, HostFault("speaker-missing")),
            FINE[1],
            GOOD,
            DeviceKind.SPEAKER,
            FAILED,
            "speaker-missing",
        ),
        (FINE[0], PictureReport(HostFault("camera-busy")), GOOD, DeviceKind.CAMERA, ADVICE, "camera-busy"),
        (FINE[0], PictureReport(None, 640, 360, 25, 3), GOOD, DeviceKind.CAMERA, ADVICE, "camera-dark"),
        (FINE[0], FINE[1], LineReport(20, 390, 900), DeviceKind.NETWORK, FAILED, "line-narrow"),
        (FINE[0], FINE[1], (GOOD, Way.BLOCKED), DeviceKind.NETWORK, FAILED, "media-blocked"),
        (FINE[0], FINE[1], LineReport(20, 9_000, 900), DeviceKind.NETWORK, ADVICE, "line-modest"),
        (FINE[0], FINE[1], LineReport(400, 9_000, 9_000), DeviceKind.NETWORK, ADVICE, "line-modest"),
        (FINE[0], FINE[1], LinkFault("center-unreachable"), DeviceKind.NETWORK, FAILED, "center-unreachable"),
    ],
)
def test_what_is_wrong_is_told_for_its_device(
    monkeypatch: pytest.MonkeyPatch,
    sound: SoundReport,
    picture: PictureReport,
    line: Any,
    kind: DeviceKind,
    state: DeviceState,
    fault: str,
) -> None:
    room = Room(monkeypatch, sound, picture, line)
    report = room.test()[kind]
    assert (report.state, report.fault) == (state, fault)
    assert room.records.written[0].fields["state"] in ("advice", "failed")


def test_a_room_that_does_without_a_device_is_not_blamed_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    room = Room(monkeypatch, SoundReport(), PictureReport(HostFault("camera-missing")), GOOD)
    room.settings = dict.fromkeys(room.settings, "none")
    reports = room.test()
    assert {reports[kind].detail for kind in (DeviceKind.CAMERA, DeviceKind.MICROPHONE, DeviceKind.SPEAKER)} == {"none"}
    assert worst_of(list(reports.values())) is OK


def test_a_test_whose_seat_was_locked_meanwhile_is_nobodys_record(monkeypatch: pytest.MonkeyPatch) -> None:
    room = Room(monkeypatch, *FINE)
    room.records.person = ""
    room.test()
    assert room.records.written == []
