"""听讲: a room follows a lecture. The lecturer large, why the microphone is locked, the questions of its members."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QMenu, QPlainTextEdit, QVBoxLayout, QWidget

from desktop_app.domain.clock import Clock
from desktop_app.domain.faults import Fault
from ui.i18n import fault_text, t
from ui.i18n.dates import clock_text
from ui.meeting.acts import reason_of
from ui.meeting.banner import MeetingBanner
from ui.meeting.passing_note import PassingNote
from ui.meeting.tiles import tile_of
from ui.models.hosting_model import HostingModel
from ui.models.lecture_model import QUESTION_LENGTH, LectureMic, LectureModel, Question, QuestionState
from ui.models.meeting_model import Notice
from ui.models.meeting_rights import Act
from ui.picture.geometry import GridLayout
from ui.picture.grid import VideoGrid
from ui.theme import font, theme
from ui.theme.icons import icon
from ui.widgets import (
    Button,
    Card,
    Chip,
    ElidedText,
    Icon,
    MenuButton,
    PrimaryButton,
    ScrollColumn,
    Text,
    clear,
    flush,
)

SIDE = 360
STATES = {
    QuestionState.KEPT: ("cloud-upload-outline", "zheshi"),
    QuestionState.WAITING: ("clock-outline", "neutral"),
    QuestionState.ASKING: ("account-voice", "shilv"),
    QuestionState.ASKED: ("check-circle-outline", "shilv"),
    QuestionState.DECLINED: ("minus-circle-outline", "neutral"),
    QuestionState.WITHDRAWN: ("undo", "neutral"),
}


class MicCard(QFrame):
    """Locked with the reason and the way out; green once a member of this room may ask."""

    def __init__(self, model: LectureModel) -> None:
        super().__init__()
        self._model = model
        self._key: object = None
        k = theme()
        self.setProperty("role", "card")
        row = QHBoxLayout(self)
        row.setContentsMargins(k.px(20), k.px(14), k.px(18), k.px(14))
        row.setSpacing(k.px(16))
        self._icon = Icon("microphone-off", "ink2", 26)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        words = QVBoxLayout()
        flush(words, 2)
        self._title = Text("", "title")
        self._why = Text("", "small", "ink2", wrap=True)
        words.addWidget(self._title)
        words.addWidget(self._why)
        row.addLayout(words, 1)
        self._chip = Chip("", "lock-outline", "neutral")
        row.addWidget(self._chip, 0, Qt.AlignmentFlag.AlignVCenter)
        self._switch = Button("", "microphone", clicked=self._toggle)
        self._end = Button(t("lec.end-question"), "stop-circle-outline", clicked=model.end_question)
        row.addWidget(self._switch, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._end, 0, Qt.AlignmentFlag.AlignVCenter)
        self.refresh()

    def refresh(self) -> None:
        model = self._model
        key = (model.mic, model.asking)
        if key == self._key:
            return
        self._key = key
        locked = model.mic is LectureMic.LOCKED
        is_open = model.mic is LectureMic.OPEN
        self._icon.set_icon("microphone" if is_open else "microphone-off", "shilv" if is_open else "ink2")
        if locked:
            title, why = t("lec.locked"), t("lec.why")
        elif is_open:
            title, why = t("lec.open", model.asking), t("lec.open-text")
        else:
            title, why = t("lec.closed-here", model.asking), t("lec.closed-here-text")
        self._title.setText(title)
        self._title.set_tone("shilv" if is_open else "ink")
        self._why.setText(why)
        self._chip.setVisible(locked)
        self._chip.set_state(t("lec.lock"), "lock-outline", "neutral")
        self._switch.setVisible(not locked)
        self._end.setVisible(not locked)
        self._switch.set_text(t("lec.close-mic") if is_open else t("lec.open-mic"))
        self.setProperty("role", "notice" if is_open else "card")
        self.setProperty("tone", "shilv")
        self.style().unpolish(self)
        self.style().polish(self)
        self.setAccessibleName(f"{title} {why}")

    def _toggle(self) -> None:
        meeting = self._model.meeting
        meeting.set_local_mute(not meeting.local_muted)


class AskCard(Card):
    """代委员提问: only who has signed in can be chosen."""

    def __init__(self, model: LectureModel, ask: Callable[[str, str], object]) -> None:
        super().__init__(t("lec.ask"), t("lec.signed-in-only"))
        self._model, self._ask = model, ask
        self._key: object = None
        self.body.addWidget(Text(t("lec.member"), "small", "ink2", bold=True))
        self._members = QComboBox()
        self._members.setFont(font("body"))
        self._members.setAccessibleName(t("lec.member"))
        self._members.setEditable(True)
        edit = self._members.lineEdit()
        if edit is not None:
            edit.setPlaceholderText(t("lec.choose"))
        self._members.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.body.addWidget(self._members)
        self.body.addWidget(Text(t("lec.text"), "small", "ink2", bold=True))
        self._text = QPlainTextEdit()
        self._text.setFont(font("body"))
        self._text.setAccessibleName(t("lec.text"))
        self._text.setPlaceholderText(t("lec.text-hint"))
        self._text.setTabChangesFocus(True)
        self._text.setFixedHeight(theme().px(78))
        self._text.textChanged.connect(self.refresh)
        self.body.addWidget(self._text)
        self._why = Text("", "small", "ink3", wrap=True)
        self.body.addWidget(self._why)
        row = QHBoxLayout()
        flush(row, 8)
        self._count = Text("", "small", "ink3")
        row.addWidget(self._count)
        row.addStretch(1)
        self._send = PrimaryButton(t("lec.send"), "hand-back-right-outline", clicked=self.send)
        row.addWidget(self._send)
        self.body.addLayout(row)
        self.refresh()

    def refresh(self) -> None:
        model = self._model
        members = model.members
        if members != self._key:
            self._key = members
            kept = self._members.currentData()
            self._members.clear()
            for one in members:
                words = " · ".join(part for part in (one.name, one.note) if part)
                self._members.addItem(icon("account-check-outline", "shilv", 16), words, one.member_id)
            self._members.setCurrentIndex(self._members.findData(kept) if kept else -1)
        right = model.meeting.right(Act.REQUEST_FLOOR)
        offline = not model.meeting.online
        length = len(" ".join(self._text.toPlainText().split()))
        self._count.setText(t("host.letters", length, QUESTION_LENGTH))
        self._count.set_tone("ink3" if length <= QUESTION_LENGTH else "zhusha")
        fits = length <= QUESTION_LENGTH
        self._send.setEnabled(bool(members) and fits and (right.allowed or offline))
        if not members:
            self._why.setText(t("lec.nobody-signed-in"))
        elif offline:
            self._why.setText(t("lec.kept-here"))
        else:
            self._why.setText(reason_of(right) or t("lec.how"))

    def focus(self) -> None:
        self._members.setFocus(Qt.FocusReason.ShortcutFocusReason)
        edit = self._members.lineEdit()
        if edit is not None:
            edit.selectAll()

    def send(self) -> None:
        """登记提问 (Ctrl+Enter)."""
        text = self._members.currentText().strip()
        at = self._members.findText(text, Qt.MatchFlag.MatchStartsWith) if text else -1
        if at >= 0 and self._send.isEnabled():
            self._ask(self._members.itemData(at), self._text.toPlainText())
            self._members.setCurrentIndex(-1)
            self._text.clear()


class QuestionsCard(Card):
    """本会场的提问: each with how far it is."""

    def __init__(self, model: LectureModel) -> None:
        super().__init__(t("lec.questions"), "0")
        self._model = model
        self._key: object = None
        self._list = QVBoxLayout()
        flush(self._list)
        self.body.addLayout(self._list)
        self.refresh()

    def refresh(self) -> None:
        questions = self._model.questions
        if questions == self._key:
            return
        self._key = questions
        clear(self._list)
        self.set_note(t("lec.count", len(questions)))
        if not questions:
            self._list.addWidget(Text(t("lec.no-questions"), "small", "ink3", wrap=True))
        for place, question in enumerate(questions):
            self._list.addWidget(self._row(question, last=place == len(questions) - 1))

    def _row(self, question: Question, *, last: bool) -> QFrame:
        k = theme()
        frame = QFrame()
        frame.setProperty("role", "row")
        frame.setProperty("last", "true" if last else "false")
        line = QHBoxLayout(frame)
        line.setContentsMargins(0, k.px(8), 0, k.px(8))
        line.setSpacing(k.px(8))
        words = QVBoxLayout()
        flush(words, 1)
        words.addWidget(ElidedText(question.member_name, "body", bold=True))
        if question.text:
            words.addWidget(ElidedText(question.text, "small", "ink2", lines=2))
        elif question.at is not None:
            words.addWidget(Text(clock_text(question.at), "small", "ink3"))
        line.addLayout(words, 1)
        mark, tone = STATES[question.state]
        place = question.state is QuestionState.WAITING and question.position
        said = t("lec.place", question.position) if place else t(f"lec.{question.state.value}")
        line.addWidget(Chip(said, mark, tone), 0, Qt.AlignmentFlag.AlignVCenter)
        if question.state in (QuestionState.WAITING, QuestionState.KEPT):
            back = Button(t("call.withdraw"), size="small", clicked=lambda: self._model.withdraw(question))
            back.setAccessibleName(t("lec.withdraw-whom", question.member_name))
            line.addWidget(back)
        return frame


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
        self._room = MenuButton(t("host.room"), "monitor", room)
        self._room.setVisible(room is not None)
        head.addWidget(self._room)
        head.addWidget(Button(t("lec.leave"), "exit-to-app", clicked=model.meeting.leave))
        left.addLayout(head)
        self.grid = VideoGrid(model.meeting.lecture_source, clock, model.meeting.painted)
        self.grid.setAccessibleName(t("call.picture"))
        self.grid.set_empty_text(t("lec.no-lecturer"))
        left.addWidget(self.grid, 1)
        self._mic = MicCard(model)
        left.addWidget(self._mic)
        middle.addLayout(left, 1)
        side = QFrame()
        side.setProperty("role", "panel")
        side.setProperty("edge", "left")
        side.setFixedWidth(k.px(SIDE))
        column = QVBoxLayout(side)
        column.setContentsMargins(k.px(16), k.px(14), k.px(8), k.px(8))
        scroll = ScrollColumn(12)
        scroll.column.setContentsMargins(0, 0, k.px(8), 0)
        self._ask = AskCard(model, self._send)
        self._questions = QuestionsCard(model)
        scroll.column.addWidget(self._ask)
        scroll.column.addWidget(self._questions)
        scroll.column.addStretch(1)
        column.addWidget(scroll)
        middle.addWidget(side)
        self._note = PassingNote(self.grid)
        model.changed.connect(self.refresh)
        model.meeting.noticed.connect(self.tell)
        model.meeting.ticked.connect(self._banner.refresh)
        model.failed.connect(lambda fault: self.tell(Notice(fault=fault, tone="zhusha")))
        for keys, act in (
            ("Ctrl+E", self._ask.focus),
            ("Ctrl+Return", self._answer_or_ask),
            ("Ctrl+D", self._toggle_mic),
            ("F8", self._room.open_menu),
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
        shown = [row for row in meeting.roster if row.unit_path == lecturer]
        if turn is not None and turn.unit_path != lecturer:
            shown += [row for row in meeting.roster if row.unit_path == turn.unit_path]
        self.grid.set_tiles([tile_of(row, turn, flowing=meeting.media_up) for row in shown])
        large = turn.unit_path if turn is not None else lecturer
        self.grid.set_layout(GridLayout.SPEAKER if len(shown) > 1 else GridLayout.EQUAL, str(large or ""))
        self._who.set_text(t("lec.from", meeting.name_of(lecturer)) if lecturer is not None else "")
        for part in (self._mic, self._ask, self._questions):
            part.refresh()

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
