"""Every write of a blob to the disk passes through here, so that a full disk is one fault and a test can be the disk.

HostFault `disk-full` and `disk-failing`; what was there before is then still there.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from desktop_app.domain.faults import HostFault

FULL = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG})
_BINARY = getattr(os, "O_BINARY", 0)


@contextmanager
def disk_faults(path: Path) -> Iterator[None]:
    """Turn what the disk did into a HostFault; a file that is not there stays a FileNotFoundError."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as err:
        full = err.errno in FULL
        raise HostFault("disk-full" if full else "disk-failing", folder=str(path.parent)) from err


def open_private(path: Path) -> IO[bytes]:
    """A file to read and write, made where it is not there, for its owner alone, unbuffered."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | _BINARY, 0o600)
    return os.fdopen(descriptor, "r+b", buffering=0)


def write_all(file: IO[bytes], content: bytes | bytearray) -> None:
    """All of `content` at the file's position: an unbuffered write may take less at a time."""
    view = memoryview(content)
    while view:
        view = view[file.write(view) :]


def keep(file: IO[bytes]) -> None:
    """What was written is on the disk when this returns."""
    os.fsync(file.fileno())


def move(source: Path, target: Path) -> None:
    """Give a file its final name, durably: the name is there after a power cut too."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.replace(source, target)
    keep_folder(target.parent)
    keep_folder(target.parent.parent)


def keep_folder(folder: Path) -> None:
    """Make the names in a folder durable; elsewhere than on POSIX the file system does it by itself."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
