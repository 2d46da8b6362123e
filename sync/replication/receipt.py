"""回执: the center's signed word that it holds a run of a terminal's changes, and what became of them.

body = msgpack [1, number, terminal, epoch, first_seq, last_seq, head_hash, received_ms,
                [[seq, verdict, reason], ...] (those not applied), {entity: count}]
receipt = msgpack [body, signature over "silian-receipt-v1" || SHA-256(body)]
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgpack

from desktop_app.domain.faults import PeerFault
from sync.log.envelope import HASH_BYTES, Verdict, pack_device, unpack_device
from sync.log.signing import receipt_message

VERSION = 1


@dataclass(frozen=True, slots=True)
class Receipt:
    """One receipt; `body` and `signature` are what prove it."""

    number: int
    terminal: str
    epoch: int
    first_seq: int
    last_seq: int
    head_hash: bytes
    received_ms: int
    verdicts: tuple[tuple[int, str, str], ...]
    """(seq, verdict, reason) of the changes that were held or refused; all others were applied."""
    entities: Mapping[str, int]
    """How many changes of each entity it covers."""
    body: bytes = b""
    signature: bytes = b""

    @property
    def received_at(self) -> datetime:
        return datetime.fromtimestamp(self.received_ms / 1000, UTC)

    @property
    def changes(self) -> int:
        return self.last_seq - self.first_seq + 1

    def message(self) -> bytes:
        """What the signature is over."""
        return receipt_message(self.body)

    def to_bytes(self) -> bytes:
        return bytes(msgpack.packb([self.body, self.signature]))


def receipt_body(
    number: int,
    terminal: str,
    epoch: int,
    seqs: tuple[int, int],
    head_hash: bytes,
    received_ms: int,
    verdicts: tuple[tuple[int, str, str], ...],
    entities: Mapping[str, int],
) -> bytes:
    """The bytes to sign; `seqs` is the first and the last."""
    listed = [list(each) for each in verdicts]
    counts = dict(sorted(entities.items()))
    return bytes(
        msgpack.packb([VERSION, number, pack_device(terminal), epoch, *seqs, head_hash, received_ms, listed, counts])
    )


def read_body(body: bytes, signature: bytes) -> Receipt:
    """Open a receipt; PeerFault `receipt-unreadable` for anything else. The signature is for the caller to verify."""
    try:
        version, number, terminal, epoch, first, last, head_hash, received_ms, verdicts, entities = msgpack.unpackb(
            body, strict_map_key=True
        )
        if version != VERSION or not all(_is_count(each) for each in (number, epoch, first, last, received_ms)):
            raise PeerFault("receipt-unreadable")
        if not isinstance(head_hash, bytes) or len(head_hash) != HASH_BYTES or not 0 < first <= last:
            raise PeerFault("receipt-unreadable")
        stated = tuple((int(seq), Verdict(verdict).value, str(reason)) for seq, verdict, reason in verdicts)
        counted = {str(name): int(count) for name, count in entities.items()}
        return Receipt(
            number,
            unpack_device(terminal),
            epoch,
            first,
            last,
            head_hash,
            received_ms,
            stated,
            counted,
            body,
            signature,
        )
    except (ValueError, TypeError, AttributeError, msgpack.UnpackException, RecursionError) as err:
        raise PeerFault("receipt-unreadable") from err


def read_receipt(raw: bytes) -> Receipt:
    """The inverse of `to_bytes`; PeerFault `receipt-unreadable`."""
    try:
        body, signature = msgpack.unpackb(raw)
    except (ValueError, TypeError, msgpack.UnpackException, RecursionError) as err:
        raise PeerFault("receipt-unreadable") from err
    if not isinstance(body, bytes) or not isinstance(signature, bytes):
        raise PeerFault("receipt-unreadable")
    return read_body(body, signature)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63
