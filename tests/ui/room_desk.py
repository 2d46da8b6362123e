"""The devices of a room that is drawn: what may be chosen, a level, a picture."""

from collections.abc import Callable, Sequence
from typing import Any

from drawn import DrawnSource

from desktop_app.domain.faults import Fault, HostFault
from ui.services import DeviceChoice, DeviceKind


class RoomDesk:
    """A `DeviceDesk`."""

    def __init__(self) -> None:
        self.found = {
            DeviceKind.MICROPHONE: [
                DeviceChoice("usb-mic", "会议话筒 1（USB）"),
                DeviceChoice("built-in", "内置模拟话筒"),
            ],
            DeviceKind.SPEAKER: [DeviceChoice("hdmi", "大屏 HDMI"), DeviceChoice("line", "内置音频")],
            DeviceKind.CAMERA: [DeviceChoice("/dev/v4l/by-id/usb-Hall", "会议摄像机 1080p")],
        }
        self.settings = {kind: rows[0] for kind, rows in self.found.items()}
        self.level = 0.6
        self.tried = self.closed = self.tones = 0
        self.tone_fault: Fault | None = None
        self._listeners: list[Callable[[], object]] = []

    def pull_out(self, kind: DeviceKind) -> None:
        """The chosen device is gone."""
        self.found[kind].remove(self.settings[kind])
        self.stir()

    def stir(self) -> None:
        for listener in self._listeners:
            listener()

    def listen(self, changed: Callable[[], object]) -> Callable[[], None]:
        self._listeners.append(changed)
        return lambda: self._listeners.remove(changed)

    def choices(self, kind: DeviceKind) -> Sequence[DeviceChoice]:
        own = self.settings[kind]
        away = [] if own in self.found[kind] or not own.name else [DeviceChoice(own.setting, own.name, False)]
        return [DeviceChoice("auto", ""), *away, *self.found[kind], DeviceChoice("none", "")]

    def chosen(self, kind: DeviceKind) -> str:
        return self.settings[kind].setting

    def stands_in(self, kind: DeviceKind) -> str:
        own, found = self.settings[kind], self.found[kind]
        return found[0].name if own.name and own not in found and found else ""

    def choose(self, kind: DeviceKind, choice: DeviceChoice) -> None:
        self.settings[kind] = choice
        self.stir()

    def try_out(self, on_fault: Callable[[Fault], object]) -> Any:
        self.tried += 1
        if not self.found[DeviceKind.CAMERA]:
            on_fault(HostFault("camera-missing"))
        return _Trial(self)

    def play_tone(self) -> None:
        self.tones += 1
        if self.tone_fault is not None:
            raise self.tone_fault


class _Trial:
    def __init__(self, desk: RoomDesk) -> None:
        self._desk = desk
        people = 3 if desk.found[DeviceKind.CAMERA] else 0
        self.preview = DrawnSource(people, "#5B6B73", lambda: 0.0)

    def close(self) -> None:
        self._desk.closed += 1
