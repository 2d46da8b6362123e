"""会议: every meeting this terminal knows of, what runs and comes first, what is over below."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from ui.i18n import t
from ui.i18n.dates import day_text, today
from ui.models.home_model import HomeModel, Loading, MeetingCard
from ui.shell.home_cards import MeetingRow
from ui.shell.office import Office
from ui.theme import theme
from ui.widgets import Button, Card, EmptyState, PrimaryButton, ScrollColumn, clear
from ui.widgets.card import flush


class MeetingsPage(QWidget):
    """Two lists in one column."""

    def __init__(self, model: HomeModel, office: Office) -> None:
        super().__init__()
        k = theme()
        self._model = model
        self._office = office
        outer = QVBoxLayout(self)
        flush(outer)
        self._scroll = ScrollColumn(16)
        self._scroll.column.setContentsMargins(k.px(24), k.px(20), k.px(24), k.px(20))
        outer.addWidget(self._scroll)
        model.changed.connect(self.refresh)
        self.refresh()

    def header_actions(self) -> list[QWidget]:
        return [Button(t("home.schedule"), "calendar-plus", size="small", clicked=self._office.schedule)]

    def refresh(self) -> None:
        model, column = self._model, self._scroll.column
        clear(column)
        ahead = [card for card in model.every if not card.over]
        behind = [card for card in reversed(model.every) if card.over]
        if not model.every:
            card = Card()
            words = t("home.loading") if model.state is Loading.LOADING else t("meetings.empty")
            action = PrimaryButton(t("home.schedule"), "calendar-plus", clicked=self._office.schedule)
            card.body.addWidget(EmptyState("calendar-blank-outline", words, t("meetings.empty_text"), action))
            column.addWidget(card)
        if ahead:
            column.addWidget(self._list(t("meetings.ahead"), ahead))
        if behind:
            column.addWidget(self._list(t("meetings.behind"), behind))
        column.addStretch(1)

    def _list(self, title: str, cards: list[MeetingCard]) -> Card:
        card = Card(title, t("meetings.count", len(cards)))
        card.body.setSpacing(0)
        now = self._model.now
        for index, one in enumerate(cards):
            day = t("date.today") if today(one.start) == today(now) else day_text(today(one.start))
            card.body.addWidget(MeetingRow(one, now, self._office, day=day, last=index == len(cards) - 1))
        return card
