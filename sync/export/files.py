"""A document reaches its place whole or not at all: a file that was there stays until the new one is on the disk."""

import contextlib
import errno
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from desktop_app.domain.faults import HostFault


def write_whole(path: Path, fill: Callable[[IO[bytes]], object]) -> Path:
    """Let `fill` write a file beside `path`, then put it in its place; the folder is made where it is missing.

    HostFault: `disk-full`, `export-file-open` (another program holds it), `export-not-written`.
    """
    scratch: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.stem}-", suffix=".part", delete=False
        ) as file:
            scratch = Path(file.name)
            fill(file.file)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    except OSError as err:
        raise _fault(path, err) from err
    finally:
        if scratch is not None:
            with contextlib.suppress(OSError):
                scratch.unlink(missing_ok=True)
    return path


def _fault(path: Path, err: OSError) -> HostFault:
    if err.errno in (errno.ENOSPC, errno.EDQUOT):
        return HostFault("disk-full", file=path.name)
    if isinstance(err, PermissionError):
        return HostFault("export-file-open", file=path.name)
    return HostFault("export-not-written", file=path.name, reason=err.strerror or type(err).__name__)
