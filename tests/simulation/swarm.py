"""The swarm: days of bad luck, each by its own seed with its own mixture of misfortunes."""

import asyncio
import shutil
import tempfile
import traceback
from collections.abc import Awaitable, Callable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any
from unittest import mock

from desktop_app.domain.clock import stamp
from desktop_app.domain.ids import derived_id
from sync.documents.minutes import MinutesDocument
from sync.documents.settling import settle_text
from sync.entities import ENTITIES, Entity, Merge, Reach, Type
from sync.store import journal
from sync.terminal.records import Records
from tests.simulation.machines import Luck, Opening
from tests.simulation.virtual_time import VirtualLoop
from tests.simulation.world import (
    UNITS,
    Province,
    Terminal,
    Write,
    seeded,
    uuid7,
)

Rule = Callable[[Province, Random], Awaitable[None]]
RULES: dict[str, Rule] = {}
STEPS = 60
BRIEFING = Entity("briefing", Merge.FIELDS, Reach.MEETING, {"meeting": Type.TEXT, "site": Type.TEXT, "text": Type.TEXT})
"""A kind of record that only newer programs know."""


def rule(act: Rule) -> Rule:
    RULES[act.__name__] = act
    return act


def _awake(province: Province, rng: Random) -> Terminal | None:
    awake = [each for each in province.terminals if each.store is not None]
    return rng.choice(awake) if awake else None


def _known(terminal: Terminal, rng: Random, entity: str) -> dict[str, Any] | None:
    assert terminal.store is not None
    rows = terminal.store.list(entity)
    return rng.choice(rows) if rows else None


# People


@rule
async def convene(province: Province, rng: Random) -> None:
    if terminal := _awake(province, rng):
        title = province.text()
        invited = list(rng.sample(UNITS, rng.randrange(3)))
        fields = {"title": title, "convener_unit": terminal.unit, "invited": invited, "state": "planned"}
        pk = uuid7(province.now_ms(terminal))
        province.write(terminal, lambda records: records.write(Write("meeting", pk, fields)), title)


@rule
async def invite_others(province: Province, rng: Random) -> None:
    terminal = _awake(province, rng)
    if terminal and (meeting := _known(terminal, rng, "meeting")):
        invited = list(rng.sample(UNITS, rng.randrange(4)))
        fields = {"invited": invited, "title": province.text()}
        province.write(terminal, lambda records: records.write(Write("meeting", meeting["pk"], fields)))


@rule
async def retitle(province: Province, rng: Random) -> None:
    terminal = _awake(province, rng)
    if terminal and (meeting := _known(terminal, rng, "meeting")):
        title = province.text()
        fields = {"title": title}
        province.write(terminal, lambda records: records.write(Write("meeting", meeting["pk"], fields)), title)


@rule
async def sign_in(province: Province, rng: Random) -> None:
    terminal = _awake(province, rng)
    if terminal and (meeting := _known(terminal, rng, "meeting")):
        name = province.text()
        fields = {
            "meeting": meeting["pk"],
            "member": str(rng.randrange(4)),
            "member_name": name,
            "site": terminal.unit,
            "status": "present",
            "signed_at": stamp(terminal.clock.now()),
        }
        pk = uuid7(province.now_ms(terminal))
        province.write(terminal, lambda records: records.write(Write("sign_in", pk, fields)), name)


@rule
async def sign_in_twice(province: Province, rng: Random) -> None:
    """The same fact is written at two places: the id is derived."""
    terminal = _awake(province, rng)
    if terminal and (meeting := _known(terminal, rng, "meeting")):
        name, member = province.text(), str(rng.randrange(2))
        fields = {"meeting": meeting["pk"], "member": member, "member_name": name, "site": terminal.unit}
        pk = derived_id("sim", meeting["pk"], member, terminal.unit)
        province.write(terminal, lambda records: records.write(Write("sign_in", pk, fields)), name)


@rule
async def note_opinion(province: Province, rng: Random) -> None:
    terminal = _awake(province, rng)
    if terminal and (meeting := _known(terminal, rng, "meeting")):
        text = province.text()
        fields = {"meeting": meeting["pk"], "site": terminal.unit, "text": text, "state": "noted"}
        pk = uuid7(province.now_ms(terminal))
        province.write(terminal, lambda records: records.write(Write("opinion", pk, fields)), text)


@rule
async def edit_opinion(province: Province, rng: Random) -> None:
    terminal = _awake(province, rng)
    if terminal and (opinion := _known(terminal, rng, "opinion")):
        text = province.text()
        fields = {"text": text, **({"topic": province.text()} if rng.random() < 0.3 else {})}
        province.write(terminal, lambda records: records.write(Write("opinion", opinion["pk"], fields)), text)


