"""The timer of a turn."""

from datetime import timedelta

import pytest
from drawn import GD, NOW, request

from media.meeting.model import FloorStatus
from ui.models.turn_clock import TurnClock, TurnStage


def turn(spoken: int, limit: int) -> TurnClock:
    granted = request(0, GD, "委员03", FloorStatus.GRANTED, granted_at=NOW, limit_seconds=limit)
    return TurnClock.of(granted, NOW + timedelta(seconds=spoken))


@pytest.mark.parametrize(
    ("spoken", "stage"),
    [
        (0, TurnStage.NORMAL),
        (299, TurnStage.NORMAL),
        (300, TurnStage.WARN_LONG),
        (449, TurnStage.WARN_LONG),
        (450, TurnStage.WARN_SHORT),
        (480, TurnStage.WARN_SHORT),
        (481, TurnStage.OVER),
    ],
)
def test_a_turn_of_eight_minutes_warns_three_minutes_and_thirty_seconds_before_its_end(
    spoken: int, stage: TurnStage
) -> None:
    assert turn(spoken, 480).stage is stage


def test_a_short_turn_warns_only_in_its_last_thirty_seconds() -> None:
    assert [turn(at, 120).stage for at in (0, 89, 90, 121)] == [
        TurnStage.NORMAL,
        TurnStage.NORMAL,
        TurnStage.WARN_SHORT,
        TurnStage.OVER,
    ]


def test_overtime_counts_up_and_a_turn_without_a_limit_never_warns() -> None:
    assert (turn(500, 480).over, turn(500, 480).left, turn(500, 480).share) == (20, 0, 1.0)
    assert turn(5_000, 0).stage is TurnStage.NORMAL


def test_a_clock_behind_the_center_never_shows_less_than_nothing() -> None:
    assert turn(-3, 480).spoken == 0
