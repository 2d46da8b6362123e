"""Small files that are either the old one or the new one, whatever happens in between."""

import errno
import os
from pathlib import Path

from desktop_app.domain.faults import HostFault


def write_whole(path: Path, content: bytes) -> None:
    """Replace `path` at once and durably: written beside it, fsynced, then renamed over it. Readable by its owner.

    HostFault `disk-full` or `disk-failing`; the old file is then as it was.
    """
    try:
        _write(path, content)
    except OSError as err:
        full = err.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
        raise HostFault("disk-full" if full else "disk-failing", folder=str(path.parent)) from err


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
