"""The words of one block: an editor without a frame that is as high as its text.

Qt's own undo is off (it would bring back what others deleted); undo is the document's. What Qt reports of a change
is not trusted, because it reports preedit and formats as well: the text is compared with what it was.
"""

from collections.abc import Sequence

from PySide6.QtCore import QMimeData, QRect, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QInputMethodEvent,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
)
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextEdit, QWidget

from sync.documents.minutes import TextEdit, utf16_length
from ui.theme import font, theme

LINE_HEIGHT = 122


class BlockEditor(QTextEdit):
    """Tells what was typed as (start, removed, text) in UTF-16; takes in what others wrote."""

    typed = Signal(int, int, str)
    composing = Signal(bool)
    entered = Signal()
    left_upwards = Signal()
    left_downwards = Signal()
    undo_pressed = Signal()
    redo_pressed = Signal()

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = ""
        self._applying = False
        self._is_composing = False
        self._quotes: tuple[str, ...] = ()
        self._pins: tuple[tuple[int, bool], ...] = ()
        self.setProperty("role", "plain")
        self.setAcceptRichText(False)
        self.setUndoRedoEnabled(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFont(font("reading"))
        self.setTabChangesFocus(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setTabChangesFocus(True)
        self.document().setDocumentMargin(0)
        self.set_text(text)
        self.document().contentsChange.connect(self._look)
        self.document().documentLayout().documentSizeChanged.connect(lambda _size: self._fit())

    @property
    def text(self) -> str:
        """The words as the document has them."""
        return self._text

    def set_text(self, text: str) -> None:
        """Show a whole text, without telling anybody."""
        self._quotes = ()
        self._applying = True
        self.setPlainText(text)
        self._space_lines()
        self._text = self._plain()
        self._applying = False
        self._fit()

    def apply(self, edit: TextEdit) -> None:
        """Make an edit that was not typed here; the cursor stays at its words."""
        self._applying = True
        cursor = QTextCursor(self.document())
        length = utf16_length(self._text)
        cursor.setPosition(min(edit.start, length))
        cursor.setPosition(min(edit.start + edit.removed, length), QTextCursor.MoveMode.KeepAnchor)
        cursor.insertText(edit.text)
        self._text = self._plain()
        self._applying = False

    def mark(self, quotes: Sequence[str]) -> None:
        """Underline the words that are opinions; the marks move with the words by themselves."""
        if tuple(quotes) == self._quotes:
            return
        self._quotes = tuple(quotes)
        k = theme()
        form = QTextCharFormat()
        form.setBackground(k.color("tint"))
        form.setUnderlineStyle(QTextCharFormat.UnderlineStyle.SingleUnderline)
        form.setUnderlineColor(k.color("accent"))
        selections = []
        for quote in quotes:
            at = self._text.find(quote)
            if at < 0:
                continue
            selection = QTextEdit.ExtraSelection()
            cursor = QTextCursor(self.document())
            start = utf16_length(self._text[:at])
            cursor.setPosition(start)
            cursor.setPosition(start + utf16_length(quote), QTextCursor.MoveMode.KeepAnchor)
            selection.cursor, selection.format = cursor, form
            selections.append(selection)
        self.setExtraSelections(selections)

    def show_pins(self, pins: Sequence[tuple[int, bool]]) -> None:
        """Where others have their cursors: (UTF-16 position, whether the line to them broke). No name covers a word."""
        if tuple(pins) != self._pins:
            self._pins = tuple(pins)
            self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._pins:
            return
        k, painter = theme(), QPainter(self.viewport())
        for at, lost in self._pins:
            cursor = QTextCursor(self.document())
            cursor.setPosition(max(0, min(at, utf16_length(self._text))))
            place = self.cursorRect(cursor)
            pen = QPen(k.color("ink3" if lost else "zitang"), k.px(2))
            pen.setStyle(Qt.PenStyle.DotLine if lost else Qt.PenStyle.SolidLine)
            painter.setPen(pen)
            painter.drawLine(place.left(), place.top(), place.left(), place.bottom())
            head = QRect(place.left() - k.px(3), place.top() - k.px(1), k.px(6), k.px(5))
            if lost:
                painter.drawRect(head)
            else:
                painter.fillRect(head, k.color("zitang"))
        painter.end()

    def selected_text(self) -> str:
        """What is selected, with plain line ends."""
        return self.textCursor().selectedText().replace("\u2029", "\n")

    def insert(self, text: str) -> None:
        """As if it had been typed at the cursor."""
        self.textCursor().insertText(text)

    # From Qt

    def _look(self, _at: int, _removed: int, _added: int) -> None:
        if self._applying or self._is_composing:
            return
        new, old = self._plain(), self._text
        if new == old:
            return
        head = 0
        while head < min(len(old), len(new)) and old[head] == new[head]:
            head += 1
        tail = 0
        while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
            tail += 1
        removed, added = old[head : len(old) - tail], new[head : len(new) - tail]
        self._text = new
        self.typed.emit(utf16_length(old[:head]), utf16_length(removed), added)

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        composing = bool(event.preeditString())
        if composing != self._is_composing:
            self._is_composing = composing
            if composing:
                self.composing.emit(True)
        super().inputMethodEvent(event)
        if not composing:
            self._look(0, 0, 0)
            self.composing.emit(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Undo):
            self.undo_pressed.emit()
        elif event.matches(QKeySequence.StandardKey.Redo) or (
            event.key() == Qt.Key.Key_Y and event.modifiers() == Qt.KeyboardModifier.ControlModifier
        ):
            self.redo_pressed.emit()
        elif event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down) and not event.modifiers():
            before = self.textCursor().position()
            super().keyPressEvent(event)
            if self.textCursor().position() == before or self._at_edge(event.key(), before):
                (self.left_upwards if event.key() == Qt.Key.Key_Up else self.left_downwards).emit()
        else:
            super().keyPressEvent(event)

    def _at_edge(self, key: int, before: int) -> bool:
        """Up in the first line and Down in the last one only go to its end: that is the way out."""
        after = self.textCursor()
        edge = 0 if key == Qt.Key.Key_Up else after.document().characterCount() - 1
        there = QTextCursor(self.document())
        there.setPosition(before)
        return after.position() == edge and self.cursorRect(there).top() == self.cursorRect(after).top()

    def insertFromMimeData(self, source: QMimeData) -> None:
        # Pasted line ends of any kind are one kind here.
        self.textCursor().insertText(source.text().replace("\r\n", "\n").replace("\r", "\n"))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.entered.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _plain(self) -> str:
        return self.toPlainText().replace("\u2028", "\n").replace("\u2029", "\n")

    def _fit(self) -> None:
        height = round(self.document().size().height()) + 2
        if height != self.height():
            self.setFixedHeight(max(height, self.fontMetrics().height() + 4))

    def _space_lines(self) -> None:
        spacing = QTextBlockFormat()
        spacing.setLineHeight(LINE_HEIGHT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.mergeBlockFormat(spacing)
        palette = self.palette()
        palette.setColor(palette.ColorRole.Text, QColor(theme().tokens.ink))
        self.setPalette(palette)
