"""A story goes on when what it waits for has come about, and says why when it has not."""

import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from desktop_app.domain.faults import OperatorError
from desktop_app.terminal.story import Condition, Outcome, Step, Story, StoryLog, read_steps


class Hand:
    """A clock that the test turns."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime(2026, 11, 20, 7, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds


class Theatre:
    """A stage that remembers what was done on it."""

    def __init__(self) -> None:
        self.done: list[tuple[str, dict[str, Any]]] = []
        self.seen: dict[str, Any] = {}
        self.pictures: list[str] = []

    def act(self, verb: str, given: Mapping[str, Any]) -> None:
        if verb == "refused":
            raise OperatorError("chair-held", holder="440000")
        self.done.append((verb, dict(given)))

    def look(self, name: str) -> Any:
        return self.seen.get(name)

    def grab(self, name: str) -> str:
        self.pictures.append(name)
        return f"{name}.png"


class Evening:
    """A story being played."""

    def __init__(self, text: str, **values: str) -> None:
        self.clock, self.stage, self.out = Hand(), Theatre(), io.StringIO()
        self.story = Story(read_steps(text, values), self.stage, StoryLog(self.out, self.clock), self.clock)

    def lines(self, kind: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self.out.getvalue().splitlines()]
        return [line for line in lines if line["kind"] == kind]


JOIN = """
[[step]]
name = "进入会议"
do = "home.join"
with = { title = "$title" }
until = ["meeting.phase == open", "meeting.sites >= 4"]
within = 10
shot = "meeting"
"""


def test_a_step_acts_once_and_waits_until_everything_it_wants_has_come_about() -> None:
    evening = Evening(JOIN, title='水环境"治理"')
    evening.story.tick()
    evening.stage.seen["meeting.phase"] = "open"
    evening.clock.seconds = 2
    evening.story.tick()
    assert evening.lines("step") == []
    evening.stage.seen["meeting.sites"] = 4
    evening.clock.seconds = 2.5
    evening.story.tick()
    evening.story.tick()
    assert evening.stage.done == [("home.join", {"title": '水环境"治理"'})]
    assert evening.lines("step")[0]["seconds"] == 2.5
    assert evening.stage.pictures == ["meeting"]
    assert evening.story.outcome is Outcome.DONE


def test_a_step_that_does_not_come_about_in_its_time_fails_with_what_was_seen_instead() -> None:
    evening = Evening(JOIN, title="x")
    evening.stage.seen = {"meeting.phase": "open", "meeting.sites": 3}
    evening.story.tick()
    evening.clock.seconds = 10.1
    evening.story.tick()
    assert evening.story.outcome is Outcome.FAILED
    assert evening.story.why == "meeting.sites >= 4 (seen: 3)"
    assert evening.stage.pictures == ["failed-01"]


def test_an_act_that_is_refused_fails_the_story_with_its_fault() -> None:
    evening = Evening('[[step]]\nname = "x"\ndo = "refused"\n')
    evening.story.tick()
    assert evening.story.outcome is Outcome.FAILED
    assert evening.lines("failed")[0]["why"].startswith("chair-held")


def test_a_pause_lets_the_picture_stand_before_it_is_taken() -> None:
    evening = Evening('[[step]]\nname = "x"\npause = 3\nshot = "x"\n')
    evening.story.tick()
    evening.clock.seconds = 2.9
    evening.story.tick()
    assert evening.stage.pictures == []
    evening.clock.seconds = 3
    evening.story.tick()
    assert evening.stage.pictures == ["x"]
    assert evening.lines("step")[0]["seconds"] == 0


def test_a_window_that_is_closed_in_the_middle_is_a_failed_story() -> None:
    evening = Evening(JOIN, title="x")
    evening.story.tick()
    evening.story.fail("window closed")
    assert evening.story.outcome is Outcome.FAILED


@pytest.mark.parametrize("text", ["[[step]]\ndo = 3\n", "step = ", '[[step]]\nname = "$nobody"\n'])
def test_a_story_that_cannot_be_read_is_one_clear_fault(text: str) -> None:
    with pytest.raises(OperatorError, match="story-unreadable"):
        read_steps(text, {})


@pytest.mark.parametrize(
    ("text", "seen", "holds"),
    [
        ("a.b == open", "open", True),
        ("a.b == 3", 3, True),
        ("a.b != null", None, False),
        ("a.b >= 3", None, False),
        ('a.b has "441323"', ["441323", "440000"], True),
        ("a.b == true", True, True),
        ("a.b < 20", 19.5, True),
    ],
)
def test_a_condition_compares_what_is_seen_with_what_is_wanted(text: str, seen: Any, holds: bool) -> None:
    assert Condition.read(text).holds(seen) is holds


def test_a_step_needs_no_more_than_a_name() -> None:
    assert read_steps('[[step]]\nname = "x"\n', {}) == [Step(1, "x")]


def test_an_open_ended_story_waits_for_its_next_step() -> None:
    evening = Evening('[[step]]\nname = "x"\nmark = "cut"\n')
    evening.story.complete = False
    for _ in range(3):
        evening.story.tick()
    assert evening.story.outcome is Outcome.RUNNING
    evening.story.add({"name": "y", "do": "meeting.leave"})
    evening.story.tick()
    assert evening.stage.done == [("meeting.leave", {})]
    assert [line["mark"] for line in evening.lines("step")] == ["cut", ""]


def test_the_steps_are_told_in_the_language_of_the_program() -> None:
    text = '[[step]]\nname = "进入会议"\nen = "Join the meeting"\n'
    assert [read_steps(text, {}, language)[0].name for language in ("zh_CN", "en")] == ["进入会议", "Join the meeting"]
