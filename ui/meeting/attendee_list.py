"""The members who fit a search, as a virtual list: a roster of thousands paints only what is seen.

Every row paints its own two buttons; they are pressed with the mouse, or with Enter for the one that is meant next.
"""

from datetime import timedelta
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QMouseEvent, QPainter
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from sync.meetings.attendance import GUEST, AttendanceState, Attendee
from ui.i18n import t
from ui.i18n.dates import clock_text
from ui.models.signin_model import SignInModel
from ui.theme import font, theme
from ui.theme.icons import pixmap

Index = QModelIndex | QPersistentModelIndex
RowRole = int(Qt.ItemDataRole.UserRole)
ROW = 52


class Rows(QAbstractListModel):
    """The attendees of the list."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[Attendee] = []

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = 0) -> Any:
        one = self.rows[index.row()]
        if role == RowRole:
            return one
        if role == Qt.ItemDataRole.DisplayRole:
            return one.name
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return t("sign.say-row", one.name, one.sector, state_word(one))
        return None


def state_word(one: Attendee) -> str:
    """08:52 扫码, 09:10 迟到 8 分, 10:02 离会，在场 43 分, 请假, 未签到."""
    if one.state is AttendanceState.PRESENT:
        stay = one.stay
        if stay is not None and stay.left_at is not None:
            minutes = stay.lasted() // timedelta(minutes=1)
            return t("leave.gone", clock_text(stay.left_at), minutes)
        when = clock_text(one.signed_at) if one.signed_at else ""
        if stay is not None and stay.late_min:
            return t("leave.late", when, stay.late_min)
        method = one.method or "manual"
        return f"{when} {t(f'sign.{method}')}"
    if one.state is AttendanceState.EXCUSED:
        return t("sign.on-leave")
    return t("sign.not-signed")


class AttendeeDelegate(QStyledItemDelegate):
    """Paints one row; `buttons` says where its buttons are."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(300, theme().px(ROW))

    def buttons(self, box: QRect, one: Attendee) -> list[tuple[str, QRect]]:
        """(key, place) from left to right."""
        k = theme()
        top, height = box.center().y() - k.px(18), k.px(36)
        wide = k.px(84)
        main = QRect(box.right() - k.px(12) - wide, top, wide, height)
        second = QRect(main.left() - k.px(10) - wide, top, wide, height)
        if one.state is AttendanceState.PRESENT:
            return [("take-back", second), ("come-back" if one.left_at is not None else "leave", main)]
        if one.state is AttendanceState.EXCUSED:
            return [("take-back", second), ("sign-in", main)]
        return [("excuse", second), ("sign-in", main)]

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        k = theme()
        one: Attendee = index.data(RowRole)
        box = QRect(option.rect)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if chosen:
            painter.fillRect(box, k.color("tint"))
            painter.fillRect(QRect(box.left(), box.top(), k.px(4), box.height()), k.color("accent"))
        painter.fillRect(QRect(box.left(), box.bottom(), box.width(), 1), k.color("line"))
        buttons = self.buttons(box, one)
        for key, place in buttons:
            words = t(f"leave.{key}") if key in ("leave", "come-back") else t(f"sign.{key}")
            self._button(painter, place, words, filled=chosen and key == "sign-in")
        right = self._state(painter, one, buttons[0][1].left() - k.px(12), box, chosen=chosen)
        left = box.left() + k.px(16)
        self._words(painter, one, QRect(left, box.top(), max(0, right - left), box.height()))
        painter.restore()

    def _words(self, painter: QPainter, one: Attendee, box: QRect) -> None:
        k = theme()
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        name_wide, initials_wide = k.px(130), k.px(80)
        columns = (
            (one.name, font("page"), "ink", name_wide),
            (one.initials, font("body"), "ink3", initials_wide),
            (" · ".join(part for part in (one.sector, one.post) if part), font("body"), "ink2", box.width()),
        )
        left = box.left()
        for text, style, token, wide in columns:
            room = min(wide, box.right() - left)
            if room < k.px(24):
                break
            painter.setFont(style)
            painter.setPen(k.color(token))
            shown = QFontMetrics(style).elidedText(text, Qt.TextElideMode.ElideRight, room)
            painter.drawText(QRect(left, box.top(), room, box.height()), flags, shown)
            left += wide + k.px(8)

    def _state(self, painter: QPainter, one: Attendee, right: int, box: QRect, *, chosen: bool) -> int:
        k = theme()
        style = font("chip", bold=True)
        guest = f"{t('sign.guest')} · " if one.capacity == GUEST else ""
        text = f"{guest}{state_word(one)}"
        wide = QFontMetrics(style).horizontalAdvance(text) + k.px(16) + k.px(6)
        here = one.state is AttendanceState.PRESENT
        chip = QRect(right - wide - k.px(20), box.center().y() - k.px(14), wide + k.px(20), k.px(28))
        if not here:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(k.color("surface" if chosen else "sunken"))
            painter.drawRoundedRect(chip, k.px(5), k.px(5))
        mark, token = {
            AttendanceState.PRESENT: ("exit-run", "ink2") if one.left_at is not None else ("check-circle", "shilv"),
            AttendanceState.EXCUSED: ("calendar-remove-outline", "ink2"),
        }.get(one.state, ("circle-outline", "ink2"))
        painter.drawPixmap(chip.left() + k.px(10), chip.center().y() - k.px(7), pixmap(mark, token, 16))
        painter.setFont(style)
        painter.setPen(k.color("ink2"))
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(QRect(chip.left() + k.px(32), chip.top(), wide, chip.height()), flags, text)
        return chip.left() - k.px(12)

    @staticmethod
    def _button(painter: QPainter, place: QRect, text: str, *, filled: bool) -> None:
        k = theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(k.color("accent" if filled else "ctl"))
        painter.setBrush(k.color("accent" if filled else "surface"))
        painter.drawRoundedRect(place.adjusted(0, 0, -1, -1), k.px(6), k.px(6))
        painter.setFont(font("body", bold=filled))
        painter.setPen(k.color("on_accent" if filled else "ink"))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)


