"""The center's records in a database: what differs from a file. All else is tested on both (see conftest)."""

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from pg_cluster import Cluster
from sync_province import HUIDONG, Province, TestClock

from desktop_app.domain.faults import HostFault, OperatorError, PeerFault
from desktop_app.domain.ids import uuid7
from desktop_app.main import main
from sync.center.store import CenterStore
from sync.identity.authority import Authority
from sync.identity.keystore import open_keystore
from sync.store.driver import WITHIN, Insert, fetch, perhaps_there
from sync.store.engine import reading, store_engine, writing
from sync.store.postgres import database_engine
from sync.store.schema import upgrade
from sync.store.tables import conflict, feed, metadata


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


TOLD = Insert(feed, ("change_id", "reach", "owner_path", "meeting", "released"))
ROWS = [(f"c{number}", "everyone", "", "", False) for number in range(20)]
UNFIT = [*ROWS, ("c", "everyone", None, "", False)]


def _write(engine: sa.Engine, *steps: Callable[[sa.Connection], object]) -> None:
    with writing(engine) as connection:
        for step in steps:
            step(connection)


def test_a_row_that_the_database_does_not_take_is_told_of_and_nothing_beside_it_is_kept(url: str) -> None:
    engine = database_engine(url)
    upgrade(engine)
    refused = (engine.dialect.loaded_dbapi.IntegrityError, sa.exc.IntegrityError)
    with pytest.raises(refused):
        _write(engine, lambda each: TOLD.many(each, ROWS), lambda each: TOLD.many(each, UNFIT))
    with pytest.raises(refused):
        _write(engine, lambda each: TOLD.many(each, UNFIT), lambda each: each.execute(sa.select(feed)))
    with pytest.raises(refused):
        _write(engine, lambda each: TOLD.many(each, UNFIT), lambda each: TOLD.many(each, ROWS))
    with pytest.raises(KeyError):  # what goes wrong while rows are on their way
        _write(engine, lambda each: TOLD.many(each, ROWS), lambda _each: {}["none"])
    with reading(engine) as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(feed)).scalar() == 0
    _write(engine, lambda each: TOLD.many(each, ROWS[:10]), lambda each: TOLD.many(each, ROWS[10:]))
    with reading(engine) as connection:
        told = connection.execute(sa.select(feed.c.change_id).order_by(feed.c.cursor)).scalars().all()
    assert told == [row[0] for row in ROWS]
    engine.dispose()


def test_a_database_that_goes_down_while_rows_are_on_their_way_is_away_and_used_again(
    url: str, cluster: Cluster
) -> None:
    engine = database_engine(url)
    upgrade(engine)
    with pytest.raises(HostFault, match="database-away"):
        _write(
            engine,
            lambda each: fetch(each, "SELECT 1"),
            lambda each: TOLD.many(each, ROWS),
            lambda _each: cluster.end_sessions(url),
        )
    with pytest.raises(HostFault, match="database-away"):
        _write(
            engine,
            lambda each: fetch(each, "SELECT 1"),
            lambda _each: cluster.end_sessions(url),
            lambda each: TOLD.many(each, ROWS),
        )
    with writing(engine) as connection:
        assert fetch(connection, "SELECT count(*) FROM feed") == [(0,)]
    engine.dispose()


def test_who_reads_after_the_server_went_down_and_came_back_is_not_told_of_it(url: str, cluster: Cluster) -> None:
    engine = database_engine(url)
    upgrade(engine)
    with reading(engine) as first, reading(engine) as second:
        assert fetch(first, "SELECT count(*) FROM feed") == fetch(second, "SELECT count(*) FROM feed") == [(0,)]
    cluster.end_sessions(url)
    for _ in range(3):
        with reading(engine) as connection:
            assert fetch(connection, "SELECT count(*) FROM feed") == [(0,)]
    engine.dispose()


@pytest.mark.parametrize("kind", ["file", "database"])
def test_of_many_ids_only_those_are_looked_for_that_may_be_there(kind: str, url: str, tmp_path: Path) -> None:
    engine = database_engine(url) if kind == "database" else store_engine(tmp_path / "s.db", bytes(32))
    upgrade(engine)
    ids = [uuid7(1_000 + number) for number in range(60)]
    text = f"SELECT pk FROM conflict WHERE entity = ? AND pk {WITHIN}"
    insert = Insert(conflict, ("entity", "pk", "field", "heads"))

    def there(asked: list[str]) -> list[str]:
        with reading(engine) as connection:
            return list(perhaps_there(connection, [(text, ("opinion",), asked)])[0])

    _write(engine, lambda each: insert.many(each, [("opinion", pk, "f", "[]") for pk in ids[10:20]]))
    assert there(ids[:30]) == ids[10:20]
    assert there(ids[::-1]) == ids[19:9:-1]
    assert there(ids[30:]) == []
    assert there(ids[:3]) == ids[:3], "a few are looked for at once"
    assert there([*ids[:30], "Z"]) == [*ids[:30], "Z"], "nor what may be sorted otherwise there"
    assert there(ids[:40:2]) == ids[10:20:2]
    assert there(ids[10:20] * 2) == ids[10:20] * 2
    _write(engine, lambda each: insert.many(each, [("opinion", pk, "f", "[]") for pk in ids[20:50]]))
    assert there([*ids[:10], *ids[50:]]) == [*ids[:10], *ids[50:]], "more lie between than were asked for"
    engine.dispose()
