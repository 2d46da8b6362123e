"""同步: place by place, a second look at what was held back, receipts on paper, nothing for eyes that only watch."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from office_stage import GD, HD, MORNING, Counter, Terminal, conflict, link, receipt, status
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot
from seen import button, words

from desktop_app.domain.faults import Fault, PeerFault
from desktop_app.domain.ids import PersonId
from sync.replication.receipt import Receipt
from sync.terminal.counter import HeldChange
from ui.models.pages import Page
from ui.models.part_choice import Pick, can_choose_parts, choose_parts
from ui.models.workplace import Workplace
from ui.shell.conflict_card import ConflictCard
from ui.shell.sync_page import SyncPage
from ui.shell.window import MainWindow

MINE = "建议支持巡回诊疗，车辆和药品由市级统一保障。远程心电已覆盖 8 个卫生院。"
THEIRS = "建议支持巡回诊疗，所需经费列入县级预算。远程心电已覆盖 11 个卫生院。"
AUDITOR = PersonId("01990000-0000-7000-8000-0000000000a1")
PROVINCE = PersonId("01990000-0000-7000-8000-0000000000c1")
PATIENCE = 20_000


class Opened:
    """The sync page of a terminal whose store says what the test wants."""

    def __init__(self, folder: Path, qtbot: QtBot, **shown: Any) -> None:
        self.terminal = Terminal(folder, **{"receipts": [], **shown})
        self.counter = Counter()
        self.terminal.services.counter = self.counter  # type: ignore[assignment]  # the answers of a center
        self.window = MainWindow(self.terminal.app)
        qtbot.addWidget(self.window)
        self.work = Workplace(self.terminal.services, self.terminal.app)
        self.window.receive(self.work)
        self.faults: list[Fault] = []
        self.work.sync.failed.connect(self.faults.append)

    def show(self, operator: Any = None) -> SyncPage:
        self.terminal.app.unlocked(operator or self.terminal.people.known[0])
        self.terminal.app._take_link("online", "")
        self.terminal.app.go(Page.SYNC)
        self.window.show()
        page = self.window.findChild(SyncPage)
        assert page is not None
        return page

    def close(self) -> None:
        self.work.close()
        self.terminal.close()


@pytest.fixture
def made(tmp_path: Path, qtbot: QtBot) -> Iterator[Any]:
    opened: list[Opened] = []

    def make(**shown: Any) -> Opened:
        opened.append(Opened(tmp_path, qtbot, **shown))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


# Place by place


def test_two_texts_are_cut_where_they_differ_and_nothing_is_chosen_to_begin_with() -> None:
    choice = choose_parts(MINE, THEIRS)
    assert choice.left == 2
    assert "".join("".join(part.mine) for part in choice.parts) == MINE
    assert "".join("".join(part.theirs) for part in choice.parts) == THEIRS
    first, second = choice.places
    mixed = choice.picked(first, Pick.THEIRS).picked(second, Pick.MINE)
    assert mixed.left == 0
    assert mixed.value == "建议支持巡回诊疗，所需经费列入县级预算。远程心电已覆盖 8 个卫生院。"
    both = choice.picked(first, Pick.BOTH).picked(second, Pick.THEIRS)
    assert "统一保障所需经费" in both.value.replace("。", "")


@pytest.mark.parametrize("pick", [Pick.MINE, Pick.THEIRS])
def test_one_side_everywhere_is_that_side(pick: Pick) -> None:
    choice = choose_parts(MINE, THEIRS)
    for index in choice.places:
        choice = choice.picked(index, pick)
    assert choice.value == (MINE if pick is Pick.MINE else THEIRS)


def test_a_list_is_decided_item_by_item() -> None:
    choice = choose_parts(["a", "b"], ["a", "c"])
    assert choice.listed
    taken = choice.picked(choice.places[0], Pick.THEIRS).picked(choice.places[1], Pick.THEIRS)
    assert taken.value == ["a", "c"]


def test_values_that_share_nothing_are_no_places_to_choose() -> None:
    assert not can_choose_parts("甲", "乙")
    assert not can_choose_parts(3, 4)
    assert not can_choose_parts("同", "同")
    assert can_choose_parts(MINE, THEIRS)


def test_a_clerk_decides_place_by_place_and_the_result_is_one_decision(made: Any) -> None:
    opened = made(conflicts=[conflict("opinion", "text", "", MINE, THEIRS)])
    page = opened.show()
    button(page, "逐处选择").click()
    card = page.findChild(ConflictCard)
    assert card is not None
    assert card.chooser is not None
    take = card.chooser.take
    assert not take.isEnabled(), "not before every place is decided"
    first, second = card.chooser.choice.places
    card.chooser.pick(first, Pick.THEIRS)
    take.click()
    assert opened.terminal.records.settled == []
    card.chooser.pick(second, Pick.MINE)
    take.click()
    [settled] = opened.terminal.records.settled
    assert settled.fields == {"text": "建议支持巡回诊疗，所需经费列入县级预算。远程心电已覆盖 8 个卫生院。"}


def test_going_back_from_the_places_leaves_both_versions_as_they_were(made: Any) -> None:
    opened = made(conflicts=[conflict("opinion", "text", "", MINE, THEIRS)])
    page = opened.show()
    card = page.findChild(ConflictCard)
    assert card is not None
    card.choose_parts()
    button(card, "返回").click()
    assert card.chooser is None
    assert card._whole.isVisibleTo(page)
    assert opened.terminal.records.settled == []


# Who only watches


def test_an_auditor_learns_that_a_choice_waits_and_reads_nothing_of_it(made: Any) -> None:
    opened = made(conflicts=[conflict("opinion", "text", "", MINE, THEIRS)])
    opened.show()
    assert opened.work.sync.picture.conflicts
    auditor = opened.terminal.employ(AUDITOR, "审计员03", "audit")
    page = opened.show(auditor)
    assert opened.work.sync.picture.conflicts == ()
    assert "巡回诊疗" not in words(page)
    assert "1 处需要核对" in words(page)
    opened.work.sync._decide(conflict_view(), "x")
    assert [fault.id for fault in opened.faults] == ["role-not-allowed"]
    assert opened.terminal.records.settled == []


def conflict_view() -> Any:
    from ui.models.sync_rows import conflict_views

    return conflict_views([conflict("opinion", "text", "", MINE, THEIRS)], {}, {}, HD)[0]


# Held back


def refused(reason: str = "out-of-scope", verdict: str = "refused") -> dict[str, Any]:
    return {"change_id": "c-77", "entity": "member", "meeting": "", "reason": reason, "verdict": verdict}


def test_the_center_looks_again_when_a_person_asks_and_the_reason_is_told_if_it_stays(made: Any) -> None:
    opened = made(quarantine=[refused()])
    page = opened.show()
    opened.counter.verdict = ("refused", "out-of-scope")
    button(page, "请省中心再核").click()
    assert ("judge", "c-77") in opened.counter.asked
    assert [fault.id for fault in opened.faults] == ["out-of-scope"]
    opened.counter.verdict = ("applied", "")
    button(page, "请省中心再核").click()
    assert len(opened.faults) == 1
    assert opened.terminal.sync.pokes > 0


def test_without_a_network_nobody_is_asked_and_the_button_says_why(made: Any, qtbot: QtBot) -> None:
    opened = made(quarantine=[refused(verdict="held", reason="meeting-awaited")])
    page = opened.show()
    opened.terminal.app.tell_link(link("offline"))
    qtbot.waitUntil(lambda: not opened.terminal.app.online, timeout=PATIENCE)
    again = button(page, "请省中心再核")
    assert not again.isEnabled()
    assert "联网" in again.toolTip()
    assert "先保留着" in words(page)


def test_an_operator_of_the_province_sees_what_the_center_holds_back_and_not_what_it_says(made: Any) -> None:
    opened = made()
    held = HeldChange("c1", GD, "记录员01", "sign_in", "", "refused", "out-of-scope", MORNING - timedelta(minutes=3))
    opened.counter.held = [held]
    page = opened.show()
    assert "省中心已隔离" not in words(page)
    operator = opened.terminal.employ(PROVINCE, "省操作员01", "provincial_operator")
    page = opened.show(operator)
    opened.work.sync.load_center()
    assert "省中心已隔离" in words(page)
    assert "记录员01" in words(page)
    opened.work.sync.judge_again("c1")
    assert ("judge", "c1") in opened.counter.asked


def test_a_center_that_does_not_answer_is_told_in_a_sentence(made: Any) -> None:
    opened = made(quarantine=[refused()])
    opened.show()
    opened.counter.fault = PeerFault("role-not-allowed")
    opened.work.sync.judge_again("c-77")
    assert [fault.id for fault in opened.faults] == ["role-not-allowed"]
    assert opened.work.sync.judging == frozenset()


# What goes, and what has arrived


def test_what_waits_is_one_sentence_with_how_far_it_has_come(made: Any, qtbot: QtBot) -> None:
    waiting = status(pending=73, pending_meetings=1, attachments=4)
    opened = made(status=waiting)
    page = opened.show()
    opened.terminal.app.tell_sync(waiting)
    qtbot.waitUntil(lambda: opened.work.sync.progress == (0, 77), timeout=PATIENCE)
    assert "1 场会议、73 项修改、4 个附件等待送达" in words(page)
    opened.terminal.app.tell_sync(status(pending=20, attachments=2))
    qtbot.waitUntil(lambda: opened.work.sync.progress == (55, 77), timeout=PATIENCE)
    assert page._share.share == pytest.approx(55 / 77)
    opened.terminal.app.tell_sync(status())
    qtbot.waitUntil(lambda: opened.work.sync.progress is None, timeout=PATIENCE)


def whole_receipt(number: int) -> Receipt:
    at = round(MORNING.timestamp() * 1000)
    return Receipt(number, "ab" * 16, 1, 1, 9, b"\x07" * 32, at, (), {"minutes": 7, "opinion": 2}, b"", b"\x08" * 64)


def test_a_receipt_is_a_page_that_can_be_printed_and_the_audit_knows_of_it(made: Any, tmp_path: Path) -> None:
    opened = made(receipts=[whole_receipt(214)])
    page = opened.show()
    button(page, "打印回执")
    opened.work.sync.export_receipt(214, tmp_path / "r.pdf")
    content = (tmp_path / "r.pdf").read_bytes()
    assert content.startswith(b"%PDF-")
    assert len(content) > 2_000
    assert "回执已写成：r.pdf" in words(page)
    told = [row for row in opened.terminal.store.list("audit_event") if row.get("detail") == "receipt"]
    assert len(told) == 1


def test_the_page_of_a_receipt_has_all_that_proves_it() -> None:
    from ui.models.receipt_paper import receipt_words

    told = dict(receipt_words(whole_receipt(214), unit="惠东县政协", center="https://10.1.2.3", made_at=MORNING))
    assert told["回执编号"] == "214"
    assert told["末尾校验值"] == "07" * 32
    assert told["更改链"] == "第 1 段，第 1 至 9 项"
    assert told["内容"] == "纪要 7 项、意见 2 项"


def test_a_receipt_that_is_not_here_writes_nothing(made: Any, tmp_path: Path) -> None:
    opened = made(receipts=[receipt(7, 5, minutes=4)])
    opened.show()
    opened.work.sync.export_receipt(99, tmp_path / "no.pdf")
    assert not (tmp_path / "no.pdf").exists()


def test_a_refusal_that_was_read_asks_for_nobody_any_more_and_stays_on_the_page(made: Any, qtbot: QtBot) -> None:
    opened = made(quarantine=[refused()])
    page = opened.show()
    assert len(opened.work.sync.picture.quarantine) == 1
    button(page, "标为已阅").click()
    qtbot.waitUntil(lambda: opened.work.sync.picture.quarantine == (), timeout=PATIENCE)
    [row] = opened.work.sync.picture.seen
    assert row in opened.work.sync.rows
    opened.work.sync.select(row.key)
    assert "本单位已阅" in words(page)
    button(page, "请省中心再核").click()
    assert ("judge", "c-77") in opened.counter.asked
    [note] = opened.terminal.store.list("refusal_seen")
    assert (note["pk"], note["unit_path"]) == ("c-77", HD)


def test_what_is_only_held_cannot_be_put_away_and_who_only_watches_puts_nothing_away(made: Any) -> None:
    opened = made(quarantine=[refused(verdict="held", reason="meeting-awaited")])
    page = opened.show()
    assert "标为已阅" not in [one.accessibleName() for one in page.findChildren(QPushButton)]
    opened.show(opened.terminal.employ(AUDITOR, "审计员03", "audit"))
    opened.work.sync.mark_seen("c-77")
    assert [fault.id for fault in opened.faults] == ["role-not-allowed"]
    assert opened.terminal.store.list("refusal_seen") == []


def test_a_passage_that_one_side_took_out_is_shown_as_deleted(made: Any) -> None:
    from ui.models.sync_rows import dispute_views

    row = {
        "pk": "t1",
        "mine": "",
        "theirs": "三个乡镇",
        "removed": "mine",
        "mine_terminal": "a",
        "theirs_terminal": "b",
    }
    [view] = dispute_views([row], {}, {}, "a")
    opened = made()
    opened.show()
    card = ConflictCard(opened.work.sync, view, 1, 1, opened.terminal.app)
    texts = [one.text() for one in card.findChildren(QLabel)]
    assert any("已删除这一段" in text for text in texts)
    assert not any("（空）" in text for text in texts)
