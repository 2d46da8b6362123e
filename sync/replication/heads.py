"""The heads: checksums by which a terminal and the center find out that they hold different changes.

A change belongs to one of 256 buckets by the last byte of its id, which is random. A bucket's sum is how many changes
it has (4 bytes) and the exclusive-or of their digests (16 bytes each):

    digest = first 16 bytes of SHA-256(change_id || hlc (8) || received_ms (8) || SHA-256(payload))

with 32 zero bytes in place of the last hash where the payload was erased. The answer is

    heads = zstd(msgpack [1, feed, cursor, settled, sums, signature])

signed by the center over (reader, feed, cursor, settled, SHA-256(sums)); where something has been told or acknowledged
since, it is not settled and has no sums: the terminal reads on and asks another time.
"""

import hashlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from desktop_app.domain.faults import PeerFault
from sync.log.envelope import Change
from sync.log.signing import heads_message
from sync.replication.batch import is_number
from sync.replication.packing import pack, unpack
from sync.replication.page import FEED_BYTES

VERSION = 1
BUCKETS = tuple(f"{number:02x}" for number in range(256))
"""Their names: the last two hex digits of a change id."""
COUNT_BYTES, DIGEST_BYTES = 4, 16
SUM_BYTES = COUNT_BYTES + DIGEST_BYTES
NO_PAYLOAD = bytes(32)


@dataclass(frozen=True, slots=True)
class Heads:
    """The center's sums as they arrived. Nothing of it counts before its signature is verified."""

    feed: bytes
    cursor: int
    settled: bool
    sums: bytes
    signature: bytes

    def message(self, reader: str) -> bytes:
        """What the signature is over, for this reader."""
        return heads_message(reader, self.feed, self.cursor, self.settled, self.sums)


def bucket_of(change_id: str) -> str:
    return change_id[-2:]


def digest_of(change: Change) -> bytes:
    """What a bucket adds up of a change: all that decides what it makes of a record."""
    said = NO_PAYLOAD if change.payload is None else hashlib.sha256(change.payload).digest()
    numbers = change.hlc.to_bytes(8, "big") + (change.received_ms or 0).to_bytes(8, "big")
    return hashlib.sha256(uuid.UUID(change.change_id).bytes + numbers + said).digest()[:DIGEST_BYTES]


def sums_of(changes: Iterable[Change]) -> bytes:
    """The sums of all buckets, in their order."""
    counts, digests = [0] * len(BUCKETS), [0] * len(BUCKETS)
    for change in changes:
        at = int(bucket_of(change.change_id), 16)
        counts[at] += 1
        digests[at] ^= int.from_bytes(digest_of(change), "big")
    return b"".join(
        count.to_bytes(COUNT_BYTES, "big") + digest.to_bytes(DIGEST_BYTES, "big")
        for count, digest in zip(counts, digests, strict=True)
    )


def differing(ours: bytes, theirs: bytes) -> list[str]:
    """The buckets whose sums differ."""
    starts = range(0, len(BUCKETS) * SUM_BYTES, SUM_BYTES)
    pairs = zip(BUCKETS, starts, strict=True)
    return [name for name, at in pairs if ours[at : at + SUM_BYTES] != theirs[at : at + SUM_BYTES]]


def pack_heads(heads: Heads) -> bytes:
    return pack([VERSION, heads.feed, heads.cursor, heads.settled, heads.sums, heads.signature])


def read_heads(raw: bytes) -> Heads:
    """The inverse; PeerFault `message-unreadable`, `message-too-large` or `heads-malformed` for anything else."""
    body = unpack(raw)
    try:
        version, feed, cursor, settled, sums, signature = body
    except (ValueError, TypeError) as err:
        raise PeerFault("heads-malformed") from err
    texts = all(isinstance(each, bytes) for each in (feed, sums, signature))
    if version != VERSION or not texts or not is_number(cursor) or not isinstance(settled, bool):
        raise PeerFault("heads-malformed")
    if len(feed) != FEED_BYTES or len(sums) != (len(BUCKETS) * SUM_BYTES if settled else 0):
        raise PeerFault("heads-malformed")
    return Heads(feed, cursor, settled, sums, signature)
