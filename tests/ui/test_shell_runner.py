"""Slow work leaves the Qt thread and comes back to it."""

import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from desktop_app.domain.faults import Fault, OperatorError
from ui.runner import Runner


@pytest.fixture
def runner(qtbot: QtBot) -> Iterator[Runner]:
    made = Runner()
    yield made
    made.close()


def test_the_answer_comes_back_on_the_thread_of_the_screen(runner: Runner, qtbot: QtBot) -> None:
    seen: dict[str, Any] = {}

    def work() -> int:
        seen["worked on"] = threading.get_ident()
        return 7

    runner.start(work, done=lambda answer: seen.update(answer=answer, told=threading.get_ident()))
    qtbot.waitUntil(lambda: "answer" in seen)
    assert seen["answer"] == 7
    assert seen["told"] == threading.get_ident() != seen["worked on"]


def test_work_is_done_in_the_order_in_which_it_was_asked_for(runner: Runner, qtbot: QtBot) -> None:
    answers: list[int] = []
    for number in range(20):
        runner.start(lambda number=number: number, done=answers.append)
    qtbot.waitUntil(lambda: len(answers) == 20)
    assert answers == list(range(20))


def test_a_fault_reaches_whoever_asked(runner: Runner, qtbot: QtBot) -> None:
    told: list[Fault] = []

    def refuse() -> None:
        raise OperatorError("pin-wrong", left=2)

    runner.start(refuse, failed=told.append)
    qtbot.waitUntil(lambda: bool(told))
    assert (told[0].id, told[0].values) == ("pin-wrong", {"left": 2})


def test_a_bug_is_logged_and_the_screen_does_not_wait_for_ever(
    runner: Runner, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[Fault] = []
    with caplog.at_level(logging.ERROR):
        runner.start(lambda: 1 / 0, failed=told.append)
        qtbot.waitUntil(lambda: bool(told))
    assert told[0].id == "bug"
    assert "ZeroDivisionError" in caplog.text


def test_after_the_end_nothing_is_told_any_more(qtbot: QtBot) -> None:
    runner, told = Runner(), []
    gate = threading.Event()
    runner.start(gate.wait, done=told.append)
    gate.set()
    runner.close()
    runner.start(lambda: 1, done=told.append)
    qtbot.wait(1)
    assert told == []
