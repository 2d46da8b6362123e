"""Stores on the disk: unreadable without their key, and an old plain one becomes so without losing anything."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sync_province import HUIDONG, Province, opened_file

from desktop_app.domain.faults import HostFault
from desktop_app.domain.principal import Role
from sync.identity.activation import CodeBook
from sync.identity.device import DeviceKey
from sync.identity.registry import Registry
from sync.store import cipher
from sync.store.reader import StoreReader
from sync.terminal.records import Records

KEY = bytes(range(32))


def _make_plain(terminal: Records, *, still_in_the_log: bool = False) -> None:
    """Turn a store into what an earlier version of the program left on the disk."""
    terminal.close()
    path = terminal.folder / "store.db"
    plain = path.with_name("plain.db")
    with closing(opened_file(terminal)) as connection:
        cipher.export_plain(connection, plain)
    for left in terminal.folder.glob("store.db*"):
        left.unlink()
    plain.rename(path)
    if still_in_the_log:  # a program that was killed leaves its last commits there
        writer = sqlite3.connect(path)
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("UPDATE change SET reason = 'seen' WHERE seq = 1")
        writer.commit()
        kept = {each.name: each.read_bytes() for each in terminal.folder.glob("store.db*")}
        writer.close()
        for name, raw in kept.items():
            (terminal.folder / name).write_bytes(raw)


def test_a_plain_store_of_an_earlier_version_is_encrypted_once_with_all_it_held(province: Province) -> None:
    terminal = province.terminal(HUIDONG)
    meeting = province.meeting(terminal, title="古树保护专题协商")
    for member in range(30):
        province.sign_in(terminal, meeting, str(member))
    province.push(terminal)
    before = terminal.status(), terminal.attendance(meeting), terminal.receipts()
    _make_plain(terminal, still_in_the_log=True)
    path = terminal.folder / "store.db"
    assert "古树".encode() in path.read_bytes()
    assert (terminal.folder / "store.db-wal").exists()

    again = province.open_terminal(terminal.identity)
    assert (again.status(), again.attendance(meeting), again.receipts())[1:] == before[1:]
    assert again.quarantine()[0]["reason"] == "seen", "what was in the write-ahead log alone is there"
    province.sign_in(again, meeting, "one more")
    province.push(again)
    again.close()
    for folder in (terminal.folder, province.center.folder):
        assert "古树".encode() not in b"".join(each.read_bytes() for each in folder.iterdir())
    names = {each.name for each in terminal.folder.iterdir()}
    assert names == {"store.db", "lock.db"}
    assert (terminal.folder / "lock.db").stat().st_size == 0
    sealed = path.read_bytes()[:16]
    province.open_terminal(terminal.identity).close()
    assert path.read_bytes()[:16] == sealed


@pytest.mark.parametrize("step", ["export", "replace"])
def test_a_kill_while_a_store_is_encrypted_leaves_it_whole(
    step: str, province: Province, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*_given: object) -> None:
        raise Killed

    terminal = province.terminal(HUIDONG)
    meeting = province.meeting(terminal)
    province.sign_in(terminal, meeting, "1")
    _make_plain(terminal)
    with monkeypatch.context() as patched:
        patched.setattr("sync.store.cipher._export" if step == "export" else "sync.store.cipher.os.replace", die)
        with pytest.raises(Killed):
            Records.open(terminal.folder, identity=terminal.identity, clock=province.clock)
    assert cipher.is_plain(terminal.folder / "store.db")
    (terminal.folder / "store.db.sealing").write_bytes(b"half a draft")
    again = province.open_terminal(terminal.identity)
    assert len(again.attendance(meeting)) == 1
    assert not cipher.is_plain(terminal.folder / "store.db")
    assert not list(terminal.folder.glob("*.sealing*"))


def test_a_backup_is_encrypted_and_a_plain_one_is_made_by_name_only(province: Province, tmp_path: Path) -> None:
    terminal = province.terminal(HUIDONG)
    meeting = province.meeting(terminal, title="古树保护专题协商")
    sealed, plain = tmp_path / "sealed.db", tmp_path / "plain.db"
    terminal.backup(sealed)
    terminal.backup_plain(plain)
    assert "古树".encode() not in sealed.read_bytes()
    with StoreReader.of_file(sealed, terminal.identity.store_key) as reader:
        assert reader.get("meeting", meeting) == terminal.get("meeting", meeting)
    with pytest.raises(HostFault, match="store-foreign"), StoreReader.of_file(sealed, KEY) as reader:
        reader.get("meeting", meeting)
    with closing(sqlite3.connect(plain)) as connection:
        assert connection.execute("SELECT count(*) FROM changes_seen").fetchone() == (1,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert not list(tmp_path.glob("*.db-*"))


def test_the_book_of_terminals_and_codes_is_encrypted_too(tmp_path: Path) -> None:
    key = DeviceKey.generate()
    registry = Registry(tmp_path, key.derive("store"))
    now = datetime(2026, 11, 20, tzinfo=UTC)
    code = CodeBook(registry, key).issue(HUIDONG, frozenset({Role.CLERK}), now)
    registry.backup_plain(tmp_path / "plain.db")
    registry.close()
    for path in tmp_path.glob("identity.db*"):
        assert HUIDONG.encode() not in path.read_bytes()
        path.unlink()
    (tmp_path / "plain.db").rename(tmp_path / "identity.db")
    assert HUIDONG.encode() in (tmp_path / "identity.db").read_bytes()
    again = Registry(tmp_path, key.derive("store"))
    row = again.code(code.locator)
    again.close()
    assert row is not None
    assert row.unit_path == HUIDONG
    assert HUIDONG.encode() not in (tmp_path / "identity.db").read_bytes()


def test_no_value_of_a_record_gets_into_the_message_of_a_mistake(province: Province) -> None:
    terminal = province.terminal(HUIDONG)
    with pytest.raises(Exception, match="parameters hidden") as caught, terminal._writing() as transaction:
        transaction.connection.exec_driver_sql("INSERT INTO property VALUES (?, ?, ?)", ("a", "古树", "c"))
    assert "古树" not in str(caught.value)
