"""Widgets and timers end on the Qt thread, whatever thread makes the garbage."""

import gc
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, Qt
from pytestqt.qtbot import QtBot

from ui.garbage import Garbage
from ui.runner import Runner


class Ring(QObject):
    """Holds itself: only a collection ends it."""

    def __init__(self, ended: list[int]) -> None:
        super().__init__()
        self.itself = self
        self.destroyed.connect(lambda: ended.append(threading.get_ident()), Qt.ConnectionType.DirectConnection)


@pytest.fixture
def garbage(qtbot: QtBot) -> Iterator[Garbage]:
    was = gc.isenabled()
    made = Garbage()
    yield made
    made.close()
    if not was:
        gc.disable()


def test_what_lies_in_a_ring_ends_on_the_qt_thread_while_another_thread_works(garbage: Garbage, qtbot: QtBot) -> None:
    garbage._looking.setInterval(5)
    ended: list[int] = []
    for _ in range(50):
        Ring(ended)
    done = threading.Event()

    def work() -> None:
        while not done.is_set():
            held: list[list[int]] = [[] for _ in range(5_000)]
            done.wait(0.001)
            del held

    working = threading.Thread(target=work)
    working.start()
    try:
        qtbot.waitUntil(lambda: len(ended) == 50, timeout=20_000)
    finally:
        done.set()
        working.join()
    assert set(ended) == {threading.get_ident()}


def test_old_garbage_is_found_too(garbage: Garbage, qtbot: QtBot) -> None:
    garbage._looking.setInterval(1)
    ended: list[int] = []
    Ring(ended)
    gc.collect(0)
    ring = Ring(ended)
    gc.collect(1)
    gc.collect(1)
    del ring
    kept: list[list[int]] = []

    def is_ended() -> bool:
        kept.extend([] for _ in range(2_000))  # the program lives on and grows
        return len(ended) == 2

    qtbot.waitUntil(is_ended, timeout=20_000)


def test_nobody_else_looks_for_garbage_in_the_program() -> None:
    made = "from desktop_app.terminal.app import make_application; made = make_application([])"
    asked = f"import gc; {made}; print(gc.isenabled())"
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["False"]


def test_the_worker_never_ends_what_was_to_be_told(qtbot: QtBot) -> None:
    """A dialog may be gone when its answer comes: its last reference must not be the worker's."""
    runner, ended = Runner(), []

    class Asker(QObject):
        def take(self, _answer: object) -> None:
            pass

    for _ in range(50):
        asker = Asker()
        asker.destroyed.connect(lambda: ended.append(threading.get_ident()), Qt.ConnectionType.DirectConnection)
        runner.start(lambda: None, done=asker.take)
        del asker
    qtbot.waitUntil(lambda: len(ended) == 50, timeout=20_000)
    runner.close()
    assert set(ended) == {threading.get_ident()}
