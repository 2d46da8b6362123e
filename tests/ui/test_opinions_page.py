"""意见登记: a clerk follows one opinion through to its reply and look-back, by keyboard too, and offline."""

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from office_stage import Terminal, link
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame
from pytestqt.qtbot import QtBot
from record_scenes import register
from seen import press, words

from desktop_app.domain.faults import Fault
from desktop_app.domain.handling import Handling
from sync.log.write import Write
from ui.i18n import fault_text
from ui.models.opinion_rows import OpinionFilter
from ui.models.pages import Page
from ui.models.workplace import Workplace
from ui.records.opinion_chain import steps
from ui.records.opinion_forms import LookBackForm, ReplyForm
from ui.records.opinions_view import NewOpinionDialog, OpinionsView
from ui.shell.window import MainWindow

PATIENCE = 20_000


class Followed:
    """The page of a terminal with seven opinions."""

    def __init__(self, folder: Path, qtbot: QtBot) -> None:
        self.terminal = Terminal(folder)
        self.keys = register(self.terminal)
        self.window = MainWindow(self.terminal.app)
        qtbot.addWidget(self.window)
        self.work = Workplace(self.terminal.services, self.terminal.app)
        self.window.receive(self.work)
        self.terminal.app.unlocked(self.terminal.people.known[0])
        self.window.show()
        self.terminal.app.go(Page.OPINIONS)
        self.model = self.work.opinions
        self.faults: list[Fault] = []
        self.model.failed.connect(self.faults.append)
        view = self.window.findChild(OpinionsView)
        assert view is not None
        self.view: OpinionsView = view

    def state(self, opinion: str) -> str:
        return str((self.terminal.store.get("opinion", opinion) or {})["state"])

    def close(self) -> None:
        self.work.close()
        self.terminal.close()


@pytest.fixture
def page(tmp_path: Path, qtbot: QtBot) -> Iterator[Followed]:
    made = Followed(tmp_path, qtbot)
    yield made
    made.close()


def test_the_register_tells_of_each_what_comes_next_and_when(page: Followed) -> None:
    told = {row.member: page.model.next_text(row) for row in page.model.rows}
    assert told == {
        "委员05": "回头看 剩 9 天",
        "委员03": "已办结",
        "委员08": "待答复 已超 2 天",
        "委员21": "没有立案",
        "委员33": "待立案",
        "委员12": "待转线索",
        "委员17": "待确认",
    }
    counts = [page.model.count(one) for one in OpinionFilter]
    assert counts == [7, 4, 1, 2]


def test_the_register_is_searched_by_words_member_and_number_and_filtered(page: Followed) -> None:
    model = page.model
    for text, member in (("巡回", "委员05"), ("委员33", "委员33"), ("2026-017", "委员12")):
        model.search(text)
        assert [row.member for row in model.rows] == [member]
    model.search("")
    model.choose_filter("look_back")
    assert [row.member for row in model.rows] == ["委员05"]
    model.choose_filter("closed")
    assert {row.member for row in model.rows} == {"委员03", "委员21"}
    model.choose_filter("all")
    model.search("机场")
    assert "没有找到“机场”" in words(page.view)


def test_one_opinion_is_followed_from_the_meeting_to_its_look_back_on_the_screen(page: Followed) -> None:
    model, opinion = page.model, page.keys[6]
    model.select(opinion)
    press(page.view, "确认")
    assert page.state(opinion) == Handling.CONFIRMED
    press(page.view, "转为线索")
    assert page.state(opinion) == Handling.CLUE
    model.file_proposal(opinion, "第0101号", "县住建局", ["县生态环境局"], date(2027, 2, 20))
    assert page.state(opinion) == Handling.PROPOSAL
    words(page.view)
    form = page.view._form
    assert isinstance(form, ReplyForm)
    assert not form.go.isEnabled(), "a reply has a class first"
    form.reply_class.choose("B")
    assert form.due.isEnabled()
    assert not form.reason.isEnabled()
    form.text.setPlainText("已列入计划")
    form.go.click()
    assert page.state(opinion) == Handling.LOOK_BACK
    words(page.view)
    look = page.view._form
    assert isinstance(look, LookBackForm)
    look.after.choose("A")
    look.situation.setPlainText("现场已经改好")
    look.go.click()
    assert page.state(opinion) == Handling.CLOSED
    row = model.chosen
    assert row is not None
    assert row.reply_class == "A"
    assert [step.done for step in steps(row)] == [True] * 5
    assert "每一步都已记录在案" in words(page.view)


