"""What one test sets for the whole program is as it was for the next one."""

import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _the_programs_language() -> Iterator[None]:
    yield
    if (words := sys.modules.get("ui.i18n")) is not None:
        words.set_language("zh_CN")
