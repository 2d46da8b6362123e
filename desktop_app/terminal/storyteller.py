"""A terminal that plays a story: the real program in its own process, with somebody at the keys who knows the steps.

The first line of standard input says what to play (JSON): `log`, and where wanted `steps` (a file), `values`,
`shots`, `language`, `stay`. Each further line is one more step. When the input ends, so does the terminal.
"""

import argparse
import json
import sys
import threading
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication

from desktop_app.domain.clock import SystemClock
from desktop_app.settings import load_settings
from desktop_app.terminal.app import Terminal, run
from desktop_app.terminal.played import Recorder
from desktop_app.terminal.stage import TerminalStage
from desktop_app.terminal.story import Outcome, Story, StoryLog, read_steps

TICK_MS = 50


class Player(QObject):
    """Turns the story's wheel on the Qt thread, and hears the input."""

    _told = Signal(str)
    _ended = Signal()

    def __init__(self, terminal: Terminal, order: dict[str, Any], log: StoryLog) -> None:
        super().__init__()
        self._stay = bool(order.get("stay"))
        self._stage = TerminalStage(terminal, Path(order.get("shots", ".")), log)
        text = Path(order["steps"]).read_text("utf-8") if order.get("steps") else "step = []"
        steps = read_steps(text, order.get("values", {}), order.get("language", "zh_CN"))
        self.story = Story(steps, self._stage, log, terminal.clock, complete=bool(steps))
        self._recorder = Recorder(terminal, self._stage, log)
        terminal.painted.connect(lambda: log.write("first_paint"))
        terminal.app.stage_changed.connect(lambda: log.write("stage", stage=terminal.app.stage.value))
        terminal.window.destroyed.connect(lambda: self.story.fail("the window was closed"))
        self._told.connect(self._take_step, Qt.ConnectionType.QueuedConnection)
        self._ended.connect(self._quit, Qt.ConnectionType.QueuedConnection)
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._timer.start()
        self._over = False

    def listen(self) -> None:
        """Read the rest of the input on a thread of its own."""
        threading.Thread(target=self._read, daemon=True, name="order").start()

    def _read(self) -> None:
        for line in sys.stdin:
            self._told.emit(line)
        self._ended.emit()

    def _take_step(self, line: str) -> None:
        if line.strip():
            self.story.add(json.loads(line))

    def _tick(self) -> None:
        self.story.tick()
        if self.story.outcome is not Outcome.RUNNING and not self._over:
            self._over = True
            if not self._stay:
                self._quit()

    def _quit(self) -> None:
        self._recorder.close()
        QApplication.exit(0 if self.story.outcome is not Outcome.FAILED else 1)


def main() -> int:
    """One part of the demonstration: `silian demo --part player`."""
    order = json.loads(sys.stdin.readline())
    with Path(order["log"]).open("a", encoding="utf-8") as out:
        log = StoryLog(out, SystemClock())
        log.write("start")

        def attach(terminal: Terminal) -> Player:
            player = Player(terminal, order, log)
            player.listen()
            return player

        return run(argparse.Namespace(settings=load_settings()), attach)
