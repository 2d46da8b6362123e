"""A day written down: steps that a terminal's own view models carry out, one after the other, and what came of them.

A step does at most one thing a person could do (a verb), then waits until what a person would look for has come about
(conditions), each within its own time. A step that does not come about ends the story as failed. Everything that
happened is written, with the time it really took, as JSON lines. Nothing here knows Qt, the network or the disk:
the stage that performs the verbs is passed in, and whoever owns the loop calls `tick`.
"""

import json
import operator
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, TextIO

from desktop_app.domain.clock import Clock, stamp
from desktop_app.domain.faults import Fault, OperatorError

WITHIN_SECONDS = 15.0
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "has": operator.contains,
}
_CONDITION = re.compile(r"^\s*([a-z_.]+)\s*(==|!=|>=|<=|>|<|has)\s*(.+?)\s*$")
_PLACE = re.compile(r"\$([a-z_]+)")


@dataclass(frozen=True, slots=True)
class Condition:
    """`name comparison value`, for example `meeting.sites >= 4`; the value is JSON, or else plain text."""

    text: str
    name: str
    comparison: str
    value: Any

    @classmethod
    def read(cls, text: str) -> "Condition":
        found = _CONDITION.match(text)
        if found is None:
            raise OperatorError("story-unreadable", detail=text)
        name, comparison, value = found.groups()
        try:
            wanted = json.loads(value)
        except json.JSONDecodeError:
            wanted = value
        return cls(text, name, comparison, wanted)

    def holds(self, seen: Any) -> bool:
        """Whether what was seen is as wanted; what is not there yet (None) only ever equals null."""
        if seen is None and self.comparison not in ("==", "!="):
            return False
        return _COMPARISONS[self.comparison](seen, self.value)


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the story. `pause` is how long a person lets it stand before going on; `shot` names a picture.

    `mark` is told to whoever watches the story once the step has come about.
    """

    number: int
    name: str
    do: str = ""
    given: Mapping[str, Any] = field(default_factory=dict)
    until: tuple[Condition, ...] = ()
    within: float = WITHIN_SECONDS
    pause: float = 0.0
    shot: str = ""
    mark: str = ""


def read_steps(text: str, values: Mapping[str, str], language: str = "zh_CN") -> list[Step]:
    """The steps of a TOML text; `$name` in it stands for a value of this run. OperatorError "story-unreadable".

    A step's `name` is in Chinese, and in English where the step has `en` and the language is not Chinese.
    """
    try:
        sheet = tomllib.loads(_PLACE.sub(lambda place: _value(place, values), text))
        return [read_step(number, entry, language) for number, entry in enumerate(sheet["step"], 1)]
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as err:
        raise OperatorError("story-unreadable", detail=str(err)) from err


def _value(place: re.Match[str], values: Mapping[str, str]) -> str:
    if place.group(1) not in values:
        raise OperatorError("story-unreadable", detail=place.group(0))
    # A basic TOML string escapes as JSON does; the quotation marks are already there.
    return json.dumps(values[place.group(1)], ensure_ascii=False)[1:-1]


def read_step(number: int, entry: Mapping[str, Any], language: str = "zh_CN") -> Step:
    """One step; KeyError where it has no name, OperatorError "story-unreadable" for a condition that is none."""
    until = entry.get("until", ())
    return Step(
        number=number,
        name=entry["name"] if language.startswith("zh") else entry.get("en", entry["name"]),
        do=entry.get("do", ""),
        given=entry.get("with", {}),
        until=tuple(Condition.read(text) for text in ([until] if isinstance(until, str) else until)),
        within=float(entry.get("within", WITHIN_SECONDS)),
        pause=float(entry.get("pause", 0)),
        shot=entry.get("shot", ""),
        mark=entry.get("mark", ""),
    )


class StoryLog:
    """JSON lines, flushed one by one, so that a killed terminal leaves everything it has seen."""

    def __init__(self, out: TextIO, clock: Clock) -> None:
        self._out = out
        self._clock = clock

    def write(self, kind: str, /, **values: Any) -> None:
        line = {
            "kind": kind,
            "at": stamp(self._clock.now()),
            "unix": self._clock.now().timestamp(),
            "monotonic": round(self._clock.monotonic(), 4),
            **values,
        }
        self._out.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
        self._out.flush()


class Stage(Protocol):
    """The running terminal, as a person has it: acts, looks, and takes a picture."""

    def act(self, verb: str, given: Mapping[str, Any]) -> None:
        """Carry out one act through a view model; a Fault where it is refused."""
        ...

    def look(self, name: str) -> Any:
        """What the screen's view model says now; None while there is nothing to see."""
        ...

    def grab(self, name: str) -> str:
        """Save a picture of the window and return its file name."""
        ...


