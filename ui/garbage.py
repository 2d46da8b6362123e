"""Python looks for its garbage on the Qt thread alone.

Whatever thread happens to allocate begins a collection, and with it ends the widgets and timers that lie in a ring of
references: Qt allows that on their own thread only, and elsewhere the program crashes or hangs. So the automatic
collection is off, and a timer on the Qt thread does the same by the same thresholds.
"""

import gc

from PySide6.QtCore import QObject, QTimer

LOOK_MS = 250
GROWN = 1.25
"""A full collection is worth its time once the old objects have grown by this factor: Python's own rule."""


class Garbage(QObject):
    """From its making to `close`; made on the Qt thread, once in a program."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._most = gc.get_threshold()
        self._old = 0
        """Old objects after the last full collection."""
        self._looking = QTimer(self, interval=LOOK_MS)
        self._looking.timeout.connect(self._look)
        self._looking.start()

    def close(self) -> None:
        """Python looks by itself again."""
        self._looking.stop()
        gc.enable()

    def _look(self) -> None:
        gc.disable()  # a thread that had it off for a while may have turned it on
        young, middle, old = (count > most for count, most in zip(gc.get_count(), self._most, strict=True))
        if not young:
            return
        if old and len(gc.get_objects(generation=2)) > GROWN * self._old:
            gc.collect()
            self._old = len(gc.get_objects(generation=2))
        else:
            gc.collect(1 if middle else 0)
