"""PySide6 6.12.0 on Python 3.11 miscounts None, True and False until the program aborts; the pinned one must not."""

import sys

from PySide6.QtCore import QObject, Signal, Slot
from pytestqt.qtbot import QtBot

TIMES, DRIFT = 5_000, 500


class Bell(QObject):
    rung = Signal(bool)
    silent = Signal()

    @Slot(bool)
    def hear(self, _loud: bool) -> None:
        return None


def test_signals_and_void_calls_leave_the_counts_of_the_singletons_alone(qtbot: QtBot) -> None:
    bell = Bell()
    bell.rung.connect(bell.hear)
    bell.silent.connect(lambda: None)
    before = [sys.getrefcount(one) for one in (None, True, False)]
    for turn in range(TIMES):
        bell.rung.emit(turn % 2 == 0)
        bell.silent.emit()
        bell.setObjectName("bell")
        bell.blockSignals(False)
    after = [sys.getrefcount(one) for one in (None, True, False)]
    assert [abs(now - then) < DRIFT for now, then in zip(after, before, strict=True)] == [True, True, True]
