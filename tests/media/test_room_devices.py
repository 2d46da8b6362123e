"""Choosing, losing and getting back devices, over a real sound server with wires for devices."""

import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from desktop_app.domain.clock import SystemClock
from desktop_app.domain.faults import HostFault
from media.capture.pictures import CameraSource, CardSource
from media.capture.sound_capture import SoundCapture
from media.capture.sounds import ChosenSound, MicrophoneSource, SilenceSource
from media.devices.book import SETTLES_IN, DeviceBook
from media.devices.cameras import cameras
from media.devices.devices import MachineDevices
from media.devices.kinds import Device, Found, Kind, of_kind
from media.devices.seats import Seat, place
from media.devices.sound import open_input, open_output
from media.loudness import loudness
from media.playout.outputs import ChosenOutput, SpeakerOutput
from media.playout.playout import Playout
from media.selftest.tone import tone_and_whole, tone_frames
from tests.media.rig import PlainCard, until
from tests.media.sound_server import SoundServer, needs_pulseaudio
from tests.media.test_devices import Sink

CLOCK = SystemClock()
PATIENCE = 20


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundServer]:
    server = SoundServer(tmp_path)
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    server.start()
    yield server
    server.stop()


def names(found: Found, kind: Kind) -> list[str]:
    return [each.name for each in of_kind(found, kind)]


class Tone:
    """Plays the self-test's tone into a loudspeaker until it is closed."""

    def __init__(self, speaker: str) -> None:
        self._frames = tone_frames(60)
        self._at = 0
        self._device = open_output(speaker, self._next, lambda: None)

    def _next(self) -> bytes:
        self._at += 1
        return self._frames[10 + self._at % 40]

    def close(self) -> None:
        self._device.close()


def hears_tone(frame: bytes) -> bool:
    tone, whole = tone_and_whole(frame)
    return tone > 1e-4 and tone > 0.5 * whole


@needs_pulseaudio
async def test_each_device_has_its_own_name_and_what_goes_into_one_is_heard_there_alone(server: SoundServer):
    server.plug_in("desk", "Desk")
    server.plug_in("hall", "Hall")
    machine = MachineDevices()
    found = machine.look()
    machine.close()
    assert names(found, Kind.MICROPHONE) == ["Desk mic", "Hall mic"]
    assert names(found, Kind.SPEAKER) == ["Desk", "Hall"]
    desk, hall = list[bytes](), list[bytes]()
    tone = Tone("hall")
    ears = [open_input("desk-mic", desk.append, lambda: None), open_input("hall-mic", hall.append, lambda: None)]
    await until(lambda: len(desk) > 20 and any(map(hears_tone, hall)), within=PATIENCE)
    assert max(map(loudness, desk)) == 0
    for each in (tone, *ears):
        each.close()


@needs_pulseaudio
async def test_the_book_tells_of_a_device_that_comes_and_of_one_that_goes(server: SoundServer):
    book, told = DeviceBook(), list[list[str]]()
    book.listen(lambda: told.append(names(book.devices(), Kind.MICROPHONE)))
    book.start()
    try:
        await until(lambda: book.devices() == (), within=PATIENCE)
        server.plug_in("desk", "Desk")
        await until(lambda: told[-1:] == [["Desk mic"]], within=PATIENCE)
        server.pull_out("desk")
        await until(lambda: told[-1:] == [[]], within=PATIENCE)
    finally:
        book.stop()


