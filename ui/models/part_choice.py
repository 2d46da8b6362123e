"""逐处选择: two texts, or two lists, cut where they differ; a person decides place by place. Pure: no Qt.

Nothing is chosen to begin with. What both have stays; each place that differs takes one side, or both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any

SHORT = 1
"""A run that both have and that is no longer than this belongs to the difference around it."""


class Pick(StrEnum):
    """What a person takes at one place."""

    MINE = "mine"
    THEIRS = "theirs"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Part:
    """A run of a text, or items of a list: what both have (`differs` False), or what each has here."""

    mine: tuple[str, ...]
    theirs: tuple[str, ...]
    differs: bool
    pick: Pick | None = None

    @property
    def taken(self) -> tuple[str, ...]:
        """What goes into the result: nothing until it is picked."""
        if not self.differs or self.pick is Pick.MINE:
            return self.mine
        if self.pick is Pick.THEIRS:
            return self.theirs
        return (*self.mine, *self.theirs) if self.pick is Pick.BOTH else ()


@dataclass(frozen=True, slots=True)
class PartChoice:
    """A decision in the making."""

    parts: tuple[Part, ...]
    listed: bool
    """Whether the values are lists of items, and not texts."""

    @property
    def places(self) -> tuple[int, ...]:
        """Indices of the parts that have to be decided."""
        return tuple(index for index, part in enumerate(self.parts) if part.differs)

    @property
    def left(self) -> int:
        """How many places are still open."""
        return sum(1 for part in self.parts if part.differs and part.pick is None)

    @property
    def value(self) -> Any:
        """The text, or the list, as picked so far."""
        taken = [piece for part in self.parts for piece in part.taken]
        return list(dict.fromkeys(taken)) if self.listed else "".join(taken)

    def picked(self, index: int, pick: Pick) -> PartChoice:
        """The same with one more place decided."""
        parts = list(self.parts)
        parts[index] = replace(parts[index], pick=pick)
        return replace(self, parts=tuple(parts))


def can_choose_parts(mine: Any, theirs: Any) -> bool:
    """Whether the two are texts, or lists, that share something and differ in something."""
    if isinstance(mine, str) and isinstance(theirs, str):
        choice = choose_parts(mine, theirs)
        return len(choice.parts) > 1
    return isinstance(mine, (list, tuple)) and isinstance(theirs, (list, tuple)) and bool(set(mine) ^ set(theirs))


def choose_parts(mine: str | Sequence[str], theirs: str | Sequence[str]) -> PartChoice:
    """Cut two texts by their runs, two lists by their items."""
    if isinstance(mine, str) and isinstance(theirs, str):
        return PartChoice(_merged(_runs(mine, theirs)), listed=False)
    both = [str(one) for one in mine if one in theirs]
    parts = [Part(tuple(both), tuple(both), False)] if both else []
    parts += [Part((str(one),), (), True) for one in mine if one not in theirs]
    parts += [Part((), (str(one),), True) for one in theirs if one not in mine]
    return PartChoice(tuple(parts), listed=True)


def _runs(mine: str, theirs: str) -> list[Part]:
    matcher = SequenceMatcher(None, mine, theirs, autojunk=False)
    runs = []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        runs.append(Part((mine[i1:i2],) if i2 > i1 else (), (theirs[j1:j2],) if j2 > j1 else (), tag != "equal"))
    return runs


def _merged(runs: list[Part]) -> tuple[Part, ...]:
    """Differences with no more than a character between them are one place: nobody decides half a word."""
    parts: list[Part] = []
    for index, run in enumerate(runs):
        between = 0 < index < len(runs) - 1
        if not run.differs and between and len(run.mine[0]) <= SHORT:
            run = replace(run, differs=True)
        last = parts[-1] if parts else None
        if last is not None and run.differs and last.differs:
            parts[-1] = Part(_joined(last.mine, run.mine), _joined(last.theirs, run.theirs), True)
        else:
            parts.append(run)
    return tuple(parts)


def _joined(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    text = "".join((*first, *second))
    return (text,) if text else ()
