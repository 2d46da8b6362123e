"""A store that was killed, migrated or read by others keeps what it said it keeps."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from random import Random
from unittest.mock import patch

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sync_province import HUIDONG, PROVINCE, KnownDevice, Province, opened_file

from desktop_app.domain.faults import HostFault
from desktop_app.domain.ids import DeviceId
from sync.identity.device import DeviceIdentity, DeviceKey
from sync.store import cipher
from sync.store.engine import store_engine
from sync.store.reader import StoreReader
from sync.store.schema import HEADS, upgrade
from sync.store.tables import metadata
from sync.terminal.records import Records, Write


@pytest.mark.processes
@pytest.mark.parametrize("kind", ["terminal", "center"])
def test_a_kill_in_the_middle_of_writing_loses_nothing_that_was_saved(
    kind: str, province: Province, tmp_path: Path
) -> None:
    key = DeviceKey.generate()
    folder = tmp_path / "killed"
    rng = Random(7)
    saved: set[str] = set()
    for _ in range(3):
        writer = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("store_writer.py")), kind, str(folder), key.seed.hex()],
            stdout=subprocess.PIPE,
            text=True,
        )
        if writer.stdout is None:
            pytest.fail("the writer has no output")
        for _ in range(rng.randint(2, 40)):
            saved.update(writer.stdout.readline().split())
        writer.kill()
        saved.update(
            line for text in writer.stdout.read().splitlines(True) if text.endswith("\n") for line in text.split()
        )
        writer.stdout.close()
        writer.wait()
    file = folder / ("store.db" if kind == "terminal" else "center.db")
    reading = cipher.connect(file, key.derive("store"))
    seen = reading.execute("SELECT change_id, seq FROM changes_seen ORDER BY seq").fetchall()
    projected = reading.execute("SELECT count(*) FROM record").fetchone()[0]
    reading.close()
    assert saved <= {change_id for change_id, _ in seen}
    assert [seq for _, seq in seen] == list(range(1, len(seen) + 1))
    assert projected == len(seen), "a change and its row are one transaction"
    if kind == "terminal":
        identity = DeviceIdentity(key, PROVINCE, province.key.id, province.key.public, "", "")
        province.devices[key.id] = KnownDevice(key.public, PROVINCE)
        records = Records.open(folder, identity=identity, clock=province.clock)
        province.push(records)
        assert records.status().pending == 0
        records.close()


def test_a_commit_that_failed_and_is_on_the_disk_all_the_same_goes_to_the_center(province: Province) -> None:
    terminal = province.terminal(HUIDONG)
    meeting = province.meeting(terminal)
    province.push(terminal)
    dialect = terminal.engine.dialect
    commit = dialect.do_commit
    told: list[object] = []
    terminal.subscribe(told.append)

    def fail_late(connection: object) -> None:
        commit(connection)  # type: ignore[arg-type]
        error = cipher.DRIVER.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR
        raise error

    with patch.object(dialect, "do_commit", fail_late), pytest.raises(HostFault, match="disk-failing"):
        terminal.write(Write("meeting", meeting, {"title": "改名"}))
    assert terminal.status().pending == len(terminal.pending()) == 1
    assert told, "the lanes hear of it, and the screens read again"
    province.push(terminal)
    assert (province.center.get("meeting", meeting) or {})["title"] == "改名"


def test_the_migrations_make_exactly_the_tables_the_program_uses(tmp_path: Path) -> None:
    engine = store_engine(tmp_path / "new.db", os.urandom(32))
    upgrade(engine)
    upgrade(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        assert sa.inspect(connection).get_view_names() == ["changes_seen"]
    engine.dispose()
    folder = Path(__file__).parents[2] / "sync" / "migrations"
    assert set(ScriptDirectory(str(folder)).get_heads()) == HEADS


def test_a_store_of_a_newer_program_is_left_alone(province: Province) -> None:
    terminal = province.terminal(HUIDONG)
    terminal.close()
    store = opened_file(terminal)
    store.execute("INSERT INTO alembic_version VALUES ('9999')")
    store.commit()
    store.close()
    with pytest.raises(HostFault, match="store-newer"):
        Records.open(terminal.folder, identity=terminal.identity, clock=province.clock)


def test_a_plain_backup_is_read_without_any_key(province: Province, tmp_path: Path) -> None:
    terminal = province.terminal(HUIDONG)
    meeting = province.meeting(terminal)
    province.sign_in(terminal, meeting, "1")
    terminal.backup_plain(tmp_path / "backup.db")
    province.sign_in(terminal, meeting, "2")
    with StoreReader.of_file(tmp_path / "backup.db", None) as reader:
        assert len(reader.attendance(meeting)) == 1
        assert [row["pk"] for row in reader.list("meeting", state="planned")] == [meeting]
        assert reader.list("meeting", state="ended") == []
    with pytest.raises(HostFault, match="store-missing"), StoreReader.of_file(tmp_path / "nothing.db", None):
        pass
    assert not list(tmp_path.glob("backup.db-*")), "a backup is one plain file"


def test_a_store_forgets_nothing_when_it_is_opened_again(province: Province) -> None:
    identity = province.enrol(HUIDONG)
    terminal = province.open_terminal(identity)
    meeting = province.meeting(terminal)
    province.push(terminal)
    province.sign_in(terminal, meeting, "1")
    before = terminal.status(), terminal.pull_position(), terminal.receipts()
    terminal.close()
    again = province.open_terminal(identity)
    assert (again.status(), again.pull_position(), again.receipts()) == before
    province.sign_in(again, meeting, "2")
    province.push(again)
    assert again.status().acknowledged == 3


def test_a_stranger_gets_no_page_and_no_receipt(province: Province) -> None:
    from desktop_app.domain.faults import PeerFault

    terminal = province.terminal(HUIDONG)
    province.meeting(terminal)
    batch = terminal.next_batch() or b""
    with pytest.raises(PeerFault, match="device-unknown"):
        province.center.receive(DeviceId("f" * 32), batch)
