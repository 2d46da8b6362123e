"""`silian verify`: prove a store's whole history against its receipts, and name the first change that was altered.

It reads while the terminal or the center runs and changes nothing. A store is encrypted, so the folder's key store is
opened: by the keyring, or by the passphrase.
"""

import argparse
import base64
import getpass
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_app.domain.clock import SystemClock, stamp
from desktop_app.domain.faults import HostFault, OperatorError
from desktop_app.settings import ENV_PASSPHRASE, load_settings

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from sync.identity.device import DeviceIdentity
    from sync.identity.keystore import KeyStore
    from sync.replication.receipt import Receipt
    from sync.store.proof import Keys
    from sync.store.reader import StoreReader

TERMINAL_STORE, CENTER_STORE = "store.db", "center.db"
_EPILOG = """examples:
  silian verify                                  this terminal's records
  silian verify --center                         the center's, with every terminal's chain
  silian verify --folder /srv/silian --file /backup/center.db
  silian verify --folder /srv/silian --database postgresql://silian@127.0.0.1/silian
  silian verify --receipts                       and print the receipts that prove it

It ends with 1 and names the change where something does not fit.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = _EPILOG
    parser.add_argument(
        "--folder", type=Path, help="the folder of the terminal or the center (default: as settings say)"
    )
    parser.add_argument("--center", action="store_true", help="the center's folder, where both are on this machine")
    parser.add_argument("--database", metavar="URL", help="a center's records in PostgreSQL (keys are in its folder)")
    parser.add_argument("--file", type=Path, help="a backup instead of the folder's own store")
    parser.add_argument(
        "--rebuild", action="store_true", help="make the records again from the proven log (not while it runs)"
    )
    parser.add_argument("--receipts", action="store_true", help="print every receipt, so that it can be kept on paper")
    parser.add_argument("--json", action="store_true", help="print JSON instead of sentences")


def run(options: argparse.Namespace) -> int:
    from sync.identity.device import DeviceIdentity

    folder, file = _place(options)
    identity = DeviceIdentity.load(folder, _keystore(folder))
    with _opened(file, identity) as reader:
        proof = reader.prove(identity.center_key, _keys(folder, identity))
        receipts = reader.receipts(1_000_000) if options.receipts else []
    if options.rebuild:
        rebuilt = _rebuild(folder, file, identity)
        print(f"{rebuilt} records were not what the log says, and were made again from it")
    named = file if isinstance(file, Path) else without_password(file)
    if options.json:
        print(json.dumps(asdict(proof) | {"file": str(named), "receipt_list": [_as_json(each) for each in receipts]}))
        return 0
    print(f"{named}\n  {proof.changes} changes in {proof.chains} chains: unaltered and without a gap")
    print(f"  {proof.receipts} receipts of the center cover {proof.receipted} of them")
    if proof.erased:
        print(f"  {proof.erased} of them were erased on a lawful request")
    if proof.pulled:
        print(f"  {proof.pulled} changes came from the center, which countersigned them on arrival")
    for each in reversed(receipts):
        print(_printed(each))
    return 0


def _opened(place: Path | str, identity: "DeviceIdentity") -> "AbstractContextManager[StoreReader]":
    from sync.store.cipher import is_plain
    from sync.store.reader import StoreReader

    if isinstance(place, str):
        return StoreReader.of_database(place, identity.store_key)
    return StoreReader.of_file(place, None if is_plain(place) else identity.store_key)


def _place(options: argparse.Namespace) -> tuple[Path, Path | str]:
    """The folder, and the store's file or the URL of its database; OperatorError `store-not-there`."""
    settings = load_settings()
    database: str = options.database or ""
    of_center = options.center or bool(database)
    folder: Path = options.folder or (settings.center_folder if of_center else settings.terminal_folder)
    if options.file is not None:
        return folder, options.file
    if options.center:
        database = database or settings.center.database
    if database:
        return folder, database
    names = [CENTER_STORE] if options.center else [TERMINAL_STORE, CENTER_STORE]
    for name in names:
        if (folder / name).is_file():
            return folder, folder / name
    raise OperatorError("store-not-there", folder=str(folder))


def without_password(url: str) -> str:
    """A database's URL as it may be shown."""
    scheme, slashes, rest = url.partition("://")
    who, at, where = rest.rpartition("@")
    return f"{scheme}{slashes}{who.partition(':')[0]}{at}{where}"


def _rebuild(folder: Path, place: Path | str, identity: "DeviceIdentity") -> int:
    """HostFault `store-in-use` while the terminal or the center runs."""
    from sync.center.store import CenterStore
    from sync.terminal.records import Records

    if isinstance(place, Path) and place.parent != folder:
        raise OperatorError("store-not-there", folder=str(place.parent))
    clock = SystemClock()
    store: CenterStore | Records
    if isinstance(place, str):
        store = CenterStore.open(folder, identity=identity, clock=clock, database=place)
    elif place.name == CENTER_STORE:
        store = CenterStore.open(folder, identity=identity, clock=clock)
    else:
        store = Records.open(folder, identity=identity, clock=clock)
    try:
        return len(store.rebuild())
    finally:
        store.close()


def _keystore(folder: Path) -> "KeyStore":
    """The folder's key store; asks a person for the passphrase where one is needed and nobody gave it."""
    from sync.identity.keystore import open_keystore

    given = os.environ.get(ENV_PASSPHRASE)
    try:
        return open_keystore(folder, passphrase=given)
    except HostFault as fault:
        if given or fault.id != "passphrase-needed" or not sys.stdin.isatty():
            raise
        return open_keystore(folder, passphrase=getpass.getpass("Passphrase of this folder: "))


def _keys(folder: Path, identity: "DeviceIdentity") -> "Keys":
    """The public keys that the heads are signed with: at a center those in its book of terminals."""
    from sync.identity.registry import REGISTRY_FILE, Registry

    book: dict[str, bytes] = {identity.center_device: identity.center_key, identity.device: identity.public_key}
    if identity.device == identity.center_device and (folder / REGISTRY_FILE).is_file():
        registry = Registry(folder, identity.store_key)
        book |= {each.device: each.public_key for each in registry.devices()}
        registry.close()
    return book.get


def _printed(each: "Receipt") -> str:
    counts = ", ".join(f"{name} {count}" for name, count in each.entities.items())
    lines = [
        f"\nreceipt {each.number}  {stamp(each.received_at)}",
        f"  terminal {each.terminal}  epoch {each.epoch}  changes {each.first_seq}-{each.last_seq}: {counts}",
        f"  head {each.head_hash.hex()}",
        f"  signed {base64.b64encode(each.signature).decode()}",
    ]
    return "\n".join(lines + [f"  change {seq} {verdict}: {reason}" for seq, verdict, reason in each.verdicts])


def _as_json(each: "Receipt") -> dict[str, object]:
    return {
        "number": each.number,
        "terminal": each.terminal,
        "epoch": each.epoch,
        "first_seq": each.first_seq,
        "last_seq": each.last_seq,
        "head_hash": each.head_hash.hex(),
        "received_at": stamp(each.received_at),
        "receipt": base64.b64encode(each.to_bytes()).decode(),
    }
