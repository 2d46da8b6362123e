"""How a room and its line are, as its terminal last said with a ping: devices, round trip, loss.

It is told to whoever conducts and is no event: the log has it only with the answers of a roll call. Whether the line is
called weak, and what the engine finds wrong with the site, the center adds: what a terminal says of them
counts nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from desktop_app.domain.ids import UnitPath
from media.engine.trouble import Trouble
from media.meeting.roll_call import DeviceHealth

WEAK_DELAY_MS, WEAK_LOSS_PERMILLE = 300, 50
"""From these on a line is called weak (网速低), and where pictures are paused on it."""
STILL_DELAY_MS, STILL_LOSS_PERMILLE = 200, 30
"""Once it is, it stays weak from these on."""
STEADY_SECONDS = 20.0
"""Below them for so long until it is called weak no more: a line at the threshold does not make the sign flicker."""


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
    weak: bool = False
    """The center's own word (`WeakLines`)."""
    trouble: Trouble = Trouble.NONE
    """The center's own word: why the engine limits this site, or that nothing connects it (`meeting.troubles`)."""


class WeakLines:
    """Which lines of a meeting are called weak: at once, and then until they were steady. Pure: times are passed in."""

    def __init__(self) -> None:
        self._bad_at: dict[UnitPath, float] = {}

    def judge(self, site: UnitPath, said: Health, now: float) -> bool:
        """What a site said now, in seconds of one clock, added to what it said before."""
        paused = said.step >= 2
        if site not in self._bad_at:
            bad = paused or said.delay_ms >= WEAK_DELAY_MS or said.loss_permille >= WEAK_LOSS_PERMILLE
        else:
            bad = paused or said.delay_ms >= STILL_DELAY_MS or said.loss_permille >= STILL_LOSS_PERMILLE
        if bad:
            self._bad_at[site] = now
        elif site in self._bad_at and now - self._bad_at[site] >= STEADY_SECONDS:
            del self._bad_at[site]
        return site in self._bad_at


@dataclass(frozen=True, slots=True)
class SiteHealth:
    """The health of one site, as it travels to whoever conducts."""

    unit_path: UnitPath
    health: Health


Healths = Mapping[UnitPath, Health]
