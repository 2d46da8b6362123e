"""Waiting for another thread without a fixed time."""

import time
from collections.abc import Callable
from typing import Any


def wait_for(holds: Callable[[], Any], seconds: float = 15.0) -> None:
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            raise TimeoutError
        time.sleep(0.005)
