"""`silian center restore`, and `erase` and `move`, which a running center is told to do."""

import argparse
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desktop_app.center.keys import held_keys
from desktop_app.domain.clock import SystemClock
from desktop_app.domain.faults import HostFault, OperatorError
from desktop_app.domain.ids import PersonId
from desktop_app.domain.principal import Actor
from desktop_app.settings import Settings

if TYPE_CHECKING:
    from desktop_app.center.keys import CenterKeys
    from sync.center.moves import UnitMove
    from sync.center.store import CenterStore

WITHIN = 120.0
"""Seconds in which a running center does what it is told."""


def restore(options: argparse.Namespace, settings: Settings) -> int:
    """Put the records back from a backup, into the file or the database that the settings name; attachments too."""
    from desktop_app.center.backup import book_beside
    from sync.blobs.copying import copy_blobs
    from sync.center.restoration import restore as put_back
    from sync.center.store import CenterStore

    backup = options.backup or options.file
    if backup is None:
        raise OperatorError("setting-invalid", key="from", value="", wanted="--from FILE", source="restore")
    keys = held_keys(settings)
    if not keys.registry.devices() and book_beside(backup).is_file():  # a new machine: the book comes with the records
        keys.registry.close()
        _put_back_book(book_beside(backup), settings.center_folder)
        keys = held_keys(settings)
    try:
        book = {each.device: each.public_key for each in keys.registry.devices()}
        book[keys.identity.device] = keys.identity.public_key
        done = put_back(
            settings.center_folder,
            CenterStore.STORE_FILE,
            backup,
            identity=keys.identity,
            clock=SystemClock(),
            keys=lambda device: next((key for each, key in book.items() if each == device), None),
            database=settings.center.database,
        )
        blobs, _ = copy_blobs(backup.parent, settings.center_folder)
    finally:
        keys.registry.close()
    print(f"restored   {done.proof.changes} changes of {done.proof.chains} chains, all of them proven")
    if blobs:
        print(f"           {blobs} attachments")
    if done.aside:
        print(f"kept       {done.aside}, as it was before")
    print("Start the center: the terminals send again what they delivered since the backup.")
    return 0


def _put_back_book(book: Path, folder: Path) -> None:
    from sync.identity.registry import REGISTRY_FILE

    try:
        for suffix in ("-wal", "-shm"):
            (folder / f"{REGISTRY_FILE}{suffix}").unlink(missing_ok=True)
        shutil.copyfile(book, folder / REGISTRY_FILE)
    except OSError as err:
        raise HostFault("disk-failing", folder=str(folder)) from err


def erase(options: argparse.Namespace, settings: Settings) -> int:
    """Erase all that was said of one record, on a lawful request."""
    entity, colon, pk = (options.record or "").partition(":")
    if not colon or not pk or not options.ground:
        wanted = "--record ENTITY:KEY --ground TEXT"
        raise OperatorError("setting-invalid", key="record", value=options.record or "", wanted=wanted, source="erase")
    told = _do("erase", {"entity": entity, "pk": pk, "ground": options.ground}, settings, held_keys(settings))
    print(f"erased     {told['changes']} changes of {entity} {pk}; the terminals erase theirs when they next pull.")
    print("Backups made before still hold it: they are yours to deal with.")
    return 0


def move(options: argparse.Namespace, settings: Settings) -> int:
    """Move a unit under another one, with all below it."""
    if not options.unit or not options.under or not options.ground:
        wanted = "--unit CODE --under CODE --ground TEXT"
        raise OperatorError("setting-invalid", key="under", value=options.under or "", wanted=wanted, source="move")
    values = {"code": options.unit, "under": options.under, "ground": options.ground}
    told = _do("move", values, settings, held_keys(settings))
    print(f"moved      {told['code']}  {told['before']} -> {told['unit_path']}")
    print(f"           {told['units']} units with their terminals; {told['records']} records in work were written anew")
    return 0


def move_unit(store: "CenterStore", keys: "CenterKeys", code: str, under: str, ground: str, actor: Actor) -> "UnitMove":
    """Move a unit in the records, and its terminals and codes in their book. For the faults see `sync.center.moves`."""
    done = store.move_unit(code, under, ground=ground, actor=actor)
    keys.registry.relocate(store.place_of)
    return done


def acts(store: "CenterStore", keys: "CenterKeys") -> Mapping[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]]:
    """What a center does when it is ordered to: see `sync.center.orders`."""
    from sync.center.unit_routes import as_json

    actor = Actor(PersonId(""), keys.identity.device)

    def erase(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        entity, pk, ground = (str(asked.get(name) or "") for name in ("entity", "pk", "ground"))
        return {"changes": store.erase(entity, pk, ground=ground, actor=actor)}

    def move(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        code, under, ground = (str(asked.get(name) or "") for name in ("code", "under", "ground"))
        return as_json(move_unit(store, keys, code, under, ground, actor))

    return {"erase": erase, "move": move}


def _do(act: str, values: Mapping[str, Any], settings: Settings, keys: "CenterKeys") -> Mapping[str, Any]:
    """By way of the center where that is running, and else by itself."""
    from sync.center.orders import PURPOSE, Orders

    clock = SystemClock()
    try:
        try:
            store = keys.open_store(settings.center_folder, settings, clock)
        except HostFault as fault:
            if fault.id != "store-in-use":
                raise
            orders = Orders(settings.center_folder, keys.identity.key.derive(PURPOSE), clock)
            return orders.give(act, values, seconds=WITHIN)
        try:
            return acts(store, keys)[act](values)
        finally:
            store.close()
    finally:
        keys.registry.close()
