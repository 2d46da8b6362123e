"""pycrdt updates as bytes: whether they are updates at all, and several as one."""

from collections.abc import Iterable
from typing import Any

from pycrdt import Doc

from desktop_app.domain.faults import PeerFault


def apply_update(doc: "Doc[Any]", update: bytes) -> None:
    """Apply bytes from anywhere; whatever they are, raise only PeerFault `update-unreadable`."""
    try:
        doc.apply_update(update)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as err:  # the extension raises ValueError, and its panics are not Exceptions
        raise PeerFault("update-unreadable") from err


def check_update(update: bytes) -> None:
    """PeerFault `update-unreadable` unless the bytes are a Yjs update (version 1)."""
    apply_update(Doc(), update)


def merged(updates: Iterable[bytes]) -> bytes:
    """One update that says what all of them say: applied once, encoded once."""
    doc: Doc[Any] = Doc()
    for update in updates:
        apply_update(doc, update)
    return bytes(doc.get_update())
