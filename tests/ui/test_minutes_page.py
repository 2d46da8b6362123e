"""Taking minutes at one terminal: real records, a real document, no window but the editor's own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import docx
import pytest
from drawn import BL, HD
from office_stage import Terminal
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtTest import QTest

from desktop_app.domain.faults import HostFault, OperatorError
from desktop_app.domain.ids import UnitPath
from desktop_app.domain.meetings import MeetingKind
from sync.documents.minutes import MinutesDocument, TextEdit
from sync.export.exports import RecordExports
from sync.log.write import Write
from ui.models.minutes_model import MinutesModel
from ui.models.speakers import SpeakerChoice
from ui.records.block_editor import BlockEditor
from ui.records.minutes_view import MinutesView


class Desk:
    """A clerk of 惠东县 with a meeting of two agenda items."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.terminal = Terminal(folder / "store")
        self.terminal.services.exports = RecordExports(self.terminal.store, HD, self.terminal.clock)
        self.store = self.terminal.store
        self.meeting = self.terminal.meeting("远程协商会", MeetingKind.REMOTE_CONSULT, timedelta(minutes=20))
        for number, title in enumerate(("主持人说明议题", "市县会场发言"), 1):
            fields = {"meeting": self.meeting, "item_no": number, "item_type": "SPEECH", "title": title}
            self.store.write(Write("agenda_item", f"01990000-0000-7000-8000-00000000010{number}", fields, self.meeting))
        self.items = [row["pk"] for row in self.store.list("agenda_item", meeting=self.meeting)]
        self.model = self.open()

    def open(self) -> MinutesModel:
        model = MinutesModel(self.terminal.services)
        model.open(self.meeting)
        return model

    def kept(self) -> MinutesDocument:
        state = self.store.minutes_state(self.model.minutes)
        return MinutesDocument.from_updates([state] if state else [])

    def changes(self) -> int:
        return sum(1 for row in self.store.pending() if row["entity"] == "minutes" and row["op"] == "update")


