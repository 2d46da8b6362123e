"""A measurement beside its peer and its goal, as a row that is printed and kept."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

OUT = Path("bench-out")


@dataclass(frozen=True, slots=True)
class Row:
    """`peer` is another program doing the same here, `holds` whether the goal is reached; None is unknown."""

    row: str
    ours: float | None
    peer: float | None = None
    goal: str | None = None
    holds: bool | None = None

    @property
    def ratio(self) -> float | None:
        """Ours over the peer's."""
        return round(self.ours / self.peer, 3) if self.ours is not None and self.peer else None


def at_most(row: str, ours: float | None, goal: float, peer: float | None = None) -> Row:
    """A row that holds when ours is not above a figure."""
    return Row(row, ours, peer, f"<= {goal:g}", ours is not None and ours <= goal)


def at_least(row: str, ours: float | None, goal: float, peer: float | None = None) -> Row:
    """A row that holds when ours is not below a figure."""
    return Row(row, ours, peer, f">= {goal:g}", ours is not None and ours >= goal)


def not_above_peer(row: str, ours: float | None, peer: float | None) -> Row:
    """A row that holds when ours is not above the peer's; unknown without one."""
    return Row(row, ours, peer, "<= peer", None if ours is None or peer is None else ours <= peer)


def keep(name: str, rows: Sequence[Row], say: Callable[[str], object] = print) -> Path:
    """Print the rows and write them to `bench-out/<name>.json`."""
    OUT.mkdir(exist_ok=True)
    path = OUT / f"{name}.json"
    listed = [
        {key: one[key] for key in ("row", "ours", "peer", "ratio", "goal", "holds")}
        for one in ({**asdict(row), "ratio": row.ratio} for row in rows)
    ]
    path.write_text(json.dumps(listed, ensure_ascii=False, indent=2) + "\n", "utf-8")
    width = max(len(row.row) for row in rows)
    for row in rows:
        mark = {True: "holds", False: "FAILS", None: "-"}[row.holds]
        say(f"{row.row:<{width}}  {_text(row.ours):>9}  peer {_text(row.peer):>9}  goal {row.goal or '-':>9}  {mark}")
    return path


def _text(figure: float | None) -> str:
    return "-" if figure is None else f"{figure:g}"
