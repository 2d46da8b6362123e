"""Contents copied from one folder of blobs to another: as they are, sealed, and only those that are not there yet.

A blob's file never changes and is named by what is in it, so what is there once needs no second look but at its length.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from sync.blobs import disk
from sync.blobs.store import FOLDER, PARTIAL


def copy_blobs(source: Path, target: Path) -> tuple[int, int]:
    """From the folder `source/blobs` into `target/blobs`: (how many were copied, how many are there now).

    Each is on the disk when this returns. HostFault `disk-full`, `disk-failing`: what was copied before stays.
    """
    copied = present = 0
    held = source / FOLDER
    shelves = sorted(held.iterdir()) if held.is_dir() else []
    for shelf in shelves:
        if shelf.name == PARTIAL or not shelf.is_dir():
            continue
        for file in sorted(shelf.iterdir()):
            try:
                copied += _copy(file, target / FOLDER / shelf.name / file.name)
            except FileNotFoundError:
                continue  # erased meanwhile
            present += 1
    return copied, present


def _copy(file: Path, target: Path) -> bool:
    if target.is_file() and target.stat().st_size == file.stat().st_size:
        return False
    draft = target.with_name(f"{target.name}.new")
    with disk.disk_faults(target):
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            shutil.copyfile(file, draft)
            with draft.open("rb+") as written:
                os.fsync(written.fileno())
            disk.move(draft, target)
        except BaseException:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            raise
    return True
