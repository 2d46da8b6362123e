"""Two who rewrite one sentence unseen by each other: both texts stay, are shown, and a person's choice is a change."""

from dataclasses import dataclass, field

import pytest
from sync_province import HUIDONG, HUIZHOU, SHANWEI, Province

from desktop_app.domain.ids import derived_id
from sync.documents.collisions import collisions
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
    assert [one.block for one in collisions(before, left, changed((2, 2, "动")))] == [block]
    assert [one.block for one in collisions(before, changed((2, 0, "一")), changed((2, 0, "二")))] == [block]
    assert collisions(before, changed((2, 0, "一")), changed((4, 0, "二"))) == []
