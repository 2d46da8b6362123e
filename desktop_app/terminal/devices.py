"""The camera, microphone and loudspeaker of this room: chosen, kept by their ids, followed by a running meeting."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_app.domain.clock import Clock
from desktop_app.domain.faults import Fault
from desktop_app.domain.units import level_of
from media.devices.book import DeviceBook
from media.devices.kinds import Kind, of_kind
from media.devices.room import DevicesInUse, output_of
from media.devices.seats import AUTO, NONE, Seat, place
from media.devices.trial import DeviceTrial, play_tone
from ui.picture.card import CardPainter
from ui.services import DeviceChoice, DeviceKind, SettingsStore

if TYPE_CHECKING:
    from desktop_app.terminal.parts import Parts

_KINDS = {
    DeviceKind.CAMERA: Kind.CAMERA,
    DeviceKind.MICROPHONE: Kind.MICROPHONE,
    DeviceKind.SPEAKER: Kind.SPEAKER,
}


class RoomDevices:
    """A `DeviceDesk`. It looks for devices from its making until `close`."""

    def __init__(self, parts: "Parts", settings: SettingsStore, clock: Clock) -> None:
        self._unit_name, self._level = parts.unit_name, level_of(parts.identity.unit_path)
        self._settings, self._clock = settings, clock
        self._latest: DevicesInUse | None = None
        self._book = DeviceBook()
        self._book.start()

    def close(self) -> None:
        self._book.stop()

    def open(self) -> DevicesInUse:
        """Capture and playout for a meeting; whoever opens closes it."""
        self._latest = DevicesInUse(
            self._book,
            self._setting,
            self._name,
            card=CardPainter(self._unit_name, self._level),
            clock=self._clock,
            is_cleaned=self._settings.get("media.sound") == "clean",
        )
        return self._latest

    def listen(self, changed: Callable[[], object]) -> Callable[[], None]:
        return self._book.listen(changed)

    def choices(self, kind: DeviceKind) -> Sequence[DeviceChoice]:
        own = _KINDS[kind]
        found = of_kind(self._book.devices(), own)
        setting = self._setting(own)
        rows = [DeviceChoice(AUTO, ""), *(DeviceChoice(each.id, each.name) for each in found), DeviceChoice(NONE, "")]
        if setting not in {row.setting for row in rows}:
            name = Path(setting).name if Path(setting).is_file() else self._name(own)
            rows.insert(1, DeviceChoice(setting, name, is_here=Path(setting).is_file()))
        return rows

    def chosen(self, kind: DeviceKind) -> str:
        return self._setting(_KINDS[kind])

    def stands_in(self, kind: DeviceKind) -> str:
        own = _KINDS[kind]
        now = place(self._setting(own), own, self._book.devices())
        return now.name if now.replaced else ""

    def choose(self, kind: DeviceKind, choice: DeviceChoice) -> None:
        self._settings.set(f"media.{kind}_name", choice.name)
        self._settings.set(f"media.{kind}", choice.setting)
        self._book.settings_changed()

    @property
    def level(self) -> float:
        latest = self._latest
        return latest.capture.sound.level if latest is not None and latest.capture.is_open else 0.0

    def try_out(self, on_fault: Callable[[Fault], object]) -> DeviceTrial:
        return DeviceTrial(self.open(), on_fault)

    def play_tone(self) -> None:
        seat = Seat(
            Kind.SPEAKER, partial(self._setting, Kind.SPEAKER), self._book.look, partial(self._name, Kind.SPEAKER)
        )
        play_tone(output_of(self._setting(Kind.SPEAKER), seat))

    def _setting(self, kind: Kind) -> str:
        return str(self._settings.get(f"media.{kind}") or AUTO)

    def _name(self, kind: Kind) -> str:
        return str(self._settings.get(f"media.{kind}_name") or self._setting(kind))
