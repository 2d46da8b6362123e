"""How the lines of a meeting's sites were, minute by minute, as the center kept it (`line_history`). Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from desktop_app.domain.clock import moment
from sync.meetings.source import RecordSource

WEAK_DELAY_MS, WEAK_LOSS_PERMILLE = 300, 50
"""From these on a minute was weak; as in `media.meeting.health`."""


@dataclass(frozen=True, slots=True)
class LineMinute:
    """The worst of one minute."""

    delay_ms: int = 0
    loss_permille: int = 0
    """Of the sound that was due here, what had to be recovered or made up."""
    picture_loss_permille: int = 0
    jitter_ms: int = 0
    fps: int = 0
    """Of the slowest picture that was shown; 0 where none was."""
    kbps: int = 0
    """What the pictures took."""
    step: int = 0
    """How far the pictures were down: 0 as wanted, 1 smaller, 2 some paused, 3 sound alone."""
    concealed_permille: int = field(default=0, kw_only=True)
    """Of the sound that was due here, what no copy brought back and was made up."""
    trouble: str = field(default="", kw_only=True)
    """Why the media engine limited the site, or `absent`: it had no sound and picture; as in `media.engine.trouble`."""

    @property
    def is_weak(self) -> bool:
        return self.delay_ms >= WEAK_DELAY_MS or self.loss_permille >= WEAK_LOSS_PERMILLE or self.step >= 2

    def worst(self, other: "LineMinute | None") -> "LineMinute":
        """Both as one."""
        if other is None:
            return self
        slowest = min((each for each in (self.fps, other.fps) if each), default=0)
        pairs = zip(_numbers(self), _numbers(other), strict=True)
        delay, loss, picture, jitter, _, kbps, step = (max(pair) for pair in pairs)
        return LineMinute(
            delay,
            loss,
            picture,
            jitter,
            slowest,
            kbps,
            step,
            concealed_permille=max(self.concealed_permille, other.concealed_permille),
            trouble=self.trouble or other.trouble,
        )


@dataclass(frozen=True, slots=True)
class LineHistory:
    """One site's line over a meeting, the minutes of which something is known."""

    site: str
    minutes: tuple[tuple[datetime, LineMinute], ...]

    @property
    def weak(self) -> int:
        """Minutes."""
        return sum(one.is_weak for _, one in self.minutes)

    @property
    def limited(self) -> int:
        """Minutes."""
        return sum(bool(one.trouble) for _, one in self.minutes)

    @property
    def troubles(self) -> tuple[str, ...]:
        """Each once, in the order of their first minute."""
        return tuple(dict.fromkeys(one.trouble for _, one in self.minutes if one.trouble))

    @property
    def worst(self) -> LineMinute:
        found = LineMinute()
        for _, one in self.minutes:
            found = one.worst(found)
        return found


def write_minute(number: int, one: LineMinute) -> str:
    """One minute as it is kept: its number within the record, then the figures."""
    return " ".join(map(str, (number, *_numbers(one))))


def write_trouble(number: int, one: LineMinute) -> str:
    """Beside the figures, for a minute that has a trouble: its number and that."""
    return f"{number} {one.trouble}"


def write_concealed(number: int, one: LineMinute) -> str:
    """Beside the figures, which older terminals read whole, for a minute with made up sound: its number and that."""
    return f"{number} {one.concealed_permille}"


def line_histories(source: RecordSource, meeting: str) -> tuple[LineHistory, ...]:
    """By site. What cannot be read is left out: nothing depends on it."""
    found: dict[str, list[tuple[datetime, LineMinute]]] = {}
    for row in source.list("line_history", meeting=meeting):
        troubles, concealed = _beside(row.get("limited")), _beside(row.get("concealed"))
        for text in row.get("minutes") or ():
            try:
                number, *figures = map(int, str(text).split())
                at = moment(str(row.get("started_at"))) + timedelta(minutes=number)
                made_up = int(concealed.get(str(number), "0"))
                one = LineMinute(*figures, concealed_permille=made_up, trouble=troubles.get(str(number), ""))
                found.setdefault(str(row.get("site") or ""), []).append((at, one))
            except (ValueError, TypeError, OverflowError):
                continue
    return tuple(
        LineHistory(site, tuple(sorted(minutes, key=lambda one: one[0]))) for site, minutes in sorted(found.items())
    )


def _beside(texts: Iterable[object] | None) -> dict[str, str]:
    """What is kept beside the figures, by the number of its minute."""
    return dict(str(text).split(" ", 1) for text in texts or () if " " in str(text))


def _numbers(one: LineMinute) -> tuple[int, ...]:
    return (
        one.delay_ms,
        one.loss_permille,
        one.picture_loss_permille,
        one.jitter_ms,
        one.fps,
        one.kbps,
        one.step,
    )
