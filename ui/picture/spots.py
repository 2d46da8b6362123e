"""What a painted picture says to a screen reader: one silent, unpainted child for each thing that is painted.

A custom-painted widget is one object to assistive technology. These children lie where the painted things lie, take no
mouse, no focus and no paint, and carry the words; so the widget is a list of as many items as are seen.
"""

from collections.abc import Sequence

from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QWidget


class Spots:
    """The spoken items of `ground`, in reading order."""

    def __init__(self, ground: QWidget) -> None:
        self._ground = ground
        self._items: list[QWidget] = []

    def place(self, boxes: Sequence[QRect], words: Sequence[str]) -> None:
        """As many items as boxes, there, with these words."""
        while len(self._items) > len(boxes):
            gone = self._items.pop()
            gone.setParent(None)
            gone.deleteLater()
        while len(self._items) < len(boxes):
            item = QWidget(self._ground)
            item.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            item.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
            item.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            self._items.append(item)
        for item, box in zip(self._items, boxes, strict=True):
            if item.geometry() != box:
                item.setGeometry(box)
            item.show()
        self.name(words)

    def name(self, words: Sequence[str]) -> None:
        """Other words for the same items."""
        for item, said in zip(self._items, words, strict=False):
            if item.accessibleName() != said:
                item.setAccessibleName(said)
