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
    """One update that says what all of them say, in whatever order they come.

    pycrdt loses parts of updates that come before what they build on (seen with 0.14.13), and a further pass brings
    them in: they are applied until a pass changes nothing. In the order of a store the second pass is that one.
    """
    listed = list(updates)
    doc: Doc[Any] = Doc()
    before = b""
    while True:
        for update in listed:
            apply_update(doc, update)
        state = bytes(doc.get_update())
        if state == before:
            return state
        before = state
