"""`silian center restore` and `silian center erase`: what is done to the records while the center does not run."""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from desktop_app.domain.clock import SystemClock
from desktop_app.domain.faults import OperatorError
from desktop_app.domain.ids import PersonId
from desktop_app.domain.principal import Actor
from desktop_app.settings import Settings

if TYPE_CHECKING:
    from desktop_app.center_keys import CenterKeys

KeysOf = Callable[[Settings], "CenterKeys"]


def restore(options: argparse.Namespace, settings: Settings, keys_of: KeysOf) -> int:
    """Put the records back from a backup."""
    from sync.center.restoration import restore as put_back
    from sync.center.store import CenterStore

    backup = options.backup or options.file
    if backup is None:
        raise OperatorError("setting-invalid", key="from", value="", wanted="--from FILE", source="restore")
    if settings.center.database:
        raise OperatorError("backup-by-database")
    keys = keys_of(settings)
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
        )
    finally:
        keys.registry.close()
    print(f"restored   {done.proof.changes} changes of {done.proof.chains} chains, all of them proven")
    if done.aside is not None:
        print(f"kept       {done.aside}, as it was before")
    print("Start the center: the terminals send again what they delivered since the backup.")
    return 0


def erase(options: argparse.Namespace, settings: Settings, keys_of: KeysOf) -> int:
    """Erase all that was said of one record, on a lawful request."""
    from sync.center.store import CenterStore

    entity, colon, pk = (options.record or "").partition(":")
    if not colon or not pk or not options.ground:
        wanted = "--record ENTITY:KEY --ground TEXT"
        raise OperatorError("setting-invalid", key="record", value=options.record or "", wanted=wanted, source="erase")
    keys = keys_of(settings)
    try:
        store = CenterStore.open(
            settings.center_folder,
            identity=keys.identity,
            clock=SystemClock(),
            devices=keys.registry.device,
            database=settings.center.database,
        )
        try:
            actor = Actor(PersonId(""), keys.identity.device)
            count = store.erase(entity, pk, ground=options.ground, actor=actor)
        finally:
            store.close()
    finally:
        keys.registry.close()
    print(f"erased     {count} changes of {entity} {pk}; the terminals erase theirs when they next pull.")
    print("Backups made before still hold it: they are yours to deal with.")
    return 0
