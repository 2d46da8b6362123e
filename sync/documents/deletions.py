"""What was taken out of a document, as Yjs counts it: for each client that wrote, the spans of its items that are gone.

A state vector says which insertions somebody had; of deletions it says nothing. So a hand adds to the state vector of
an update the spans that it has seen gone since it last said so (`seen_by`), and the center can tell who deleted what
unseen.

The bytes are a delete set of a Yjs update (version 1): numbers of 7 bits a byte, the lowest first.
"""

from collections.abc import Iterator
from typing import Any

from pycrdt import Doc, get_state, get_update

from desktop_app.domain.faults import PeerFault

Span = tuple[int, int]
Spans = dict[int, tuple[Span, ...]]
"""By client, (first item, the one behind the last), in order and apart from each other."""
LONGEST = 9
"""Bytes of a number."""


def gone_from(doc: "Doc[Any]") -> Spans:
    """All that was ever deleted from a document."""
    return _spans(bytes(doc.get_update(doc.get_state())))


def gone_by(update: bytes) -> Spans:
    """What an update deletes; PeerFault `update-unreadable`."""
    try:
        only_deletes = bytes(get_update(update, get_state(update)))
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as err:  # the extension's panics are not Exceptions
        raise PeerFault("update-unreadable") from err
    return _spans(only_deletes)


def _spans(update: bytes) -> Spans:
    """Of an update without insertions."""
    if update[:1] != b"\0":
        return {}  # what came too early to be placed is told by a later one
    return _read(update, 1)


def seen_by(state: bytes, gone: Spans) -> bytes:
    """A state vector, and behind it what was seen gone."""
    return state + _write(gone)


def read_seen(seen: bytes) -> tuple[bytes, Spans | None]:
    """The state vector, and what was seen gone; None where its writer says nothing of that. PeerFault
    `update-unreadable`."""
    numbers = _Numbers(seen, 0)
    for _ in range(numbers.next()):
        numbers.next()
        numbers.next()
    return seen[: numbers.at], _read(seen, numbers.at) if numbers.at < len(seen) else None


def union(one: Spans, other: Spans) -> Spans:
    joined = {}
    for client in one.keys() | other.keys():
        merged: list[Span] = []
        for first, end in sorted((*one.get(client, ()), *other.get(client, ()))):
            if merged and first <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((first, end))
        joined[client] = tuple(merged)
    return joined


def minus(one: Spans, other: Spans) -> Spans:
    """What is in `one` and not in `other`."""
    left = {}
    for client, spans in one.items():
        rest = [piece for span in spans for piece in _without(span, other.get(client, ()))]
        if rest:
            left[client] = tuple(rest)
    return left


def _without(span: Span, taken: tuple[Span, ...]) -> Iterator[Span]:
    first, end = span
    for start, stop in taken:
        if stop <= first or start >= end:
            continue
        if start > first:
            yield first, start
        first = max(first, stop)
    if first < end:
        yield first, end


class _Numbers:
    """Reads one number after another."""

    def __init__(self, raw: bytes, at: int) -> None:
        self._raw = raw
        self.at = at

    def next(self) -> int:
        value = 0
        for place in range(LONGEST):
            if self.at >= len(self._raw):
                raise PeerFault("update-unreadable")
            byte = self._raw[self.at]
            self.at += 1
            value |= (byte & 0x7F) << (7 * place)
            if byte < 0x80:
                return value
        raise PeerFault("update-unreadable")


def _read(raw: bytes, at: int) -> Spans:
    numbers = _Numbers(raw, at)
    found: Spans = {}
    for _ in range(numbers.next()):
        client, count = numbers.next(), numbers.next()
        spans = []
        for _ in range(count):
            first = numbers.next()
            spans.append((first, first + numbers.next()))
        found = union(found, {client: tuple(spans)})
    return found


def _write(spans: Spans) -> bytes:
    numbers = [len(spans)]
    for client in sorted(spans):
        numbers += [client, len(spans[client])]
        for first, end in spans[client]:
            numbers += [first, end - first]
    return b"".join(map(_number, numbers))


def _number(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
