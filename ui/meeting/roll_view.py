"""点名: the site that is asked at the left, the board of all sites at the right. Laid out as the caller works."""

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from desktop_app.domain.faults import Fault
from media.meeting.roll_call import RollManner
from ui.i18n import fault_text, t
from ui.meeting.roll_board import RollBoard
from ui.meeting.roll_call_card import CallCard
from ui.meeting.roll_cards import CityList, MissingCard, ProgressCard
from ui.models.roll_model import RollCallModel, RollStage
from ui.models.roll_rows import RollFilter, shown
from ui.theme import theme
from ui.widgets import (
    Button,
    EmptyState,
    Notice,
    ScrollColumn,
    Segmented,
    Text,
    clear,
    flush,
)

SIDE = 330
CITIES = "cities"


class RollCallView(QWidget):
    """The page."""

    def __init__(self, model: RollCallModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
        self._which: str = RollFilter.ALL
        self._calls = False
        k = theme()
        self.setProperty("role", "page")
        row = QHBoxLayout(self)
        row.setContentsMargins(k.px(20), k.px(20), k.px(20), k.px(20))
        row.setSpacing(k.px(18))
        row.addWidget(self._side())
        main = QVBoxLayout()
        flush(main, 10)
        main.addLayout(self._head())
        self.board = RollBoard()
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(self.board)
        self._scroll.viewport().installEventFilter(self)
        self._cities = CityList()
        self._empty = QVBoxLayout()
        flush(self._empty)
        main.addWidget(self._scroll, 1)
        main.addWidget(self._cities, 1)
        main.addLayout(self._empty)
        row.addLayout(main, 1)
        self.board.pressed.connect(self._press)
        self.board.chosen.connect(self._chosen)
        model.changed.connect(self.refresh)
        model.ticked.connect(self._call.tick)
        model.exported.connect(lambda _path: self.refresh())
        self.refresh()

    def _side(self) -> QWidget:
        side = QWidget()
        side.setFixedWidth(theme().px(SIDE))
        column = QVBoxLayout(side)
        flush(column, 12)
        self._call = CallCard(self.model)
        self._progress = ProgressCard()
        self._missing = MissingCard(self.model)
        scroll = ScrollColumn(12)
        scroll.column.addWidget(self._call)
        scroll.column.addWidget(self._progress)
        scroll.column.addWidget(self._missing)
        scroll.column.addStretch(1)
        column.addWidget(scroll, 1)
        self._notices = QVBoxLayout()
        flush(self._notices)
        column.addLayout(self._notices)
        self._finish = Button(t("roll.finish-record"), "file-document-check-outline", clicked=self.model.finish)
        self._export = Button(t("roll.export"), "table-arrow-down", clicked=self.choose_export)
        column.addWidget(self._finish)
        column.addWidget(self._export)
        return side

    def _head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        flush(head, 10)
        head.addWidget(Text(t("roll.sites"), "title"))
        self._note = Text("", "small", "ink3")
        head.addWidget(self._note)
        head.addStretch(1)
        self._filters = Segmented(
            [
                (RollFilter.ALL, t("roll.all")),
                (RollFilter.MISSING, ""),
                (RollFilter.WAITING, ""),
                (CITIES, t("roll.cities")),
            ],
            RollFilter.ALL,
            self._show,
        )
        head.addWidget(self._filters)
        return head

    def refresh(self) -> None:
        """Take up what the model says now."""
        model = self.model
        tally = model.tally
        self._note.setText(t("roll.sites-note", tally.total))
        self._filters.set_label(RollFilter.MISSING, t("roll.filter-missing", tally.missing))
        self._filters.set_label(RollFilter.WAITING, t("roll.filter-waiting", tally.waiting))
        self._call.refresh()
        self._progress.show_tally(tally)
        self._missing.refresh()
        cities = self._which == CITIES
        tiles = model.tiles if cities else shown(model.tiles, RollFilter(self._which))
        self._cities.setVisible(cities)
        if cities:
            self._cities.show_cities(model.cities)
        self._scroll.setVisible(not cities and bool(tiles))
        self.board.show_tiles([] if cities else tiles)
        clear(self._empty)
        if not cities and not tiles:
            words = t("roll.none-fit") if model.tiles else t("roll.no-meeting")
            self._empty.addWidget(
                EmptyState("format-list-checks", words, "" if model.tiles else t("roll.no-meeting-text"))
            )
        current = model.current
        if current is not None and model.stage is RollStage.RUNNING:
            if not self._calls and self.isVisible():
                self.board.setFocus()  # the keys of a roll call are the board's
            self.board.select(current.unit_path)
            self._scroll.ensureVisible(*self._middle(current.unit_path))
        self._calls = current is not None and model.stage is RollStage.RUNNING
        running = model.stage in (RollStage.RUNNING, RollStage.PAUSED)
        self._finish.setVisible(running and model.manner is RollManner.VOICE)
        self._export.setVisible(model.stage is RollStage.FINISHED)
        self._tell()

    def choose_export(self) -> None:
        """导出: choose where."""
        name = t("roll.file", self.model.title)
        path, _ = QFileDialog.getSaveFileName(self, t("roll.export"), f"{name}.xlsx", t("sign.export-kinds"))
        if path:
            self.model.export(Path(path))

    def _middle(self, unit_path: str) -> tuple[int, int, int, int]:
        box = self.board.box_of(unit_path)
        return box.center().x(), box.center().y(), 0, box.height() * 2

    def _tell(self) -> None:
        clear(self._notices)
        fault, written = self.model.fault, self.model.written
        if isinstance(fault, Fault):
            self._notices.addWidget(Notice(fault_text(fault), icon_name="alert-circle-outline", tone="zhusha"))
        elif written:
            self._notices.addWidget(
                Notice(t("sign.exported", written.name), icon_name="check-circle-outline", tone="shilv")
            )

    def _show(self, which: str) -> None:
        self._which = which
        self.refresh()

    def _chosen(self, unit_path: str) -> None:
        self._scroll.ensureVisible(*self._middle(unit_path))

    def _press(self, key: str) -> None:
        model = self.model
        if key == "call":
            model.call(self.board.selection)
        elif model.stage is RollStage.RUNNING and model.manner is RollManner.VOICE:
            acts = {
                "present": lambda: model.answer(present=True),
                "no-answer": lambda: model.answer(present=False),
                "again": model.again,
                "back": model.back,
            }
            acts[key]()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Resize:
            self.board.give_room(self._scroll.viewport().height())
        return super().eventFilter(watched, event)
