"""The steps of a day: what each must reach, what was measured, and whether that holds. Pure but for the printing."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from desktop_app.demo.verdict import Row, table
from desktop_app.domain.faults import Fault

LEAST_SLACK = 5.0
"""Seconds that a figure has at least where there is any slack: a busy machine stalls for that long."""


class DayFailed(Exception):
    """A step did not come about; it is noted already, and the day cannot go on."""


@dataclass(frozen=True, slots=True)
class Step:
    """One measured step. `ours` is None where it did not come about; `goal` None is told only.

    `goal` and `ours` are in `unit`; `least` turns the comparison round.
    """

    day: str
    step: str
    what: str
    ours: float | None
    goal: float | None
    unit: str
    holds: bool
    least: bool = False
    why: str = ""


class Notes:
    """What one run measured. `slack` is how many times its goal a duration may take before it misses."""

    def __init__(self, slack: float, say: Callable[[str], object]) -> None:
        self.steps: list[Step] = []
        self.slack = slack
        self._say = say

    def seconds(self, day: str, step: str, what: str, took: float, goal: float | None = None) -> None:
        """A duration that may be `goal` seconds at most."""
        holds = goal is None or took <= (goal if self.slack <= 1 else max(goal * self.slack, LEAST_SLACK))
        self._note(Step(day, step, what, round(took, 3), goal, "s", holds))

    def equal(self, day: str, step: str, what: str, ours: float, goal: float, why: str = "") -> None:
        """A count that must be right, slack or not; `why` is told where it is not."""
        self._note(Step(day, step, what, ours, goal, "count", ours == goal, why="" if ours == goal else why))

    def at_least(self, day: str, step: str, what: str, ours: float, goal: float) -> None:
        """A count that must be reached, slack or not."""
        self._note(Step(day, step, what, ours, goal, "count", ours >= goal, least=True))

    def missed(self, day: str, step: str, what: str, fault: Fault) -> None:
        """A step that did not come about."""
        self._note(Step(day, step, what, None, None, "", False, why=str(fault)))

    def _note(self, step: Step) -> None:
        self.steps.append(step)
        self._say(f"{step.day}{step.step}  " + table([_row(step)]) + (f"  {step.why}" if step.why else ""))

    @property
    def bad(self) -> list[Step]:
        return [step for step in self.steps if not step.holds]


def keep(steps: Sequence[Step], folder: Path) -> Path:
    """`days.json` and `days.txt` in the folder; the JSON's path."""
    path = folder / "days.json"
    path.write_text(json.dumps([asdict(step) for step in steps], ensure_ascii=False, indent=2) + "\n", "utf-8")
    (folder / "days.txt").write_text(whole(steps) + "\n", "utf-8")
    return path


def whole(steps: Sequence[Step]) -> str:
    """All of them as one table."""
    return table([_row(step, f"{step.day}{step.step} ") for step in steps])


def _row(step: Step, place: str = "") -> Row:
    sign = "-" if step.goal is None else f"{'≥' if step.least else '=' if step.unit == 'count' else '≤'} {step.goal:g}"
    ours = None if step.ours is None else f"{step.ours:g} {'s' if step.unit == 's' else ''}".strip()
    return Row(place + step.what, ours, sign, step.holds)
