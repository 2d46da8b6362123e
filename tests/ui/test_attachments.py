"""附件: a clerk attaches, sees, fetches, opens, saves, removes the files of a record, each refusal is a sentence."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from office_stage import GD, Terminal
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from desktop_app.domain.faults import Fault
from desktop_app.domain.ids import uuid7
from sync.blobs.listing import FileState, files_of
from sync.log.write import Write
from sync.store.engine import reading
from ui.i18n import fault_text
from ui.models.attachments_model import AttachmentsModel
from ui.models.pages import Page
from ui.models.workplace import Workplace
from ui.records import attachment_panel
from ui.records.attachment_panel import AttachmentPanel
from ui.shell.window import MainWindow

PATIENCE = 20_000
PDF = b"%PDF-1.7\n" + b"0" * 4_000


class Desk:
    """An opinion of a meeting, and the panel of its files."""

    def __init__(self, folder: Path, qtbot: QtBot) -> None:
        self.folder = folder / "files"
        self.folder.mkdir()
        self.terminal = Terminal(folder / "terminal")
        self.meeting = self.terminal.day()
        self.opinion = uuid7(1)
        fields = {"meeting": self.meeting, "site": GD, "text": "建议", "state": "noted"}
        self.terminal.store.write(Write("opinion", self.opinion, fields, self.meeting))
        self.model = AttachmentsModel(self.terminal.services)
        self.faults: list[Fault] = []
        self.model.failed.connect(self.faults.append)
        self.panel = AttachmentPanel(self.model)
        qtbot.addWidget(self.panel)
        self.panel.resize(420, 300)
        self.model.show("opinion", self.opinion, self.meeting)
        self.panel.show()

    def file(self, name: str, content: bytes = PDF) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path

    @property
    def names(self) -> list[str]:
        return [one.file_name for one in self.model.files]

    def press(self, name: str) -> None:
        for _ in range(4):
            QApplication.processEvents()
        found = [one for one in self.panel.findChildren(QPushButton) if one.accessibleName() == name]
        shown = [one for one in found if one.isVisibleTo(self.panel)]
        assert shown, f"no button {name}"
        shown[0].click()

    def words(self) -> str:
        for _ in range(4):
            QApplication.processEvents()
        return "\n".join(one.text() for one in self.panel.findChildren(QLabel) if one.isVisibleTo(self.panel))

    def close(self) -> None:
        self.model.close()
        self.terminal.close()


@pytest.fixture
def desk(tmp_path: Path, qtbot: QtBot) -> Iterator[Desk]:
    made = Desk(tmp_path, qtbot)
    yield made
    made.close()


def test_a_file_is_attached_offline_and_waits_for_the_center_sealed(desk: Desk) -> None:
    desk.model.attach([desk.file("调研照片.pdf")])
    assert desk.names == ["调研照片.pdf"]
    assert desk.model.files[0].state == FileState.WAITING
    assert desk.terminal.sync.pokes == 1
    everywhere = [one.read_bytes() for one in (desk.folder.parent / "terminal").rglob("*") if one.is_file()]
    assert not any(b"%PDF-1.7" in content for content in everywhere)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("程序.exe", b"MZ" + b"\0" * 200, "不是可以添加的文件类型"),
        ("空.pdf", b"", "是空的"),
        ("伪装.docx", PDF, "名称与内容不符"),
    ],
)
def test_what_cannot_be_attached_is_refused_in_a_sentence(desk: Desk, name: str, content: bytes, told: str) -> None:
    desk.model.attach([desk.file(name, content), desk.file("好的.pdf")])
    assert told in fault_text(desk.faults[0])
    assert told in desk.words()
    assert desk.names == ["好的.pdf"], "one refusal holds up no other"


def test_the_same_file_is_not_attached_twice(desk: Desk) -> None:
    desk.model.attach([desk.file("一.pdf"), desk.file("二.pdf")])
    assert desk.names == ["一.pdf"]
    assert [fault.id for fault in desk.faults] == ["attachment-here"]


def test_files_are_dropped_on_the_panel(desk: Desk) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(desk.file("拖来.pdf"))), QUrl("https://example.invalid/x")])
    keys, buttons = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton
    entering = QDragEnterEvent(desk.panel.rect().center(), Qt.DropAction.CopyAction, mime, buttons, keys)
    desk.panel.dragEnterEvent(entering)
    assert entering.isAccepted()
    at = QPointF(desk.panel.rect().center())
    desk.panel.dropEvent(QDropEvent(at, Qt.DropAction.CopyAction, mime, buttons, keys))
    assert desk.names == ["拖来.pdf"]


def test_what_may_not_be_changed_takes_no_files(desk: Desk) -> None:
    desk.model.attach([desk.file("一.pdf")])
    desk.model.show("opinion", desk.opinion, desk.meeting, writable=False)
    desk.model.attach([desk.file("二.pdf", PDF + b"1")])
    assert desk.names == ["一.pdf"]
    assert not desk.panel.add.isVisibleTo(desk.panel)
    assert not [
        one for one in desk.panel.findChildren(QPushButton) if "移除" in one.accessibleName() and one.isVisible()
    ]


def test_a_file_opens_with_the_systems_program_and_the_plain_copy_goes_with_the_person(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []
    monkeypatch.setattr(attachment_panel, "open_file", lambda path: not asked.append(path))
    desk.model.attach([desk.file("一.pdf")])
    desk.press("打开 一.pdf")
    [copy] = asked
    assert copy.read_bytes() == PDF
    assert copy.name == "一.pdf"
    if sys.platform != "win32":
        assert os.stat(copy.parent).st_mode & 0o077 == 0
    desk.model.forget_copies()
    assert not copy.exists()


def test_a_file_is_saved_where_a_person_wants_it_and_the_audit_knows(desk: Desk, tmp_path: Path) -> None:
    desk.model.attach([desk.file("一.pdf")])
    desk.model.save_as(desk.model.files[0].attachment, tmp_path / "out.pdf")
    assert (tmp_path / "out.pdf").read_bytes() == PDF
    assert [row["detail"] for row in desk.terminal.store.list("audit_event")] == ["attachment"]


def test_a_file_is_removed_from_its_record_and_stays_in_the_history(desk: Desk) -> None:
    desk.model.attach([desk.file("一.pdf")])
    attached = desk.model.files[0].attachment
    desk.press("移除 一.pdf")
    assert desk.names == []
    assert [row["op"] for row in desk.terminal.store.pending() if row["pk"] == attached] == ["put", "retract"]


def test_a_file_that_is_elsewhere_is_fetched_and_a_cut_is_told(desk: Desk, qtbot: QtBot) -> None:
    fields = {"owner_kind": "opinion", "owner_id": desk.opinion, "file_name": "远处.pdf", "mime": "application/pdf"}
    fields |= {"bytes": 4_009, "sha256": "ab" * 32, "meeting": desk.meeting}
    desk.terminal.store.write(Write("attachment", uuid7(2), fields, desk.meeting))
    qtbot.waitUntil(lambda: desk.names == ["远处.pdf"], timeout=PATIENCE)
    assert desk.model.files[0].state == FileState.AWAY
    desk.press("下载 远处.pdf")
    assert len(desk.terminal.fetched) == 1
    assert [fault.id for fault in desk.faults] == ["link-silent"]
    assert desk.model.coming == frozenset()
    assert "没有回答" in desk.words()


def test_how_far_a_file_has_come_is_shown_and_why_the_center_did_not_take_one(desk: Desk) -> None:
    desk.model.attach([desk.file("一.pdf"), desk.file("二.pdf", PDF + b"1")])
    first, second = sorted(desk.model.files, key=lambda one: one.length)
    desk.terminal.blobs.note_refusal(second.sha256, "upload-quota")

    half = SimpleNamespace(moving={first.sha256: 2_000})
    desk.terminal.files.lane = half  # type: ignore[assignment]  # a lane that is half way
    desk.model.load()
    by_name = {one.file_name: one for one in desk.model.files}
    assert (by_name["一.pdf"].state, by_name["二.pdf"].state) == (FileState.WAITING, FileState.REFUSED)
    assert by_name["一.pdf"].done == 2_000
    assert "上传中 2 kB / 4 kB" in accessible(desk)
    assert "附件空间已满" in accessible(desk)
    [held] = desk.terminal.files.held()
    assert (held.file_name, held.reason) == ("二.pdf", "upload-quota")
    desk.terminal.blobs.note_sent(first.sha256)
    desk.model.load()
    assert {one.file_name: one.state for one in desk.model.files}["一.pdf"] == FileState.SENT


def accessible(desk: Desk) -> str:
    for _ in range(4):
        QApplication.processEvents()
    return "\n".join(one.accessibleName() for one in desk.panel.findChildren(attachment_panel.QWidget))


def test_a_file_of_another_record_is_not_listed(desk: Desk) -> None:
    desk.model.attach([desk.file("一.pdf")])
    with reading(desk.terminal.store.engine) as connection:
        has = desk.terminal.blobs.store.has
        assert files_of(connection, "opinion", desk.meeting, here=has, moving={}) == []
        assert files_of(connection, "minutes", desk.opinion, here=has, moving={}) == []
    desk.model.show("opinion", "", "")
    assert desk.model.files == ()
    assert not desk.model.can_attach


def test_the_files_of_the_opinion_that_is_followed_are_on_its_page(tmp_path: Path, qtbot: QtBot) -> None:
    desk = Desk(tmp_path, qtbot)
    desk.model.attach([desk.file("一.pdf")])
    window = MainWindow(desk.terminal.app)
    qtbot.addWidget(window)
    work = Workplace(desk.terminal.services, desk.terminal.app)
    window.receive(work)
    desk.terminal.app.unlocked(desk.terminal.people.known[0])
    desk.terminal.app.go(Page.OPINIONS)
    assert [one.file_name for one in work.opinions.files.files] == ["一.pdf"]
    work.open_minutes(desk.meeting)
    work.minutes.files.attach([desk.file("二.pdf", PDF + b"2")])
    assert [one.file_name for one in work.minutes.files.files] == ["二.pdf"]
    assert work.sync.picture.attachments == 2 or desk.terminal.store.status().attachments == 2
    work.close()
    desk.close()
