"""A package handed to a center that is running, through a folder of its own that both programs may open.

`silian center import` puts the file there and waits; the center, which alone may open its store, takes it in and puts
the receipt beside it. Whoever may write into the center's folder may do this, and the package is sealed and signed.
"""

import json
import logging
import os
import secrets
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from desktop_app.domain.faults import Fault, HostFault, OperatorError, PeerFault
from sync.blobs.disk import disk_faults
from sync.usb.center import PACKAGE_SUFFIX, RECEIPT_SUFFIX, Imported

log = logging.getLogger("silian.usb")
FOLDER = "usb"
ANSWER_SUFFIX = ".json"
LOOK_EVERY = 0.2
_KINDS = {kind.__name__: kind for kind in (OperatorError, PeerFault, HostFault)}


class Spool:
    """Both ends of the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER

    # The command

    def hand_over(
        self, package: Path, receipt: Path, *, seconds: float, pause: Callable[[float], None] = time.sleep
    ) -> Mapping[str, Any]:
        """Give a package to the running center; what it said. Its fault where it refused; OperatorError `usb-busy`
        where nobody answered, `file-unreadable`; HostFault `disk-full`."""
        name = secrets.token_hex(8)
        draft, sent = self._path(name, ".new"), self._path(name, PACKAGE_SUFFIX)
        answer, written = self._path(name, ANSWER_SUFFIX), self._path(name, RECEIPT_SUFFIX)
        if not package.is_file():
            raise OperatorError("file-unreadable", file=package.name, reason="")
        try:
            with disk_faults(sent):
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                shutil.copyfile(package, draft)
                os.replace(draft, sent)
            waited = 0.0
            while not answer.is_file():
                if waited >= seconds:
                    raise OperatorError("usb-busy")
                pause(LOOK_EVERY)
                waited += LOOK_EVERY
            told: dict[str, Any] = json.loads(answer.read_bytes())
            if fault := told.get("fault"):
                kind = _KINDS.get(str(told.get("kind")), PeerFault)
                values = dict(told.get("values") or {})
                if "file" in values:
                    values["file"] = package.name
                raise kind(str(fault), **values)
            with disk_faults(receipt):
                shutil.copyfile(written, receipt)
            return told
        finally:
            for path in (draft, sent, answer, written):
                with suppress(OSError):
                    path.unlink(missing_ok=True)

    # The center

    def serve(self, take_in: Callable[[Path, Path], Imported]) -> int:
        """Take in what lies there; how many packages that were. Never raises for a package."""
        packages = sorted(self._folder.glob(f"*{PACKAGE_SUFFIX}")) if self._folder.is_dir() else []
        for package in packages:
            receipt = package.with_suffix(RECEIPT_SUFFIX)
            try:
                told = as_json(take_in(package, receipt))
            except Fault as fault:
                log.warning("a sync package was not imported: %s", fault)
                told = {"fault": fault.id, "kind": type(fault).__name__, "values": fault.values}
            with suppress(OSError):
                self._answer(package, told)
        return len(packages)

    def _answer(self, package: Path, told: Mapping[str, Any]) -> None:
        package.unlink(missing_ok=True)
        draft = package.with_suffix(".answer")
        draft.write_text(json.dumps(told, default=str), "utf-8")
        os.replace(draft, package.with_suffix(ANSWER_SUFFIX))

    def clear(self) -> None:
        """At the center's start: what a command that died left here."""
        if self._folder.is_dir():
            for path in self._folder.iterdir():
                if path.suffix != PACKAGE_SUFFIX:
                    with suppress(OSError):
                        path.unlink(missing_ok=True)

    def _path(self, name: str, suffix: str) -> Path:
        return self._folder / f"{name}{suffix}"


def as_json(imported: Imported) -> dict[str, Any]:
    """What `silian center import --json` prints, but for the receipt's place."""
    return {
        "device": imported.device,
        "unit_path": imported.unit_path,
        "changes": imported.changes,
        "new": imported.new,
        "attachments": imported.attachments,
        "refused": imported.refused,
    }
