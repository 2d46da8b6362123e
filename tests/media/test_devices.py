"""A device that is missing or goes away is told once, stands in, and never ends the meeting."""

import itertools
import struct
import threading
import time
import wave
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import pytest

from desktop_app.domain.clock import SystemClock
from desktop_app.domain.faults import Fault, HostFault, PeerFault
from media.capture.capture import Capture, make_capture
from media.capture.pictures import CameraSource, CardSource, FileSource, bgra_picture
from media.capture.sounds import MicrophoneSource, SilenceSource, SoundFileSource, read_sound
from media.capture.sources import FRAME_BYTES, SILENCE, CaptureChoice, PictureSource, SoundSource
from media.codecs.opus import OpusDecoder
from media.codecs.vp8 import Vp8Decoder
from media.engine.layers import Layer
from media.loudness import loudness
from media.metronome import Metronome
from media.playout.outputs import SilentOutput
from media.playout.playout import Playout, make_playout
from tests.media.rig import PlainCard, Room, ToneSource, until

CLOCK = SystemClock()


class Sink:
    """Keeps what the capture sends."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.packets: list[tuple[bytes, int, bool]] = []
        self.faults: list[Fault] = []

    def on_picture(self, layer: Layer, frame: bytes, timestamp: int) -> None:
        if layer is Layer.MAIN:
            self.frames.append(frame)

    def on_sound(self, packet: bytes, timestamp: int, first: bool) -> None:
        self.packets.append((packet, timestamp, first))

    def on_fault(self, fault: Fault) -> None:
        self.faults.append(fault)

    @property
    def fault_ids(self) -> list[str]:
        return [fault.id for fault in self.faults]


class FrailCamera:
    """A camera that is pulled out, and may be plugged in again."""

    paced = False

    def __init__(self) -> None:
        self.plugged = True
        self.opened = 0
        self._card = CardSource(PlainCard(shade=160), CLOCK)

    def open(self) -> None:
        if not self.plugged:
            raise HostFault("camera-missing")
        self.opened += 1

    def read(self) -> av.VideoFrame:
        if not self.plugged:
            raise HostFault("camera-lost")
        return self._card.read()

    def close(self) -> None: ...


class FrailMicrophone(ToneSource):
    """A microphone that is pulled out: some drivers say so, some just fall silent."""

    def __init__(self, *, says_so: bool) -> None:
        super().__init__()
        self.plugged = True
        self.closed = 0
        self._says_so = says_so

    def open(self, deliver: Callable[[bytes], None], lost: Callable[[], None]) -> None:
        if not self.plugged:
            raise HostFault("microphone-missing")

        def beat() -> None:
            if self.plugged:
                deliver(self.samples())
            elif self._says_so:
                lost()

        self._metronome = Metronome(0.02, beat, monotonic=time.monotonic, name="frail")
        self._metronome.start()

    def close(self) -> None:
        self.closed += 1
        super().close()


def opened(picture: PictureSource, sound: SoundSource) -> tuple[Capture, Sink]:
    sink = Sink()
    capture = Capture(picture=picture, sound=sound, card=PlainCard(), clock=CLOCK)
    capture.picture.sending = capture.sound.sending = capture.sound.on_air = True
    capture.open(sink)
    return capture, sink


async def test_a_camera_that_vanishes_is_told_once_and_the_card_takes_its_place():
    camera = FrailCamera()
    capture, sink = opened(camera, SilenceSource())
    capture.preview.want(160, 90)
    await until(lambda: len(sink.frames) > 5)
    camera.plugged = False
    await until(lambda: sink.fault_ids == ["camera-lost"])
    sent = len(sink.frames)
    await until(lambda: len(sink.frames) > sent + 10)
    assert sink.fault_ids == ["camera-lost"]
    assert capture.preview.latest() is not None
    capture.close()


async def test_a_camera_that_comes_back_is_used_again(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("media.capture.picture_capture.TRY_AGAIN", 0.2)
    camera = FrailCamera()
    camera.plugged = False
    capture, sink = opened(camera, SilenceSource())
    await until(lambda: sink.fault_ids == ["camera-missing"])
    await until(lambda: len(sink.frames) > 3)
    camera.plugged = True
    await until(lambda: camera.opened == 1)
    sent = len(sink.frames)
    await until(lambda: len(sink.frames) > sent + 3)
    assert sink.fault_ids == ["camera-missing"]
    capture.close()


@pytest.mark.parametrize("says_so", [True, False])
async def test_a_microphone_that_vanishes_is_told_once_and_silence_takes_its_place(
    says_so: bool, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("media.capture.sound_capture.SILENT_FOR", 0.5)
    microphone = FrailMicrophone(says_so=says_so)
    capture, sink = opened(CardSource(PlainCard(), CLOCK), microphone)
    await until(lambda: len(sink.packets) > 10)
    microphone.plugged = False
    await until(lambda: sink.fault_ids == ["microphone-lost"], within=4)
    sent = len(sink.packets)
    await until(lambda: len(sink.packets) > sent + 10)
    assert microphone.closed == 1
    assert sink.fault_ids == ["microphone-lost"]
    assert capture.sound.level == 0
    times = [timestamp for _, timestamp, _ in sink.packets]
    assert times == sorted(times)
    capture.close()


async def test_a_microphone_that_is_not_there_is_told_and_the_meeting_begins_without_it():
    microphone = FrailMicrophone(says_so=True)
    microphone.plugged = False
    capture, sink = opened(CardSource(PlainCard(), CLOCK), microphone)
    await until(lambda: sink.fault_ids == ["microphone-missing"])
    await until(lambda: len(sink.packets) > 5)
    capture.close()


async def test_a_device_lost_in_a_meeting_reaches_the_meeting_and_the_call_goes_on(room: Room):
    camera, microphone = FrailCamera(), FrailMicrophone(says_so=True)
    one, other = room.join("a/", picture=camera, sound=microphone), room.join("b/")
    await one.media.start()
    await other.media.start()
    other.see(one)
    await until(lambda: other.frames(one) > 3)
    camera.plugged = microphone.plugged = False
    await until(lambda: {fault.id for fault in one.notes.faults} == {"camera-lost", "microphone-lost"})
    seen = other.frames(one)
    await until(lambda: other.frames(one) > seen + 10)
    assert one.notes.up == [True]


async def test_a_loudspeaker_that_vanishes_is_told_and_what_is_heard_is_still_counted(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("media.playout.playout.SILENT_FOR", 0.5)

    class FrailSpeaker(SilentOutput):
        pulling = True

        def open(self, pull: Callable[[], bytes], lost: Callable[[], None]) -> None:
            super().open(lambda: pull() if self.pulling else b"", lost)

    speaker, faults = FrailSpeaker(), list[Fault]()
    playout = Playout(speaker, CLOCK)
    playout.open(faults.append)
    playout.set_on_air("a0", True)
    speaker.pulling = False
    await until(lambda: [fault.id for fault in faults] == ["speaker-lost"], within=4)
    playout.take("a0")
    await until(lambda: playout.take("a0").due > 0, within=4)
    playout.close()


async def test_a_machine_without_sound_devices_says_so_and_goes_on():
    faults: list[Fault] = []
    playout = make_playout("speaker:no such loudspeaker", clock=CLOCK)
    playout.open(faults.append)
    await until(lambda: bool(faults))
    assert faults[0].id in ("speaker-missing", "sound-library-missing")
    playout.close()
    with pytest.raises(HostFault) as caught:
        MicrophoneSource("no such microphone").open(lambda samples: None, lambda: None)
    assert caught.value.id in ("microphone-missing", "sound-library-missing")


def test_a_camera_that_is_not_there_is_a_fault_with_its_name(tmp_path: Path):
    with pytest.raises(HostFault) as caught:
        CameraSource(str(tmp_path / "video9")).open()
    assert caught.value.id == "camera-missing"


async def test_what_is_sent_decodes_and_is_nothing_while_off_the_air():
    capture, sink = opened(CardSource(PlainCard(), CLOCK), ToneSource())
    await until(lambda: len(sink.frames) > 5 and len(sink.packets) > 10)
    capture.sound.on_air = False
    await until(lambda: capture.sound._paused)
    count = len(sink.packets)
    sent = len(sink.frames)
    await until(lambda: len(sink.frames) > sent + 5)
    assert len(sink.packets) == count
    capture.sound.on_air = True
    await until(lambda: len(sink.packets) > count)
    capture.close()
    decoder = Vp8Decoder()
    pictures = [decoder.decode(frame) for frame in sink.frames]
    assert all(picture is not None and picture.width == 640 for picture in pictures)
    sounds = OpusDecoder()
    assert max(loudness(sounds.decode(packet)) for packet, _, _ in sink.packets) > 0.5
    assert [first for _, _, first in sink.packets].count(True) == 2
    assert threading.active_count() < 20


async def test_nothing_is_encoded_while_nobody_receives():
    capture, sink = opened(CardSource(PlainCard(), CLOCK), ToneSource())
    capture.picture.sending = capture.sound.sending = False
    capture.preview.want(64, 36)
    await until(lambda: capture.preview.latest() is not None and capture.sound.level > 0)
    count = len(sink.frames)
    frame = capture.preview.latest()
    await until(lambda: capture.preview.latest() is not frame)
    assert len(sink.frames) <= count + 1
    capture.close()


def test_a_video_file_is_looped_at_its_own_speed(tmp_path: Path):
    path = tmp_path / "clip.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for shade in range(10):
            picture = bgra_picture(bytes([shade * 20] * 64 * 48 * 4), 64, 48)
            picture.pts, picture.time_base = shade, Fraction(1, 25)
            container.mux(stream.encode(picture.reformat(format="yuv420p")))
        container.mux(stream.encode(None))
    source = FileSource(path)
    source.open()
    began, shades = time.monotonic(), []
    while time.monotonic() - began < 0.9:
        shades.append(bytes(source.read().reformat(format="gray8").planes[0])[0])
        time.sleep(0.01)
    source.close()
    falls = sum(after < before - 50 for before, after in itertools.pairwise(shades))
    assert falls in (2, 3)


def test_a_file_that_is_no_video_or_no_sound_is_a_fault_with_its_path(tmp_path: Path):
    path = tmp_path / "notes.txt"
    path.write_text("not media")
    with pytest.raises(HostFault) as caught:
        FileSource(path).open()
    assert (caught.value.id, caught.value.values["path"]) == ("picture-unreadable", str(path))
    with pytest.raises(HostFault) as caught:
        SoundFileSource(path).open(lambda samples: None, lambda: None)
    assert caught.value.id == "sound-unreadable"
    with pytest.raises(HostFault):
        SoundFileSource(tmp_path / "missing.wav").open(lambda samples: None, lambda: None)


def test_a_stereo_file_of_another_rate_becomes_whole_frames_of_ours(tmp_path: Path):
    path = tmp_path / "stereo.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44_100)
        file.writeframes(struct.pack("<2h", 12_000, 12_000) * 44_100)
    samples = read_sound(path)
    assert len(samples) % FRAME_BYTES == 0
    assert abs(len(samples) / 2 / 48_000 - 1) < 0.05


def test_a_choice_that_names_nothing_is_refused():
    for choice in (
        CaptureChoice("webcam", "silence"),
        CaptureChoice("card", "drum"),
        CaptureChoice("file:", "silence"),
    ):
        with pytest.raises(ValueError, match="no such"):
            make_capture(choice, card=PlainCard(), clock=CLOCK)
    with pytest.raises(ValueError, match="no such"):
        make_playout("trumpet", clock=CLOCK)
    capture = make_capture(CaptureChoice("card", "silence"), card=PlainCard(), clock=CLOCK)
    assert capture.preview.latest() is None


def test_silence_is_silent_and_full_scale_is_loud():
    assert loudness(SILENCE) == 0
    assert loudness(b"\xff\x7f" * 960) > 0.99


def test_a_picture_that_announces_a_monstrous_size_is_not_decoded():
    monster = bytes([0x10, 0, 0, 0x9D, 0x01, 0x2A]) + struct.pack("<HH", 0x3FFF, 0x3FFF) + bytes(200)
    with pytest.raises(PeerFault):
        Vp8Decoder().decode(monster)
    with pytest.raises(PeerFault):
        Vp8Decoder().decode(bytes(100))
