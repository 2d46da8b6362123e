"""Two hands in one passage: the blocks that were changed in the same place by people who could not see each other.

Yjs merges everything and loses nothing, but two rewritings of one sentence come out mingled. Here both texts are told
apart again, as each was meant, so that a person can choose.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from pycrdt import get_update

from sync.documents.minutes import Block, MinutesDocument
from sync.documents.updates import merged

LONGEST_COMPARED = 4_000
"""Characters; longer passages are compared by what lies between their common beginning and end."""
Range = tuple[int, int, bool]
"""From, to, and whether it was only taken out."""


@dataclass(frozen=True, slots=True)
class Collision:
    """One block: what both had before, and what each made of it (None: took the whole block out)."""

    block: Block
    after: str
    """The id of the block before it; empty for the first."""
    mine: str | None
    theirs: str | None


def is_covered(update: bytes, seen: bytes) -> bool:
    """Whether whoever had this state vector had all that the update inserts. For what it deletes see `deletions`."""
    try:
        return bytes(get_update(update, seen))[:1] == b"\0"
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # noqa: BLE001  (the extension's panics are not Exceptions; a state vector may be anything)
        return True


def collisions(before: Sequence[bytes], mine: Sequence[bytes], theirs: Sequence[bytes]) -> list[Collision]:
    """The blocks that `mine` and `theirs` both changed in one place; `before` is all that both had."""
    base, left, right = (_blocks([*before, *more]) for more in ((), mine, theirs))
    found, after = [], ""
    for block in base.values():
        one, other = (None if side is None else side.text for side in (left.get(block.id), right.get(block.id)))
        if one != other and _apart(block.text, one, other):
            found.append(Collision(block, after, one, other))
        after = block.id
    return found


def _blocks(updates: Sequence[bytes]) -> dict[str, Block]:
    if not updates:
        return {}
    return {block.id: block for block in MinutesDocument.from_updates([merged(updates)]).blocks()}


def _apart(text: str, one: str | None, other: str | None) -> bool:
    """Whether two people made different things of one place. Two who only took out agree as far as they overlap."""
    if one is None or other is None:
        kept = other if one is None else one
        return kept is not None and any(not only_out for *_, only_out in _changed(text, kept))
    return _overlap(_changed(text, one), _changed(text, other))


def _changed(before: str, after: str) -> list[Range]:
    """The ranges of `before` that are others in `after`; an empty one is an insertion."""
    head = 0
    while head < min(len(before), len(after)) and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < min(len(before), len(after)) - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    if not old and not new:
        return []
    if max(len(old), len(new)) > LONGEST_COMPARED:
        return [(head, head + len(old), not new)]
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    steps = matcher.get_opcodes()
    return [(head + i1, head + i2, tag == "delete") for tag, i1, i2, _, _ in steps if tag != "equal"]


def _overlap(left: list[Range], right: list[Range]) -> bool:
    """Whether two people wrote in the same place: ranges that share a character, or insertions at one point."""
    return any(_meet(one, other) for one in left for other in right)


def _meet(one: Range, other: Range) -> bool:
    if one[2] and other[2]:
        return False
    return one[0] == other[0] or (one[0] < other[1] and other[0] < one[1])