@rule
async def take_back(province: Province, rng: Random) -> None:
    terminal = _awake(province, rng)
    entity = rng.choice(["sign_in", "opinion"])
    if terminal and (row := _known(terminal, rng, entity)):
        province.write(terminal, lambda records: records.retract(entity, row["pk"], meeting=row.get("meeting", "")))


@rule
async def settle(province: Province, rng: Random) -> None:
    terminal = _awake(province, rng)
    if terminal is None or terminal.store is None:
        return
    conflicts = terminal.store.conflicts()
    if conflicts:
        found = rng.choice(conflicts)
        if found["field"].startswith("_"):
            return
        text = province.text()
        value = [text] if isinstance(found["values"][0]["value"], list) else text
        decided = Write(found["entity"], found["pk"], {found["field"]: value})
        before = set(terminal.returned)
        province.write(terminal, lambda records: records.settle(decided), text)
        province.settled |= terminal.returned - before


@rule
async def take_minutes(province: Province, rng: Random) -> None:
    terminal = _awake(province, rng)
    if terminal is None or terminal.store is None or (meeting := _known(terminal, rng, "meeting")) is None:
        return
    pk = derived_id("minutes", meeting["pk"], terminal.unit)
    if terminal.store.get("minutes", pk) is None:
        fields = {"meeting": meeting["pk"], "unit_path": terminal.unit, "title": province.text(), "state": "draft"}
        province.write(terminal, lambda records: records.write(Write("minutes", pk, fields)))
    document = terminal.documents.get(pk)
    if document is None:
        state = terminal.store.minutes_state(pk)
        document = MinutesDocument.from_updates([state]) if state else MinutesDocument()
    document.add_block(text=province.text())
    update = document.take_update()
    if update:
        done = province.write(terminal, lambda records: records.save_update(pk, update, meeting=meeting["pk"]))
        if done:
            terminal.documents[pk] = document
        else:
            terminal.documents.pop(pk, None)


@rule
async def move_member(province: Province, rng: Random) -> None:
    terminal = _awake(province, rng)
    if terminal is None:
        return
    member = _known(terminal, rng, "member")
    if member is None or rng.random() < 0.3:
        pk, unit = uuid7(province.now_ms(terminal)), terminal.unit
    else:
        pk, unit = member["pk"], rng.choice(UNITS)
    fields = {"unit_path": unit, "name": province.text()}
    province.write(terminal, lambda records: records.write(Write("member", pk, fields)))


@rule
async def center_writes(province: Province, rng: Random) -> None:
    if province.center is None:
        return
    meetings = province.center.list("meeting")
    if meetings:
        meeting = rng.choice(meetings)["pk"]
        pk, fields = uuid7(0), {"meeting": meeting, "title": province.text()}
        kind = rng.choice(["agenda_item", "code"])
        write = Write("agenda_item", pk, fields)
        if kind == "code":
            write = Write("meeting", meeting, {"code": province.text()})
        province.at_center(lambda center: center.append(write, actor=province.actor))


@rule
async def erase(province: Province, rng: Random) -> None:
    if province.center is None:
        return
    rows = province.center.list("opinion")
    if rows:
        pk = rng.choice(rows)["pk"]
        province.erased.add(("opinion", pk))
        province.at_center(lambda center: center.erase("opinion", pk, ground="依法", actor=province.actor))


@rule
async def move_a_unit(province: Province, rng: Random) -> None:
    """A county comes under another city."""
    code, under = rng.choice(["441323", "441322"]), rng.choice(["441300", "441500"])
    done = province.at_center(lambda center: center.move_unit(code, under, ground="文", actor=province.actor))
    if province.center is not None and not province.machine.dead:
        province.trees.append({row["pk"]: row["unit_path"] for row in province.center.list("unit")})
    province.counts["units moved"] += done is not None


@rule
async def rewrite_minutes(province: Province, rng: Random) -> None:
    """Somebody changes, strikes out or takes out what stands in minutes, as they are on that screen."""
    terminal = _awake(province, rng)
    if terminal is None or terminal.store is None or (row := _known(terminal, rng, "minutes")) is None:
        return
    document = terminal.documents.get(row["pk"])
    if document is None or rng.random() < 0.5:
        state = terminal.store.minutes_state(row["pk"])
        document = MinutesDocument.from_updates([state]) if state else MinutesDocument()
    blocks = document.blocks()
    if not blocks:
        return
    block = rng.choice(blocks)
    if rng.random() < 0.2:
        document.remove_block(block.id)
    else:
        start = rng.randrange(len(block.text) + 1)
        text = rng.choice(["", province.text()])
        document.replace(block.id, start, rng.randrange(len(block.text) - start + 1), text)
    update = document.take_update()
    terminal.documents.pop(row["pk"], None)
    if update and province.write(terminal, lambda records: _save(records, row, update, document.seen)):
        terminal.documents[row["pk"]] = document


