"""A program that is killed with no warning, again and again, has what it said it has."""

import pytest

from tests.simulation.kills import kill


@pytest.mark.processes
def test_whatever_was_acknowledged_survives_every_kill() -> None:
    assert kill(100, seed=3) == []
