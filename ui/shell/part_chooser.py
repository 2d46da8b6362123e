"""逐处选择: the two versions as one text, with a choice at every place where they differ, and the result below."""

from collections.abc import Callable
from html import escape

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from ui.i18n import t
from ui.models.part_choice import Part, PartChoice, Pick
from ui.models.sync_rows import ConflictView, spoken
from ui.theme import font, theme
from ui.widgets import Button, PrimaryButton, Segmented, Text, clear, flush

NARROW = 190
"""What a heading needs beside its choices, in design pixels."""
AROUND = 14
"""Characters of what both have that are shown before and after a place."""


class PartChooser(QWidget):
    """Nothing is chosen to begin with; `taken` gets the choice when every place is decided."""

    def __init__(
        self,
        conflict: ConflictView,
        choice: PartChoice,
        names: tuple[str, str],
        taken: Callable[[PartChoice], object],
        cancelled: Callable[[], object],
    ) -> None:
        super().__init__()
        self._conflict = conflict
        self.choice = choice
        self._names = names
        self._taken = taken
        column = QVBoxLayout(self)
        flush(column, 10)
        self.rows: list[Segmented] = []
        self._heads: list[QHBoxLayout] = []
        for number, index in enumerate(choice.places, start=1):
            column.addWidget(self._place(number, index))
        result = QFrame()
        result.setProperty("role", "inset")
        self._result = QVBoxLayout(result)
        k = theme()
        self._result.setContentsMargins(k.px(16), k.px(10), k.px(16), k.px(12))
        self._result.setSpacing(k.px(6))
        column.addWidget(result)
        foot = QHBoxLayout()
        flush(foot, 8)
        self.take = PrimaryButton(t("parts.take"), "check", clicked=self._finish)
        foot.addWidget(self.take)
        foot.addWidget(Button(t("parts.back"), clicked=cancelled))
        self.left = Text("", "small", "ink2", wrap=True)
        foot.addWidget(self.left, 1)
        column.addLayout(foot)
        self._show_result()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The choices go below their heading where both do not fit beside each other."""
        super().resizeEvent(event)
        way = QBoxLayout.Direction
        for head, row in zip(self._heads, self.rows, strict=True):
            narrow = self.width() < row.sizeHint().width() + theme().px(NARROW)
            head.setDirection(way.TopToBottom if narrow else way.LeftToRight)

    def minimumSizeHint(self) -> QSize:
        """As narrow as its widest row of choices."""
        least = max((row.sizeHint().width() for row in self.rows), default=0) + theme().px(2 * 16)
        return QSize(least, super().minimumSizeHint().height())

    def pick(self, index: int, pick: Pick) -> None:
        """Decide one place."""
        self.choice = self.choice.picked(index, pick)
        self._show_result()

    def _finish(self) -> None:
        if self.choice.left == 0:
            self._taken(self.choice)

    def _place(self, number: int, index: int) -> QFrame:
        k, part = theme(), self.choice.parts[index]
        box = QFrame()
        box.setProperty("role", "inset")
        column = QVBoxLayout(box)
        column.setContentsMargins(k.px(16), k.px(10), k.px(16), k.px(12))
        column.setSpacing(k.px(6))
        head = QHBoxLayout()
        flush(head, 8)
        head.addWidget(Text(t("parts.place", number, len(self.choice.places)), "small", "ink2", bold=True))
        head.addStretch(1)
        choices = [(Pick.MINE.value, self._names[0]), (Pick.THEIRS.value, self._names[1])]
        if not self.choice.listed and part.mine and part.theirs:
            choices.append((Pick.BOTH.value, t("parts.both")))
        row = Segmented(choices, "", lambda key: self.pick(index, Pick(key)))
        row.setAccessibleName(t("parts.place", number, len(self.choice.places)))
        self.rows.append(row)
        head.addWidget(row)
        column.addLayout(head)
        self._heads.append(head)
        column.addWidget(_words(self._quoted(index, part.mine, "shiqing")))
        column.addWidget(_words(self._quoted(index, part.theirs, "zitang")))
        return box

    def _quoted(self, index: int, own: tuple[str, ...], tone: str) -> str:
        """What one side has here, between what both have around it."""
        parts = self.choice.parts
        before = _common(parts[index - 1] if index else None)[-AROUND:]
        after = _common(parts[index + 1] if index + 1 < len(parts) else None)[:AROUND]
        if self.choice.listed:
            before = after = ""
        ink, ground = getattr(theme().tokens, tone), getattr(theme().tokens, f"{tone}_t")
        inside = _safe("、".join(own) if self.choice.listed else "".join(own)) or _safe(t("parts.nothing"))
        style = f"color:{ink}; background-color:{ground}; text-decoration:underline; font-weight:700"
        return f'{_safe(before)}<span style="{style}">{inside}</span>{_safe(after)}'

    def _so_far(self) -> str:
        """What it will say; a place that is open is a gap."""
        gap = f'<span style="color:{theme().tokens.ink3}">{_safe(t("parts.gap"))}</span>'
        if self.choice.listed:
            listed = [_safe(spoken(self.choice.value))] if self.choice.value else []
            return _safe("、").join([*listed, *([gap] * self.choice.left)])
        open_ = [part.differs and part.pick is None for part in self.choice.parts]
        return "".join(
            gap if gone else _safe("".join(part.taken)) for part, gone in zip(self.choice.parts, open_, strict=True)
        )

    def _show_result(self) -> None:
        left = self.choice.left
        clear(self._result)
        self._result.addWidget(Text(t("parts.result"), "small", "ink2", bold=True))
        self._result.addWidget(_words(self._so_far() or _safe(t("sync.side_empty"))))
        self.take.setEnabled(left == 0)
        self.left.setText(t("parts.left", left) if left else t("parts.ready"))


def _common(part: Part | None) -> str:
    return "".join(part.mine) if part is not None and not part.differs else ""


def _safe(text: str) -> str:
    return escape(text).replace("\n", "<br>")


def _words(html: str) -> QLabel:
    label = QLabel(html)
    label.setFont(font("reading"))
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.RichText)
    policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.MinimumExpanding)
    policy.setHeightForWidth(True)
    label.setSizePolicy(policy)
    return label
