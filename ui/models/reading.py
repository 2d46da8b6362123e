"""Reading the records for a screen: one reading at a time, and another after it where somebody asked meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from desktop_app.domain.faults import Fault
    from ui.runner import Runner

T = TypeVar("T")


class Reading:
    """What was shown stays until the answer is there; whoever asks in crowds is answered once."""

    def __init__(self, runner: Runner, again: Callable[[], object]) -> None:
        """`again` is what asks: it is called once after a reading during which `start` was called too."""
        self._runner, self._again = runner, again
        self._running = self._asked = False

    def start(
        self, read: Callable[..., T], *args: Any, done: Callable[[T], object], failed: Callable[[Fault], object]
    ) -> None:
        """Run `read(*args)` on the worker and tell `done` or `failed` here; nothing while another one runs."""
        if self._running:
            self._asked = True
            return
        self._running = True
        self._runner.start(read, *args, done=partial(self._over, done), failed=partial(self._over, failed))

    def _over(self, tell: Callable[[Any], object], answer: object) -> None:
        asked, self._asked, self._running = self._asked, False, False
        tell(answer)
        if asked and not self._running:
            self._again()
