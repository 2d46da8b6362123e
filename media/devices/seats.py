"""Which device sits where: the chosen one while it is there, meanwhile another, and the chosen one again."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from desktop_app.domain.faults import HostFault
from media.devices.kinds import Found, Kind, of_kind

AUTO, NONE = "auto", "none"
REPLACED = {
    Kind.CAMERA: "camera-replaced",
    Kind.MICROPHONE: "microphone-replaced",
    Kind.SPEAKER: "speaker-replaced",
}
RETURNED = {
    Kind.CAMERA: "camera-returned",
    Kind.MICROPHONE: "microphone-returned",
    Kind.SPEAKER: "speaker-returned",
}


@dataclass(frozen=True, slots=True)
class Place:
    """What a setting comes to now. `device` is empty for the system's own choice."""

    setting: str
    device: str = ""
    name: str = ""
    replaced: str = ""
    """The id of the chosen device, where it is away and another one took its place."""

    @property
    def is_none(self) -> bool:
        return self.setting == NONE

    @property
    def file(self) -> Path | None:
        """A file that stands in for a device."""
        return Path(self.setting) if self.setting not in (AUTO, NONE, "") and Path(self.setting).is_file() else None


def place(setting: str, kind: Kind, found: Found) -> Place:
    """Pure: the same found devices, the same place."""
    if setting in (AUTO, NONE, "") or Path(setting).is_file():
        return Place(setting or AUTO)
    present = of_kind(found, kind)
    chosen = next((each for each in present if each.id == setting), None)
    if chosen is not None:
        return Place(setting, chosen.id, chosen.name)
    if not present:
        return Place(setting, setting)
    return Place(setting, present[0].id, present[0].name, replaced=setting)


class Seat:
    """One kind of device of a running meeting. `take` when it is opened, `look` when the devices or the setting
    changed."""

    def __init__(
        self, kind: Kind, setting: Callable[[], str], look: Callable[[], Found], name_of: Callable[[], str]
    ) -> None:
        """`name_of` tells what the chosen device is called, for when it is away."""
        self.kind = kind
        self._setting, self._look, self._name_of = setting, look, name_of
        self._used: Place | None = None
        self._told = ""

    def take(self) -> Place:
        """What to open now; looks anew, since whoever asks may have just lost a device."""
        self._used = place(self._setting(), self.kind, self._look())
        return self._used

    def look(self, found: Found) -> tuple[bool, HostFault | None]:
        """Whether it has to be opened anew, and what there is to tell: `REPLACED` or `RETURNED`."""
        now = place(self._setting(), self.kind, found)
        used, told = self._used, self._told
        again = used is not None and (used.setting, used.device) != (now.setting, now.device)
        self._told = now.replaced
        if now.replaced and now.replaced != told:
            return again, HostFault(REPLACED[self.kind], device=self._name_of(), now=now.name)
        if told and told == now.device:
            return again, HostFault(RETURNED[self.kind], device=now.name)
        return again, None
