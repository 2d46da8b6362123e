"""What a person does next with an opinion: one form per state, with one filled button."""

from collections.abc import Callable
from datetime import date, timedelta

from PySide6.QtCore import QDate
from PySide6.QtWidgets import QCheckBox, QDateEdit, QGridLayout, QHBoxLayout, QLineEdit, QPlainTextEdit, QWidget

from desktop_app.domain.handling import Handling, ReplyClass
from ui.i18n import t
from ui.i18n.dates import today
from ui.models.opinion_rows import OpinionRow
from ui.models.opinions_model import OpinionsModel
from ui.theme import font, theme
from ui.widgets import Button, Card, DangerButton, PrimaryButton, Segmented, Text, flush

TITLE = 80
REPLY_DAYS, LOOK_DAYS = 90, 90
"""What the date fields propose: three months, the usual limit."""


class StepForm(Card):
    """A heading, its fields, and the buttons at the foot. `fields` is a grid of two columns."""

    def __init__(self, name: str) -> None:
        super().__init__(t(f"form.{name}"))
        self.body.addWidget(Text(t(f"form.{name}_text"), "small", "ink2", wrap=True))
        self.fields = QGridLayout()
        self.fields.setHorizontalSpacing(theme().px(16))
        self.fields.setVerticalSpacing(theme().px(6))
        self.body.addLayout(self.fields)
        self.foot = QHBoxLayout()
        flush(self.foot, 10)
        self.foot.addStretch(1)
        self._places = 0

    def add(self, label: str, widget: QWidget, *, wide: bool = False) -> QWidget:
        """A field under its label; `wide` takes both columns."""
        if wide and self._places % 2:
            self._places += 1
        row, column = self._places // 2 * 2, self._places % 2
        span = 2 if wide else 1
        self.fields.addWidget(Text(label, "small", "ink2", bold=True), row, column, 1, span)
        self.fields.addWidget(widget, row + 1, column, 1, span)
        self.fields.setColumnStretch(column, 1)
        widget.setAccessibleName(label)
        self._places += span
        return widget

    def finish(self, *buttons: QWidget) -> None:
        """Put the buttons at the foot."""
        for button in buttons:
            self.foot.addWidget(button)
        self.body.addLayout(self.foot)


def line(text: str = "", most: int = 0) -> QLineEdit:
    """A field of one line."""
    field = QLineEdit(text)
    field.setFont(font("body"))
    if most:
        field.setMaxLength(most)
    return field


def words(text: str = "", lines: int = 3) -> QPlainTextEdit:
    """A field of some lines; Tab leaves it."""
    field = QPlainTextEdit(text)
    field.setFont(font("body"))
    field.setTabChangesFocus(True)
    field.setFixedHeight(field.fontMetrics().lineSpacing() * lines + theme().px(20))
    return field


class DayField(QWidget):
    """A date that may be left out."""

    def __init__(self, proposed: date, *, needed: bool) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        flush(row, 8)
        self.day = QDateEdit(QDate(proposed.year, proposed.month, proposed.day))
        self.day.setCalendarPopup(True)
        self.day.setDisplayFormat("yyyy-MM-dd")
        self.day.setFont(font("body"))
        row.addWidget(self.day, 1)
        self._none = QCheckBox(t("form.no_due"))
        self._none.setFont(font("body"))
        self._none.setVisible(not needed)
        self._none.toggled.connect(lambda off: self.day.setEnabled(not off))
        row.addWidget(self._none)
        self.setFocusProxy(self.day)

    def setAccessibleName(self, name: str) -> None:
        self.day.setAccessibleName(name)

    @property
    def value(self) -> date | None:
        if self._none.isChecked():
            return None
        chosen = self.day.date()
        return date(chosen.year(), chosen.month(), chosen.day())


class ClassField(QWidget):
    """A, B or C; nothing is chosen to begin with."""

    def __init__(self, chosen: Callable[[ReplyClass], object]) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        flush(row)
        self.value = ""
        self._chosen = chosen
        choices = [(each.value, t(f"handling.chip_{each.value}")) for each in ReplyClass]
        self._row = Segmented(choices, "", self.choose)
        row.addWidget(self._row)
        row.addStretch(1)

    def choose(self, key: str) -> None:
        self.value = key
        self._row.set_current(key)
        self._chosen(ReplyClass(key))


def form_for(model: OpinionsModel, row: OpinionRow) -> Card:
    """The form of the state that an opinion is in."""
    makers: dict[str, Callable[[OpinionsModel, OpinionRow], Card]] = {
        Handling.NOTED: _confirm,
        Handling.DISMISSED: _reopen,
        Handling.EXCLUDED: _reopen,
        Handling.CONFIRMED: _clue,
        Handling.CLUE: _proposal,
        Handling.PROPOSAL: ReplyForm,
        Handling.LOOK_BACK: LookBackForm,
    }
    return makers.get(row.state, _closed)(model, row)


