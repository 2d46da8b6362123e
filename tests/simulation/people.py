"""What people do on a simulated day, at terminals and at the center."""

from contextlib import contextmanager
from random import Random
from typing import Any
from unittest import mock

from desktop_app.domain.clock import stamp
from desktop_app.domain.ids import derived_id, uuid7
from sync.documents.minutes import MinutesDocument
from sync.documents.settling import settle_text
from sync.entities import ENTITIES, Entity, Merge, Reach, Type
from sync.log.write import Write
from sync.store import journal
from sync.terminal.records import Records
from tests.simulation.rules import awake, known, rule
from tests.simulation.world import UNITS, Province

BRIEFING = Entity("briefing", Merge.FIELDS, Reach.MEETING, {"meeting": Type.TEXT, "site": Type.TEXT, "text": Type.TEXT})
"""A kind of record that only newer programs know."""


@rule
async def convene(province: Province, rng: Random) -> None:
    if terminal := awake(province, rng):
        title = province.text()
        invited = list(rng.sample(UNITS, rng.randrange(3)))
        fields = {"title": title, "convener_unit": terminal.unit, "invited": invited, "state": "planned"}
        pk = uuid7(province.now_ms(terminal))
        province.write(terminal, lambda records: records.write(Write("meeting", pk, fields)), title)


@rule
async def invite_others(province: Province, rng: Random) -> None:
    terminal = awake(province, rng)
    if terminal and (meeting := known(terminal, rng, "meeting")):
        invited = list(rng.sample(UNITS, rng.randrange(4)))
        fields = {"invited": invited, "title": province.text()}
        province.write(terminal, lambda records: records.write(Write("meeting", meeting["pk"], fields)))


@rule
async def retitle(province: Province, rng: Random) -> None:
    terminal = awake(province, rng)
    if terminal and (meeting := known(terminal, rng, "meeting")):
        title = province.text()
        fields = {"title": title}
        province.write(terminal, lambda records: records.write(Write("meeting", meeting["pk"], fields)), title)


@rule
async def sign_in(province: Province, rng: Random) -> None:
    terminal = awake(province, rng)
    if terminal and (meeting := known(terminal, rng, "meeting")):
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
    terminal = awake(province, rng)
    if terminal and (meeting := known(terminal, rng, "meeting")):
        name, member = province.text(), str(rng.randrange(2))
        fields = {"meeting": meeting["pk"], "member": member, "member_name": name, "site": terminal.unit}
        pk = derived_id("sim", meeting["pk"], member, terminal.unit)
        province.write(terminal, lambda records: records.write(Write("sign_in", pk, fields)), name)


@rule
async def note_opinion(province: Province, rng: Random) -> None:
    terminal = awake(province, rng)
    if terminal and (meeting := known(terminal, rng, "meeting")):
        text = province.text()
        fields = {"meeting": meeting["pk"], "site": terminal.unit, "text": text, "state": "noted"}
        pk = uuid7(province.now_ms(terminal))
        province.write(terminal, lambda records: records.write(Write("opinion", pk, fields)), text)


@rule
async def edit_opinion(province: Province, rng: Random) -> None:
    terminal = awake(province, rng)
    if terminal and (opinion := known(terminal, rng, "opinion")):
        text = province.text()
        fields = {"text": text, **({"topic": province.text()} if rng.random() < 0.3 else {})}
        province.write(terminal, lambda records: records.write(Write("opinion", opinion["pk"], fields)), text)


@rule
async def take_back(province: Province, rng: Random) -> None:
    terminal = awake(province, rng)
    entity = rng.choice(["sign_in", "opinion", "opinion", "attachment"])
    if terminal and (row := known(terminal, rng, entity)):
        province.write(terminal, lambda records: records.retract(entity, row["pk"], meeting=row.get("meeting", "")))


@rule
async def settle(province: Province, rng: Random) -> None:
    terminal = awake(province, rng)
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
        province.decided.add(text)  # also where the power goes when it is on the disk, before the person is told
        province.write(terminal, lambda records: records.settle(decided), text)


@rule
async def take_minutes(province: Province, rng: Random) -> None:
    terminal = awake(province, rng)
    if terminal is None or terminal.store is None or (meeting := known(terminal, rng, "meeting")) is None:
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
    terminal = awake(province, rng)
    if terminal is None:
        return
    member = known(terminal, rng, "member")
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
        province.relocate()
        province.trees.append({row["pk"]: row["unit_path"] for row in province.center.list("unit")})
    province.counts["units moved"] += done is not None


@rule
async def rewrite_minutes(province: Province, rng: Random) -> None:
    """Somebody changes, strikes out or takes out what stands in minutes, as they are on that screen."""
    terminal = awake(province, rng)
    if terminal is None or terminal.store is None or (row := known(terminal, rng, "minutes")) is None:
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
    return records.save_update(row["pk"], update, meeting=row.get("meeting") or "", seen=seen)


@rule
async def choose_a_text(province: Province, rng: Random) -> None:
    terminal = awake(province, rng)
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
    terminal = awake(province, rng)
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
    terminal = awake(province, rng)
    if terminal is None or (meeting := known(terminal, rng, "meeting")) is None:
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
    province.machine.stop()
    province.machine.start()
    for terminal in province.terminals:
        if rng.random() < 0.5:
            await terminal.stop()


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
