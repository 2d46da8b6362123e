"""How a room and its line are, as its terminal last said with a ping: devices, round trip, loss.

It is told to whoever conducts and is no event: the log has it only with the answers of a roll call. What the engine
finds wrong with the site the center adds; nothing that a terminal says of that counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from desktop_app.domain.ids import UnitPath
from media.engine.trouble import Trouble
from media.meeting.roll_call import DeviceHealth

WEAK_DELAY_MS, WEAK_LOSS_PERMILLE = 300, 50
"""From these on a line is called weak (网速低)."""


@dataclass(frozen=True, slots=True)
class Health:
    """One site's word about itself."""

    camera: DeviceHealth = DeviceHealth.UNKNOWN
    microphone: DeviceHealth = DeviceHealth.UNKNOWN
    speaker: DeviceHealth = DeviceHealth.UNKNOWN
    delay_ms: int = 0
    """Round trip of a ping; 0 where it was not measured."""
    loss_permille: int = 0
    """Of the sound that was due, what had to be recovered or made up."""
    concealed_permille: int = 0
    """Of the sound that was due, what no copy brought back and was made up."""
    picture_loss_permille: int = 0
    """Of the pictures' packets, in the last second."""
    jitter_ms: int = 0
    fps: int = 0
    """Of the slowest picture that is shown; 0 where none is."""
    kbps: int = 0
    """What the pictures take."""
    step: int = 0
    """How far the pictures are down, the worse of both ways (`media.peers.ladder.Step`)."""
    trouble: Trouble = Trouble.NONE
    """The center's own word: why the engine limits this site, or that nothing connects it (`meeting.troubles`)."""

    @property
    def is_weak(self) -> bool:
        return self.delay_ms >= WEAK_DELAY_MS or self.loss_permille >= WEAK_LOSS_PERMILLE or self.step >= 2


@dataclass(frozen=True, slots=True)
class SiteHealth:
    """The health of one site, as it travels to whoever conducts."""

    unit_path: UnitPath
    health: Health


Healths = Mapping[UnitPath, Health]
