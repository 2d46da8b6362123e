"""会后报告: the numbers in one line, then sites, speeches, roll calls, outages and duty events, each as a list."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from desktop_app.domain.faults import Fault
from sync.meetings.lines import LineHistory
from sync.meetings.report import FilmLine, MeetingReport
from ui.i18n import fault_text, t
from ui.i18n.dates import clock_text, day_text, duration_text, span_text, today
from ui.models.places import place_name, told_name
from ui.models.report_model import ReportModel
from ui.records.attachment_panel import AttachmentPanel, size_text
from ui.theme import font, theme
from ui.widgets import Button, EmptyState, Notice, PrimaryButton, Segmented, Text, clear, flush
from ui.widgets.dialog import Dialog

TROUBLES = ("large", "times", "flood", "repeats", "keyframes")
PARTS = ("sites", "speeches", "rolls", "outages", "lines", "duties", "films")
COLUMNS = {
    "sites": ("site", "expected", "present", "excused", "absent", "late", "joined", "left", "outage"),
    "speeches": ("number", "member", "site", "item", "started", "ended", "seconds", "over"),
    "rolls": ("round", "manner", "called", "sites", "answered", "no_answer", "offline"),
    "outages": ("site", "since", "until", "minutes"),
    "lines": ("site", "weak", "delay", "loss", "concealed", "step", "limited"),
    "duties": ("member", "number_of_card", "unit", "role", "minutes", "share", "speeches"),
    "films": ("site", "started", "length", "size", "items", "state"),
}


class ReportDialog(Dialog):
    """Live: a room that brings its records later is counted as they come."""

    def __init__(self, model: ReportModel, parent: QWidget | None = None) -> None:
        super().__init__(t("report.title"), parent, 980)
        k = theme()
        self._model = model
        self._part = PARTS[0]
        self._notice = Notice("")
        self._notice.hide()
        self.body.addWidget(self._notice)
        self._title = Text("", "title", wrap=True)
        self.body.addWidget(self._title)
        self._when = Text("", "small", "ink2")
        self.body.addWidget(self._when)
        self._numbers = QHBoxLayout()
        flush(self._numbers, 28)
        self.body.addLayout(self._numbers)
        self._choice = Segmented([(part, t(f"report.{part}")) for part in PARTS], self._part, self.show_part)
        row = QHBoxLayout()
        flush(row)
        row.addWidget(self._choice)
        row.addStretch(1)
        self.body.addLayout(row)
        self.table = QTableWidget()
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.table.setShowGrid(False)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(k.px(34))
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.setFont(font("small"))
        self.table.setMinimumHeight(k.px(280))
        self.table.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        self.table.itemSelectionChanged.connect(self._choose_film)
        self.index = self._index_table()
        lists = QHBoxLayout()
        flush(lists, 12)
        lists.addWidget(self.table, 3)
        lists.addWidget(self.index, 2)
        self.body.addLayout(lists, 1)
        self.film = AttachmentPanel(model.film)
        self.film.hide()
        self.body.addWidget(self.film)
        self._empty = QHBoxLayout()
        flush(self._empty)
        self.body.addLayout(self._empty)
        self.add_button(Button(t("dialog.close"), clicked=self.accept))
        self.export = self.add_button(
            PrimaryButton(t("report.export"), "file-export-outline", clicked=self.choose_export), default=True
        )
        model.changed.connect(self.refresh)
        model.failed.connect(self._fail)
        model.exported.connect(self._exported)
        self.finished.connect(lambda _how: model.open(""))
        self.finished.connect(self.deleteLater)
        self.resize(k.px(1040), k.px(660))
        self.refresh()

    def show_part(self, part: str) -> None:
        """Turn to another list."""
        self._part = part
        self.table.clearSelection()
        self.refresh()
        self._choose_film()

    def _choose_film(self) -> None:
        """The file of the recording that is selected can be fetched, opened and saved below the list."""
        report, rows = self._model.report, self.table.selectionModel().selectedRows()
        films = report.films if report is not None and self._part == "films" else ()
        film = films[rows[0].row()] if rows and rows[0].row() < len(films) else None
        kept = film is not None and film.state == "kept"
        self._model.film.show(
            "recording", film.recording if film is not None and kept else "", self._model.meeting, writable=False
        )
        self.film.setVisible(kept)
        self._fill_index(film)

    def _index_table(self) -> QTableWidget:
        """Where each agenda item begins in the recording that is selected."""
        k, index = theme(), QTableWidget(0, 2)
        index.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        index.setSelectionMode(QTableWidget.SelectionMode.NoSelection)
        index.setShowGrid(False)
        index.setTabKeyNavigation(False)
        index.setFont(font("small"))
        index.setAccessibleName(t("report.index"))
        index.setHorizontalHeaderLabels([t("report.c_from_start"), t("report.c_item")])
        index.verticalHeader().hide()
        index.verticalHeader().setDefaultSectionSize(k.px(34))
        header = index.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        index.hide()
        return index

    def _fill_index(self, film: FilmLine | None) -> None:
        index, lines = self.index, film.index if film is not None else ()
        index.setRowCount(len(lines))
        for row, line in enumerate(lines):
            title = QTableWidgetItem(line.item)
            title.setToolTip(line.item)
            index.setItem(row, 0, QTableWidgetItem(line.time))
            index.setItem(row, 1, title)
        index.setVisible(bool(lines))

    def choose_export(self) -> None:
        """导出: a workbook or a page."""
        report = self._model.report
        name = f"{report.title if report is not None else ''} {t('report.title')}.xlsx"
        path, _ = QFileDialog.getSaveFileName(self, t("report.export"), name, t("report.kinds"))
        if path:
            self._model.export(Path(path))

    def refresh(self) -> None:
        """Take up what the model says now."""
        report = self._model.report
        self.export.setEnabled(report is not None)
        self._choice.set_current(self._part)
        if report is None:
            self._title.setText(t("report.reading"))
            return
        self._title.setText(report.title)
        hours = report.hours
        start, end = hours.actual_start or hours.planned_start, hours.actual_end or hours.planned_end
        when = f"{day_text(today(start))} {span_text(start, end)}" if start is not None and end is not None else ""
        state = t("report.over") if report.over else t("report.running")
        self._when.setText(" · ".join(part for part in (when, report.code or t("home.no_code"), state) if part))
        self._show_numbers(report)
        self._fill(_rows(report, self._part))

    def _show_numbers(self, report: MeetingReport) -> None:
        clear(self._numbers)
        people = report.people
        minutes = -(-report.outage_sec // 60)
        for key, value, tone in (
            ("n_sites", f"{report.joined}/{len(report.sites)}", "ink"),
            ("n_present", f"{people.present}/{people.expected}", "shilv"),
            ("n_absent", str(people.absent), "zheshi" if people.absent else "ink"),
            ("n_late", str(people.late), "ink"),
            ("n_speeches", str(len(report.speeches)), "ink"),
            ("n_outages", str(minutes), "zheshi" if minutes else "ink"),
            ("n_duties", str(len(report.duties)), "ink"),
        ):
            column = QWidget()
            row = QHBoxLayout(column)
            flush(row, 6)
            row.addWidget(Text(value, "number", tone))
            row.addWidget(Text(t(f"report.{key}"), "small", "ink2"))
            column.setAccessibleName(f"{t(f'report.{key}')} {value}")
            self._numbers.addWidget(column)
        self._numbers.addStretch(1)

    def _fill(self, rows: list[Sequence[str]]) -> None:
        columns = COLUMNS[self._part]
        table = self.table
        table.setAccessibleName(t(f"report.{self._part}"))
        table.setVisible(bool(rows))
        clear(self._empty)
        if not rows:
            self._empty.addWidget(EmptyState("text-box-outline", t(f"report.none_{self._part}")))
            return
        table.setColumnCount(len(columns))
        table.setHorizontalHeaderLabels([t(f"report.c_{column}") for column in columns])
        table.setRowCount(len(rows))
        for row, cells in enumerate(rows):
            for column, text in enumerate(cells):
                table.setItem(row, column, QTableWidgetItem(text))
        header = table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        widest = columns.index("item") if "item" in columns else 0
        header.setSectionResizeMode(widest, QHeaderView.ResizeMode.Stretch)

    def _fail(self, fault: Fault) -> None:
        self._tell(fault_text(fault))

    def _exported(self, path: Path) -> None:
        self._tell(t("report.exported", path.name))

    def _tell(self, words: str) -> None:
        self._notice.set_text(words)
        self._notice.show()


def _rows(report: MeetingReport, part: str) -> list[Sequence[str]]:
    """The cells of one list."""
    if part == "sites":
        return [
            (
                place_name(one.site),
                *(str(n) for n in (one.tally.expected, one.tally.present, one.tally.excused)),
                str(one.tally.absent),
                str(one.tally.late),
                _clock(one.joined_at) or t("report.never"),
                _clock(one.left_at),
                t("report.drops", one.drops, -(-one.outage_sec // 60)) if one.drops else "",
            )
            for one in report.sites
        ]
    if part == "speeches":
        return [
            (
                str(one.number),
                one.member,
                one.site,
                one.item,
                _clock(one.started_at),
                _clock(one.ended_at),
                duration_text(one.seconds),
                duration_text(one.over_sec) if one.over_sec else "",
            )
            for one in report.speeches
        ]
    if part == "rolls":
        return [
            (
                str(one.number),
                t("report.by_voice") if one.by_voice else t("report.by_button"),
                _clock(one.called_at),
                *(str(n) for n in (one.sites, one.present, one.no_answer, one.offline)),
            )
            for one in report.rolls
        ]
    if part == "outages":
        return [
            (
                place_name(one.site),
                _clock(one.since),
                _clock(one.until) or t("report.not_back"),
                str(-(-timedelta(seconds=one.seconds) // timedelta(minutes=1))),
            )
            for one in report.outages
        ]
    if part == "films":
        return [
            (
                told_name(one.site, one.name),
                _clock(one.started_at),
                duration_text(one.seconds) if one.seconds else "",
                size_text(one.bytes) if one.bytes else "",
                str(len(one.index)),
                t("report.film_making", one.progress) if one.state == "making" else t(f"report.film_{one.state}"),
            )
            for one in report.films
        ]
    if part == "lines":
        return [
            (
                place_name(one.site),
                str(one.weak),
                t("report.ms", one.worst.delay_ms),
                f"{one.worst.loss_permille / 10:g}%",
                f"{one.worst.concealed_permille / 10:g}%" if one.worst.concealed_permille else "",
                t(f"report.step_{min(3, one.worst.step)}"),
                _limited(one),
            )
            for one in report.lines
        ]
    return [
        (
            one.name,
            one.member_no,
            one.unit,
            t(f"report.role_{one.role}") if one.role in ("speech", "attend", "guest") else one.role,
            str(one.attended_min),
            f"{one.permille / 10:g}%",
            str(one.speeches) if one.speeches else "",
        )
        for one in report.duties
    ]


def _limited(one: LineHistory) -> str:
    """How long a site was limited or not connected, and why."""
    why = t("call.comma").join(_trouble(each) for each in one.troubles)
    return t("report.limited", one.limited, why) if one.limited else ""


def _trouble(word: str) -> str:
    """A center that is newer than this terminal may know others."""
    if word == "absent":
        return t("trouble.unconnected")
    return t(f"trouble.of-{word}") if word in TROUBLES else word


def _clock(at: datetime | None) -> str:
    return clock_text(at) if at is not None else ""
