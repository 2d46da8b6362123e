"""What four terminals saw, worked out from their own recordings. Pure: lines in, figures out; nothing intended.

A terminal writes one `sample` a second. A figure is made of the stretches between two samples that are next to each
other, and only of those in which it can be measured at all: pictures while the meeting is on the screen, sound while
another site is on air, and neither while a link is cut or has not come back from it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

Line = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Cut:
    """When the forwarder of one unit was cut and put back, as it said itself (Unix seconds)."""

    unit_path: str
    began: float
    ended: float


@dataclass(frozen=True, slots=True)
class Site:
    """One row of the summary's `sites`; None is what could not be measured."""

    unit_path: str
    level: int
    first_picture_s: float | None
    video_fps: float | None
    audio_played_share: float | None


def site(unit_path: str, level: int, lines: Sequence[Line], others: Iterable[str], cuts: Sequence[Cut]) -> Site:
    """The figures of one terminal. `video_fps` is the worst of the pictures of all the others."""
    rates = [_fps(unit_path, other, lines, cuts) for other in others]
    measured = [rate for rate in rates if rate is not None]
    worst = min(measured) if measured and len(measured) == len(rates) else None
    return Site(unit_path, level, _first_picture(lines), worst, _played(unit_path, lines, cuts))


def _first_picture(lines: Sequence[Line]) -> float | None:
    """From the click on join to the first paint of any remote site, both on this terminal's monotonic clock."""
    clicks = [line["monotonic"] for line in lines if line["kind"] == "join"]
    if not clicks:
        return None
    firsts = [
        first
        for line in lines
        if line["kind"] == "sample"
        for first in line.get("first_paint", {}).values()
        if first is not None and first >= clicks[0]
    ]
    return round(min(firsts) - clicks[0], 3) if firsts else None


def _stretches(lines: Sequence[Line]) -> Iterator[tuple[Line, Line, float]]:
    samples = [line for line in lines if line["kind"] == "sample"]
    for before, after in pairwise(samples):
        seconds = after["monotonic"] - before["monotonic"]
        if seconds > 0:
            yield before, after, seconds


def _fps(own: str, other: str, lines: Sequence[Line], cuts: Sequence[Cut]) -> float | None:
    """Different pictures of `other` painted per second, while both are in the meeting and it is on the screen."""
    pictures = 0
    total = 0.0
    away = [cut for cut in cuts if cut.unit_path in (own, other)]
    returned = _returns(other, lines, away)
    for before, after, seconds in _stretches(lines):
        if not all(one.get("grid") and other in one.get("online", ()) for one in (before, after)):
            continue
        painted = before.get("painted", {}).get(other, 0)
        if painted == 0 or _touches(before, after, away, returned):
            continue
        pictures += after.get("painted", {}).get(other, 0) - painted
        total += seconds
    return round(pictures / total, 2) if total >= 1 else None


def _returns(other: str, lines: Sequence[Line], cuts: Sequence[Cut]) -> dict[Cut, float]:
    """When, after each cut, pictures of `other` were painted again; infinity if they never were."""
    return {cut: cut.ended + (_pictures_after(cut, [other], lines) or float("inf")) for cut in cuts}


def _pictures_after(cut: Cut, others: Sequence[str], lines: Sequence[Line]) -> float | None:
    """Seconds from the cable's return to the first sample in which every one of `others` was painted anew."""
    fresh: set[str] = set()
    for before, after, _ in _stretches(lines):
        if before["unix"] < cut.ended:
            continue
        fresh |= {
            other
            for other in others
            if after.get("painted", {}).get(other, 0) > before.get("painted", {}).get(other, 0)
        }
        if fresh.issuperset(others):
            return float(after["unix"] - cut.ended)
    return None


def media_back(cut: Cut, others: Sequence[str], lines: Sequence[Line]) -> float | None:
    """Seconds from the cable's return until the terminal that was cut off painted every other site again."""
    seconds = _pictures_after(cut, others, lines)
    return None if seconds is None else round(seconds, 3)


def control_back(cut: Cut, lines: Sequence[Line]) -> float | None:
    """Seconds from the cable's return until the meeting's control link was there again."""
    return _first_sample(cut, lines, lambda line: bool(line.get("control")))


def drained(cut: Cut, lines: Sequence[Line]) -> float | None:
    """Seconds from the cable's return until the center had acknowledged everything that waited."""
    return _first_sample(cut, lines, lambda line: line.get("pending") == 0)


def _first_sample(cut: Cut, lines: Sequence[Line], wanted: Callable[[Line], bool]) -> float | None:
    for line in lines:
        if line["kind"] == "sample" and line["unix"] >= cut.ended and wanted(line):
            return round(float(line["unix"]) - cut.ended, 3)
    return None


def _touches(before: Line, after: Line, cuts: Iterable[Cut], returned: Mapping[Cut, float]) -> bool:
    return any(before["unix"] < returned[cut] and after["unix"] > cut.began for cut in cuts)


def _played(own: str, lines: Sequence[Line], cuts: Sequence[Cut]) -> float | None:
    """Frames decoded or recovered by FEC over frames due, summed over every other site while it is on air."""
    due = played = 0
    returned = {cut: cut.ended + (_sound_after(cut, own, lines) if cut.unit_path == own else 0.0) for cut in cuts}
    for before, after, _ in _stretches(lines):
        heard = [one for one in after.get("on_air", ()) if one != own and one in before.get("on_air", ())]
        for other in heard:
            if _touches(before, after, [cut for cut in cuts if cut.unit_path in (own, other)], returned):
                continue
            old, new = before.get("audio", {}).get(other), after.get("audio", {}).get(other)
            if old is None or new is None or new["due"] < old["due"]:
                continue
            due += new["due"] - old["due"]
            played += (new["decoded"] - old["decoded"]) + (new["fec"] - old["fec"])
    return round(played / due, 4) if due else None


def _sound_after(cut: Cut, own: str, lines: Sequence[Line]) -> float:
    """Seconds from the cable's return until frames of anybody were decoded again; infinity if they never were."""
    for before, after, _ in _stretches(lines):
        if before["unix"] >= cut.ended and any(
            new["decoded"] > before.get("audio", {}).get(other, new)["decoded"]
            for other, new in after.get("audio", {}).items()
            if other != own
        ):
            return float(after["unix"] - cut.ended)
    return float("inf")
