"""What may happen on a simulated day: each rule by its name, done by people (`people`) or to them (`misfortunes`)."""

from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

from tests.simulation.terminals import Terminal
from tests.simulation.world import Province

Rule = Callable[[Province, Random], Awaitable[None]]
RULES: dict[str, Rule] = {}


def rule(act: Rule) -> Rule:
    RULES[act.__name__] = act
    return act


def awake(province: Province, rng: Random) -> Terminal | None:
    awake = [each for each in province.terminals if each.store is not None]
    return rng.choice(awake) if awake else None


def known(terminal: Terminal, rng: Random, entity: str) -> dict[str, Any] | None:
    assert terminal.store is not None
    rows = terminal.store.list(entity)
    return rng.choice(rows) if rows else None
