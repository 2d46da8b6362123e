"""Two who rewrite one sentence unseen by each other: both texts stay, are shown, and a person's choice is a change."""

from dataclasses import dataclass, field
from random import Random

import pytest
from sync_province import HUIDONG, HUIZHOU, SHANWEI, Province

from desktop_app.domain.faults import PeerFault
from desktop_app.domain.ids import derived_id
from sync.documents.collisions import collisions
from sync.documents.deletions import Spans, minus, read_seen, seen_by, union
from sync.documents.minutes import MinutesDocument, utf16_length
from sync.documents.settling import settle_text
from sync.log.write import Write
from sync.terminal.records import Records

TEXT = "请有关部门在下季度前完成入户调查，并报送结果。"


@dataclass
class Hand:
    """One terminal with the minutes on its screen."""

    records: Records
    minutes: str
    meeting: str
    document: MinutesDocument = field(default_factory=MinutesDocument)

    def load(self) -> MinutesDocument:
        state = self.records.minutes_state(self.minutes)
        if state is not None:
            self.document.apply(state)
        return self.document

    def replace(self, block: str, old: str, new: str) -> None:
        text = self.document.block(block).text
        self.document.replace(block, utf16_length(text[: text.index(old)]), utf16_length(old), new)
        self.save()

    def save(self) -> None:
        update = self.document.take_update() or b""
        self.records.save_update(self.minutes, update, meeting=self.meeting, seen=self.document.seen)

    @property
    def text(self) -> str:
        return "|".join(block.text for block in self.load().blocks())

    def disputes(self) -> list[dict[str, object]]:
        return self.records.list("text_conflict", state="open")


@dataclass
class Table:
    province: Province
    one: Hand
    two: Hand
    block: str

    def meet(self) -> None:
        for hand in (self.one, self.two, self.one):
            self.province.push(hand.records)
            self.province.pull(hand.records)
        self.province.pull(self.two.records)


@pytest.fixture
def table(province: Province) -> Table:
    first, second = province.terminal(HUIDONG), province.terminal(HUIDONG)
    meeting = province.meeting(first, HUIZHOU)
    minutes = derived_id("minutes", meeting, HUIDONG)
    first.write(Write("minutes", minutes, {"meeting": meeting, "unit_path": HUIDONG, "state": "draft"}, meeting))
    one, two = Hand(first, minutes, meeting), Hand(second, minutes, meeting)
    block = one.document.add_block(text=TEXT)
    one.save()
    province.sync(first, second)
    two.load()
    assert two.text == TEXT
    return Table(province, one, two, block)


def test_both_texts_of_a_passage_that_two_rewrote_apart_are_kept_and_shown(table: Table, province: Province) -> None:
    table.one.replace(table.block, "下季度前", "年底前")
    table.two.replace(table.block, "下季度前", "三月十日前")
    table.meet()
    assert table.one.text == table.two.text
    invited, stranger = province.terminal(HUIZHOU), province.terminal(SHANWEI)
    province.sync(invited, stranger)
    for records in (table.one.records, table.two.records, invited):
        (dispute,) = records.list("text_conflict")
        assert {dispute["mine"], dispute["theirs"]} == {
            TEXT.replace("下季度前", "年底前"),
            TEXT.replace("下季度前", "三月十日前"),
        }
        assert dispute["base"] == TEXT
        assert {dispute["mine_terminal"], dispute["theirs_terminal"]} == {
            table.one.records.device,
            table.two.records.device,
        }
        assert records.status().conflicts == 1
    assert stranger.list("text_conflict") == []


def test_a_persons_choice_is_a_change_that_settles_it_everywhere(table: Table) -> None:
    table.one.replace(table.block, "下季度前", "年底前")
    table.two.replace(table.block, "下季度前", "三月十日前")
    table.meet()
    (dispute,) = table.two.disputes()
    settle_text(table.two.records, str(dispute["pk"]), TEXT.replace("下季度前", "三月十日前"))
    table.meet()
    for hand in (table.one, table.two):
        assert hand.text == TEXT.replace("下季度前", "三月十日前")
        assert hand.disputes() == []
        assert hand.records.status().conflicts == 0
        assert hand.records.list("text_conflict")[0]["chosen"] == hand.text
    assert table.one.records.quarantine() == table.two.records.quarantine() == []


def test_edits_in_different_places_or_seen_by_each_other_are_no_dispute(table: Table) -> None:
    table.one.replace(table.block, "请有关部门", "请民政部门")
    table.two.replace(table.block, "并报送结果", "并报送书面结果")
    table.meet()
    table.one.load()
    table.one.replace(table.block, "下季度前", "年底前")
    table.meet()
    table.two.load()
    table.two.replace(table.block, "年底前", "三月底前")
    table.meet()
    assert table.one.text == table.two.text == "请民政部门在三月底前完成入户调查，并报送书面结果。"
    assert table.one.records.list("text_conflict") == []


def test_a_new_paragraph_each_is_no_dispute_and_a_settled_one_may_open_again(table: Table) -> None:
    for hand, text in ((table.one, "甲段"), (table.two, "乙段")):
        hand.document.add_block(text=text)
        hand.save()
    table.meet()
    assert table.one.records.list("text_conflict") == []
    for words in (("年底前", "三月十日前"), ("夏天", "秋天")):
        for hand, word in zip((table.one, table.two), words, strict=True):
            hand.load()
            hand.replace(table.block, "完成入户调查", f"完成{word}入户调查")
        table.meet()
        (dispute,) = table.one.disputes()
        settle_text(table.one.records, str(dispute["pk"]), TEXT)
        table.meet()
        assert table.two.disputes() == []


def _delete(hand: Hand, block: str, words: str) -> None:
    hand.replace(block, words, "")


