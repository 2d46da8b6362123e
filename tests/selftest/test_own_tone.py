"""The room hears its own tone, and what is wrong with a device is told."""

import array
import math
import time
from collections.abc import Callable
from pathlib import Path

import av
import pytest

from desktop_app.domain.faults import HostFault
from media.capture.sounds import SilenceSource
from media.capture.sources import FRAME_BYTES, FRAME_SAMPLES, FRAME_SECONDS, SAMPLE_RATE, SILENCE
from media.metronome import Metronome
from media.playout.outputs import SilentOutput
from media.selftest.picture import look_at_camera
from media.selftest.sound import hear_own_tone
from media.selftest.tone import decibels, tone_and_whole, tone_frames


class Air:
    """A loudspeaker and a microphone in one room: what one plays the other hears, some frames later and softer."""

    def __init__(self, gain: float = 0.1, hum: float = 0.0) -> None:
        self._gain, self._hum = gain, hum
        self._way = [SILENCE] * 4
        self._beats: list[Metronome] = []
        self.opened = 0

    def source(self) -> "Air":
        return self

    def open(self, one: Callable[..., object], lost: Callable[[], None]) -> None:
        self.opened += 1
        beat = (lambda: self._deliver(one)) if self.opened == 1 else (lambda: self._way.append(one()))
        self._beats.append(Metronome(FRAME_SECONDS, beat, monotonic=time.monotonic, name="air"))
        self._beats[-1].start()

    def close(self) -> None:
        for beat in self._beats:
            beat.stop()

    def _deliver(self, deliver: Callable[[bytes], object]) -> None:
        played = array.array("h", self._way.pop(0) if len(self._way) > 1 else SILENCE)
        hum = [self._hum * 32_000 * math.sin(2 * math.pi * 150 * at / SAMPLE_RATE) for at in range(FRAME_SAMPLES)]
        deliver(array.array("h", [round(self._gain * a + b) for a, b in zip(played, hum, strict=True)]).tobytes())


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("QUIET_SECONDS", 0.2), ("TONE_SECONDS", 0.5), ("AFTER_SECONDS", 0.2)):
        monkeypatch.setattr(f"media.selftest.sound.{name}", seconds)


def test_a_room_hears_its_own_tone_also_over_a_humming_ventilation() -> None:
    for air in (Air(), Air(gain=0.02, hum=0.01)):
        report = hear_own_tone(air, air)
        assert report.heard
        assert not report.dead
        assert report.heard_db > -60


def test_a_loudspeaker_that_is_turned_down_is_not_heard() -> None:
    air = Air(gain=0.0, hum=0.02)
    report = hear_own_tone(air, air)
    assert not report.heard
    assert not report.dead
    assert report.noise_db == pytest.approx(decibels(0.02**2 / 2), abs=2)


def test_a_microphone_that_is_switched_off_brings_nothing() -> None:
    report = hear_own_tone(SilenceSource(), SilentOutput())
    assert report.dead
    assert not report.heard


def test_a_device_that_is_not_there_is_told_by_its_fault() -> None:
    class Missing:
        def __init__(self, fault: str) -> None:
            self.fault = fault

        def open(self, _one: object, _lost: object) -> None:
            raise HostFault(self.fault)

        def close(self) -> None:
            raise AssertionError("never opened")

    report = hear_own_tone(Missing("microphone-missing"), SilentOutput())
    assert report.microphone_fault is not None
    assert report.microphone_fault.id == "microphone-missing"
    report = hear_own_tone(SilenceSource(), Missing("speaker-missing"))
    assert report.speaker_fault is not None
    assert report.speaker_fault.id == "speaker-missing"


def test_the_tone_is_all_there_is_in_its_own_frame_and_nothing_in_another_pitch() -> None:
    middle = tone_frames(20)[10]
    assert len(middle) == FRAME_BYTES
    tone, whole = tone_and_whole(middle)
    assert tone == pytest.approx(whole, rel=0.01)
    other = array.array("h", [round(9_000 * math.sin(2 * math.pi * 400 * n / SAMPLE_RATE)) for n in range(960)])
    tone, whole = tone_and_whole(other.tobytes())
    assert tone < whole / 1000


class Still:
    """A camera that shows one grey."""

    paced = False

    def __init__(self, grey: int) -> None:
        self._picture = av.VideoFrame(64, 36, "gray")
        self._picture.planes[0].update(bytes([grey]) * self._picture.planes[0].buffer_size)

    def open(self) -> None: ...

    def read(self) -> av.VideoFrame:
        return self._picture

    def close(self) -> None: ...


@pytest.mark.parametrize(("grey", "dark"), [(3, True), (120, False)])
def test_a_covered_lens_is_told_apart_from_a_room(monkeypatch: pytest.MonkeyPatch, grey: int, dark: bool) -> None:
    monkeypatch.setattr("media.selftest.picture.LOOK_SECONDS", 0.1)
    report = look_at_camera(Still(grey))
    assert (report.width, report.height, report.dark) == (64, 36, dark)


def test_a_camera_file_that_is_none_is_a_fault(tmp_path: Path) -> None:
    from media.selftest.devices import camera_of

    path = tmp_path / "camera.mp4"
    path.write_bytes(b"no film")
    camera = camera_of(str(path))
    assert camera is not None
    report = look_at_camera(camera)
    assert report.fault is not None
    assert report.fault.id == "picture-unreadable"
