"""A center and two terminals for each test of enrolment."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from enrolling import Center, Stage, Terminal, authority_in, serving


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    stage = Stage(authority_in(tmp_path_factory.mktemp("authority")))
    with serving(stage, stage.authority.server_context()) as stage.url:
        yield stage


@pytest.fixture
def center(tmp_path: Path, stage: Stage) -> Iterator[Center]:
    center = Center(tmp_path / "center", stage.authority)
    stage.app, center.url = center.app, stage.url
    yield center
    center.registry.close()


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path / "terminal")


@pytest.fixture
def second(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path / "second")