@pytest.fixture
def desk(qtbot: Any, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.model.close()
    made.terminal.close()


def test_typing_within_a_second_is_one_change_and_ctrl_s_does_not_wait(desk: Desk, qtbot: Any) -> None:
    block = desk.model.add_block("p3", "委员03", HD)
    for word in ("我们", "走访了", "6 个乡镇"):
        desk.model.type(block, word)
    assert desk.changes() == 0
    assert desk.model.dirty
    qtbot.waitUntil(lambda: not desk.model.dirty, timeout=3_000)
    assert desk.changes() == 1
    assert [one.text for one in desk.kept().blocks()] == ["我们走访了6 个乡镇"]
    desk.model.type(block, "。")
    desk.model.save_now()
    assert desk.changes() == 2
    assert desk.model.saved_at == desk.terminal.clock.now()


def test_what_was_typed_is_kept_when_the_page_is_closed(desk: Desk) -> None:
    block = desk.model.add_block("p3", "委员03", HD)
    desk.model.type(block, "最后一句")
    desk.model.close()
    assert desk.kept().blocks()[0].text == "最后一句"
    assert desk.kept().sha256() == desk.model.sha256


def test_minutes_of_a_unit_that_came_under_another_city_are_gone_on_with_and_not_begun_anew(desk: Desk) -> None:
    desk.model.type(desk.model.add_block("p3", "委员03", HD), "走访了 6 个乡镇")
    desk.model.close()
    before = desk.model.minutes
    desk.terminal.services.unit_path = UnitPath(HD.replace("441300", "441500"))
    desk.model = desk.open()
    assert desk.model.minutes == before
    assert [one.text for one in desk.model.page] == ["走访了 6 个乡镇"]
    desk.model.type(desk.model.current_block, "。")
    desk.model.save_now()
    assert [row["pk"] for row in desk.store.list("minutes", meeting=desk.meeting)] == [before]
    assert desk.kept().blocks()[0].text == "走访了 6 个乡镇。"


def test_looking_at_minutes_writes_nothing(desk: Desk) -> None:
    desk.model.save_now()
    assert desk.store.get("minutes", desk.model.minutes) is None
    assert desk.changes() == 0


def test_a_block_is_bound_to_item_speaker_site_and_time_and_stands_with_its_item(desk: Desk) -> None:
    second = desk.model.add_block("p5", "委员05", BL, agenda_item=desk.items[1], text="第二项")
    first = desk.model.add_block("p1", "主持人", HD, agenda_item=desk.items[0], text="第一项")
    later = desk.model.add_block("p6", "委员06", HD, agenda_item=desk.items[1], text="第二项续")
    block = desk.model.document.block(second)  # type: ignore[union-attr]  # it is open
    assert (block.member_name, block.site, block.at) == ("委员05", BL, "2026-11-20T01:18:06.010Z")
    tree = {item.item: [one.block for one in item.blocks] for item in desk.model.outline}
    assert tree == {desk.items[0]: [first], desk.items[1]: [second, later]}
    desk.model.show_item(desk.items[0])
    assert [one.id for one in desk.model.page] == [first]


def test_a_new_block_takes_the_speaker_of_the_running_meeting(desk: Desk) -> None:
    class Turn:
        member_id, member_name, unit_path = "p9", "委员09", UnitPath(BL)

    class Talk:
        in_meeting, speaking = True, Turn()
        meeting_id = desk.meeting

        class state:
            agenda: tuple[Any, ...] = ()
            agenda_at = 0

        class changed:
            @staticmethod
            def connect(_slot: Any) -> None: ...

    desk.model.follow(Talk())  # type: ignore[arg-type]  # as much of the meeting as is read
    block = desk.model.add_block()
    found = desk.model.document.block(block)  # type: ignore[union-attr]  # it has just been written
    assert (found.member, found.member_name, found.site) == ("p9", "委员09", BL)
    desk.model.name_speaker(block, SpeakerChoice("", "列席专家", "", False))
    assert desk.model.document.block(block).member_name == "列席专家"  # type: ignore[union-attr]  # it has just been written


def test_a_batch_that_could_not_be_written_is_kept_and_written_with_the_next(desk: Desk, monkeypatch: Any) -> None:
    faults: list[Any] = []
    desk.model.failed.connect(faults.append)
    block = desk.model.add_block("p3", "委员03", HD, text="一")
    desk.model.save_now()
    real = desk.store.save_update

    def full(*_args: Any, **_more: Any) -> str:
        raise HostFault("disk-full")

    monkeypatch.setattr(desk.store, "save_update", full)
    desk.model.type(block, "二")
    desk.model.save_now()
    assert [fault.id for fault in faults] == ["disk-full"]
    assert desk.model.dirty
    assert desk.model.save_fault is not None
    monkeypatch.setattr(desk.store, "save_update", real)
    desk.model.type(block, "三")
    desk.model.save_now()
    assert desk.kept().blocks()[0].text == "一二三"
    assert desk.model.save_fault is None


def test_a_batch_that_could_not_be_written_survives_turning_to_another_meeting(desk: Desk, monkeypatch: Any) -> None:
    real, minutes = desk.store.save_update, desk.model.minutes

    def full(*_args: Any, **_more: Any) -> str:
        raise HostFault("disk-full")

    monkeypatch.setattr(desk.store, "save_update", full)
    desk.model.add_block("p3", "委员03", HD, text="没有写成的一句")
    desk.model.open(desk.terminal.meeting("另一场", MeetingKind.REMOTE_CONSULT, timedelta(hours=3)))
    monkeypatch.setattr(desk.store, "save_update", real)
    desk.model.save_now()
    state = desk.store.minutes_state(minutes)
    assert state is not None
    assert MinutesDocument.from_updates([state]).blocks()[0].text == "没有写成的一句"


def test_what_a_colleague_wrote_arrives_but_waits_while_an_input_method_composes(desk: Desk, qtbot: Any) -> None:
    block = desk.model.add_block("p3", "委员03", HD, text="开头")
    desk.model.save_now()
    colleague = desk.open()
    desk.model.hold(True)
    colleague.edit(block, 2, 0, "，补充")
    colleague.save_now()
    qtbot.waitUntil(lambda: bool(desk.model._held), timeout=2_000)
    assert desk.model.blocks[0].text == "开头"
    heard: list[TextEdit] = []
    desk.model.edited.connect(heard.append)
    desk.model.hold(False)
    assert desk.model.blocks[0].text == "开头，补充"
    assert heard == [TextEdit(block, 2, 0, "，补充")]
    colleague.close()


def test_an_opinion_keeps_the_words_and_their_speaker_until_somebody_decides(desk: Desk) -> None:
    block = desk.model.add_block("p5", "委员05", BL, agenda_item=desk.items[1], text="不好。建议开展巡回诊疗。")
    desk.model.mark_opinion(block, "建议开展巡回诊疗。")
    opinion = desk.model.noted[0]
    assert (opinion["quote"], opinion["member_name"], opinion["site"]) == ("建议开展巡回诊疗。", "委员05", BL)
    assert (opinion["state"], opinion["agenda_item"]) == ("noted", desk.items[1])
    desk.terminal.clock.move(1)
    desk.model.amend_opinion(opinion["pk"], "开展固定路线的巡回诊疗")
    desk.model.confirm_opinion(opinion["pk"])
    desk.model.load()
    again = desk.model.noted[0]
    assert (again["text"], again["quote"], again["state"]) == (
        "开展固定路线的巡回诊疗",
        "建议开展巡回诊疗。",
        "confirmed",
    )
    desk.terminal.clock.move(1)
    desk.model.dismiss_opinion(opinion["pk"])
    desk.model.load()
    assert desk.model.noted == []
    assert len(desk.store.list("opinion", meeting=desk.meeting)) == 1


def test_a_block_without_words_is_no_opinion(desk: Desk) -> None:
    block = desk.model.add_block("p5", "委员05", BL)
    with pytest.raises(OperatorError, match="opinion-empty"):
        desk.model.mark_opinion(block)


def test_undo_takes_back_what_was_typed_here_and_saves_that_too(desk: Desk) -> None:
    block = desk.model.add_block("p3", "委员03", HD, text="留下")
    desk.model.save_now()
    desk.terminal.clock.move(2)
    desk.model.type(block, "，去掉")
    desk.model.undo()
    desk.model.save_now()
    assert desk.kept().blocks()[0].text == "留下"


def test_export_writes_what_is_on_the_screen(desk: Desk) -> None:
    block = desk.model.add_block("p5", "委员05", BL, agenda_item=desk.items[1])
    desk.model.type(block, "建议支持巡回诊疗。")
    written: list[Path] = []
    desk.model.exported.connect(written.append)
    desk.model.export(desk.folder / "纪要.docx")
    text = "\n".join(paragraph.text for paragraph in docx.Document(str(written[0])).paragraphs)
    assert "建议支持巡回诊疗。" in text
    assert "市县会场发言" in text


# The editor


@pytest.fixture
def editor(qtbot: Any) -> BlockEditor:
    made = BlockEditor("开头")
    qtbot.addWidget(made)
    made.show()
    return made


def typed_in(editor: BlockEditor) -> list[tuple[int, int, str]]:
    heard: list[tuple[int, int, str]] = []
    editor.typed.connect(lambda start, removed, text: heard.append((start, removed, text)))
    return heard


def test_the_editor_counts_in_utf16_beyond_the_basic_plane(editor: BlockEditor) -> None:
    editor.set_text("𠀀𠀁")
    heard = typed_in(editor)
    cursor = editor.textCursor()
    cursor.setPosition(4)
    editor.setTextCursor(cursor)
    editor.insert("好😀")
    assert heard == [(4, 0, "好😀")]
    cursor.setPosition(0)
    cursor.setPosition(2, cursor.MoveMode.KeepAnchor)
    cursor.removeSelectedText()
    assert heard[1] == (0, 2, "")
    assert editor.text == "𠀁好😀"


def test_what_is_only_composed_is_not_typed_and_what_is_committed_is_typed_once(
    editor: BlockEditor, qtbot: Any
) -> None:
    heard = typed_in(editor)
    composing: list[bool] = []
    editor.composing.connect(composing.append)
    editor.setFocus()
    cursor = editor.textCursor()
    cursor.movePosition(cursor.MoveOperation.End)
    editor.setTextCursor(cursor)
    editor.inputMethodEvent(QInputMethodEvent("jian", []))
    editor.inputMethodEvent(QInputMethodEvent("jianyi", []))
    assert heard == []
    commit = QInputMethodEvent("", [])
    commit.setCommitString("建议")
    editor.inputMethodEvent(commit)
    assert heard == [(2, 0, "建议")]
    assert composing == [True, False]


def test_a_colleagues_words_move_the_cursor_with_its_own_words_and_are_not_told_again(editor: BlockEditor) -> None:
    heard = typed_in(editor)
    cursor = editor.textCursor()
    cursor.movePosition(cursor.MoveOperation.End)
    editor.setTextCursor(cursor)
    editor.apply(TextEdit("b", 0, 0, "前言。"))
    assert (editor.text, editor.textCursor().position()) == ("前言。开头", 5)
    assert heard == []


def test_keys_in_the_page_reach_the_document_and_ctrl_z_is_the_documents(desk: Desk, qtbot: Any) -> None:
    view = MinutesView(desk.model)
    qtbot.addWidget(view)
    view.resize(1_100, 700)
    view.show()
    block = desk.model.add_block("p3", "委员03", HD, text="abc")
    qtbot.waitUntil(lambda: view._paper.editor is not None, timeout=2_000)
    page = view._paper.editor
    assert page is not None
    desk.terminal.clock.move(2)
    cursor = page.textCursor()
    cursor.movePosition(cursor.MoveOperation.End)
    page.setTextCursor(cursor)
    QTest.keyClicks(page, "def")
    assert desk.model.document.block(block).text == "abcdef"  # type: ignore[union-attr]  # it has just been written
    desk.model.undo()
    assert page.text == "abc"
    assert page.toPlainText() == "abc"