def _save(records: Records, row: dict[str, Any], update: bytes, seen: bytes) -> str:
    return records.save_update(row["pk"], update, meeting=row["meeting"], seen=seen)


@rule
async def choose_a_text(province: Province, rng: Random) -> None:
    terminal = _awake(province, rng)
    if terminal is None or terminal.store is None:
        return
    disputes = terminal.store.list("text_conflict", state="open")
    if disputes:
        row = rng.choice(disputes)
        chosen = str(row[rng.choice(["mine", "theirs"])])
        province.write(terminal, lambda records: settle_text(records, row["pk"], chosen) or "")


@rule
async def take_a_stick(province: Province, rng: Random) -> None:
    """What waits is written on a stick; the line may bring it as well."""
    terminal = _awake(province, rng)
    if terminal is not None and terminal.store is not None:
        terminal.stick = terminal.store.pending_batches()


@rule
async def bring_the_stick(province: Province, rng: Random) -> None:
    """To the center, whole or broken off; the receipts come back on it, or never."""
    terminal = rng.choice(province.terminals)
    answers = []
    for batch in terminal.stick[: rng.randrange(len(terminal.stick) + 1)]:
        device = terminal.identity.device
        answer = province.at_center(lambda center, batch=batch, device=device: center.receive(device, batch))
        if answer is None:
            break
        answers.append(answer)
    terminal.stick = []
    await province.after()
    for answer in answers if terminal.store is not None and rng.random() < 0.7 else []:
        province.write(terminal, lambda records, answer=answer: records.acknowledge(answer) and "")


@rule
async def newer_program(province: Province, rng: Random) -> None:
    """A terminal with a later version of the program writes what nobody else knows."""
    terminal = _awake(province, rng)
    if terminal is None or (meeting := _known(terminal, rng, "meeting")) is None:
        return
    text = province.text()
    with _later(rng.choice(["field", "schema", "entity"])) as (entity, fields):
        written = {"meeting": meeting["pk"], "site": terminal.unit, "text": text, **dict.fromkeys(fields, text)}
        pk = uuid7(province.now_ms(terminal))
        province.write(terminal, lambda records: records.write(Write(entity, pk, written)), text)


@rule
async def upgrade(province: Province, rng: Random) -> None:
    """The center, and all terminals that are started from now on, know what only newer programs knew."""
    ENTITIES.setdefault(BRIEFING.name, BRIEFING)
    province.stop_center()
    province.start_center()
    for terminal in province.terminals:
        if rng.random() < 0.5:
            await province.stop(terminal)


@contextmanager
def _later(kind: str) -> Any:
    """What to write that this version does not know: (entity, fields)."""
    known = ENTITIES["opinion"].fields
    if kind == "entity":
        with mock.patch.dict(ENTITIES, {BRIEFING.name: BRIEFING}):
            yield BRIEFING.name, []
    elif kind == "field":
        known["mood"] = Type.TEXT
        try:
            yield "opinion", ["mood"]
        finally:
            del known["mood"]
    else:
        journal.SCHEMA_VERSION, before = 99, journal.SCHEMA_VERSION
        try:
            yield "opinion", []
        finally:
            journal.SCHEMA_VERSION = before


# Luck


@rule
async def cut(province: Province, rng: Random) -> None:
    rng.choice(province.terminals).line.cut = True


@rule
async def mend(province: Province, rng: Random) -> None:
    rng.choice(province.terminals).line.cut = False


@rule
async def bad_line(province: Province, rng: Random) -> None:
    line = rng.choice(province.terminals).line
    line.lost, line.doubled = rng.choice([0.0, 0.1, 0.4]), rng.choice([0.0, 0.2, 0.6])
    line.slow = rng.choice([0.02, 0.5, 5.0])


@rule
async def lie(province: Province, rng: Random) -> None:
    rng.choice(province.terminals).line.lies = True


@rule
async def kill_terminal(province: Province, rng: Random) -> None:
    if terminal := _awake(province, rng):
        await province.stop(terminal)


@rule
async def kill_center(province: Province, rng: Random) -> None:
    province.stop_center()


@rule
async def bad_commit(province: Province, rng: Random) -> None:
    machine = rng.choice([province.machine, *province.terminals])
    machine.luck = rng.choice(list(Luck))