def test_a_machine_without_a_sound_server_is_looked_at_in_peace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A server that is not reached is no change: looking again at once would keep a core busy for good."""
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path / 'nobody'}")
    stirred: list[None] = []
    machine = MachineDevices(lambda: stirred.append(None))
    for _ in range(3):
        machine.look()
    machine.close()
    assert stirred == []


@needs_pulseaudio
async def test_the_book_hears_of_a_server_that_goes_away_but_not_of_its_own_leaving(server: SoundServer):
    server.plug_in("desk", "Desk")
    stirred: list[None] = []
    machine = MachineDevices(lambda: stirred.append(None))
    assert names(machine.look(), Kind.MICROPHONE) == ["Desk mic"]
    machine.close()
    assert stirred == []
    assert names(machine.look(), Kind.MICROPHONE) == ["Desk mic"]
    server.stop()
    await until(lambda: stirred != [], within=PATIENCE)
    machine.close()


async def test_devices_that_never_come_to_rest_keep_nothing_busy():
    looked: list[None] = []

    class Restless:
        """Each look is followed by news."""

        def __init__(self, stir: Callable[[], None]) -> None:
            self._stir = stir

        def look(self) -> Found:
            looked.append(None)
            self._stir()
            return ()

        def close(self) -> None: ...

    book = DeviceBook(Restless)
    began = time.monotonic()
    book.start()
    await until(lambda: len(looked) >= 4, within=PATIENCE)
    book.stop()
    assert len(looked) <= 2 + (time.monotonic() - began) / SETTLES_IN


@needs_pulseaudio
async def test_a_room_without_a_microphone_never_sends_what_its_loudspeaker_plays(server: SoundServer):
    """The server's own choice would be the loudspeaker's monitor: an echo of everybody."""
    server._load("module-null-sink", "sink_name=only")
    with pytest.raises(HostFault) as caught:
        open_input("", lambda sound: None, lambda: None)
    assert caught.value.id == "microphone-missing"


@needs_pulseaudio
async def test_a_running_meeting_goes_over_to_another_microphone_and_back_without_a_new_connection(server: SoundServer):
    server.plug_in("desk", "Desk")
    server.plug_in("hall", "Hall")
    setting = ["hall-mic"]
    book = DeviceBook()
    seat = Seat(Kind.MICROPHONE, lambda: setting[0], book.look, lambda: "Hall mic")
    capture = SoundCapture(ChosenSound(lambda: MicrophoneSource(seat.take().device)), SilenceSource(), 32_000)
    capture.sending = capture.on_air = True
    faults: list[HostFault] = []

    def look() -> None:
        again, fault = seat.look(book.devices())
        if fault is not None:
            faults.append(fault)
        if again:
            capture.choose_again()

    book.listen(look)
    book.start()
    sink = Sink()
    tones = {"hall": Tone("hall")}
    capture.start(sink)
    try:
        await until(lambda: capture.level > 0.3, within=PATIENCE)
        tones.pop("hall").close()  # the server would play it at the desk then
        server.pull_out("hall")
        await until(lambda: [fault.id for fault in faults] == ["microphone-replaced"], within=PATIENCE)
        assert faults[0].values == {"device": "Hall mic", "now": "Desk mic"}
        tones["desk"] = Tone("desk")
        await until(lambda: capture.level > 0.3, within=PATIENCE)
        tones.pop("desk").close()
        server.plug_in("hall", "Hall")
        tones["back"] = Tone("hall")
        await until(lambda: [fault.id for fault in faults][1:] == ["microphone-returned"], within=PATIENCE)
        await until(lambda: capture.level > 0.3, within=PATIENCE)
        sent = len(sink.packets)
        setting[0] = "desk-mic"
        look()
        await until(lambda: len(sink.packets) > sent + 20 and capture.level == 0, within=PATIENCE)
        assert len(faults) == 2
        times = [timestamp for _, timestamp, _ in sink.packets]
        assert times == sorted(times)
    finally:
        capture.stop()
        book.stop()
        for tone in tones.values():
            tone.close()


@needs_pulseaudio
async def test_a_loudspeaker_is_changed_while_it_plays(server: SoundServer):
    server.plug_in("desk", "Desk")
    server.plug_in("hall", "Hall")
    setting = ["desk"]
    playout = Playout(ChosenOutput(lambda: SpeakerOutput(setting[0])), CLOCK)
    frames = tone_frames(60)[10:50]
    playout.pull = lambda: frames[0]  # type: ignore[method-assign]
    desk, hall = list[bytes](), list[bytes]()
    faults: list[Any] = []
    playout.open(faults.append)
    ears = [open_input("desk-mic", desk.append, lambda: None), open_input("hall-mic", hall.append, lambda: None)]
    try:
        await until(lambda: any(loudness(each) > 0.1 for each in desk), within=PATIENCE)
        assert not any(loudness(each) > 0.1 for each in hall)
        setting[0] = "hall"
        playout.choose_again()
        await until(lambda: any(loudness(each) > 0.1 for each in hall), within=PATIENCE)
        heard = len(desk)
        await until(lambda: len(desk) > heard + 5 and loudness(desk[-1]) == 0, within=PATIENCE)
        assert not faults
    finally:
        playout.close()
        for ear in ears:
            ear.close()


@needs_pulseaudio
async def test_a_sound_server_that_dies_is_told_once_and_one_that_comes_back_is_used(
    server: SoundServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("media.capture.sound_capture.TRY_AGAIN", 0.5)
    server.plug_in("desk", "Desk")
    capture = SoundCapture(MicrophoneSource("desk-mic"), SilenceSource(), 32_000)
    capture.sending = capture.on_air = True
    sink = Sink()
    capture.start(sink)
    try:
        await until(lambda: len(sink.packets) > 5, within=PATIENCE)
        server.stop()
        await until(lambda: sink.fault_ids[:1] == ["microphone-lost"], within=PATIENCE)
        server.start()
        server.plug_in("desk", "Desk")
        tone = Tone("desk")
        await until(lambda: capture.level > 0.3, within=PATIENCE)
        assert sink.fault_ids == ["microphone-lost"]
        tone.close()
    finally:
        capture.stop()


def test_the_chosen_device_is_used_while_it_is_there_and_another_one_meanwhile():
    desk, hall = Device(Kind.SPEAKER, "desk", "Desk"), Device(Kind.SPEAKER, "hall", "Hall")
    mic = Device(Kind.MICROPHONE, "mic", "Mic")
    assert place("hall", Kind.SPEAKER, (mic, desk, hall)).device == "hall"
    away = place("hall", Kind.SPEAKER, (mic, desk))
    assert (away.device, away.name, away.replaced) == ("desk", "Desk", "hall")
    assert place("hall", Kind.SPEAKER, (mic,)).device == "hall"
    assert place("auto", Kind.SPEAKER, (desk,)).device == ""
    assert place("none", Kind.SPEAKER, (desk,)).is_none
    assert place(__file__, Kind.CAMERA, (desk,)).file == Path(__file__)


def test_a_seat_says_once_that_its_device_is_away_and_once_that_it_is_back():
    desk, hall = Device(Kind.CAMERA, "desk", "Desk"), Device(Kind.CAMERA, "hall", "Hall")
    present: list[Found] = [(desk, hall)]
    seat = Seat(Kind.CAMERA, lambda: "hall", lambda: present[0], lambda: "Hall")
    seat.take()
    assert seat.look(present[0]) == (False, None)
    present[0] = (desk,)
    again, fault = seat.look(present[0])
    assert again
    assert fault is not None
    assert (fault.id, fault.values) == ("camera-replaced", {"device": "Hall", "now": "Desk"})
    seat.take()
    assert seat.look(present[0]) == (False, None)
    present[0] = (desk, hall)
    again, fault = seat.look(present[0])
    assert again
    assert fault is not None
    assert fault.id == "camera-returned"


def test_cameras_are_named_by_the_link_that_stays_and_metadata_nodes_are_none(tmp_path: Path):
    for number, (name, index) in enumerate((("Hall camera", 0), ("Hall camera", 1), ("Built-in", 0))):
        node = tmp_path / f"sys/class/video4linux/video{number}"
        node.mkdir(parents=True)
        (node / "name").write_text(f"{name}\n")
        (node / "index").write_text(f"{index}\n")
        (tmp_path / "dev/v4l/by-id").mkdir(parents=True, exist_ok=True)
        (tmp_path / f"dev/video{number}").touch()
    link = tmp_path / "dev/v4l/by-id/usb-Hall-video-index0"
    link.symlink_to("../../video0")
    assert [(each.id, each.name) for each in cameras(tmp_path)] == [
        (str(link), "Hall camera"),
        (str(tmp_path / "dev/video2"), "Built-in"),
    ]


class Offered:
    """Stands where `av.open` stands: a camera that has some sizes, each at a rate of its own."""

    def __init__(self, folder: Path, has: dict[tuple[str, str], int]) -> None:
        self.has, self.asked = has, list[dict[str, str]]()
        self._folder, self._open = folder, av.open

    def __call__(self, device: str, *, options: dict[str, str], **_: Any) -> Any:
        self.asked.append(options)
        size = options.get("video_size", "320x240")
        rate = self.has.get((options.get("input_format", "any"), size))
        if rate is None:
            raise av.error.OSError(22, "Invalid argument")
        path = self._folder / f"{size}-{rate}.mkv"
        width, height = map(int, size.split("x"))
        with self._open(str(path), "w") as container:
            stream = container.add_stream("mjpeg", rate=rate)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuvj420p"
            for number in range(3):
                picture = CardSource(PlainCard(), CLOCK).read().reformat(width, height, "yuvj420p")
                picture.pts, picture.time_base = number, Fraction(1, rate)
                container.mux(stream.encode(picture))
            container.mux(stream.encode(None))
        return self._open(str(path))


@pytest.mark.parametrize(
    ("has", "size"),
    [
        ({("mjpeg", "1280x720"): 30, ("yuyv422", "1280x720"): 10, ("yuyv422", "640x360"): 30}, (1280, 720)),
        ({("yuyv422", "1280x720"): 10, ("yuyv422", "640x360"): 30}, (640, 360)),
        ({("yuyv422", "1280x720"): 25}, (1280, 720)),
        ({("any", "640x360"): 25}, (640, 360)),
        ({("any", "320x240"): 15}, (320, 240)),
    ],
)
def test_a_camera_is_used_at_the_largest_picture_that_it_keeps_up_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has: dict[tuple[str, str], int], size: tuple[int, int]
):
    offered = Offered(tmp_path, has)
    monkeypatch.setattr("media.capture.pictures.av.open", offered)
    monkeypatch.setattr("media.capture.pictures.sys.platform", "linux")
    camera = CameraSource("/dev/video0")
    camera.open()
    picture = camera.read()
    assert (picture.width, picture.height) == size
    camera.close()


def test_a_camera_that_another_program_has_is_not_asked_again_and_again(monkeypatch: pytest.MonkeyPatch):
    asked = []

    def busy(*_: Any, **more: Any) -> None:
        asked.append(more)
        raise av.error.OSError(16, "Device or resource busy")

    monkeypatch.setattr("media.capture.pictures.av.open", busy)
    began = time.monotonic()
    with pytest.raises(HostFault) as caught:
        CameraSource("/dev/video0").open()
    assert (caught.value.id, len(asked)) == ("camera-busy", 1)
    assert time.monotonic() - began < 5
