"""What the province promises: what is always true of it, and what at the end, when all was calm for a while."""

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

import httpx
import sqlalchemy as sa

from desktop_app.domain.ids import DeviceId
from sync.entities import ENTITIES
from sync.log.envelope import Change
from sync.log.payload import EDIT, Payload, open_payload
from sync.merge.fold import update_bytes
from sync.replication.page import read_items, read_page
from sync.replication.part import read_part
from sync.store.engine import reading
from sync.store.rows import SELECT_CHANGES, change_of
from sync.store.tables import change
from sync.terminal.healing import CENTER_LACKS
from tests.simulation import model
from tests.simulation.shown import (
    Marks,
    Shown,
    acknowledged,
    conflicts_of,
    ids_of,
    places,
    records_of,
    stamps_of,
    text_of,
    text_of_all,
    visible,
)

if TYPE_CHECKING:
    from tests.simulation.terminals import Terminal
    from tests.simulation.world import Province


class Broken(AssertionError):
    """Something that must always be true is not."""


def check_always(province: "Province") -> None:
    """Whatever a terminal takes for received is on the center's disk, and nothing came amiss on the way."""
    if province.unexplained:
        raise Broken(f"{province.unexplained} changes had come amiss, and checksums had to mend them")
    for terminal in province.terminals:
        if terminal.store is not None and not terminal.dead:
            for change_id in acknowledged(terminal.store, terminal.identity.device):
                province.acknowledged[change_id] = terminal.identity.device
    if province.center is not None and not province.machine.dead:
        held = ids_of(province.center)
        province.forgotten -= set(held)
        for change_id, writer in province.acknowledged.items():
            if held.get(change_id) != writer and change_id not in province.forgotten:
                raise Broken(f"acknowledged, and not at the center: {change_id} {province.written.get(change_id, '')}")


def check_saved(terminal: "Terminal") -> None:
    """Whatever a person was told is saved is in the store after the power came back."""
    assert terminal.store is not None
    gone = terminal.returned - set(ids_of(terminal.store))
    if gone:
        raise Broken(f"said to be saved, and lost with the power: {sorted(gone)}")


def check_scope(province: "Province", request: httpx.Request, response: httpx.Response) -> None:
    """Nothing leaves the center that its reader may not see."""
    path, device = request.url.path, request.headers.get("sim-device", "")
    if response.status_code != 200 or path not in ("/v1/changes", "/v1/snapshot") or province.center is None:
        return
    raw = response.content
    items = read_page(raw).items if path == "/v1/changes" else read_part(raw).items
    unit = province.devices[DeviceId(device)].unit_path
    seen = {(each.entity, each.pk, each.meeting) for each in read_items(items, 10_000) if each.terminal != device}
    if seen:
        with reading(province.center.engine) as connection:
            records = records_of(connection)
        for entity, pk, meeting in sorted(seen):
            if not visible(records, unit, entity, pk, meeting):
                raise Broken(f"told to {unit}, which may not see it: {entity} {pk}")


def check_calm(province: "Province") -> None:
    assert province.center is not None
    with reading(province.center.engine) as connection:
        log = [change_of(tuple(row)) for row in connection.execute(SELECT_CHANGES)]
        records = records_of(connection)
        conflicts = conflicts_of(connection)
        _check_stamps(stamps_of(connection))
        _check_minutes(connection, log)
    _check_once(province, log)
    _check_writers(province, log, records)
    _check_merge(province, log, records, conflicts)
    for terminal in province.terminals:
        _check_terminal(province, terminal, {each.change_id for each in log}, records, conflicts)
        _check_told(terminal, log)


def _check_stamps(stamps: list[int]) -> None:
    """Each receipt has a stamp of its own, later than all before it."""
    for before, after in pairwise(stamps):
        if after <= before:
            raise Broken(f"a receive stamp went from {before} to {after}")


def _check_minutes(connection: sa.Connection, log: list[Change]) -> None:
    """The center's minutes are what all applied updates make."""
    updates: dict[str, list[bytes]] = {}
    for each in log:
        if each.op == "update" and each.verdict == "applied" and each.payload is not None:
            updates.setdefault(each.pk, []).append(update_bytes(open_payload(each.payload)))
    for pk, all_of_it in updates.items():
        if text_of(connection, pk) != text_of_all(all_of_it):
            raise Broken(f"the center's minutes are not what was written: {pk}")


def _check_once(province: "Province", log: list[Change]) -> None:
    """Everything that was acknowledged or is at its writer's is at the center, once."""
    said: Counter[tuple[str, str, str]] = Counter()
    for each in log:
        if each.payload is not None and each.op == "put" and each.terminal in province.devices:
            said[each.entity, each.pk, repr(sorted(open_payload(each.payload).fields.items()))] += 1
    for what, count in said.items():
        if count > 1:
            raise Broken(f"at the center {count} times: {what}")
    held = {each.change_id: each for each in log}
    for change_id, text in province.written.items():
        each = held.get(change_id)
        if each is not None and each.payload is not None and text.encode() not in each.payload:
            raise Broken(f"not what was written: {change_id} was to say {text}")
    _check_settled(province, [(each, open_payload(each.payload)) for each in log if each.payload is not None])


