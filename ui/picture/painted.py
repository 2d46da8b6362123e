"""What really reached the screen: per site, how many different pictures were painted and when the first one was.

The demo's summary reads these figures, so nothing else than a paint event may write them.
"""

from dataclasses import dataclass, field

WINDOW_S = 5.0


@dataclass(slots=True)
class SitePaints:
    """One site's pictures; times are monotonic seconds."""

    frames: int = 0
    first_at: float | None = None
    last_at: float | None = None
    number: int = 0
    recent: list[float] = field(default_factory=list)


class PaintLog:
    """Counts the different frames painted for each site."""

    def __init__(self) -> None:
        self._sites: dict[str, SitePaints] = {}

    def painted(self, site: str, number: int, at: float) -> bool:
        """Note that frame `number` of `site` was painted; True if it is another than the last one painted."""
        paints = self._sites.setdefault(site, SitePaints())
        if paints.number == number:
            return False
        paints.number = number
        paints.frames += 1
        if paints.first_at is None:
            paints.first_at = at
        paints.last_at = at
        paints.recent.append(at)
        if len(paints.recent) > 256:
            del paints.recent[:128]
        return True

    def frames(self, site: str) -> int:
        paints = self._sites.get(site)
        return paints.frames if paints else 0

    def first_at(self, site: str) -> float | None:
        paints = self._sites.get(site)
        return paints.first_at if paints else None

    def fps(self, site: str, now: float, window: float = WINDOW_S) -> float:
        """Different pictures a second over the last `window` seconds (or since the first, if that is less)."""
        paints = self._sites.get(site)
        if paints is None or paints.first_at is None:
            return 0.0
        span = min(window, now - paints.first_at)
        if span <= 0:
            return 0.0
        return sum(1 for at in paints.recent if at > now - span) / span

    def sites(self) -> list[str]:
        return sorted(self._sites)
