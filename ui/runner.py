"""Everything slow leaves the Qt thread the same way: `runner.start(fn, *args, done=..., failed=...)`.

One worker thread runs what it is given in order; the answer comes back on the thread that owns the runner. A fault
goes to `failed`; anything else is a bug: it is logged with its traceback and `failed` gets the fault `bug`.
"""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from desktop_app.domain.faults import Fault, HostFault

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(slots=True)
class _Errand:
    """What is to be done, whom the answer is for, and then the answer."""

    fn: Callable[..., Any]
    args: tuple[Any, ...]
    done: Callable[[Any], object] | None
    failed: Callable[[Fault], object] | None
    answer: Any = None
    has_failed: bool = False

    def run(self) -> None:
        try:
            self.answer = self.fn(*self.args)
        except Fault as fault:
            self.answer, self.has_failed = fault, True
        except Exception as err:
            log.exception("%s failed", getattr(self.fn, "__qualname__", self.fn), exc_info=err)
            self.answer, self.has_failed = HostFault("bug"), True

    def tell(self) -> None:
        callback = self.failed if self.has_failed else self.done
        if callback is not None:
            callback(self.answer)
        elif self.has_failed:
            log.warning("nobody was told of %s", self.answer)


class Runner(QObject):
    """One worker thread and the way back.

    The worker knows an errand by its number alone and holds nothing of it when it answers: a screen that is gone by
    then must not end on the worker's thread.
    """

    _arrived = Signal(int)
    busy_changed = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="records")
        self._errands: dict[int, _Errand] = {}
        self._number = 0
        self._closed = False
        self._arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    @property
    def busy(self) -> bool:
        """Whether something was started and has not been answered yet."""
        return bool(self._errands)

    def start(
        self,
        fn: Callable[..., T],
        *args: Any,
        done: Callable[[T], object] | None = None,
        failed: Callable[[Fault], object] | None = None,
    ) -> None:
        """Run `fn(*args)` on the worker; then `done(result)` or `failed(fault)` here. Never blocks."""
        if self._closed:
            return
        self._number += 1
        self._errands[self._number] = _Errand(fn, args, done, failed)
        if len(self._errands) == 1:
            self.busy_changed.emit(True)
        self._pool.submit(self._work, self._number)

    def close(self) -> None:
        """Finish what was started (its answers are dropped) and stop."""
        self._closed = True
        self._pool.shutdown(wait=True)

    def _work(self, number: int) -> None:
        self._errands[number].run()
        if not self._closed:
            self._arrived.emit(number)

    def _deliver(self, number: int) -> None:
        if self._closed:
            return
        errand = self._errands.pop(number)
        if not self._errands:
            self.busy_changed.emit(False)
        errand.tell()
