"""Everything slow leaves the Qt thread the same way: `runner.start(fn, *args, done=..., failed=...)`.

One worker thread runs what it is given in order; the answer comes back on the thread that owns the runner. A fault
goes to `failed`; anything else is a bug: it is logged with its traceback and `failed` gets the fault `bug`.
"""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from desktop_app.domain.faults import Fault, HostFault

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


class Runner(QObject):
    """One worker thread and the way back."""

    _arrived = Signal(object)
    busy_changed = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="records")
        self._open = 0
        self._closed = False
        self._arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    @property
    def busy(self) -> bool:
        """Whether something was started and has not been answered yet."""
        return self._open > 0

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
        self._open += 1
        if self._open == 1:
            self.busy_changed.emit(True)
        self._pool.submit(self._work, fn, args, done, failed)

    def close(self) -> None:
        """Finish what was started (its answers are dropped) and stop."""
        self._closed = True
        self._pool.shutdown(wait=True)

    def _work(
        self,
        fn: Callable[..., Any],
        args: tuple[Any, ...],
        done: Callable[[Any], object] | None,
        failed: Callable[[Fault], object] | None,
    ) -> None:
        try:
            result = fn(*args)
        except Fault as fault:
            self._answer(failed, fault)
        except Exception as err:
            log.exception("%s failed", getattr(fn, "__qualname__", fn), exc_info=err)
            self._answer(failed, HostFault("bug"))
        else:
            self._answer(done, result)

    def _answer(self, callback: Callable[[Any], object] | None, value: Any) -> None:
        if not self._closed:
            self._arrived.emit((callback, value))

    def _deliver(self, answer: tuple[Callable[[Any], object] | None, Any]) -> None:
        if self._closed:
            return
        callback, value = answer
        self._open -= 1
        if self._open == 0:
            self.busy_changed.emit(False)
        if callback is not None:
            callback(value)
        elif isinstance(value, Fault):
            log.warning("nobody was told of %s", value)
