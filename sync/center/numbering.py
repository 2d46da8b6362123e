"""意见编号 and 线索编号: the center gives each its official number, once, when it enters the register.

Numbers run per unit and year. The number and the count behind it are committed together; a screen says 待编号 until
the number has come down.
"""

import asyncio
import logging

from starlette.concurrency import run_in_threadpool

from desktop_app.domain.clock import BEIJING, Clock
from desktop_app.domain.faults import HostFault
from desktop_app.domain.handling import Handling
from desktop_app.domain.ids import PersonId, UnitPath
from desktop_app.domain.principal import Actor
from desktop_app.domain.units import unit_code
from sync.center.store import CenterStore, CenterTransaction, Row
from sync.log.write import Write

log = logging.getLogger("silian.center")
UNREGISTERED = frozenset({"", Handling.NOTED, Handling.DISMISSED})
PREFIXES = {"opinion": ("opinion_no", "YJ"), "clue": ("clue_no", "XS")}
"""The field of an entity's number, and what the number begins with."""
GATHER = 0.2
"""Seconds in which what comes together is numbered together."""
RETRY = 30.0
AT_ONCE = 50
"""Numbers that are given in one transaction: a meeting's command waits for no more."""


class Numbering:
    """Gives numbers while the center runs; `give` may be called from any thread."""

    def __init__(self, store: CenterStore, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._actor = Actor(PersonId(""), store.device)

    async def run(self) -> None:
        """Until it is cancelled: what is in the records already, then whatever is written."""
        loop, news = asyncio.get_running_loop(), asyncio.Event()
        due: set[tuple[str, str]] = set()

        def hear(touched: frozenset[tuple[str, str]]) -> None:
            fresh = {key for key in touched if key[0] in PREFIXES}
            if fresh and not loop.is_closed():
                loop.call_soon_threadsafe(_note, due, fresh, news)

        unsubscribe = self._store.subscribe(hear)
        try:
            due |= await run_in_threadpool(self.unnumbered)
            while True:
                taken = set(due)
                due -= taken
                if taken and not await run_in_threadpool(self._try, taken):
                    due |= taken
                    await asyncio.sleep(RETRY)
                    continue
                if not due:
                    news.clear()
                    await news.wait()
                await asyncio.sleep(GATHER)
        finally:
            unsubscribe()

    def unnumbered(self) -> set[tuple[str, str]]:
        """What is in the register and has no number."""
        return {
            (entity, str(row["pk"])) for entity in PREFIXES for row in self._store.list(entity) if _is_due(entity, row)
        }

    def give(self, keys: set[tuple[str, str]]) -> int:
        """Number those of these that are in the register and have none, in the order of their keys; how many.

        Most of what comes in is not in the register yet: that is told without a turn to write, for which others wait.
        """
        due = []
        for entity in PREFIXES:
            pks = [pk for named, pk in keys if named == entity]
            due += [(entity, str(row["pk"])) for row in self._store.several(entity, pks) if _is_due(entity, row)]
        due.sort()
        given = 0
        for at in range(0, len(due), AT_ONCE):
            with self._store.transaction() as transaction:
                given += sum(self._number(transaction, entity, pk) for entity, pk in due[at : at + AT_ONCE])
        return given

    def _try(self, keys: set[tuple[str, str]]) -> bool:
        try:
            self.give(keys)
        except HostFault as fault:
            log.error("numbers were not given, and will be: %s", fault)
            return False
        return True

    def _number(self, transaction: CenterTransaction, entity: str, pk: str) -> int:
        row = transaction.get(entity, pk)
        field, prefix = PREFIXES[entity]
        if row is None or not _is_due(entity, row):
            return 0
        unit = unit_code(UnitPath(str(row.get("unit_path") or row.get("site") or "")))
        if not unit:
            return 0
        year = self._clock.now().astimezone(BEIJING).year
        name = f"{field}:{unit}:{year}"
        number = transaction.cursor(name) + 1
        transaction.set_cursor(name, number)
        write = Write(entity, pk, {field: f"{prefix}-{unit}-{year}-{number:03d}"}, str(row.get("meeting") or ""))
        transaction.append(write, actor=self._actor)
        return 1


def _is_due(entity: str, row: Row) -> bool:
    """Whether a record is in the register and has no number."""
    registered = entity != "opinion" or str(row.get("state") or "") not in UNREGISTERED
    return registered and not row.get(PREFIXES[entity][0])


def _note(due: set[tuple[str, str]], fresh: set[tuple[str, str]], news: asyncio.Event) -> None:
    due |= fresh
    news.set()
