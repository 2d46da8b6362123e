"""The agenda in the schedule dialog: one line per item, its title and the length of a turn; add and remove."""

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from ui.i18n import t
from ui.services import AgendaDraft
from ui.theme import font, theme
from ui.widgets import IconButton, LinkButton, ScrollColumn, Text, clear
from ui.widgets.card import flush

USUAL_MINUTES = (0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 45, 60)


class AgendaLine(QWidget):
    """One item; its type stays what the kind of meeting gave it."""

    def __init__(self, number: int, item: AgendaDraft, remove: "AgendaList") -> None:
        super().__init__()
        self._type, self._item = item.item_type, item.item
        row = QHBoxLayout(self)
        flush(row, 8)
        place = Text(f"{number}.", "body", "ink3")
        place.setMinimumWidth(theme().px(22))
        row.addWidget(place)
        self.title = QLineEdit(item.title)
        self.title.setFont(font("body"))
        self.title.setAccessibleName(t("schedule.item_name", number))
        row.addWidget(self.title, 1)
        self.minutes = QComboBox()
        self.minutes.setFont(font("body"))
        for minutes in sorted({*USUAL_MINUTES, item.limit_seconds // 60}):
            self.minutes.addItem(t("schedule.minutes", minutes) if minutes else t("schedule.no_limit"), minutes)
        self.minutes.setCurrentIndex(self.minutes.findData(item.limit_seconds // 60))
        self.minutes.setAccessibleName(t("schedule.item_limit", number))
        self.minutes.setMinimumWidth(theme().px(118))
        row.addWidget(self.minutes)
        row.addWidget(IconButton("close", t("schedule.item_remove", number), clicked=lambda: remove.drop(number - 1)))

    def item(self) -> AgendaDraft:
        return AgendaDraft(self.title.text(), self._type, 0, 60 * int(self.minutes.currentData()), self._item)


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
