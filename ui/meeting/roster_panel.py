"""The sites as a tree by level: icons only for the out of the ordinary; virtual rows, so that 145 sites stay quick."""

from functools import partial
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
)

from desktop_app.domain.ids import UnitPath
from media.meeting.model import FloorRequest
from ui.i18n import t
from ui.meeting.roster_foot import Kind, RosterFoot, in_trouble, is_lost
from ui.meeting.site_detail import SiteDetail, trouble_icon
from ui.meeting.tiles import spoken
from ui.models.meeting_model import MeetingModel
from ui.models.meeting_rows import Mic, Presence, RosterRow, superiors
from ui.theme import font, theme
from ui.theme.icons import icon, pixmap
from ui.widgets import Text, flush
from ui.widgets.level_mark import bars_filled, paint_level_mark

Index = QModelIndex | QPersistentModelIndex
RowRole = int(Qt.ItemDataRole.UserRole)
INDENT = 12
ALSO_TOLD = ("microphone", "lock-outline", "account-supervisor-outline", "account-tie-voice")
"""Signs of a row that its tile shows too, in the order in which they make room for the name."""


class RosterList(QAbstractListModel):
    """The rows that are open and fit the search."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[RosterRow] = []
        self.parents: set[str] = set()
        self.folded: set[str] = set()
        self._turn: FloorRequest | None = None

    def show_rows(self, rows: list[RosterRow], turn: FloorRequest | None, parents: set[str]) -> None:
        """Take these; only rows that are other than before are painted again."""
        self._turn = turn
        before, self.parents = self.rows, parents
        if [row.unit_path for row in rows] != [row.unit_path for row in before]:
            self.beginResetModel()
            self.rows = rows
            self.endResetModel()
            return
        self.rows = rows
        for place, (row, old) in enumerate(zip(rows, before, strict=True)):
            if row != old:
                self.dataChanged.emit(self.index(place), self.index(place))

    def hides(self, row: RosterRow) -> bool:
        """Whether a folded place above this row covers it."""
        return any(row.unit_path != path and row.unit_path.startswith(path) for path in self.folded)

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = 0) -> Any:
        row = self.rows[index.row()]
        if role == RowRole:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return row.short_name
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return spoken(row, self._turn)
        return None


class RosterDelegate(QStyledItemDelegate):
    """Paints one row: indent, fold mark, level mark, name, then only the exceptions."""

    def __init__(self, rows: RosterList) -> None:
        super().__init__(rows)
        self._rows = rows

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, theme().px(38))

    def fold_box(self, box: QRect, row: RosterRow) -> QRect:
        k = theme()
        return QRect(box.left() + k.px(2) + row.depth * k.px(INDENT), box.top(), k.px(20), box.height())

    def name_room(self, box: QRect, row: RosterRow) -> tuple[QRect, list[tuple[str, str]]]:
        """Where the name stands in the row's box, and the signs at its right that leave it its room."""
        k = theme()
        left, right = self.fold_box(box, row).right() + k.px(32), box.right() - k.px(6)
        words = QFontMetrics(font("body", bold=row.bold)).horizontalAdvance(row.short_name)
        found = fitting(signs(row), (right - left - words) // k.px(24))
        return QRect(left, box.top(), max(0, right - left - len(found) * k.px(24)), box.height()), found

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        k = theme()
        row: RosterRow = index.data(RowRole)
        box = QRect(option.rect)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if chosen:
            left = self.fold_box(box, row).right()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(k.color("tint"))
            painter.drawRoundedRect(QRect(left, box.top() + 1, box.right() - left, box.height() - 2), k.px(5), k.px(5))
        fold = self.fold_box(box, row)
        if row.unit_path in self._rows.parents:
            name = "chevron-right" if row.unit_path in self._rows.folded else "menu-down"
            painter.drawPixmap(fold.left(), box.center().y() - k.px(9), pixmap(name, "ink3", 18))
        away = row.presence is not Presence.HERE
        mark = QRect(fold.right() + k.px(6), box.center().y() - k.px(7), k.px(18), k.px(15))
        ink = k.color("ink3" if away else "accent")
        paint_level_mark(painter, mark, bars_filled(row.level), ink, k.color("line"))
        painter.setFont(font("body", bold=row.bold))
        painter.setPen(k.color("ink3" if away else "ink"))
        room, found = self.name_room(box, row)
        for place, (icon_name, token) in enumerate(found):
            painter.drawPixmap(
                room.right() + k.px(6) + place * k.px(24), box.center().y() - k.px(9), pixmap(icon_name, token, 18)
            )
        text = painter.fontMetrics().elidedText(row.short_name, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        painter.restore()


def signs(row: RosterRow) -> list[tuple[str, str]]:
    """The icons of one row, from left to right: only what is out of the ordinary."""
    if row.knocking:
        return [("door-open", "accent")]
    if row.removed:
        return [("account-remove-outline", "ink3")]
    if row.presence is Presence.LOST:
        return [("lan-disconnect", "zheshi")]
    if row.presence is Presence.AWAY:
        return []
    found = []
    if row.chair:
        found.append(("account-tie-voice", "ink2"))
    if row.sub_chair:
        found.append(("account-supervisor-outline", "ink2"))
    if row.on_air:
        found.append(("broadcast", "zhusha"))
    if row.trouble:
        found.append((trouble_icon(row.trouble), "zheshi"))
    if row.weak:
        found.append(("signal-cellular-1", "zheshi"))
    if row.refused_recording:
        found.append(("record-circle-outline", "zheshi"))
    if row.hand:
        found.append(("hand-back-right-outline", "accent"))
    if row.mic is Mic.OPEN and not row.on_air:  # on air says so already, and names need room
        found.append(("microphone", "shilv"))
    elif row.mic is Mic.LOCKED:
        found.append(("lock-outline", "ink2"))
    return found


def fitting(found: list[tuple[str, str]], most: int) -> list[tuple[str, str]]:
    """Those that leave the name its room: what the tile and the bold name say as well goes first; alarms stay."""
    for name in ALSO_TOLD:
        if len(found) <= most:
            break
        found = [one for one in found if one[0] != name]
    return found


class RosterPanel(QFrame):
    """The left column."""

    selected = Signal(str)

    def __init__(self, model: MeetingModel) -> None:
        super().__init__()
        self._model = model
        k = theme()
        self.setProperty("role", "panel")
        self.setProperty("edge", "right")
        self.setFixedWidth(k.px(232))
        column = QVBoxLayout(self)
        column.setContentsMargins(k.px(14), k.px(14), k.px(12), k.px(10))
        column.setSpacing(k.px(10))
        head = QHBoxLayout()
        flush(head, 8)
        head.addWidget(Text(t("call.sites-title"), "title"))
        self._count = Text("", "small", "ink3")
        head.addWidget(self._count)
        head.addStretch(1)
        column.addLayout(head)
        self._search = QLineEdit()
        self._search.setFont(font("body"))
        self._search.setPlaceholderText(t("call.find-site"))
        self._search.setAccessibleName(t("call.find-site"))
        self._search.setClearButtonEnabled(True)
        self._search.addAction(icon("magnify", "ink3", 16), QLineEdit.ActionPosition.LeadingPosition)
        self._search.textChanged.connect(lambda _text: self.refresh())
        self._search.returnPressed.connect(self._take_first)
        column.addWidget(self._search)
        self._rows = RosterList(self)
        self._delegate = RosterDelegate(self._rows)
        self._view = QListView()
        self._view.setProperty("role", "plain")
        self._view.setModel(self._rows)
        self._view.setItemDelegate(self._delegate)
        self._view.setFrameShape(QFrame.Shape.NoFrame)
        self._view.setUniformItemSizes(True)
        self._view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self._view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._view.setAccessibleName(t("call.sites-title"))
        self._view.selectionModel().currentChanged.connect(self._chosen)
        self._view.viewport().installEventFilter(self)
        self._view.installEventFilter(self)
        column.addWidget(self._view, 1)
        self._detail = SiteDetail(model)
        column.addWidget(self._detail)
        self._only: Kind | None = None
        self._feet = [
            RosterFoot(kind, icon_name, key, partial(self._toggle, kind))
            for kind, icon_name, key in (
                (is_lost, "lan-disconnect", "call.sites-lost"),
                (in_trouble, "speedometer-slow", "trouble.sites"),
            )
        ]
        for foot in self._feet:
            column.addWidget(foot)
        self.refresh()

    def refresh(self) -> None:
        """Take up what the model says now, without losing the selection."""
        every = self._model.roster
        text = self._search.text()
        kept = self._current()
        parents: set[str] = {above for row in every for above in superiors(row.unit_path) if above.count("/") > 1}
        parents &= {row.unit_path for row in every}
        if text.strip():
            shown = [row for row in every if self._model.fits(row, text)]
        elif self._only is not None:
            shown = [row for row in every if self._only(row)]
        else:
            shown = [row for row in every if not self._rows.hides(row)]
        self._rows.show_rows(shown, self._model.speaking, parents)
        self.select(kept)
        self._count.setText(str(len(every)))
        self._detail.show_site(next((row for row in every if row.unit_path == kept), None))
        for foot in self._feet:
            foot.show_count(sum(map(foot.kind, every)), self._only is foot.kind)

    def start_search(self) -> None:
        """Ctrl+K: type a name or its initials."""
        self._search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._search.selectAll()

    def _toggle(self, kind: Kind) -> None:
        self._only = kind if self._only is not kind else None
        self._search.clear()
        self.refresh()

    def select(self, unit_path: str) -> None:
        """Mark a site (the grid's selection), silently."""
        if unit_path == self._current():
            return
        selection = self._view.selectionModel()
        selection.blockSignals(True)
        at = next((n for n, row in enumerate(self._rows.rows) if row.unit_path == unit_path), -1)
        self._view.setCurrentIndex(self._rows.index(at) if at >= 0 else QModelIndex())
        selection.blockSignals(False)
        self._detail.show_site(self._rows.rows[at] if at >= 0 else None)
        self._view.viewport().update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Resize:  # what is said of the chosen site takes room of the list
            self._view.scrollTo(self._view.currentIndex())
        if event.type() is QEvent.Type.MouseButtonPress:
            point = event.position().toPoint()  # type: ignore[attr-defined]  # a mouse event, by its type
            index = self._view.indexAt(point)
            if index.isValid():
                row: RosterRow = index.data(RowRole)
                fold = self._delegate.fold_box(self._view.visualRect(index), row)
                if row.unit_path in self._rows.parents and fold.contains(point):
                    self._rows.folded ^= {row.unit_path}
                    self.refresh()
                    return True
        if watched is self._view and event.type() is QEvent.Type.KeyPress:
            key = event.key()  # type: ignore[attr-defined]  # a key event, by its type
            if key in (Qt.Key.Key_Left, Qt.Key.Key_Right) and self._fold(key == Qt.Key.Key_Left):
                return True
        return super().eventFilter(watched, event)

    def _fold(self, folded: bool) -> bool:
        """← and → on a place with others below it; ← on one of those goes up to it."""
        path = self._current()
        if path in self._rows.parents and (path in self._rows.folded) is not folded:
            self._rows.folded ^= {path}
            self.refresh()
            return True
        above = next((one for one in reversed(superiors(UnitPath(path))) if one in self._rows.parents), None)
        if folded and path and above is not None:
            at = next((n for n, row in enumerate(self._rows.rows) if row.unit_path == above), -1)
            self._view.setCurrentIndex(self._rows.index(at))
            return at >= 0
        return False

    def _take_first(self) -> None:
        """Enter in the search: the first hit is chosen, and the list has the keys."""
        if self._rows.rows:
            self._view.setCurrentIndex(self._rows.index(0))
            self._view.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _current(self) -> str:
        index = self._view.currentIndex()
        return self._rows.rows[index.row()].unit_path if 0 <= index.row() < len(self._rows.rows) else ""

    def _chosen(self, current: QModelIndex, _before: QModelIndex) -> None:
        if current.isValid():
            row = self._rows.rows[current.row()]
            self._detail.show_site(row)
            self.selected.emit(row.unit_path)
