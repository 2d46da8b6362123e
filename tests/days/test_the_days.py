"""The days of FEATURES in their shortened form, with real processes; a figure fails at three times its goal."""

import os

import pytest

from desktop_app.days.run import DAYS, play
from desktop_app.days.steps import Notes, Step

SLACK = 3.0
pytestmark = [
    pytest.mark.processes,
    pytest.mark.timeout(400),
    pytest.mark.skipif(os.name != "posix", reason="looks at process groups"),
]


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Notes:
    """All three days in one hall."""
    out = tmp_path_factory.mktemp("days")
    return play(list(DAYS), out, short=True, slack=SLACK, language="zh_CN")


def of_day(notes: Notes, day: str) -> list[Step]:
    return [step for step in notes.steps if step.day == day]


@pytest.mark.parametrize(("day", "steps"), [("a", 18), ("b", 16), ("d", 18)])
def test_every_step_of_the_day_comes_about_in_time(notes: Notes, day: str, steps: int) -> None:
    missed = [
        f"{step.step} {step.what}: {step.ours} of {step.goal} {step.why}" for step in notes.bad if step.day == day
    ]
    assert missed == []
    assert len(of_day(notes, day)) >= steps
