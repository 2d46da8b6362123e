"""The minutes as a document that several hands write, offline and online."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop_app.domain.faults import PeerFault
from sync.documents.minutes import DocumentChange, MinutesDocument
from sync.documents.positions import bytes_before, units_before, utf16_length
from sync.documents.updates import merged

HARD = "a好😀𠀀é\u0301z"


def _texts(document: MinutesDocument) -> list[str]:
    return [block.text for block in document.blocks()]


def test_a_block_is_bound_to_who_said_it_and_when() -> None:
    document = MinutesDocument()
    first = document.add_block(agenda_item="a1", member="m1", member_name="委员001", site="s/", at="t", text="同意")
    document.add_block(first, text="第三")
    second = document.add_block(first, text="第二")
    document.bind(second, member_name="委员002")
    assert _texts(document) == ["同意", "第二", "第三"]
    assert document.block(second).member_name == "委员002"
    assert document.blocks()[0].agenda_item == "a1"


def test_qt_positions_land_on_the_right_characters_of_every_plane() -> None:
    document = MinutesDocument()
    block = document.add_block(text="你好😀世界𠀀完")
    document.replace(block, 2, 2, "!")  # the emoji is two code units
    assert document.block(block).text == "你好!世界𠀀完"
    document.replace(block, 5, 2, "𠀁")
    assert document.block(block).text == "你好!世界𠀁完"
    document.replace(block, 6, 1, "x")  # the second half of a pair: nothing is torn
    assert document.block(block).text in ("你好!世界x𠀁完", "你好!世界x完")
    document.replace(block, 999, 5, "\ud83d尾")
    assert document.block(block).text.endswith("\ufffd尾")


@given(st.text(HARD, max_size=30), st.integers(0, 80))
def test_positions_map_there_and_back(text: str, at: int) -> None:
    offset = bytes_before(text, at)
    assert text.encode()[:offset].decode() + text.encode()[offset:].decode() == text
    assert units_before(text, offset) in (at, at - 1, utf16_length(text))


def test_typing_comes_out_as_one_update_and_builds_the_same_minutes_elsewhere() -> None:
    here, there = MinutesDocument(), MinutesDocument()
    block = here.add_block(text="")
    for position, character in enumerate("逐字记录"):
        here.replace(block, position, 0, character)
    update = here.take_update()
    assert update is not None
    assert here.take_update() is None
    there.apply(update)
    there.apply(update)
    assert _texts(there) == ["逐字记录"]
    assert there.take_update() is None, "another hand's words are not sent as ours"
    assert there.sha256() == here.sha256()


def test_both_hands_words_survive_when_they_were_offline() -> None:
    here, there = MinutesDocument(), MinutesDocument()
    block = here.add_block(text="共同")
    there.apply(here.take_update() or b"")
    here.replace(block, 2, 0, "甲写的")
    there.replace(block, 2, 0, "乙写的")
    mine, theirs = here.take_update() or b"", there.take_update() or b""
    here.apply(theirs)
    there.apply(mine)
    assert here.canonical_json() == there.canonical_json()
    assert "甲写的" in _texts(here)[0]
    assert "乙写的" in _texts(here)[0]


def test_a_remote_edit_is_told_in_the_screens_own_positions() -> None:
    here, there = MinutesDocument(), MinutesDocument()
    block = here.add_block(text="😀你好，世界")
    there.apply(here.state())
    seen: list[DocumentChange] = []
    screen = there.block(block).text
    there.observe(seen.append)
    here.take_update()
    here.replace(block, 3, 0, "𠀀")
    here.replace(block, 0, 2, "")
    there.apply(here.take_update() or b"")
    units = screen.encode("utf-16-le")
    for edit in seen[0].edits:
        units = units[: 2 * edit.start] + edit.text.encode("utf-16-le") + units[2 * (edit.start + edit.removed) :]
    assert not seen[0].structure
    assert units.decode("utf-16-le") == here.block(block).text == there.block(block).text


def test_a_block_that_came_or_went_is_told_as_structure() -> None:
    here, there = MinutesDocument(), MinutesDocument()
    seen: list[DocumentChange] = []
    there.observe(seen.append)
    block = here.add_block(text="一")
    there.apply(here.take_update() or b"")
    here.remove_block(block)
    there.apply(here.take_update() or b"")
    assert [change.structure for change in seen] == [True, True]
    assert there.blocks() == []


def test_undo_takes_back_only_what_was_typed_here() -> None:
    now = [0]
    here, there = MinutesDocument(now_ms=lambda: now[0]), MinutesDocument()
    block = here.add_block(text="起")
    there.apply(here.state())
    there.replace(block, 1, 0, "远")
    here.apply(there.take_update() or b"")
    now[0] = 10_000
    here.replace(block, 2, 0, "近")
    here.take_update()
    seen: list[DocumentChange] = []
    here.observe(seen.append)
    assert here.undo()
    assert _texts(here) == ["起远"]
    assert seen[0].edits
    there.apply(here.take_update() or b"")
    assert _texts(there) == ["起远"], "an undo travels like typing"
    assert here.redo()
    assert _texts(here) == ["起远近"]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**9))
def test_minutes_converge_in_whatever_order_updates_arrive(seed: int) -> None:
    rng = random.Random(seed)
    hands = [MinutesDocument() for _ in range(3)]
    first = hands[0].add_block(text=HARD)
    start = hands[0].take_update() or b""
    for hand in hands[1:]:
        hand.apply(start)
    updates = [start]  # in the order of a store: nobody's later word before its earlier one
    heard = [1, 1, 1]
    for _ in range(12):
        at = rng.randrange(3)
        hand = hands[at]
        block = rng.choice([block.id for block in hand.blocks()] or [first])
        act = rng.random()
        if act < 0.2 or not hand.blocks():
            hand.add_block(text=rng.choice(HARD))
        elif act < 0.25:
            hand.remove_block(block)
        else:
            hand.replace(block, rng.randrange(12), rng.randrange(4), rng.choice(HARD) * rng.randrange(3))
        updates += [update] if (update := hand.take_update()) else []
        at = rng.randrange(3)
        if rng.random() < 0.5:
            for update in updates[heard[at] :]:
                hands[at].apply(update)
            heard[at] = len(updates)
    for at, hand in enumerate(hands):
        for update in updates[max(0, heard[at] - 2) :]:
            hand.apply(update)
    shuffled = merged(rng.sample(updates, len(updates)))
    everyone = [*hands, MinutesDocument.from_updates(updates), MinutesDocument.from_updates([shuffled])]
    assert len({document.sha256() for document in everyone}) == 1
    for hand in hands:
        assert MinutesDocument.from_updates([hand.state()]).sha256() == hand.sha256()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**9))
def test_the_screen_shows_what_the_document_holds_even_after_updates_that_came_too_early(seed: int) -> None:
    rng = random.Random(seed)
    writer, reader = MinutesDocument(), MinutesDocument()
    block = writer.add_block(text=HARD)
    updates = [writer.take_update() or b""]
    for _ in range(8):
        writer.replace(block, rng.randrange(9), rng.randrange(3), rng.choice(HARD) * rng.randrange(1, 3))
        updates.append(writer.take_update() or b"")
    reader.apply(updates[0])
    screen = reader.block(block).text.encode("utf-16-le")
    changes: list[DocumentChange] = []
    reader.observe(changes.append)
    for update in rng.sample(updates, len(updates)) + updates:
        if update:
            reader.apply(update)
    for edit in (edit for change in changes for edit in change.edits):
        tail = screen[2 * (edit.start + edit.removed) :]
        screen = screen[: 2 * edit.start] + edit.text.encode("utf-16-le") + tail
    assert screen.decode("utf-16-le") == reader.block(block).text


@pytest.mark.parametrize("garbage", [b"", b"\x00", b"garbage", b"\xff" * 40, b"\x01\x01"])
def test_bytes_that_are_no_update_change_nothing(garbage: bytes) -> None:
    document = MinutesDocument()
    document.add_block(text="在")
    before = document.sha256()
    with pytest.raises(PeerFault, match="update-unreadable"):
        document.apply(garbage)
    assert document.sha256() == before
    document.add_block(text="还能写")
    assert _texts(document) == ["在", "还能写"]


def test_a_foreign_shape_in_the_document_is_left_out() -> None:
    from pycrdt import Array, Doc, Map, Text

    doc: Doc = Doc()
    doc["blocks"] = Array(["text", Map({"id": 5}), Map({"id": "b", "text": Text("好"), "at": 7}), Map({"id": "b"})])
    document = MinutesDocument.from_updates([doc.get_update()])
    assert _texts(document) == ["好"]
    added = document.add_block("b", text="后")
    document.remove_block("b")
    assert [block.id for block in document.blocks()] == [added]