@rule
async def die_in_opening(province: Province, rng: Random) -> None:
    """The power goes again while the records are made again after an upgrade."""
    if rng.random() < 0.3:
        province.stop_center()
        province.machine.make_old()
        province.machine.opening = rng.choice(list(Opening))
        province.start_center()
        return
    terminal = rng.choice(province.terminals)
    await province.stop(terminal)
    terminal.make_old()
    terminal.opening = rng.choice(list(Opening))
    province.start(terminal)


@rule
async def damage_terminal(province: Province, rng: Random) -> None:
    terminal = rng.choice(province.terminals)
    await province.stop(terminal)
    terminal.damage(rng)


@rule
async def power_on(province: Province, rng: Random) -> None:
    if rng.random() < 0.5:
        province.start_center()
    off = [each for each in province.terminals if each.store is None]
    if off:
        province.start(rng.choice(off))


@rule
async def back_up(province: Province, rng: Random) -> None:
    terminal = _awake(province, rng)
    if rng.random() < 0.4 and province.center is not None:
        province.machine.backup(province.center)
    elif terminal is not None and terminal.store is not None:
        terminal.backup(terminal.store)


@rule
async def restore_terminal(province: Province, rng: Random) -> None:
    terminal = rng.choice(province.terminals)
    await province.stop(terminal)
    if terminal.put_back():
        province.restored = True
        terminal.returned.clear()
        province.counts["terminal restored"] += 1


@rule
async def restore_center(province: Province, rng: Random) -> None:
    if province.restore_center():
        province.counts["center restored"] += 1


@rule
async def wrong_clock(province: Province, rng: Random) -> None:
    rng.choice(province.terminals).clock.off = timedelta(hours=rng.choice([0, 72, -72, 1, -1]))


@rule
async def new_terminal(province: Province, rng: Random) -> None:
    if len(province.terminals) < 7:
        province.enrol(rng.choice(UNITS))


@rule
async def wait(province: Province, rng: Random) -> None:
    await province.go_on(rng.choice([0.01, 0.5, 3, 30, 150]))


OFTEN = ("wait", "retitle", "edit_opinion", "sign_in", "power_on")
RARE = (
    "damage_terminal",
    "upgrade",
    "move_a_unit",
    "new_terminal",
    "restore_center",
    "restore_terminal",
    "kill_center",
    "erase",
)


@dataclass
class Day:
    """What a run was, for who wants to see it again."""

    seed: int
    trace: list[str]
    fault: str = ""
    counts: dict[str, int] | None = None
    image: str = ""
    """A digest of all that the center holds at the end."""


def play(seed: int, folder: Path, steps: int = STEPS) -> Day:
    """One day by its seed; `fault` says what was not true at its end, empty where all was."""
    rng = Random(seed)
    day = Day(seed, [])
    weights = {name: rng.choice([0, 1, 1, 3]) * (4 if name in OFTEN else 1) for name in RULES}
    weights["convene"] += 1
    weights["wait"] += 4
    if weights["restore_terminal"] or weights["restore_center"]:
        weights["back_up"] += 3
    for name in RARE:
        weights[name] *= 0.5
    loop = VirtualLoop()
    asyncio.set_event_loop(loop)
    try:
        with seeded(Random(rng.random())):
            loop.run_until_complete(_play(day, folder, loop, rng, weights, steps))
    except Exception as err:  # noqa: BLE001  (a simulation reports whatever the real code raised)
        day.fault = "".join(traceback.format_exception(err)[-6:])
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        asyncio.set_event_loop(None)
        loop.close()
    return day


async def _play(day: Day, folder: Path, loop: VirtualLoop, rng: Random, weights: dict[str, float], steps: int) -> None:
    province = Province(folder, rng, loop)
    day.counts = province.counts
    try:
        for _ in range(rng.choice([2, 3, 4])):
            province.enrol(rng.choice(UNITS))
        await convene(province, rng)
        names = list(weights)
        for _ in range(steps):
            name = rng.choices(names, [weights[each] for each in names])[0]
            day.trace.append(f"{loop.time():.2f} {name}")
            await RULES[name](province, rng)
            await province.after()
        day.trace.append(f"{loop.time():.2f} calm")
        await province.calm()
        day.image = province.image()
    finally:
        await province.end()


@contextmanager
def desk() -> Any:
    """A folder in memory where there is one: a simulated power cut takes only what the program has not committed."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="silian-sim-", dir=memory if memory.is_dir() else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def play_one(seed: int, steps: int = STEPS) -> Day:
    with desk() as folder:
        return play(seed, folder, steps)
