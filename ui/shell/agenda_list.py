"""The agenda in the schedule dialog: one line per item, its title and the length of a turn; add and remove."""

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSpinBox, QVBoxLayout, QWidget

from ui.i18n import t
from ui.services import AgendaDraft
from ui.theme import font, theme
from ui.widgets import IconButton, LinkButton, ScrollColumn, Text, clear
from ui.widgets.card import flush

MOST_MINUTES = 180


class AgendaLine(QWidget):
    """One item; its type stays what the kind of meeting gave it."""

    def __init__(self, number: int, item: AgendaDraft, remove: "AgendaList") -> None:
        super().__init__()
        self._type = item.item_type
        row = QHBoxLayout(self)
        flush(row, 8)
        place = Text(f"{number}.", "body", "ink3")
        place.setMinimumWidth(theme().px(22))
        row.addWidget(place)
        self.title = QLineEdit(item.title)
        self.title.setFont(font("body"))
        self.title.setAccessibleName(t("schedule.item_name", number))
        row.addWidget(self.title, 1)
        self.minutes = QSpinBox()
        self.minutes.setFont(font("body"))
        self.minutes.setRange(0, MOST_MINUTES)
        self.minutes.setSpecialValueText(t("schedule.no_limit"))
        self.minutes.setSuffix(t("schedule.minutes"))
        self.minutes.setValue(item.limit_seconds // 60)
        self.minutes.setAccessibleName(t("schedule.item_limit", number))
        self.minutes.setMinimumWidth(theme().px(112))
        row.addWidget(self.minutes)
        row.addWidget(IconButton("close", t("schedule.item_remove", number), clicked=lambda: remove.drop(number - 1)))

    def item(self) -> AgendaDraft:
        return AgendaDraft(self.title.text(), self._type, 0, 60 * self.minutes.value())


class AgendaList(QWidget):
    """The lines, and a button for one more."""

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        flush(column, 8)
        head = QHBoxLayout()
        head.addWidget(Text(t("schedule.agenda"), "title"))
        head.addStretch(1)
        head.addWidget(LinkButton(t("schedule.add"), "plus", size="small", clicked=self.add))
        column.addLayout(head)
        self._scroll = ScrollColumn(6)
        column.addWidget(self._scroll, 1)
        self._lines: list[AgendaLine] = []

    def items(self) -> list[AgendaDraft]:
        """What stands there now; an empty line is left out."""
        return [item for line in self._lines if (item := line.item()).title.strip()]

    def show_items(self, items: list[AgendaDraft]) -> None:
        clear(self._scroll.column)
        self._lines = [AgendaLine(number, item, self) for number, item in enumerate(items, 1)]
        for line in self._lines:
            self._scroll.column.addWidget(line)
        self._scroll.column.addStretch(1)

    def add(self) -> None:
        self.show_items([*(line.item() for line in self._lines), AgendaDraft("")])
        self._lines[-1].title.setFocus()

    def drop(self, index: int) -> None:
        items = [line.item() for line in self._lines]
        del items[index]
        self.show_items(items)