def _confirm(model: OpinionsModel, row: OpinionRow) -> Card:
    form = StepForm("confirm")
    go = PrimaryButton(t("form.confirm_go"), "check", clicked=lambda: model.confirm(row.pk))
    form.finish(Button(t("form.dismiss_go"), clicked=lambda: model.dismiss(row.pk)), go)
    return form


def _reopen(model: OpinionsModel, row: OpinionRow) -> Card:
    form = StepForm("reopen")
    form.finish(PrimaryButton(t("form.reopen_go"), "restore", clicked=lambda: model.reopen(row.pk)))
    return form


def _clue(model: OpinionsModel, row: OpinionRow) -> Card:
    form = StepForm("clue")
    title = line(row.text[:40], TITLE)
    category, content = line(), words(row.text, 4)
    form.add(t("form.title"), title)
    form.add(t("form.category"), category)
    form.add(t("form.content"), content, wide=True)

    def go() -> None:
        model.make_clue(row.pk, title.text(), content.toPlainText(), category.text())

    form.finish(PrimaryButton(t("form.clue_go"), "lightbulb-on-outline", clicked=go))
    return form


def _proposal(model: OpinionsModel, row: OpinionRow) -> Card:
    form = StepForm("proposal")
    number, main_unit, co_units = line(), line(), line()
    due = DayField(today(model.now) + timedelta(days=REPLY_DAYS), needed=False)
    reason = line()
    form.add(t("form.number"), number)
    form.add(t("form.main_unit"), main_unit)
    form.add(t("form.co_units"), co_units)
    form.add(t("form.due"), due)
    form.add(t("form.exclude_reason"), reason, wide=True)

    def go() -> None:
        units = co_units.text().replace("，", "、").replace(",", "、").split("、")
        model.file_proposal(row.pk, number.text(), main_unit.text(), units, due.value)

    form.finish(
        DangerButton(t("form.exclude_go"), clicked=lambda: model.exclude(row.pk, reason.text())),
        PrimaryButton(t("form.proposal_go"), "send-outline", clicked=go),
    )
    return form


class ReplyForm(StepForm):
    """登记答复: a B shows the look-back's day, a C its reason."""

    def __init__(self, model: OpinionsModel, row: OpinionRow) -> None:
        super().__init__("reply")
        self._model, self._row = model, row
        self.reply_class = ClassField(self._show)
        self.unit = line(str(row.proposal.get("main_unit") or ""))
        self.text = words()
        self.due = DayField(today(model.now) + timedelta(days=LOOK_DAYS), needed=True)
        self.reason = line()
        self.add(t("form.class"), self.reply_class)
        self.add(t("form.duty_unit"), self.unit)
        self.add(t("form.reply_words"), self.text, wide=True)
        self.add(t("form.look_due"), self.due)
        self.add(t("form.reason"), self.reason)
        self.due.setEnabled(False)
        self.reason.setEnabled(False)
        self.go = PrimaryButton(t("form.reply_go"), "file-check-outline", clicked=self.submit)
        self.go.setEnabled(False)
        self.finish(self.go)

    def _show(self, chosen: ReplyClass) -> None:
        self.due.setEnabled(chosen is ReplyClass.B)
        self.reason.setEnabled(chosen is ReplyClass.C)
        self.go.setEnabled(True)

    def submit(self) -> None:
        chosen = self.reply_class.value
        due = self.due.value if chosen == ReplyClass.B else None
        text, unit, reason = self.text.toPlainText(), self.unit.text(), self.reason.text()
        self._model.reply(self._row.pk, chosen, text, unit, due, reason)


class LookBackForm(StepForm):
    """回头看: what was found, the class that it is worth now, and what remains."""

    def __init__(self, model: OpinionsModel, row: OpinionRow) -> None:
        super().__init__("look_back")
        self._model, self._row = model, row
        self.after = ClassField(self._show)
        self.participants = line(row.member)
        self.situation = words()
        self.remaining = line()
        self.due = DayField(today(model.now) + timedelta(days=LOOK_DAYS), needed=True)
        self.add(t("form.after"), self.after)
        self.add(t("form.participants"), self.participants)
        self.add(t("form.situation"), self.situation, wide=True)
        self.add(t("form.remaining"), self.remaining)
        self.add(t("form.next_due"), self.due)
        self.due.setEnabled(False)
        self.go = PrimaryButton(t("form.look_back_go"), "eye-check-outline", clicked=self.submit)
        self.go.setEnabled(False)
        again = Button(t("form.again_go"), "restore", clicked=lambda: model.hand_out_again(row.pk))
        self.finish(again, self.go)

    def _show(self, chosen: ReplyClass) -> None:
        self.due.setEnabled(chosen is ReplyClass.B)
        self.go.setEnabled(True)

    def submit(self) -> None:
        due = self.due.value if self.after.value == ReplyClass.B else None
        situation, remaining = self.situation.toPlainText(), self.remaining.text()
        self._model.look_back(self._row.pk, situation, self.after.value, remaining, due, self.participants.text())


def _closed(_model: OpinionsModel, _row: OpinionRow) -> Card:
    form = StepForm("closed")
    form.finish()
    return form
