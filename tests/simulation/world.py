"""The province that is simulated: its machines, its lines, its people, and what they have done so far."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import httpx

from desktop_app.domain.clock import unix_ms
from desktop_app.domain.faults import Fault
from desktop_app.domain.ids import DeviceId, PersonId, UnitPath
from desktop_app.domain.principal import Actor, Principal
from desktop_app.domain.units import unit_code
from sync.center.store import CenterStore
from sync.identity.device import DeviceKey
from sync.log.write import Write
from sync.store.engine import store_engine
from sync.store.schema import upgrade
from sync.terminal.records import Records
from tests.simulation import model
from tests.simulation.center import Center
from tests.simulation.liar import forged
from tests.simulation.machines import STORE_KEY, Identity, Killed, MachineClock
from tests.simulation.network import Line
from tests.simulation.promises import Broken, check_always
from tests.simulation.terminals import Terminal
from tests.simulation.virtual_time import VirtualLoop

PROVINCE = UnitPath("100000/440000/")
UNITS = tuple(
    UnitPath(path)
    for path in (
        "100000/440000/441300/441323/",
        "100000/440000/441300/441322/",
        "100000/440000/441300/",
        "100000/440000/441500/",
        "100000/",
        "100000/440000/",
    )
)


class Province:
    """One run. All of it happens on one virtual loop."""

    def __init__(self, folder: Path, rng: Random, loop: VirtualLoop) -> None:
        self.rng, self.loop = rng, loop
        self.folder = folder
        self.templates = {name: folder / f"empty-{name}" for name in (Records.STORE_FILE, CenterStore.STORE_FILE)}
        for path in self.templates.values():
            _empty_store(path)
        key = DeviceKey(rng.randbytes(32))
        self.identity = Identity(key, PROVINCE, key.id, key.public)
        self.liar = DeviceKey(rng.randbytes(32))
        self.devices: dict[DeviceId, Identity] = {}
        self.terminals: list[Terminal] = []
        self.counts: Counter[str] = Counter()
        self.machine = Center(self, folder / "center", self.identity, MachineClock(loop.time))
        self.acknowledged: dict[str, str] = {}
        """Change ids that a terminal took for received, and whose."""
        self.written: dict[str, str] = {}
        """What each change was to say, by change id: a text that nothing else says."""
        self.decided: set[str] = set()
        """The words with which people settle conflicts, whether or not they were told that these are saved."""
        self.contents: dict[str, bytes] = {}
        """Every content that was attached, by its SHA-256."""
        self.restored = False
        self.unexplained = 0
        """Changes that checksums mended, though nobody was ever restored."""
        self.forgotten: set[str] = set()
        """What the center had when it was exchanged for an older one, and has not been sent again."""
        self.erased: set[tuple[str, str]] = set()
        self.numbers = 0
        self.trees: list[model.Tree] = []
        """Where units have been, one after the other."""
        self.machine.start()
        self._found_units()

    def _found_units(self) -> None:
        paths = {unit_code(path): path for path in UNITS}
        writes = [Write("unit", code, {"unit_path": path, "name": code}) for code, path in paths.items()]
        assert self.center is not None
        self.center.append(*writes, actor=self.actor)
        self.trees.append(paths)

    @property
    def center(self) -> CenterStore | None:
        """The center's store while it runs."""
        return self.machine.store

    def enrol(self, unit: UnitPath) -> Terminal:
        """A new terminal of a unit, switched on. It comes to where the unit is now, as the center's desk tells it."""
        unit = self.center.place_of(unit) if self.center is not None else unit
        key = DeviceKey(self.rng.randbytes(32))
        identity = Identity(key, unit, self.identity.device, self.identity.public_key)
        self.devices[key.id] = identity
        line = Line(self.machine.carry, Random(self.rng.random()), self.forge)
        folder = self.folder / f"terminal-{len(self.terminals)}"
        terminal = Terminal(self, folder, identity, MachineClock(self.loop.time), line)
        self.terminals.append(terminal)
        terminal.start()
        return terminal

    def principal(self, device: DeviceId) -> Principal:
        """Whoever asks with this device's key, in its unit."""
        return Principal(device, self.devices[device].unit_path)

    def relocate(self) -> None:
        """As the center does it in its book of devices, at its start and when a unit was moved."""
        if self.center is not None:
            for device, each in self.devices.items():
                self.devices[device] = replace(each, unit_path=self.center.place_of(each.unit_path))

    def forge(self, request: httpx.Request, body: bytes, response: httpx.Response) -> httpx.Response:
        """Somebody answers in the center's name: receipts for nothing, pages of his own."""
        self.counts["forged"] += 1
        return forged(self.liar, request, body, response)

    async def end(self) -> None:
        """Put everything away."""
        for terminal in self.terminals:
            await terminal.stop()
            for task in tuple(terminal.line.travelling):
                task.cancel()
        self.machine.stop()

    async def after(self) -> None:
        """Let everything happen that needs no time, and clear away whoever died of it."""
        await self.loop.settled()
        if self.machine.dead and self.center is not None:
            self.machine.stop()
        for terminal in self.terminals:
            if terminal.dead and terminal.store is not None:
                await terminal.stop()
            elif terminal.lanes is not None and terminal.lanes.done():
                raise Broken(f"the lanes ended by themselves: {terminal.lanes.exception()!r}")
        check_always(self)

    async def go_on(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self.after()

    # What people do

    def text(self) -> str:
        """Words that nobody else says."""
        self.numbers += 1
        return f"第{self.numbers}句"

    def now_ms(self, terminal: Terminal) -> int:
        return unix_ms(terminal.clock.now())

    def write(self, terminal: Terminal, act: Callable[[Records], Any], said: str = "") -> str | None:
        """Let a person do something at a terminal; its change id or "", None where it was not to be."""
        if terminal.store is None:
            return None
        try:
            answer = act(terminal.store)
        except Killed:
            return None
        except Fault as fault:
            self.counts[fault.id] += 1
            return None
        change_id = answer[0] if isinstance(answer, list) else str(answer)
        if change_id:
            terminal.returned.add(change_id)
        if said:
            self.written[change_id] = said
        return change_id

    def at_center(self, act: Callable[[CenterStore], Any]) -> Any:
        if self.center is None:
            return None
        try:
            return act(self.center)
        except (Killed, Fault):
            return None

    @property
    def actor(self) -> Actor:
        return Actor(PersonId(""), self.identity.device)


def _empty_store(path: Path) -> None:
    engine = store_engine(path, STORE_KEY)
    upgrade(engine)
    engine.dispose()
