"""会前提醒 above every page: which meeting is about to begin, and the way in."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from ui.i18n import t
from ui.i18n.dates import clock_text
from ui.models.reminder_model import ReminderModel
from ui.theme import theme
from ui.widgets import Button, ElidedText, Icon, PrimaryButton, Text


class ReminderBar(QFrame):
    """Takes no room while there is nothing to remind of."""

    def __init__(self, model: ReminderModel, parent: QWidget) -> None:
        super().__init__(parent)
        k = theme()
        self._model = model
        self.setProperty("role", "return")
        row = QHBoxLayout(self)
        row.setContentsMargins(k.px(24), k.px(6), k.px(20), k.px(6))
        row.setSpacing(k.px(12))
        row.addWidget(Icon("bell-ring-outline", "accent", 20), 0, Qt.AlignmentFlag.AlignVCenter)
        self._when = Text("", "body", "accent", bold=True)
        row.addWidget(self._when)
        self._title = ElidedText("", "body")
        row.addWidget(self._title, 1)
        self.join = PrimaryButton(t("home.join"), "login-variant", clicked=model.join)
        row.addWidget(self.join)
        row.addWidget(Button(t("sign.known"), clicked=model.put_away))
        model.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Take up what the model says now."""
        reminder = self._model.reminder
        self.setVisible(reminder is not None)
        if reminder is None:
            return
        card = reminder.card
        if reminder.begun:
            words = t("remind.running") if card.running else t("remind.begins")
        else:
            words = t("remind.soon", reminder.minutes, clock_text(card.start))
        self._when.setText(words)
        self._title.set_text(card.title)
        self.join.setAccessibleName(t("home.join_name", card.title, clock_text(card.start)))
        self.setAccessibleName(f"{words} {card.title}")
