"""需要核对: two values of one field side by side, what differs underlined and tinted, and no default between them."""

from html import escape

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from ui.i18n import has, t
from ui.i18n.dates import moment_text
from ui.models.app_model import AppModel
from ui.models.part_choice import choose_parts
from ui.models.places import place_name
from ui.models.sync_model import SyncModel
from ui.models.sync_rows import ConflictView, Segment, Side, differences, spoken
from ui.shell.part_chooser import PartChooser
from ui.theme import font, theme
from ui.widgets import Button, Card, Chip, Divider, ElidedText, Icon, Text
from ui.widgets.card import flush

NARROW = 640


def side_name(side: Side) -> str:
    """本单位版本 / 广东省政协版本."""
    return t("sync.side_mine") if side.here else t("sync.side_theirs", place_name(side.unit_path))


class SideText(QLabel):
    """A text with its differing runs marked; selectable, so that a part can be copied."""

    def __init__(self, segments: list[Segment], tone: str, empty: str) -> None:
        super().__init__()
        self.setFont(font("reading"))
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.MinimumExpanding)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        k = theme().tokens
        ink, ground = getattr(k, tone), getattr(k, f"{tone}_t")
        style = f"color:{ink}; background-color:{ground}; text-decoration:underline; font-weight:700"
        parts = [
            f'<span style="{style}">{escape(one.text)}</span>' if one.differs else escape(one.text) for one in segments
        ]
        words = "".join(parts).replace("\n", "<br>") or escape(empty)
        self.setText(f'<div style="line-height:122%">{words}</div>')


class ConflictCard(Card):
    """One conflict. Alt+Left and Alt+Right put the focus on a side's button; Enter decides."""

    def __init__(self, model: SyncModel, conflict: ConflictView, place: int, total: int, app: AppModel) -> None:
        super().__init__()
        k = theme()
        self._model = model
        self._conflict = conflict
        self.body.setSpacing(k.px(10))
        head = QHBoxLayout()
        flush(head, 10)
        head.addWidget(Chip(t("sync.state_conflict"), "swap-horizontal", "zitang"))
        head.addWidget(Text(t("sync.conflict_title", t(f"entity.{conflict.entity}")), "page", wrap=True), 1)
        head.addWidget(Text(t("sync.place", place, total), "small", "ink3"))
        self.body.addLayout(head)
        self.body.addWidget(Text(t("sync.conflict"), "body", "ink2", wrap=True))
        field_key = f"field.{conflict.field}"
        field = t(field_key) if has(field_key) else conflict.field
        where = t("sync.where", conflict.title, field) if conflict.title else field
        self.body.addWidget(Text(where, "body", "ink2", bold=True, wrap=True))
        self._whole = QWidget()
        whole = QVBoxLayout(self._whole)
        flush(whole, 10)
        self._sides = sides = QHBoxLayout()
        flush(sides, 12)
        shown = conflict.sides[:2]
        left, right = differences(spoken(shown[0].value), spoken(shown[-1].value))
        self._buttons: list[QPushButton] = []
        for side, segments, tone in zip(shown, (left, right), ("shiqing", "zitang"), strict=False):
            sides.addWidget(self._side(side, segments, tone, app), 1)
        whole.addLayout(sides)
        foot = QHBoxLayout()
        flush(foot, 8)
        if conflict.can_keep_both:
            foot.addWidget(Button(t("sync.both"), "content-duplicate", clicked=lambda: model.keep_both(conflict)))
        if conflict.can_choose_parts:
            foot.addWidget(Button(t("parts.choose"), "format-list-checks", clicked=self.choose_parts))
        foot.addWidget(Text(t("sync.history"), "small", "ink3", wrap=True), 1, Qt.AlignmentFlag.AlignVCenter)
        whole.addLayout(foot)
        self.body.addWidget(self._whole)
        self.chooser: PartChooser | None = None
        for keys, index in (("Alt+Left", 0), ("Alt+Right", -1)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.activated.connect(
                lambda index=index: self._buttons[index].setFocus(Qt.FocusReason.ShortcutFocusReason)
            )

    def choose_parts(self) -> None:
        """逐处选择: in place of the two sides, until it is decided or put away."""
        conflict = self._conflict
        mine, theirs = conflict.sides[0], conflict.sides[1]
        self.chooser = PartChooser(
            conflict,
            choose_parts(mine.value, theirs.value),
            (side_name(mine), side_name(theirs)),
            lambda choice: self._model.take_parts(conflict, choice),
            self._leave_parts,
        )
        self._whole.hide()
        self.body.addWidget(self.chooser)

    def _leave_parts(self) -> None:
        if self.chooser is not None:
            self.chooser.hide()
            self.chooser.deleteLater()
            self.chooser = None
        self._whole.show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """One below the other where two would not be readable."""
        super().resizeEvent(event)
        way = QBoxLayout.Direction
        narrow = self.width() < theme().px(NARROW)
        self._sides.setDirection(way.TopToBottom if narrow else way.LeftToRight)

    def _side(self, side: Side, segments: list[Segment], tone: str, app: AppModel) -> QFrame:
        k = theme()
        box = QFrame()
        box.setProperty("role", "inset")
        column = QVBoxLayout(box)
        column.setContentsMargins(k.px(16), k.px(12), k.px(16), k.px(14))
        column.setSpacing(k.px(8))
        head = QHBoxLayout()
        flush(head, 8)
        head.addWidget(Icon("laptop" if side.here else "server", tone, 20))
        head.addWidget(ElidedText(side_name(side), "title"), 1)
        at = moment_text(side.at, app.clock.now()) if side.at else ""
        who = t("sync.row_note", side.person, at) if side.person and at else side.person or at
        head.addWidget(Text(who, "small", "ink2"))
        column.addLayout(head)
        column.addWidget(Divider())
        empty = t("sync.side_removed" if side.removed else "sync.side_empty")
        column.addWidget(SideText(segments, tone, empty), 1)
        words = t("sync.mine") if side.here else t("sync.theirs", place_name(side.unit_path))
        button = Button(words, "check", clicked=lambda: self._model.take(self._conflict, side))
        self._buttons.append(button)
        column.addWidget(button)
        count = sum(1 for one in segments if one.differs)
        box.setAccessibleName(t("sync.side_name", words, count))
        return box