def test_what_cannot_follow_is_refused_in_a_sentence_with_the_words_of_the_screen(page: Followed) -> None:
    closed = page.keys[1]
    page.model.confirm(closed)
    assert [fault_text(fault) for fault in page.faults] == [
        "这一条现在是“已办结”，不能直接变为“待转线索”，没有改动。请按 意见、线索、提案、答复、回头看 的次序办理。"
    ]
    assert page.state(closed) == Handling.CLOSED
    assert "已办结" in words(page.view)


def test_a_reply_of_class_b_asks_for_its_day_and_c_for_its_reason(page: Followed) -> None:
    opinion = page.keys[2]
    page.model.reply(opinion, "C", "暂时办不了", "县卫健局")
    page.model.reply(opinion, "B", "在办", "县卫健局", None)
    assert [fault.id for fault in page.faults] == ["reply-reason-missing", "reply-due-missing"]
    assert page.state(opinion) == Handling.PROPOSAL


def test_what_is_being_typed_stays_when_the_center_gives_the_number_meanwhile(page: Followed, qtbot: QtBot) -> None:
    opinion = page.keys[2]
    page.model.select(opinion)
    words(page.view)
    form = page.view._form
    assert isinstance(form, ReplyForm)
    form.text.setPlainText("写到一半")
    meeting = str((page.terminal.store.get("opinion", opinion) or {})["meeting"])
    page.terminal.store.write(Write("opinion", opinion, {"opinion_no": "YJ-441323-2026-099"}, meeting))
    qtbot.waitUntil(
        lambda: page.model.chosen is not None and page.model.chosen.number.endswith("099"), timeout=PATIENCE
    )
    assert page.view._form is form
    assert form.text.toPlainText() == "写到一半"
    assert form.isVisibleTo(page.view)


def test_an_opinion_is_entered_by_hand_offline_and_says_what_is_missing(page: Followed, qtbot: QtBot) -> None:
    page.terminal.app.tell_link(link("offline"))
    qtbot.waitUntil(lambda: not page.terminal.app.online, timeout=PATIENCE)
    page.window.activateWindow()
    qtbot.waitUntil(page.window.isActiveWindow, timeout=PATIENCE)
    page.view.search.setFocus()
    qtbot.keyClick(page.view.search, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    dialog = page.view.findChild(NewOpinionDialog)
    assert dialog is not None
    assert dialog.meeting.count() >= 5
    dialog.submit()
    assert "还没有文字" in words(dialog)
    dialog.member.setText("委员40")
    dialog.text.setPlainText("建议延长夜间公交")
    dialog.submit()
    assert not dialog.isVisible()
    row = page.model.chosen
    assert row is not None
    assert (row.member, row.text, row.state) == ("委员40", "建议延长夜间公交", "noted")
    assert "没有网络也可以办理" in words(page.view)


def test_the_arrows_move_through_the_register_and_a_reader_hears_the_row(page: Followed, qtbot: QtBot) -> None:
    table = page.view.table
    table.setFocus()
    page.model.select(page.model.rows[0].pk)
    qtbot.keyClick(table, Qt.Key.Key_Down)
    assert page.model.selected == page.model.rows[1].pk
    told = table.model().data(table.currentIndex(), Qt.ItemDataRole.AccessibleTextRole)
    assert told.startswith("YJ-441323-2026-017，县城夜间儿科门诊")


def test_the_chain_is_read_out_step_by_step(page: Followed) -> None:
    page.model.select(page.keys[0])
    words(page.view)
    names = [one.accessibleName() for one in page.view.findChildren(QFrame) if one.property("role") == "step"]
    shown = [name for name in names if name.startswith("第")]
    assert shown[-1].startswith("第 5 步，共 5 步，回头看")
    assert any("B 类：正在解决" in name for name in shown)


def test_the_ledger_is_exported_as_it_is_shown_and_the_audit_knows(page: Followed, tmp_path: Path) -> None:
    page.model.choose_filter("waiting")
    page.model.export(tmp_path / "ledger.csv")
    with (tmp_path / "ledger.csv").open(encoding="utf-8-sig", newline="") as file:
        head, *rows = csv.reader(file)
    assert head[:2] == ["编号", "意见内容"]
    assert len(rows) == 4
    assert "台账已导出" in words(page.view)
    assert [row["detail"] for row in page.terminal.store.list("audit_event")] == ["ledger"]


def test_who_only_watches_has_no_register(page: Followed) -> None:
    from ui.models.pages import pages_of

    assert Page.OPINIONS in pages_of({"clerk"})
    for role in ("security", "audit"):
        assert Page.OPINIONS not in pages_of({role})