@pytest.mark.parametrize("deleter_first", [True, False])
def test_what_one_struck_out_while_the_other_edited_it_is_shown_with_both_texts(
    table: Table, deleter_first: bool
) -> None:
    _delete(table.one, table.block, "在下季度前完成入户调查")
    table.two.replace(table.block, "入户调查", "全面入户调查")
    hands = (table.one, table.two) if deleter_first else (table.two, table.one)
    for hand in (*hands, hands[0]):
        table.province.push(hand.records)
        table.province.pull(hand.records)
    for hand in hands:
        (dispute,) = hand.disputes()
        assert {dispute["mine"], dispute["theirs"]} == {
            TEXT.replace("在下季度前完成入户调查", ""),
            TEXT.replace("入户调查", "全面入户调查"),
        }
    settle_text(table.one.records, str(dispute["pk"]), TEXT)
    table.meet()
    assert table.one.text == table.two.text == TEXT


def test_a_paragraph_that_one_took_out_while_the_other_wrote_in_it_can_be_had_back(table: Table) -> None:
    first = table.one.document.add_block(text="首段", at="2026-11-20T07:00:00.000Z", member_name="陈莉")
    second = table.one.document.add_block(text="次段")
    table.one.save()
    table.meet()
    table.two.load()
    for block in (first, second):
        table.one.document.remove_block(block)
    table.one.save()
    table.two.replace(first, "首段", "首段，补充两句")
    table.two.replace(second, "次段", "次段，也补充")
    table.meet()
    table.meet()
    kept, gone = sorted(table.one.disputes(), key=lambda row: str(row["base"]), reverse=True)
    assert {(row["removed"], row["mine"], row["theirs"]) for row in (kept, gone)} <= {
        ("theirs", "首段，补充两句", ""),
        ("theirs", "次段，也补充", ""),
    }
    settle_text(table.one.records, str(kept["pk"]), "首段，补充两句")
    settle_text(table.one.records, str(gone["pk"]), "")
    table.meet()
    for hand in (table.one, table.two):
        blocks = hand.load().blocks()
        assert [(block.text, block.member_name) for block in blocks] == [(TEXT, ""), ("首段，补充两句", "陈莉")]
        assert hand.disputes() == []


def test_a_deletion_that_the_other_had_seen_or_made_too_is_no_dispute(table: Table, province: Province) -> None:
    _delete(table.one, table.block, "并报送结果")
    table.meet()
    table.two.load()
    table.two.replace(table.block, "完成入户调查，", "完成入户调查")
    table.meet()
    table.one.load()
    for hand in (table.one, table.two):
        _delete(hand, table.block, "下季度前" if hand is table.one else "在下季度前")
    table.meet()
    table.one.load()
    later = province.terminal(HUIDONG)
    province.sync(later)
    third = Hand(later, table.one.minutes, table.one.meeting)
    third.load()
    third.replace(table.block, "有关部门", "民政部门")
    province.sync(later, table.one.records)
    table.meet()
    assert table.one.text == "请民政部门完成入户调查。"
    assert table.one.records.list("text_conflict") == []


def test_spans_are_added_and_taken_away_as_sets_are() -> None:
    rng = Random(3)
    for _ in range(200):
        one, other = ({rng.randrange(40) for _ in range(rng.randrange(25))} for _ in range(2))
        spans = [union({}, {7: tuple((item, item + 1) for item in each)}) for each in (one, other)]
        assert _items(union(*spans)) == one | other
        assert _items(minus(*spans)) == one - other
        assert read_seen(seen_by(b"\1\7\5", spans[0])) == (b"\1\7\5", spans[0])
    assert read_seen(b"\1\7\5") == (b"\1\7\5", None), "of an earlier version"
    for broken in (b"\1\7", b"\xff" * 12, b"\0\1"):
        with pytest.raises(PeerFault, match="update-unreadable"):
            read_seen(broken)


def _items(spans: Spans) -> set[int]:
    return {item for first, end in spans.get(7, ()) for item in range(first, end)}


def test_hours_of_typing_apart_are_one_dispute_with_the_whole_of_both_texts(table: Table) -> None:
    for character in "一二三四五六七八九十" * 12:
        for hand in (table.one, table.two):
            hand.document.replace(table.block, 1, 0, character if hand is table.one else character * 2)
            hand.save()
    table.meet()
    (dispute,) = table.one.disputes()
    assert sorted(len(str(dispute[side])) for side in ("mine", "theirs")) == [len(TEXT) + 120, len(TEXT) + 240]


def test_what_two_did_to_one_block_is_told_apart_by_place() -> None:
    base = MinutesDocument()
    block = base.add_block(text="甲乙丙丁戊己")
    before = [base.state()]

    def changed(*edits: tuple[int, int, str]) -> list[bytes]:
        document = MinutesDocument.from_updates(before)
        for at, removed, text in edits:
            document.replace(block, at, removed, text)
        return [document.take_update() or b""]

    left = changed((1, 2, "改"))
    assert collisions(before, left, changed((4, 1, "动"))) == []
    assert collisions(before, left, changed((3, 0, "插"))) == [], "right behind it"
    assert collisions(before, left, left) == []
    assert [one.block.id for one in collisions(before, left, changed((2, 2, "动")))] == [block]
    assert [one.block.id for one in collisions(before, changed((2, 0, "一")), changed((2, 0, "二")))] == [block]
    assert [one.mine for one in collisions(before, changed((1, 4, "")), changed((2, 0, "插")))] == ["甲己"]
    assert collisions(before, changed((1, 3, "")), changed((2, 3, ""))) == [], "two who only took out"
    assert collisions(before, changed((2, 0, "一")), changed((4, 0, "二"))) == []
