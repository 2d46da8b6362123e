"""What the menu of one meeting does: change, copy, call off, its material, its calendar file, its report."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QLineEdit, QMenu, QWidget

from ui.i18n import t
from ui.models.home_model import MeetingCard
from ui.models.schedule_model import Purpose
from ui.theme import font
from ui.widgets import Button, DangerButton, Text
from ui.widgets.dialog import Dialog

if TYPE_CHECKING:
    from ui.models.workplace import Workplace


class MeetingActs:
    """The dialogs are opened over `window`."""

    def __init__(self, work: "Workplace", window: QWidget) -> None:
        self._work, self._window = work, window

    def fill(self, menu: QMenu, card: MeetingCard) -> None:
        """The entries that make sense for this meeting."""
        menu.setFont(font("body"))
        entries: list[tuple[str, Callable[[MeetingCard], object]]] = []
        begun = card.running or card.over
        if card.ours and not begun:
            entries.append(("meetings.change", self.change))
        entries.append(("meetings.copy", self.copy))
        if not card.cancelled:
            entries += [("meetings.material", self.material), ("meetings.calendar", self.calendar)]
        if begun and not card.cancelled:
            entries.append(("meetings.report", self.report))
        if card.over and not card.cancelled:
            entries.append(("meetings.draft", self.draft))
        if card.ours and not begun:
            entries.append(("meetings.cancel", self.cancel))
        for key, act in entries:
            menu.addAction(t(key)).triggered.connect(lambda _on=False, act=act: act(card))

    def schedule(self) -> None:
        """安排会议."""
        self._plan(Purpose.NEW, "")

    def change(self, card: MeetingCard) -> None:
        """修改安排."""
        self._plan(Purpose.CHANGE, card.meeting)

    def copy(self, card: MeetingCard) -> None:
        """复制为新会议."""
        self._plan(Purpose.COPY, card.meeting)

    def cancel(self, card: MeetingCard) -> None:
        """取消会议, after asking."""
        CancelDialog(card.title, lambda reason: self._work.schedule.cancel(card.meeting, reason), self._window).open()

    def material(self, card: MeetingCard) -> None:
        """会议材料, placed ahead of time."""
        from ui.meeting.material_dialog import MaterialDialog
        from ui.models.material_model import MaterialModel

        MaterialDialog(MaterialModel(self._work.services, card.meeting, self._work), self._window).open()

    def calendar(self, card: MeetingCard) -> None:
        """导出日历文件."""
        name = f"{card.title}.ics"
        path, _ = QFileDialog.getSaveFileName(self._window, t("meetings.calendar"), name, t("meetings.calendar_kind"))
        if path:
            self._work.schedule.export_calendar(card.meeting, Path(path))

    def report(self, card: MeetingCard) -> None:
        """会后报告."""
        from ui.shell.report_dialog import ReportDialog

        self._work.report.open(card.meeting)
        ReportDialog(self._work.report, self._window).open()

    def draft(self, card: MeetingCard) -> None:
        """生成纪要草稿: what was said and not written down, as lines to be completed."""
        self._work.open_minutes(card.meeting)
        self._work.drafter.draft(card.meeting)

    def _plan(self, purpose: Purpose, meeting: str) -> None:
        from ui.shell.schedule_dialog import ScheduleDialog

        ScheduleDialog(self._work.schedule, self._window, purpose, meeting).open()


class CancelDialog(Dialog):
    """It cannot be taken back: the safe answer is the default."""

    def __init__(self, title: str, confirmed: Callable[[str], object], parent: QWidget | None = None) -> None:
        super().__init__(t("meetings.cancel_title"), parent, 480)
        self._confirmed = confirmed
        self.body.addWidget(Text(t("meetings.cancel_text", title), "body", "ink2", wrap=True))
        self.reason = QLineEdit()
        self.reason.setFont(font("body"))
        self.reason.setPlaceholderText(t("meetings.cancel_reason"))
        self.reason.setAccessibleName(t("meetings.cancel_reason"))
        self.body.addWidget(self.reason)
        keep = self.add_button(Button(t("meetings.cancel_keep"), clicked=self.reject), default=True)
        self.add_button(DangerButton(t("meetings.cancel"), clicked=self.go))
        self.finished.connect(self.deleteLater)
        keep.setFocus()

    def go(self) -> None:
        self._confirmed(self.reason.text())
        self.accept()
