"""A screen reads the records once at a time."""

from collections.abc import Callable
from typing import Any

import pytest

from desktop_app.domain.faults import HostFault
from ui.models.reading import Reading


class HeldRunner:
    """Answers when the test says so."""

    def __init__(self) -> None:
        self.errands: list[tuple[Any, Callable[[Any], object], Callable[[Any], object]]] = []

    def start(self, fn: Any, *args: Any, done: Callable[[Any], object], failed: Callable[[Any], object]) -> None:
        self.errands.append((fn(*args), done, failed))


class Screen:
    def __init__(self) -> None:
        self.runner = HeldRunner()
        self.shown: list[object] = []
        self.reading = Reading(self.runner, self.load)  # type: ignore[arg-type]  # as far as it is used

    def load(self) -> None:
        self.reading.start(str.upper, "day", done=self.shown.append, failed=self.shown.append)


@pytest.fixture
def screen() -> Screen:
    return Screen()


def test_a_crowd_of_news_during_a_reading_is_answered_by_one_more(screen: Screen) -> None:
    for _ in range(5):
        screen.load()
    assert len(screen.runner.errands) == 1
    screen.runner.errands[0][1]("DAY")
    assert screen.shown == ["DAY"]
    assert len(screen.runner.errands) == 2
    screen.runner.errands[1][1]("DAY")
    assert len(screen.runner.errands) == 2


def test_what_came_during_a_reading_that_failed_is_read_too(screen: Screen) -> None:
    screen.load()
    screen.load()
    screen.runner.errands[0][2](HostFault("disk-failing"))
    assert [type(one) for one in screen.shown] == [HostFault]
    assert len(screen.runner.errands) == 2


def test_an_answer_that_asks_anew_itself_is_followed_by_one_reading_alone(screen: Screen) -> None:
    screen.reading.start(str.upper, "old", done=lambda _: screen.load(), failed=screen.shown.append)
    screen.load()
    screen.runner.errands[0][1]("OLD")
    assert len(screen.runner.errands) == 2
    screen.runner.errands[1][1]("DAY")
    assert len(screen.runner.errands) == 2
    assert screen.shown == ["DAY"]
