"""The mistakes that are planted, by name. Each is a function that changes the real code in memory, for good."""

from collections.abc import Callable

Plant = Callable[[], None]
MUTANTS: dict[str, Plant] = {}


def mutant(name: str) -> Callable[[Plant], Plant]:
    """Keep a mistake under this name."""

    def keep(plant: Plant) -> Plant:
        MUTANTS[name] = plant
        return plant

    return keep
