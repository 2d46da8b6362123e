"""The screens are tested without a display."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture(scope="session", autouse=True)
def _garbage(qapp: Any) -> Iterator[None]:
    """As in the program: no other thread ends what belongs to Qt's."""
    from ui.garbage import Garbage

    garbage = Garbage(qapp)
    yield
    garbage.close()
