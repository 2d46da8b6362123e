"""A stranger who reads the protocol finds every route that there is."""

from pathlib import Path

import pytest

from desktop_app.center.authentication import OPEN

from .test_every_route_refuses import BEHIND_THE_GATE

DOCS = Path(__file__).parents[2] / "docs"
ROUTES = sorted({path for _, path in (*BEHIND_THE_GATE, *OPEN)})


@pytest.mark.parametrize("path", ROUTES)
def test_the_table_of_endpoints_has_it(path: str) -> None:
    assert f"{path}`" in (told := (DOCS / "protocol.md").read_text("utf-8")) or f"{path}?" in told
