"""The center's records in a database: what differs from a file. All else is tested on both (see conftest)."""

import threading
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from pg_cluster import Cluster
from sync_province import HUIDONG, Province, TestClock

from desktop_app.domain.faults import HostFault, OperatorError, PeerFault
from desktop_app.main import main
from sync.center.store import CenterStore
from sync.identity.authority import Authority
from sync.identity.keystore import open_keystore
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


def _center_of(province: Province, monkeypatch: pytest.MonkeyPatch, folder: Path) -> list[str]:
    """The center's keys in its folder, as a command finds them; the words that name it."""
    monkeypatch.setenv("SILIAN_SETTINGS", str(folder / "none.toml"))
    monkeypatch.setenv("SILIAN_PASSPHRASE", "correct horse battery")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    keystore = open_keystore(province.folder / "center", passphrase="correct horse battery")
    Authority.open(province.folder / "center", keystore)
    province.identity.save(province.folder / "center", keystore)
    return ["--folder", str(province.folder / "center"), "--database", province.database]


def test_a_databases_history_is_proven_by_command_and_what_was_altered_is_named(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    province = Province(tmp_path, TestClock(), url)
    terminal = province.terminal(HUIDONG)
    province.sign_in(terminal, province.meeting(terminal), "1")
    province.sync(terminal)
    where = _center_of(province, monkeypatch, tmp_path)
    assert main(["verify", *where]) == 0
    assert "2 changes in 1 chains: unaltered" in capsys.readouterr().out
    with writing(province.center.engine) as connection:
        connection.exec_driver_sql("UPDATE change SET person = 'x' WHERE seq = 2")
    assert main(["verify", *where]) == 1
    told = capsys.readouterr().err
    assert "[history-altered]" in told
    assert "Change 2" in told
    province.center.close()
    terminal.close()


def test_a_backup_of_a_database_is_one_encrypted_file_with_the_attachments_and_goes_back_into_both(
    url: str, cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    province = Province(tmp_path, TestClock(), url)
    terminal = province.terminal(HUIDONG)
    meeting = province.meeting(terminal, title="不该外传")
    province.sync(terminal)
    where = _center_of(province, monkeypatch, tmp_path)
    shelf = province.folder / "center" / "blobs" / "ab"
    shelf.mkdir(parents=True)
    (shelf / "abcd").write_bytes(b"sealed")
    to = tmp_path / "backup" / "monday.db"
    assert main(["center", "backup", *where, "--to", str(to)]) == 0, "while the center runs"
    assert "1, of which 1 are new" in capsys.readouterr().out
    assert main(["center", "backup", *where, "--to", str(to.with_name("tuesday.db"))]) == 0
    assert "1, of which 0 are new" in capsys.readouterr().out
    assert main(["center", "backup", *where, "--to", str(to)]) == 1
    assert "[backup-exists]" in capsys.readouterr().err
    for file in to.parent.rglob("*"):
        assert not file.is_file() or "不该外传".encode() not in file.read_bytes()
    assert sorted(file.name for file in to.parent.iterdir()) == [
        "blobs",
        "monday.db",
        "monday.identity.db",
        "tuesday.db",
        "tuesday.identity.db",
    ]
    assert main(["verify", *where[:2], "--file", str(to)]) == 0
    province.center.close()
    (shelf / "abcd").unlink()
    empty = cluster.new_database()
    for place in ([*where[:2], "--database", empty], where[:2]):
        assert main(["center", "restore", *place, "--from", str(to)]) == 0
    assert (shelf / "abcd").read_bytes() == b"sealed"
    for database in (empty, ""):
        province.database = database
        center = province.open_center()
        assert (center.get("meeting", meeting) or {})["title"] == "不该外传"
        member = province.sign_in(terminal, meeting, database)
        with suppress(PeerFault):
            province.push(terminal)
        at = center.position(terminal.device)
        terminal.go_on_from(at.epoch, at.seq, at.head_hash)
        province.push(terminal)
        assert member in {row["pk"] for row in center.attendance(meeting)}
        center.close()
    terminal.close()


def test_a_database_of_another_version_is_not_backed_up_by_halves(url: str, tmp_path: Path) -> None:
    province = Province(tmp_path, TestClock(), url)
    with writing(province.center.engine) as connection:
        connection.exec_driver_sql("DELETE FROM alembic_version WHERE version_num LIKE 'docs%%'")
    with pytest.raises(OperatorError, match="backup-other-version"):
        province.center.backup(tmp_path / "b.db")
    assert not list(tmp_path.glob("b.db*"))
    province.center.close()
