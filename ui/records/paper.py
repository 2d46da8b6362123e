"""The page: the current agenda item with its blocks, each under its speaker, site and time."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from sync.documents.live import Colleague
from sync.documents.minutes import Block, TextEdit
from ui.i18n import language, t
from ui.i18n.dates import clock_text
from ui.meeting.member_dialog import MemberDialog
from ui.models.minutes_model import MinutesModel
from ui.models.minutes_outline import OutlineItem, time_of
from ui.models.places import short_place
from ui.records.block_editor import BlockEditor
from ui.theme import theme
from ui.widgets import Chip, ElidedText, EmptyState, IconButton, LinkButton, PrimaryButton, ScrollColumn, Text, clear

DIGITS = "零一二三四五六七八九"


def item_heading(item: OutlineItem) -> str:
    """二、市县会场发言; in English 2. and the title."""
    if item.number == 0:
        return t("min.loose")
    if language() == "zh_CN":
        return f"{chinese_number(item.number)}、{item.title}"
    return f"{item.number}. {item.title}"


def chinese_number(number: int) -> str:
    """一 to 九十九; beyond that the digits."""
    tens, ones = divmod(number, 10)
    if not 0 < number < 100:
        return str(number)
    lead = "" if tens == 0 else "十" if tens == 1 else f"{DIGITS[tens]}十"
    return lead + (DIGITS[ones] if ones else "")


def block_heading(model: MinutesModel, block: Block) -> str:
    """委员03 · 兴宁市政协 · 10:26."""
    at = time_of(block.at)
    parts = (block.member_name or t("min.nobody"), model.site_name(block.site), clock_text(at) if at else "")
    return " · ".join(part for part in parts if part)


def colleague_name(one: Colleague) -> str:
    """A person, or the unit where nobody has unlocked the seat."""
    return one.name or short_place(one.unit_path)


class BlockRow(QWidget):
    """One block: heading and editor."""

    def __init__(self, model: MinutesModel, block: Block) -> None:
        super().__init__()
        self.block = block
        self._model = model
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, theme().px(10))
        column.setSpacing(theme().px(3))
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        self._heading = ElidedText("", "body", "accent", bold=True)
        head.addWidget(self._heading, 1)
        self._disputed = Chip(t("min.two_versions"), "swap-horizontal", "zitang")
        self._disputed.setVisible(False)
        head.addWidget(self._disputed)
        self._others = ElidedText("", "small", "zitang")
        self._others.setVisible(False)
        head.addWidget(self._others)
        self._name = LinkButton(t("min.name"), "account-edit-outline", size="small", clicked=self._name_speaker)
        self._name.setVisible(False)
        head.addWidget(self._name)
        self._remove = IconButton("trash-can-outline", t("min.remove"), tone="ink3", size=16)
        self._remove.clicked.connect(lambda: model.remove_block(self.block.id))
        self._remove.setVisible(False)
        head.addWidget(self._remove)
        column.addLayout(head)
        self.editor = BlockEditor(block.text)
        self.editor.setReadOnly(model.approved)
        column.addWidget(self.editor)
        self.show_block(block)

    def show_block(self, block: Block) -> None:
        """Take up a heading that changed, and a text that was changed from outside."""
        self.block = block
        heading = block_heading(self._model, block)
        self._heading.set_text(heading)
        self._heading.setMinimumHeight(theme().px(30))
        self.editor.setAccessibleName(t("min.say-editor", heading))
        if block.text != self.editor.text:
            self.editor.set_text(block.text)

    def set_current(self, current: bool) -> None:
        for button in (self._name, self._remove):
            button.setVisible(current and not self._model.approved)
        if current:  # Tab leads from the text to what can be done with it
            QWidget.setTabOrder(self.editor, self._name)
            QWidget.setTabOrder(self._name, self._remove)

    def set_disputed(self, disputed: bool) -> None:
        """此处两个版本: another hand wrote in the same place, unseen."""
        self._disputed.setVisible(disputed)

    def show_others(self, others: Sequence[Colleague]) -> None:
        """Whoever else has the cursor here: a pin in the text, the name beside the heading."""
        self.editor.show_pins([(one.at, one.lost) for one in others if one.at >= 0])
        words = t("min.and").join(t("min.was_here" if one.lost else "min.here", colleague_name(one)) for one in others)
        if words != self._others.text:
            self._others.set_text(words)
        self._others.setVisible(bool(words))

    def _name_speaker(self) -> None:
        dialog = MemberDialog(self._model, t("min.name"), t("min.name-why"), t("min.name-ok"), free=True, parent=self)
        if dialog.exec() and dialog.chosen is not None:
            self._model.name_speaker(self.block.id, dialog.chosen)
        dialog.deleteLater()


class Paper(QFrame):
    """The page of one agenda item."""

    block_entered = Signal(str)

    def __init__(self, model: MinutesModel) -> None:
        super().__init__()
        self._model = model
        self._rows: dict[str, BlockRow] = {}
        k = theme()
        self.setProperty("role", "card")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(k.px(2), k.px(2), k.px(2), k.px(2))
        self._scroll = ScrollColumn(0)
        inside = self._scroll.column
        inside.setContentsMargins(k.px(32), k.px(24), k.px(48), k.px(32))
        self._title = Text("", "document", wrap=True)
        self._meta = Text("", "small", "ink2")
        inside.addWidget(self._title)
        inside.addWidget(self._meta)
        inside.addSpacing(k.px(10))
        self._blocks = QVBoxLayout()
        self._blocks.setContentsMargins(0, 0, 0, 0)
        self._blocks.setSpacing(0)
        inside.addLayout(self._blocks)
        self._empty = QVBoxLayout()
        inside.addLayout(self._empty)
        inside.addStretch(1)
        outer.addWidget(self._scroll)
        model.structure_changed.connect(self.rebuild)
        model.edited.connect(self._apply)
        model.people_here_changed.connect(self.show_others)
        self.rebuild()

    def rebuild(self) -> None:
        """The blocks of the model's page; editors that stay keep their cursor."""
        model = self._model
        page = model.page
        wanted = [block.id for block in page]
        for block_id in [one for one in self._rows if one not in wanted]:
            row = self._rows.pop(block_id)
            row.hide()
            self._blocks.removeWidget(row)
            row.deleteLater()
        for place, block in enumerate(page):
            row = self._rows.get(block.id) or self._new_row(block)
            if self._blocks.indexOf(row) != place:
                self._blocks.insertWidget(place, row)
            row.show_block(block)
        self.refresh()
        if model.current_block in self._rows:
            QTimer.singleShot(0, lambda: self.focus_block(model.current_block))

    def refresh(self) -> None:
        """Title, meta line and the marks of opinions."""
        model = self._model
        item = next((one for one in model.outline if one.item == model.current_item), None)
        shown = item is not None and model.loaded
        self._title.setVisible(shown)
        self._meta.setVisible(shown)
        self._title.setText(item_heading(item) if item is not None else "")
        if item is None:
            self._meta.setText("")
        elif item.started_at is not None:
            self._meta.setText(t("min.meta", clock_text(item.started_at), item.speakers))
        else:
            self._meta.setText(t("min.meta-planned", item.speakers))
        quotes: dict[str, list[str]] = {}
        for opinion in model.noted:
            quotes.setdefault(str(opinion.get("block")), []).append(str(opinion.get("quote") or ""))
        for block_id, row in self._rows.items():
            row.editor.mark(quotes.get(block_id, ()))
            row.set_current(block_id == model.current_block)
            row.set_disputed(block_id in model.disputed)
        self._show_empty(item)

    def show_others(self) -> None:
        """Where everybody else is."""
        for block_id, row in self._rows.items():
            row.show_others([one for one in self._model.here if one.block == block_id])

    def focus_block(self, block_id: str) -> None:
        """Put the cursor at the end of a block and show it."""
        row = self._rows.get(block_id)
        if row is None or row.editor.hasFocus() or not self.isVisible():
            return
        cursor = row.editor.textCursor()
        cursor.movePosition(cursor.MoveOperation.End)
        row.editor.setTextCursor(cursor)
        row.editor.setFocus()
        self._scroll.ensureWidgetVisible(row)

    @property
    def editor(self) -> BlockEditor | None:
        """The editor of the current block."""
        row = self._rows.get(self._model.current_block)
        return row.editor if row is not None else None

    def _new_row(self, block: Block) -> BlockRow:
        model, block_id = self._model, block.id
        row = BlockRow(model, block)
        editor = row.editor
        editor.typed.connect(lambda start, removed, text: model.edit(block_id, start, removed, text))
        editor.composing.connect(model.hold)
        editor.cursorPositionChanged.connect(lambda: self._cursor_moved(block_id, editor))
        editor.undo_pressed.connect(model.undo)
        editor.redo_pressed.connect(model.redo)
        editor.entered.connect(lambda: self._enter(block_id))
        editor.left_upwards.connect(lambda: self._step(block_id, -1))
        editor.left_downwards.connect(lambda: self._step(block_id, 1))
        self._rows[block_id] = row
        return row

    def _cursor_moved(self, block_id: str, editor: BlockEditor) -> None:
        if editor.hasFocus():
            self._model.move_to(block_id, editor.textCursor().position())

    def _enter(self, block_id: str) -> None:
        self._model.current_block = block_id
        for one, row in self._rows.items():
            row.set_current(one == block_id)
        self.block_entered.emit(block_id)

    def _step(self, block_id: str, by: int) -> None:
        order = [block.id for block in self._model.page]
        at = order.index(block_id) + by if block_id in order else -1
        if 0 <= at < len(order):
            row = self._rows[order[at]]
            cursor = row.editor.textCursor()
            cursor.movePosition(cursor.MoveOperation.Start if by > 0 else cursor.MoveOperation.End)
            row.editor.setTextCursor(cursor)
            row.editor.setFocus()
            self._scroll.ensureWidgetVisible(row)

    def _apply(self, edit: TextEdit) -> None:
        row = self._rows.get(edit.block)
        if row is not None:
            row.editor.apply(edit)

    def _show_empty(self, item: OutlineItem | None) -> None:
        clear(self._empty)
        if self._rows:
            return
        model = self._model
        if not model.meeting:
            self._empty.addWidget(EmptyState("file-document-outline", t("min.no-meeting"), t("min.no-meeting-text")))
        elif not model.loaded:
            self._empty.addWidget(EmptyState("timer-sand", t("min.reading")))
        elif item is not None and not model.approved:
            first = PrimaryButton(t("min.first"), "account-voice", clicked=model.add_block)
            first.setSizePolicy(first.sizePolicy().horizontalPolicy(), first.sizePolicy().verticalPolicy())
            self._empty.addWidget(EmptyState("file-document-edit-outline", t("min.empty"), t("min.empty-text"), first))
        self._empty.setAlignment(Qt.AlignmentFlag.AlignTop)
