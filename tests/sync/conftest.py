"""A province on one desk, for every test of the records: with its center on SQLite, and again on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from blob_office import BlobOffice
from pg_cluster import Cluster
from sync_province import Province, TestClock

ON_BOTH = {"test_push_and_pull", "test_snapshot_and_healing", "test_scope_changes", "test_proof", "test_merge"}
ON_BOTH |= {"test_unit_moves", "test_restoration", "test_intake_process", "test_bad_input", "test_two_versions"}
ON_BOTH |= {"test_restoration_of_both"}
"""Modules whose tests run on both, but for those that are marked `one_file`."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    both = metafunc.module.__name__.rpartition(".")[2] in ON_BOTH
    if "province" in metafunc.fixturenames:
        one_file = not both or metafunc.definition.get_closest_marker("one_file") is not None
        metafunc.parametrize("database", ["file"] if one_file else ["file", "postgresql"], indirect=True)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    made = Cluster()
    yield made
    made.close()


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where the center's records are: empty for a file, or the URL of a database."""
    if getattr(request, "param", "file") == "file":
        yield ""
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    url = cluster.new_database()
    yield url
    cluster.drop(url)


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def province(tmp_path: Path, clock: TestClock, database: str) -> Iterator[Province]:
    made = Province(tmp_path, clock, database)
    yield made
    for close in reversed(made.opened):
        close()


@pytest.fixture
def office(tmp_path: Path, clock: TestClock, database: str) -> Iterator[BlobOffice]:
    """The same, with a center that takes attachments."""
    made = BlobOffice(tmp_path, clock, database)
    yield made
    made.uploads.close()
    for close in reversed(made.opened):
        close()
