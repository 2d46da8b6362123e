"""Whether a run was as it should be: each figure of the summary beside its goal. A figure that is missing fails.

Pure: it reads the summary and nothing else, so that the table a person sees and the exit code say the same.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

FPS = 20.0
PLAYED_SHARE = 0.95
FIRST_PICTURE_S = 10.0
BACK_S = 10.0
SIGN_INS = 12
SPEECHES = 2


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what was measured, and what it must be."""

    name: str
    measured: Any
    goal: str
    holds: bool


def rows(summary: Mapping[str, Any], *, names: Mapping[str, str]) -> list[Row]:
    """The whole table; `names` gives each unit path the name a person knows it by."""
    found: list[Row] = []
    sites = summary.get("sites") or []
    found.append(Row("sites", len(sites), f"= {len(names)}", len(sites) == len(names)))
    for one in sites:
        name = names.get(one["unit_path"], one["unit_path"])
        found.append(_at_most(f"{name} first_picture_s", one["first_picture_s"], FIRST_PICTURE_S))
        found.append(_at_least(f"{name} video_fps", one["video_fps"], FPS))
        found.append(_at_least(f"{name} audio_played_share", one["audio_played_share"], PLAYED_SHARE))
    offline, sync, minutes = summary["offline"], summary["sync"], summary["minutes"]
    found += [
        _at_least("offline.seconds", offline["seconds"], 15),
        _at_least("offline.changes_written", offline["changes_written"], 1),
        _at_most("offline.control_back_s", offline["control_back_s"], BACK_S),
        _at_most("offline.media_back_s", offline["media_back_s"], BACK_S),
        _at_least("sync.local_changes", sync["local_changes"], 1),
        _equal("sync.center_changes", sync["center_changes"], sync["local_changes"]),
        _equal("sync.missing", sync["missing"], 0),
        _equal("sync.duplicates", sync["duplicates"], 0),
        _at_least("sync.receipts", sync["receipts"], len(names)),
        _at_most("sync.seconds", sync["seconds"], 30),
        Row(
            "minutes",
            (minutes["terminal_sha256"] or "")[:12] or None,
            f"= {(minutes['center_sha256'] or '')[:12] or None}",
            minutes["terminal_sha256"] is not None and minutes["terminal_sha256"] == minutes["center_sha256"],
        ),
        _equal("sign_ins", summary["sign_ins"], SIGN_INS),
        _at_least("speeches", summary["speeches"], SPEECHES),
        _at_least("exports", len(summary["exports"]), 2),
        _at_least("screenshots", len(summary["screenshots"]), 8),
    ]
    return found


def _at_least(name: str, measured: Any, goal: float) -> Row:
    return Row(name, measured, f"≥ {goal:g}", _compare(measured, lambda value: value >= goal))


def _at_most(name: str, measured: Any, goal: float) -> Row:
    return Row(name, measured, f"≤ {goal:g}", _compare(measured, lambda value: value <= goal))


def _equal(name: str, measured: Any, goal: Any) -> Row:
    return Row(name, measured, f"= {goal}", measured is not None and measured == goal)


def _compare(measured: Any, holds: Callable[[float], bool]) -> bool:
    return isinstance(measured, int | float) and holds(measured)


def table(found: Sequence[Row]) -> str:
    """The rows as text, columns aligned by the width a terminal gives Chinese characters."""
    cells = [(row.name, "—" if row.measured is None else f"{row.measured}", row.goal) for row in found]
    wide = [max(_width(line[column]) for line in cells) for column in range(3)]
    marks = ["✓" if row.holds else "✗" for row in found]
    return "\n".join(
        "  ".join([*(_pad(text, width) for text, width in zip(line, wide, strict=True)), mark])
        for line, mark in zip(cells, marks, strict=True)
    )


def _width(text: str) -> int:
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in text)


def _pad(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
