"""听讲: a room follows a lecture. The lecturer large, why the microphone is locked, the questions of its members."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from desktop_app.domain.clock import Clock
from desktop_app.domain.faults import Fault
from ui.i18n import fault_text, t
from ui.meeting.banner import MeetingBanner
from ui.meeting.lecture_cards import AskCard, MicCard, QuestionsCard
from ui.meeting.passing_note import PassingNote
from ui.meeting.slide_pane import SlidePane
from ui.meeting.stage import NO_LIMIT
from ui.meeting.tiles import tile_of
from ui.models.hosting_model import HostingModel
from ui.models.lecture_model import LectureMic, LectureModel
from ui.models.meeting_model import Notice
from ui.models.slide_model import SlideModel
from ui.picture.geometry import GridLayout
from ui.picture.grid import VideoGrid
from ui.theme import theme
from ui.widgets import (
    Button,
    Chip,
    ElidedText,
    MenuButton,
    ScrollColumn,
    Segmented,
    flush,
)

SIDE = 360


class LectureView(QWidget):
    """What lies below the session bar of a lecture that this room follows."""

    sign_in_pressed = Signal()
    minutes_pressed = Signal()

    def __init__(
        self,
        model: LectureModel,
        clock: Clock,
        hosting: HostingModel,
        room: QMenu | None = None,
        slides: SlideModel | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.model = model
        k = theme()
        self.setProperty("role", "page")
        whole = QVBoxLayout(self)
        flush(whole)
        self._banner = MeetingBanner(
            hosting, self.sign_in_pressed.emit, self.minutes_pressed.emit, offline="lec.offline-text"
        )
        whole.addWidget(self._banner)
        middle = QHBoxLayout()
        flush(middle)
        whole.addLayout(middle, 1)
        left = QVBoxLayout()
        left.setContentsMargins(k.px(20), k.px(14), k.px(20), k.px(16))
        left.setSpacing(k.px(12))
        head = QHBoxLayout()
        flush(head, 8)
        head.addWidget(Chip(t("lec.follows"), "school-outline", "accent"))
        self._who = ElidedText("", "body", "ink2")
        head.addWidget(self._who, 1)
        self._slides, self._speaker_first = slides, False
        self._choice = Segmented(
            [("slides", t("slide.slides-first")), ("speaker", t("slide.speaker-first"))], "slides", self._prefer
        )
        self._choice.setAccessibleName(t("slide.view"))
        head.addWidget(self._choice)
        self._room = MenuButton(t("host.room"), "monitor", room)
        if room is None:
            self._room.hide()
        head.addWidget(self._room)
        head.addWidget(Button(t("lec.leave"), "exit-to-app", clicked=model.meeting.leave))
        left.addLayout(head)
        self.grid = VideoGrid(model.meeting.lecture_source, clock, model.meeting.painted)
        self.grid.setAccessibleName(t("call.picture"))
        self.grid.set_empty_text(t("lec.no-lecturer"))
        self.pane = SlidePane(slides) if slides is not None else None
        if self.pane is not None:
            left.addWidget(self.pane, 1)
        left.addWidget(self.grid, 1)
        self._left = left
        self._mic = MicCard(model)
        left.addWidget(self._mic)
        middle.addLayout(left, 1)
        side = QFrame()
        side.setProperty("role", "panel")
        side.setProperty("edge", "left")
        side.setFixedWidth(k.px(SIDE))
        column = QVBoxLayout(side)
        column.setContentsMargins(k.px(16), k.px(14), k.px(8), k.px(8))
        self._beside = QVBoxLayout()
        self._beside.setContentsMargins(0, 0, k.px(8), 0)
        column.addLayout(self._beside)
        scroll = ScrollColumn(12)
        scroll.column.setContentsMargins(0, 0, k.px(8), 0)
        self._ask = AskCard(model, self._send)
        self._questions = QuestionsCard(model)
        scroll.column.addWidget(self._ask)
        scroll.column.addWidget(self._questions)
        scroll.column.addStretch(1)
        column.addWidget(scroll)
        middle.addWidget(side)
        self._note = PassingNote(self.grid, self.grid)
        model.changed.connect(self.refresh)
        model.meeting.noticed.connect(self.tell)
        model.meeting.ticked.connect(self._banner.refresh)
        if slides is not None:
            slides.changed.connect(self._slides_changed)
        model.failed.connect(lambda fault: self.tell(Notice(fault=fault, tone="zhusha")))
        for keys, act in (
            ("Ctrl+E", self._ask.focus),
            ("Ctrl+Return", self._answer_or_ask),
            ("Ctrl+D", self._toggle_mic),
            ("F8", self._room.open_menu),
            ("PgDown", self._turn_on),
            ("PgUp", self._turn_back),
        ):
            QShortcut(QKeySequence(keys), self).activated.connect(act)
        self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.model.meeting.load_people()

    def refresh(self) -> None:
        """Take up what the model says now."""
        meeting, model = self.model.meeting, self.model
        self._banner.refresh()
        lecturer, turn = model.lecturer, meeting.speaking
        aired = meeting.large if lecturer is not None else None
        large = turn.unit_path if turn is not None else aired
        shown = [row for row in meeting.roster if row.unit_path in (lecturer, large)]
        shown.sort(key=lambda row: row.unit_path != lecturer)
        self._arrange()
        if self._beside.indexOf(self.grid) >= 0:  # there is room for one
            shown = [row for row in shown if row.unit_path == large]
        self.grid.set_tiles([tile_of(row, turn, flowing=meeting.media_up) for row in shown])
        self.grid.set_layout(GridLayout.SPEAKER if len(shown) > 1 else GridLayout.EQUAL, str(large or ""))
        self._who.set_text(t("lec.from", meeting.name_of(lecturer)) if lecturer is not None else "")
        for part in (self._mic, self._ask, self._questions):
            part.refresh()

    def _arrange(self) -> None:
        """Slides large and the lecturer beside the questions; or the lecturer large, where there are none."""
        shown = self.pane is not None and self._slides is not None and self._slides.slide is not None
        self._choice.setVisible(shown)
        large = shown and not self._speaker_first
        if self.pane is not None:
            self.pane.setVisible(large)
        at_side = self._beside.indexOf(self.grid) >= 0
        if large is at_side:
            return
        k = theme()
        if large:
            self._left.removeWidget(self.grid)
            self.grid.setFixedHeight(k.px(224))
            self._beside.addWidget(self.grid)
        else:
            self._beside.removeWidget(self.grid)
            self.grid.setMinimumHeight(k.px(180))
            self.grid.setMaximumHeight(NO_LIMIT)
            self._left.insertWidget(self._left.indexOf(self._mic), self.grid, 1)

    def _slides_changed(self) -> None:
        """The first page or the last: the page is divided anew."""
        shown = self._slides is not None and self._slides.slide is not None
        if shown is not self._choice.isVisibleTo(self):
            self.refresh()

    def _prefer(self, key: str) -> None:
        self._speaker_first = key == "speaker"
        self.refresh()

    def _turn_on(self) -> None:
        if self.pane is not None and self.pane.isVisible():
            self.pane.turn_on()

    def _turn_back(self) -> None:
        if self.pane is not None and self.pane.isVisible():
            self.pane.turn_back()

    def tell(self, notice: Notice) -> None:
        """One sentence over the picture's foot."""
        if self.isVisible():
            text = fault_text(notice.fault) if notice.fault is not None else t(notice.key, *notice.values)
            self._note.show_text(text, notice.tone, stays=notice.fault is not None)

    def _send(self, member_id: str, text: str) -> None:
        try:
            self.model.ask(member_id, text)
        except Fault as fault:
            self.tell(Notice(fault=fault, tone="zhusha"))

    def _answer_or_ask(self) -> None:
        """A roll call comes before a question."""
        if not self._banner.answer():
            self._ask.send()

    def _toggle_mic(self) -> None:
        if self.model.mic is not LectureMic.LOCKED:
            self.model.meeting.set_local_mute(not self.model.meeting.local_muted)
