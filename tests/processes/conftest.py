"""One linked session on real processes: a center with its hub, and two terminals that a test tells what to do.

Made once for all tests of this folder; each test leaves it running as it found it. The city's terminal stands on a
disk of a few megabytes where the tests may mount one.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop_app.demo.cast import HOST
from desktop_app.demo.processes import Company
from desktop_app.demo.setting import Scene
from tests.processes.rooms import CITY, STRANGER, Session
from tests.processes.small_disk import SmallDisk

DISK_MEGABYTES = 24


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("session")


@pytest.fixture(scope="package")
def small_disk(folder: Path) -> Iterator[SmallDisk]:
    disk = SmallDisk(folder / CITY.code, DISK_MEGABYTES)
    yield disk
    disk.unmount()


@pytest.fixture(scope="package")
def session(folder: Path, small_disk: SmallDisk) -> Iterator[Session]:
    if os.name != "posix":
        pytest.skip("kills process groups")
    with Company() as company:
        scene = Scene(company, folder, (CITY, HOST, STRANGER), media_ports=32)
        scene.open_center()
        scene.issue_codes()
        scene.connect_cables()
        session = Session(scene)
        session.open()
        yield session