class Outcome(StrEnum):
    """How far a story has come."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Story:
    """Plays the steps in order; each `tick` goes as far as it can without waiting.

    A story that is not `complete` waits for more steps after its last one instead of ending, and goes on after a step
    that did not come about: whoever tells it the steps decides what that means.
    """

    def __init__(
        self, steps: Sequence[Step], stage: Stage, log: StoryLog, clock: Clock, *, complete: bool = True
    ) -> None:
        self._steps = list(steps)
        self.complete = complete
        self._stage = stage
        self._log = log
        self._clock = clock
        self._at = 0
        self._began: float | None = None
        self._held: float | None = None
        self.outcome = Outcome.RUNNING
        self.why = ""

    def add(self, entry: Mapping[str, Any]) -> None:
        """Append one step, as a table of the file would be."""
        self._steps.append(read_step(len(self._steps) + 1, entry))

    def tick(self) -> None:
        """Act, look, and go on to the next step once this one has come about."""
        if self.outcome is not Outcome.RUNNING:
            return
        if self._at == len(self._steps):
            if self.complete:
                self.outcome = Outcome.DONE
                self._log.write("story", outcome=self.outcome)
            return
        step = self._steps[self._at]
        now = self._clock.monotonic()
        try:
            self._play(step, now)
        except Fault as fault:
            self._fail(step, str(fault))

    def _play(self, step: Step, now: float) -> None:
        if self._began is None:
            self._began = now
            self._log.write("begin", step=step.number, name=step.name)
            if step.do:
                self._stage.act(step.do, step.given)
        if self._held is None:
            open_ones = list(_open(step.until, self._stage))
            if open_ones:
                if now - self._began > step.within:
                    self._fail(step, "; ".join(f"{one.text} (seen: {seen!r})" for one, seen in open_ones))
                return
            self._held = self._clock.monotonic()
        if now - self._held < step.pause:
            return
        picture = self._stage.grab(step.shot) if step.shot else None
        self._log.write(
            "step",
            step=step.number,
            name=step.name,
            seconds=round(self._held - self._began, 3),
            shot=picture,
            mark=step.mark,
        )
        self._at, self._began, self._held = self._at + 1, None, None

    def fail(self, why: str) -> None:
        """The window was closed, or something broke that no step asked about."""
        if self.outcome is Outcome.RUNNING and self._at < len(self._steps):
            self._fail(self._steps[self._at], why)

    def _fail(self, step: Step, why: str) -> None:
        picture = self._stage.grab(f"failed-{step.number:02d}")
        self._log.write("failed", step=step.number, name=step.name, why=why, shot=picture)
        if not self.complete:
            self._at, self._began, self._held = self._at + 1, None, None
            return
        self.outcome = Outcome.FAILED
        self.why = why
        self._log.write("story", outcome=self.outcome)


def _open(conditions: Iterable[Condition], stage: Stage) -> Iterable[tuple[Condition, Any]]:
    for condition in conditions:
        seen = stage.look(condition.name)
        if not condition.holds(seen):
            yield condition, seen
