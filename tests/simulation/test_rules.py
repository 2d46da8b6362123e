"""The same rules, chosen and shrunk by hypothesis: a day that fails is told in as few steps as it takes."""

import asyncio
from random import Random

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from tests.simulation.calm import calm
from tests.simulation.chance import seeded
from tests.simulation.swarm import RULES, desk
from tests.simulation.virtual_time import VirtualLoop
from tests.simulation.world import UNITS, Province


class Days(RuleBasedStateMachine):
    """Every rule of the swarm; what a rule chooses follows from a small number."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualLoop()
        self._desk = desk()
        self._seeded = seeded(Random(0))
        self._seeded.__enter__()
        self.province = self._run(self._begin())

    async def _begin(self) -> Province:
        province = Province(self._desk.__enter__(), Random(0), self.loop)
        for unit in UNITS[:3]:
            province.enrol(unit)
        return province

    def _run(self, act: object) -> Province:
        asyncio.set_event_loop(self.loop)
        return self.loop.run_until_complete(act)  # type: ignore[call-overload]

    @rule(name=st.sampled_from(sorted(RULES)), choice=st.integers(0, 40))
    def step(self, name: str, choice: int) -> None:
        async def act() -> None:
            await RULES[name](self.province, Random(choice))
            await self.province.after()

        self._run(act())

    def teardown(self) -> None:
        try:
            self._run(calm(self.province))
        finally:
            self._run(self.province.end())
            for task in asyncio.all_tasks(self.loop):
                task.cancel()
            self._run(asyncio.sleep(0))
            asyncio.set_event_loop(None)
            self.loop.close()
            self._seeded.__exit__(None, None, None)
            self._desk.__exit__(None, None, None)


def test_no_order_of_misfortunes_breaks_a_promise() -> None:
    run_state_machine_as_test(
        Days,
        settings=settings(
            max_examples=4,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
