"""Wishes in a roll call of sites."""

from dataclasses import dataclass

from desktop_app.domain.ids import UnitPath
from media.meeting.roll_call import DeviceHealth, RollManner


@dataclass(frozen=True, slots=True)
class OpenRollCall:
    """Chair: call the roll of these sites, or of all but the chair's own (empty), in the order of the units."""

    manner: RollManner
    timeout_seconds: int = 60
    """Electronic: after this long it closes by itself."""
    unit_paths: tuple[UnitPath, ...] = ()


@dataclass(frozen=True, slots=True)
class AnswerRollCall:
    """One's own room is here; by voice only while it is called. Devices and link as the terminal finds them."""

    camera: DeviceHealth = DeviceHealth.UNKNOWN
    microphone: DeviceHealth = DeviceHealth.UNKNOWN
    speaker: DeviceHealth = DeviceHealth.UNKNOWN
    delay_ms: int = 0
    loss_permille: int = 0
    expected: int = 0
    present: int = 0
    remark: str = ""


@dataclass(frozen=True, slots=True)
class CallSite:
    """Chair, by voice: call this site, for the first time or again; its microphone opens."""

    unit_path: UnitPath


@dataclass(frozen=True, slots=True)
class MarkRollCall:
    """Chair: this site has answered, or has not, and may be marked otherwise later."""

    unit_path: UnitPath
    answered: bool
    remark: str = ""


@dataclass(frozen=True, slots=True)
class PauseRollCall:
    """Chair, by voice: stop calling for a while, or go on."""

    paused: bool = True


@dataclass(frozen=True, slots=True)
class CloseRollCall:
    """Chair: that was the roll; who has not answered is written down as such."""