def _check_settled(province: "Province", said: list[tuple[Change, Payload]]) -> None:
    """Only a person's decision names several values that differ. Its words tell it: the power may have gone after it
    was on the disk and before the person heard so. Where all say the same, nothing is in conflict."""
    payloads = {each.change_id: payload for each, payload in said}
    for change_id, payload in payloads.items():
        for name, bases in payload.bases.items():
            if name == EDIT:
                continue
            values = [payloads[base].fields[name] if base in payloads else base for base in bases]
            value = payload.fields[name]
            words = value[0] if isinstance(value, list) and value else value
            if any(each != values[0] for each in values) and words not in province.decided:
                raise Broken(f"a conflict was settled by nobody: {name} {change_id}")


def _check_writers(province: "Province", log: list[Change], records: Shown) -> None:
    """Nobody wrote into another unit's records, but the convener into those of its meeting."""
    for each in log:
        if (
            each.verdict != "applied"
            or each.terminal not in province.devices
            or (each.entity, each.pk) in province.erased
        ):
            continue
        unit, row = province.devices[DeviceId(each.terminal)].unit_path, records.get((each.entity, each.pk))
        if row is None or each.entity not in ("meeting", "sign_in", "opinion"):
            continue
        of = records.get(("meeting", row["meeting"]), row)
        if not any(_may_write(tree, unit, row["owner"], of["owner"]) for tree in province.trees):
            raise Broken(f"{unit} wrote into a record of {row['owner']}: {each.entity} {each.pk}")


def _may_write(tree: model.Tree, unit: str, owner: str, convener: str) -> bool:
    here = model.now(tree, unit)
    return model.in_charge(here, model.now(tree, owner)) or model.now(tree, convener) == here


def _check_merge(province: "Province", log: list[Change], records: Shown, conflicts: Marks) -> None:
    """The center's records are what the applied changes make, and every conflict is shown as one."""
    of_record: dict[tuple[str, str], list[Change]] = {}
    for each in log:
        if each.verdict == "applied":
            of_record.setdefault((each.entity, each.pk), []).append(each)
    if extra := set(records) - set(of_record):
        raise Broken(f"records of nothing: {sorted(extra)[:3]}")
    for key, changes in of_record.items():
        if key in province.erased:
            continue
        told = model.merged(ENTITIES[key[0]], changes)
        shown = records.get(key)
        if shown is None:
            raise Broken(f"not projected: {key}")
        if (shown["fields"], shown["retracted"]) != (told.fields, told.retracted):
            raise Broken(f"{key} is shown as {shown}, and should be {told}")
        marked = {name: frozenset(heads) for (*_, name), heads in conflicts.items() if (*_,) == key}
        if marked != {name: told.heads[name] for name in told.conflicts}:
            raise Broken(f"{key} shows the conflicts {marked}, and has {told}")


def _check_told(terminal: "Terminal", log: list[Change]) -> None:
    """Each writer knows what the center holds and refuses of its own changes, and why; and of no others says so."""
    assert terminal.store is not None
    with reading(terminal.store.engine) as connection:
        mine = SELECT_CHANGES.where(change.c.terminal == terminal.identity.device)
        here = {each.change_id: each for each in (change_of(tuple(row)) for row in connection.execute(mine))}
    for there in log:
        own = here.get(there.change_id)
        if own is None or own.verdict == "withdrawn":
            continue
        known = ("held" if own.verdict == "applied" and own.reason else own.verdict, own.reason)
        if known != (there.verdict, there.reason):
            raise Broken(
                f"{terminal.unit} takes {there.entity} {there.change_id} for {known}, at the center it is"
                f" {(there.verdict, there.reason)}"
            )


def _check_terminal(
    province: "Province", terminal: "Terminal", at_center: set[str], records: Shown, conflicts: Marks
) -> None:
    """A terminal shows what it may see as the center does, and nothing else."""
    assert terminal.store is not None
    assert province.center is not None
    with reading(terminal.store.engine) as connection, reading(province.center.engine) as above:
        log = [change_of(tuple(row)) for row in connection.execute(SELECT_CHANGES)]
        shown, marks = records_of(connection), conflicts_of(connection)
        own = {each.change_id for each in log if each.terminal == terminal.identity.device}
        if lost := own - at_center:
            raise Broken(f"{terminal.unit} has, and the center has not: {sorted(lost)}")
        held = {(each.entity, each.pk) for each in log if each.terminal in own or each.verdict == "held"}
        held |= {(each.entity, each.pk) for each in log if each.verdict == "applied" and each.reason}
        for each in log:
            if (
                each.reason != CENTER_LACKS
                and each.terminal != terminal.identity.device
                and not visible(records, terminal.unit, each.entity, each.pk, each.meeting)
            ):
                raise Broken(f"{terminal.unit} keeps what it may not see: {each.entity} {each.pk}")
        wanted = {key: row for key, row in records.items() if visible(records, terminal.unit, *key, row["meeting"])}
        tree = places(records)
        for row in shown.values():  # a restored center may have forgotten a move that others wrote after
            row["owner"] = model.now(tree, row["owner"])
        for key in {*wanted, *shown} - held:
            if wanted.get(key) != shown.get(key):
                raise Broken(f"{terminal.unit} shows {key} as {shown.get(key)}, the center as {wanted.get(key)}")
            here = {name: heads for (*at, name), heads in marks.items() if tuple(at) == key}
            there = {name: heads for (*at, name), heads in conflicts.items() if tuple(at) == key}
            if here != there:
                raise Broken(f"{terminal.unit} has the conflicts {here} of {key}, the center {there}")
            if key[0] == "minutes" and text_of(connection, key[1]) != text_of(above, key[1]):
                raise Broken(f"{terminal.unit} reads other minutes than the center: {key[1]}")
