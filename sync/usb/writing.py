"""A file on a stick is there whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from desktop_app.domain.faults import HostFault, OperatorError
from sync.blobs.disk import FULL


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Write beside it, then rename. HostFault `disk-full`; OperatorError `usb-not-written`; the old file then stays."""
    draft = path.with_name(path.name + ".new")
    try:
        with draft.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except OSError as err:
        if err.errno in FULL:
            raise HostFault("disk-full", folder=str(path.parent)) from err
        raise OperatorError("usb-not-written", file=path.name, reason=err.strerror or "") from err
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
