"""The snapshot: all that a reader may see up to one cursor, in few large parts, countersigned.

    part = zstd(msgpack [1, feed, bucket, until, after, next, done, now_ms, items, signature])

The items are those of a page (see `sync.replication.page`), each change once. `until` is the feed's end when the first
part was made, and pulling goes on from there. `bucket` is empty, or the name of the one bucket that is asked for (see
`sync.replication.heads`). The signature is the center's, over the reader and everything else.
"""

from dataclasses import dataclass

import msgpack

from desktop_app.domain.faults import PeerFault
from desktop_app.domain.limits import SNAPSHOT_CHANGES
from sync.log.envelope import Change
from sync.log.signing import part_message
from sync.replication.batch import is_number
from sync.replication.heads import BUCKETS
from sync.replication.packing import pack, unpack
from sync.replication.page import FEED_BYTES, read_items

VERSION = 1


@dataclass(frozen=True, slots=True)
class Part:
    """A part as it arrived. Nothing of it counts before its signature is verified."""

    feed: bytes
    bucket: str
    until: int
    after: int
    following: int
    done: bool
    now_ms: int
    items: bytes
    signature: bytes = b""

    def message(self, reader: str) -> bytes:
        """What the signature is over, for this reader."""
        numbers = (self.until, self.after, self.following, self.now_ms)
        return part_message(reader, self.feed, self.bucket, numbers, self.done, self.items)

    def changes(self) -> list[Change]:
        """PeerFault `part-malformed` for items that are none."""
        try:
            return read_items(self.items, SNAPSHOT_CHANGES)
        except (PeerFault, ValueError, TypeError, msgpack.UnpackException, RecursionError) as err:
            raise PeerFault("part-malformed") from err


def pack_part(part: Part) -> bytes:
    return pack(
        [
            VERSION,
            part.feed,
            part.bucket,
            part.until,
            part.after,
            part.following,
            part.done,
            part.now_ms,
            part.items,
            part.signature,
        ]
    )


def read_part(raw: bytes) -> Part:
    """The inverse; PeerFault `message-unreadable`, `message-too-large` or `part-malformed` for anything else."""
    body = unpack(raw)
    try:
        version, feed, bucket, until, after, following, done, now_ms, items, signature = body
    except (ValueError, TypeError) as err:
        raise PeerFault("part-malformed") from err
    numbers = all(is_number(each) for each in (until, after, following, now_ms))
    texts = all(isinstance(each, bytes) for each in (feed, items, signature)) and bucket in ("", *BUCKETS)
    if version != VERSION or not numbers or not texts or not isinstance(done, bool) or len(feed) != FEED_BYTES:
        raise PeerFault("part-malformed")
    return Part(feed, bucket, until, after, following, done, now_ms, items, signature)