class AttendeeList(QListView):
    """The list; `act` does what the chosen row's filled button says."""

    def __init__(self, model: SignInModel) -> None:
        super().__init__()
        self._model = model
        self._rows = Rows(self)
        self._delegate = AttendeeDelegate(self)
        self.setProperty("role", "plain")
        self.setModel(self._rows)
        self.setItemDelegate(self._delegate)
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(t("sign.list"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def show_rows(self, rows: list[Attendee]) -> None:
        """Show these, keeping the chosen member where it is still there; else the first is chosen."""
        if rows == self._rows.rows:
            return
        kept = self._current()
        same = [one.member for one in rows] == [one.member for one in self._rows.rows]
        if same:
            self._rows.rows = rows
            self._rows.dataChanged.emit(self._rows.index(0), self._rows.index(len(rows) - 1))
            return
        self._rows.beginResetModel()
        self._rows.rows = rows
        self._rows.endResetModel()
        at = next((place for place, one in enumerate(rows) if kept is not None and one.member == kept.member), 0)
        self.setCurrentIndex(self._rows.index(at))

    def step(self, by: int) -> None:
        """Choose the next or the previous row."""
        at = min(max(0, self.currentIndex().row() + by), len(self._rows.rows) - 1)
        self.setCurrentIndex(self._rows.index(at))

    def act(self) -> None:
        """Sign in the chosen member (a second time is told, never counted)."""
        one = self._current()
        if one is not None:
            self._model.sign_in(one.member)

    def leave(self) -> None:
        """离会 of the chosen member (Ctrl+D), or back again."""
        one = self._current()
        if one is not None and one.left_at is not None:
            self._model.come_back(one.member)
        elif one is not None:
            self._model.leave(one.member)

    def keyPressEvent(self, event: Any) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.act()
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        if event.button() is not Qt.MouseButton.LeftButton or not index.isValid():
            return
        one: Attendee = index.data(RowRole)
        for key, place in self._delegate.buttons(self.visualRect(index), one):
            if place.contains(event.position().toPoint()):
                model = self._model
                {
                    "sign-in": model.sign_in,
                    "excuse": model.excuse,
                    "take-back": model.take_back,
                    "leave": model.leave,
                    "come-back": model.come_back,
                }[key](one.member)

    def _current(self) -> Attendee | None:
        row = self.currentIndex().row()
        return self._rows.rows[row] if 0 <= row < len(self._rows.rows) else None
