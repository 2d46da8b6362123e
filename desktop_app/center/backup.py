"""`silian center backup`: the records, the book of terminals and codes, and the attachments, while the center runs.

Three things beside each other: FILE, FILE's name with `.identity`, and the folder `blobs`, which several backups may
share. The center's keys are in none of them.
"""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_app.center.keys import held_keys
from desktop_app.domain.faults import HostFault, OperatorError
from desktop_app.settings import Settings

if TYPE_CHECKING:
    from desktop_app.center.keys import CenterKeys
    from sync.store.reader import StoreReader


def book_beside(records: Path) -> Path:
    """Where the book of terminals and codes is, of a backup of the records."""
    return records.with_name(f"{records.stem}.identity{records.suffix}")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """OperatorError `backup-exists`, `center-missing`; HostFault `disk-full`, `backup-failed`: then nothing is left."""
    if options.to is None:
        raise OperatorError("setting-invalid", key="to", value="", wanted="--to FILE", source="backup")
    from sync.blobs.copying import copy_blobs
    from sync.store.transfer import whole_file

    folder, records = settings.center_folder, options.to
    book = book_beside(records)
    for file in (records, book):
        if file.exists():
            raise OperatorError("backup-exists", file=str(file))
    keys = held_keys(settings)
    registry = keys.registry
    try:
        with opened_store(settings, keys) as reader:
            try:
                records.parent.mkdir(parents=True, exist_ok=True)
            except OSError as err:
                raise HostFault("backup-failed", file=str(records), reason=err.strerror or "") from err
            try:
                with whole_file(book) as draft:
                    (registry.backup_plain if options.plain else registry.backup)(draft)
                copied, present = copy_blobs(folder, records.parent)
                (reader.backup_plain if options.plain else reader.backup)(records)
            except BaseException:
                book.unlink(missing_ok=True)
                raise
    finally:
        registry.close()
    how = "They are not encrypted" if options.plain else "They are encrypted under the center's key"
    print(f"records      {records}\nterminals    {book}\n{how}. Keys stay in the center's key store.")
    print(f"attachments  {records.parent / 'blobs'}: {present}, of which {copied} are new; always encrypted")
    return 0


@contextmanager
def opened_store(settings: Settings, keys: "CenterKeys") -> "Iterator[StoreReader]":
    """The center's records to read, wherever they are. OperatorError `center-missing`; HostFault `database-away`."""
    from sync.center.store import CenterStore
    from sync.store.reader import StoreReader

    if settings.center.database:
        with StoreReader.of_database(settings.center.database, keys.identity.store_key) as reader:
            yield reader
        return
    store = settings.center_folder / CenterStore.STORE_FILE
    if not store.exists():
        raise OperatorError("center-missing", folder=str(settings.center_folder))
    with StoreReader.of_file(store, keys.identity.store_key) as reader:
        yield reader
