"""One linked session on real processes: a center with its hub, and two terminals that a test tells what to do.

Made once for all tests of this folder; each test leaves it running as it found it.
"""

import os
from collections.abc import Iterator

import pytest

from desktop_app.demo.cast import HOST
from desktop_app.demo.processes import Company
from desktop_app.demo.setting import Scene
from tests.processes.rooms import CITY, Session


@pytest.fixture(scope="package")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    if os.name != "posix":
        pytest.skip("kills process groups")
    folder = tmp_path_factory.mktemp("session")
    with Company() as company:
        scene = Scene(company, folder, (CITY, HOST), media_ports=32)
        scene.open_center()
        scene.issue_codes()
        scene.connect_cables()
        session = Session(scene)
        session.open()
        yield session
