"""The center's records in a database: what differs from a file. All else is tested on both (see conftest)."""

import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from pg_cluster import Cluster
from sync_province import HUIDONG, Province, TestClock

from desktop_app.domain.faults import HostFault, OperatorError
from sync.center.store import CenterStore
from sync.store.engine import reading, writing
from sync.store.postgres import database_engine
from sync.store.schema import upgrade
from sync.store.tables import feed, metadata


@pytest.fixture
def url(cluster: Cluster) -> str:
    return cluster.new_database()


def test_the_migrations_make_the_tables_of_a_database_too(url: str) -> None:
    engine = database_engine(url)
    upgrade(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        assert "changes_seen" in sa.inspect(connection).get_view_names()
    engine.dispose()


def test_a_database_has_one_center(url: str, tmp_path: Path) -> None:
    province = Province(tmp_path, TestClock(), url)
    with pytest.raises(HostFault, match="store-in-use"):
        CenterStore.open(tmp_path / "b", identity=province.identity, clock=province.clock, database=url)
    province.center.close()
    again = province.open_center()
    assert again.list("unit") == []
    again.close()


def test_a_reader_never_passes_a_cursor_that_is_committed_later(url: str) -> None:
    """A sequence alone would: two writers take 1 and 2, and the second commits first."""
    engine = database_engine(url)
    upgrade(engine)
    row = {"change_id": "c", "reach": "everyone", "owner_path": "", "meeting": ""}
    second_began, second_done = threading.Event(), threading.Event()

    def second() -> None:
        second_began.set()
        with writing(engine) as connection:
            connection.execute(feed.insert(), [row])
        second_done.set()

    other = threading.Thread(target=second)
    with writing(engine) as connection:
        connection.execute(feed.insert(), [row])
        other.start()
        second_began.wait(10)
        with reading(engine) as reader:
            assert reader.execute(sa.select(sa.func.count()).select_from(feed)).scalar() == 0
        assert not second_done.wait(0.2), "the second writer waits for the lane"
    assert second_done.wait(10)
    other.join()
    with reading(engine) as reader:
        assert reader.execute(sa.select(feed.c.cursor).order_by(feed.c.cursor)).scalars().all() == [1, 2]
    engine.dispose()


def test_what_was_receipted_is_there_when_the_center_is_opened_again(url: str, tmp_path: Path) -> None:
    province = Province(tmp_path, TestClock(), url)
    terminal = province.terminal(HUIDONG)
    meeting = province.meeting(terminal)
    province.sync(terminal)
    province.center.close()
    center = province.open_center()
    assert [row["pk"] for row in center.list("meeting", title="协商会")] == [meeting]
    assert center.list("meeting", title=None) == center.list("meeting", state="ended") == []
    assert len(center.list("meeting", code=None)) == 1
    province.sign_in(terminal, meeting, "1")
    province.push(terminal)
    assert len(center.attendance(meeting)) == 1
    center.close()
    terminal.close()


@pytest.mark.parametrize("text", ["center.db", "mysql://h/d", "postgresql://h", "://", "postgresql://h:port/d"])
def test_what_names_no_database_is_refused(text: str) -> None:
    with pytest.raises(OperatorError, match="database-malformed"):
        database_engine(text)


def test_a_database_that_is_away_is_said_and_the_folder_is_free_again(tmp_path: Path) -> None:
    with pytest.raises(HostFault, match="database-away"):
        Province(tmp_path, TestClock(), "postgresql://nobody@127.0.0.1:9/none")
    Province(tmp_path, TestClock()).center.close()


def test_a_backup_of_a_database_is_the_databases_own(url: str, tmp_path: Path) -> None:
    province = Province(tmp_path, TestClock(), url)
    with pytest.raises(OperatorError, match="backup-by-database"):
        province.center.backup(tmp_path / "b.db")
    province.center.close()
