"""The cards of a room that listens: why its microphone is locked, asking for a member, and what became of questions."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QPlainTextEdit, QVBoxLayout

from ui.i18n import t
from ui.i18n.dates import clock_text
from ui.meeting.acts import reason_of
from ui.models.lecture_model import QUESTION_LENGTH, LectureMic, LectureModel, Question, QuestionState
from ui.models.meeting_rights import Act
from ui.theme import font, theme
from ui.theme.icons import icon
from ui.widgets import (
    Button,
    Card,
    Chip,
    ElidedText,
    Icon,
    PrimaryButton,
    Text,
    clear,
    flush,
)

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
