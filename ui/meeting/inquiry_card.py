"""征询 in the side column: the question, the count as a bar with its numbers, and who said what."""

from functools import partial

from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from media.meeting.inquiry import InquiryTally, Stance
from ui.i18n import t
from ui.meeting.acts import tried
from ui.meeting.bars import ShareBar
from ui.models.inquiry_model import InquiryModel
from ui.models.meeting_rights import Act
from ui.theme import font, theme
from ui.theme.icons import icon
from ui.widgets import Button, Chip, LevelMark, LinkButton, MenuButton, ScrollColumn, Text, flush
from ui.widgets.dialog import Dialog

TONES = {Stance.AGREE: "shilv", Stance.OTHER: "zheshi", Stance.ABSTAIN: "ink3"}
ICONS = {Stance.AGREE: "check-circle-outline", Stance.OTHER: "comment-outline", Stance.ABSTAIN: "minus-circle-outline"}


def counted(tally: InquiryTally) -> str:
    """The numbers in words: nothing here is told by colour alone."""
    return t("inquiry.count", tally.agree, tally.other, tally.abstain, tally.awaited)


class InquiryCard(QFrame):
    """Visible from the first question on; every site sees the count."""

    def __init__(self, model: InquiryModel) -> None:
        super().__init__()
        self._model = model
        k = theme()
        self.setProperty("role", "card")
        column = QVBoxLayout(self)
        column.setContentsMargins(k.px(14), k.px(11), k.px(14), k.px(12))
        column.setSpacing(k.px(7))
        head = QHBoxLayout()
        flush(head, 8)
        self._chip = Chip("", "comment-question-outline", "accent")
        head.addWidget(self._chip)
        head.addStretch(1)
        head.addWidget(LinkButton(t("inquiry.who"), size="small", clicked=self.show_answers))
        column.addLayout(head)
        self._question = Text("", "body", bold=True, wrap=True)
        column.addWidget(self._question)
        self._bar = ShareBar()
        column.addWidget(self._bar)
        self._count = Text("", "small", "ink2", wrap=True)
        column.addWidget(self._count)
        self._own = MenuButton("", "", self._answers(), size="small")
        column.addWidget(self._own)
        self._close = Button(t("inquiry.close"), size="small", clicked=tried(model.meeting, model.close))
        column.addWidget(self._close)
        self.refresh()

    def refresh(self) -> None:
        """Take up what the model says now."""
        model, inquiry = self._model, self._model.current
        is_shown = inquiry is not None and model.meeting.in_meeting
        if self.parentWidget() is not None or not is_shown:  # without a parent it would be a window
            self.setVisible(is_shown)
        if inquiry is None:
            return
        running = inquiry.is_running
        self._chip.set_state(
            t("inquiry.open" if running else "inquiry.closed"),
            "comment-question-outline",
            "accent" if running else "neutral",
        )
        if self._question.text() != inquiry.question:
            self._question.setText(inquiry.question)
        tally = model.tally
        whole = max(1, tally.expected)
        shares = ((Stance.AGREE, tally.agree), (Stance.OTHER, tally.other), (Stance.ABSTAIN, tally.abstain))
        self._bar.show_shares([(number / whole, TONES[stance]) for stance, number in shares])
        self._count.setText(counted(tally))
        own = inquiry.answer_of(model.meeting.own)
        self._own.setVisible(running and own is not None)
        if own is not None:
            self._own.set_text(t("inquiry.change", t(f"inquiry.{own.stance.value}")))
        self._close.setVisible(running and model.right(Act.INQUIRE).allowed)
        self.setAccessibleName(f"{inquiry.question}{t('call.comma')}{counted(tally)}")

    def _answers(self) -> QMenu:
        """To say otherwise, as long as the question is open."""
        menu = QMenu(self)
        menu.setFont(font("body"))
        for stance in Stance:
            action = menu.addAction(icon(ICONS[stance], "ink2"), t(f"inquiry.{stance.value}"))
            press = tried(self._model.meeting, partial(self._model.answer, stance))
            action.triggered.connect(lambda _checked=False, press=press: press())
        return menu

    def show_answers(self) -> None:
        """各会场的回答."""
        dialog = AnswersDialog(self._model, self.window())
        dialog.exec()
        dialog.deleteLater()


class AnswersDialog(Dialog):
    """How each site stands, with what it said besides."""

    def __init__(self, model: InquiryModel, parent: QWidget | None) -> None:
        super().__init__(t("inquiry.who"), parent, 560)
        k = theme()
        inquiry = model.current
        self.body.addWidget(Text(inquiry.question if inquiry is not None else "", "body", wrap=True))
        self.body.addWidget(Text(counted(model.tally), "small", "ink2", wrap=True))
        scroll = ScrollColumn(0)
        scroll.setMinimumHeight(k.px(300))
        for row in model.rows:
            line = QHBoxLayout()
            line.setContentsMargins(0, k.px(5), k.px(8), k.px(5))
            line.setSpacing(k.px(8))
            line.addWidget(LevelMark(row.level, 14))
            line.addWidget(Text(row.name, "body"))
            line.addWidget(Text(row.remark, "small", "ink2", wrap=True), 1)
            if row.stance is None:
                line.addWidget(Chip(t("inquiry.awaited"), "clock-outline", "neutral"))
            else:
                tone = {"ink3": "neutral"}.get(TONES[row.stance], TONES[row.stance])
                line.addWidget(Chip(t(f"inquiry.{row.stance.value}"), ICONS[row.stance], tone))
            scroll.column.addLayout(line)
        scroll.column.addStretch(1)
        self.body.addWidget(scroll)
        self.add_button(Button(t("dialog.close"), clicked=self.accept), default=True)
