"""Who waits to speak: one press grants; the rest of what may be done with a request is in a menu beside it."""

from collections.abc import Callable

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from desktop_app.domain.meetings import MeetingMode
from desktop_app.domain.units import is_within
from ui.i18n import t
from ui.i18n.dates import duration_text
from ui.meeting.acts import apply_right, reason_of, tried
from ui.meeting.panel_head import PanelHead
from ui.models.meeting_model import MeetingModel
from ui.models.meeting_rights import Act
from ui.models.meeting_rows import QueueRow
from ui.models.queue_model import QueueModel
from ui.theme import font, theme
from ui.theme.icons import icon
from ui.widgets import (
    Button,
    Chip,
    ElidedText,
    IconButton,
    LevelMark,
    LinkButton,
    PrimaryButton,
    Text,
    clear,
    flush,
)


class QueuePanel(QWidget):
    """Grant, put aside and order for the chair; withdraw for the own room."""

    def __init__(
        self, model: MeetingModel, queue: QueueModel, ask: Callable[[], object], grant: Callable[[str], object]
    ) -> None:
        """`ask` registers a member of this room; `grant` gives the floor, with a look first where that is the rule."""
        super().__init__()
        self._model, self._queue, self._grant = model, queue, grant
        self._key: object = None
        column = QVBoxLayout(self)
        flush(column, 4)
        self._ask = LinkButton(t("call.register"), "plus", size="small", clicked=ask)
        self._head = PanelHead(t("call.queue"), self._ask)
        column.addWidget(self._head)
        self._list = QVBoxLayout()
        flush(self._list)
        column.addLayout(self._list)
        self.refresh()

    def refresh(self) -> None:
        """Take up what the model says now."""
        model = self._model
        rows = model.queue
        rights = model.rights
        waiting = sum(1 for row in rows if not row.held)
        apply_right(self._ask, rights[Act.REQUEST_FLOOR], t("call.register-tip"))
        self._head.set_count(t("call.waiting", waiting))
        left = tuple(self._queue.left(row.unit_path) for row in rows) if model.state.budgets else ()
        acts = (Act.GRANT, Act.HOLD, Act.ORDER, Act.INTERPOSE)
        priorities = tuple(turn.priority for turn in model.state.queue)
        key = (
            model.state.mode,
            rows,
            left,
            priorities,
            model.conducts,
            model.state.sub_chairs,
            [rights[act] for act in acts],
        )
        if key == self._key:
            return
        self._key = key
        clear(self._list)
        if not rows:
            lecture = model.conducts and model.state.mode is MeetingMode.LECTURE
            empty = t("queue.empty-lecture") if lecture else t("call.queue-empty")
            self._list.addWidget(Text(empty, "small", "ink3", wrap=True))
        for place, row in enumerate(rows):
            self._list.addWidget(self._row(row, first=place == 0, last=place == len(rows) - 1))

    def _leads(self, row: QueueRow) -> bool:
        """The chair decides about all, a sub-chair about the sites under it."""
        model = self._model
        below = model.own in model.state.sub_chairs and is_within(row.unit_path, model.own)
        return model.conducts or below

    def _row(self, row: QueueRow, *, first: bool, last: bool) -> QFrame:
        k = theme()
        frame = QFrame()
        frame.setProperty("role", "row")
        frame.setProperty("last", "true" if last else "false")
        column = QVBoxLayout(frame)
        column.setContentsMargins(0, k.px(7), 0, k.px(7))
        column.setSpacing(k.px(3))
        line = QHBoxLayout()
        flush(line, 8)
        line.addWidget(Text("–" if row.held else str(row.position), "title", "ink3"))
        line.addWidget(ElidedText(row.member_name, "body", bold=True), 1)
        for button in self._buttons(row, first=first):
            line.addWidget(button)
        column.addLayout(line)
        below = QHBoxLayout()
        flush(below, 5)
        below.addWidget(LevelMark(row.level, 12))
        below.addWidget(ElidedText(self._said(row), "small", "ink2"), 1)
        if not row.connected:
            below.addWidget(Chip(t("call.keeps-place"), "lan-disconnect", "zheshi"))
        elif row.held:
            below.addWidget(Chip(t("host.held"), "pause", "neutral"))
        elif self._queue.is_preferred(row.request_id):
            below.addWidget(Chip(t("queue.preferred"), "star", "accent"))
        column.addLayout(below)
        frame.setToolTip(row.note)
        frame.setAccessibleName(t("queue.row", row.position, row.member_name, self._said(row)))
        return frame

    def _said(self, row: QueueRow) -> str:
        """Site, what for, how long it waits, and what its time to speak comes to."""
        waited = ""
        if row.connected and not row.held:
            waited = t("call.waited", row.waited_min) if row.waited_min else t("call.just-asked")
        asks = t("host.question") if row.question else ""
        left = self._queue.left(row.unit_path) if self._model.state.budgets else None
        budget = "" if left is None else t("queue.left", duration_text(left))
        return " · ".join(part for part in (row.site_name, asks, waited, budget) if part)

    def _buttons(self, row: QueueRow, *, first: bool) -> list[QWidget]:
        model, request = self._model, row.request_id
        if not self._leads(row):
            if not row.own:
                return []
            withdraw = tried(model, lambda: model.cancel_request(request))
            return [Button(t("call.withdraw"), size="small", clicked=withdraw)]
        more = IconButton("dots-vertical", t("queue.more", row.member_name), size=18)
        more.setFixedSize(theme().px(28), theme().px(30))
        more.clicked.connect(lambda _checked=False: self._open_menu(row, more))
        if row.held:
            back = Button(t("host.restore"), size="small", clicked=tried(model, lambda: model.hold(request, False)))
            back.setAccessibleName(t("host.restore-whom", row.member_name))
            return [back, more]
        kind = PrimaryButton if first else Button
        grant = kind(t("call.grant"), size="small", clicked=tried(model, lambda: self._grant(request)))
        grant.setAccessibleName(t("call.grant-whom", row.member_name))
        apply_right(grant, model.right(Act.GRANT), t("queue.grant-tip") if first else "")
        hold = Button(t("call.defer"), size="small", clicked=tried(model, lambda: model.hold(request)))
        hold.setAccessibleName(t("call.defer-whom", row.member_name))
        apply_right(hold, model.right(Act.HOLD))
        grant.setEnabled(grant.isEnabled() and row.connected)
        return [grant, hold, more]

    def _open_menu(self, row: QueueRow, button: QWidget) -> None:
        menu = self.menu_of(row)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(button.mapToGlobal(button.rect().bottomLeft()))

    def menu_of(self, row: QueueRow) -> QMenu:
        """Every further act on one request, each grey with its reason where it is not allowed now."""
        queue, model, request = self._queue, self._model, row.request_id
        menu = QMenu(self)
        menu.setFont(font("body"))
        menu.setToolTipsVisible(True)
        menu.setAccessibleName(t("queue.more", row.member_name))
        waits = not row.held
        if waits:
            self._add(menu, "queue.up", "arrow-up", Act.ORDER, lambda: queue.move(request, -1), row.position > 1)
            last = row.position >= len(model.state.queue)
            self._add(menu, "queue.down", "arrow-down", Act.ORDER, lambda: queue.move(request, 1), not last)
            preferred = queue.is_preferred(request)
            self._add(
                menu,
                "queue.not-preferred" if preferred else "queue.prefer",
                "star-outline",
                Act.ORDER,
                lambda: queue.prefer(request, not preferred),
            )
            menu.addSeparator()
        self._add(
            menu, "queue.interpose", "comment-question-outline", Act.INTERPOSE, lambda: queue.interpose(request),
            row.connected,
        )  # fmt: skip
        if queue.left(row.unit_path) == 0:
            self._add(
                menu, "queue.over-budget", "clock-alert-outline", Act.GRANT,
                lambda: queue.grant_over_budget(request), row.connected,
            )  # fmt: skip
        self._add(menu, "queue.deny", "close", Act.HOLD, lambda: model.deny(request))
        return menu

    def _add(
        self, menu: QMenu, key: str, icon_name: str, act: Act, done: Callable[[], object], possible: bool = True
    ) -> None:
        right = self._queue.right(act)
        action = QAction(icon(icon_name, "ink2"), t(key), menu)
        action.setEnabled(right.allowed and possible)
        action.setToolTip(reason_of(right))
        press = tried(self._model, done)
        action.triggered.connect(lambda _checked=False: press())
        menu.addAction(action)
