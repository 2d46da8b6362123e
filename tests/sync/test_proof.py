"""A store's whole history is proven against its receipts, and the first change that was altered is named."""

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sync_province import HUIDONG, Province, opened_file

from desktop_app.domain.faults import HostFault, PeerFault
from desktop_app.main import main
from sync.identity.device import DeviceIdentity
from sync.identity.keystore import open_keystore
from sync.identity.registry import Device, Registry
from sync.replication.receipt import receipt_body
from sync.store.reader import StoreReader
from sync.store.store import Store
from sync.terminal.records import Records


def _alter(store: Store, *statements: str) -> None:
    with closing(opened_file(store)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def _delivered(province: Province) -> Records:
    terminal = province.terminal(HUIDONG)
    meeting = province.meeting(terminal)
    for member in range(9):
        province.sign_in(terminal, meeting, str(member))
        if member % 3 == 0:
            province.push(terminal)
    province.sync(terminal)
    return terminal


def _keys(province: Province) -> Callable[[str], bytes | None]:
    return lambda device: province.key.public if device == province.key.id else province.devices[device].public_key  # type: ignore[index]


def test_an_untouched_history_holds_at_both_ends(province: Province) -> None:
    terminal = _delivered(province)
    province.sign_in(terminal, "", "not sent yet")
    proof = terminal.prove(province.key.public, _keys(province))
    assert (proof.changes, proof.chains, proof.receipted, proof.erased) == (11, 1, 10, 0)
    assert proof.receipts == len(terminal.receipts()) == 4
    there = province.center.prove(province.key.public, _keys(province))
    assert (there.changes, there.receipted) == (10, 10)


@pytest.mark.one_file
@pytest.mark.parametrize("end", ["terminal", "center"])
@pytest.mark.parametrize(
    ("statement", "fault", "seq"),
    [
        ("UPDATE change SET payload = CAST(replace(payload, '3', '7') AS BLOB) WHERE seq = 5", "history-altered", 5),
        ("UPDATE change SET person = 'somebody else' WHERE seq IN (4, 7)", "history-altered", 4),
        ("UPDATE change SET hlc = hlc + 1 WHERE seq = 2", "history-altered", 2),
        ("UPDATE change SET payload = NULL, digest = zeroblob(32) WHERE seq = 6", "history-altered", 6),
        ("DELETE FROM change WHERE seq = 8", "history-gap", 8),
        ("DELETE FROM change WHERE seq = 10", "history-gap", 10),
        ("DELETE FROM change", "history-gap", 1),
        ("UPDATE change SET hash = NULL WHERE seq = 3", "history-gap", 3),
    ],
)
def test_the_first_change_that_was_altered_is_named(
    province: Province, end: str, statement: str, fault: str, seq: int
) -> None:
    terminal = _delivered(province)
    store = terminal if end == "terminal" else province.center
    _alter(store, statement)
    with pytest.raises(HostFault, match=fault) as found:
        store.prove(province.key.public, _keys(province))
    assert found.value.values["seq"] == seq
    assert found.value.values["terminal"] == terminal.device


GIVEN = "DELETE FROM property WHERE name = 'rows-given'"
TAIL = "DELETE FROM change WHERE seq > 12"
UNCOUNTED = "UPDATE sqlite_sequence SET seq = 12 WHERE name = 'change'"


@pytest.mark.one_file
@pytest.mark.parametrize(
    ("statements", "seq"),
    [
        ([TAIL], 13),
        (["DELETE FROM change WHERE seq > 10"], 11),
        (["DELETE FROM change WHERE seq = 12"], 12),
        (["DELETE FROM change WHERE seq > 9", "UPDATE sqlite_sequence SET seq = 9 WHERE name = 'change'"], 10),
        ([GIVEN], 14),
        ([UNCOUNTED], 14),
        (["UPDATE origin SET head_hash = zeroblob(32)"], 14),
    ],
)
def test_a_tail_that_was_appended_without_the_row_of_its_end_is_found_when_it_is_cut_off(
    province: Province, statements: list[str], seq: int
) -> None:
    terminal = _delivered(province)
    for member in "abc":  # of these the rows alone tell
        province.sign_in(terminal, "", member)
    assert _alone(terminal) == 3
    terminal.prove(province.key.public, _keys(province))
    _alter(terminal, *statements)
    with pytest.raises(HostFault, match="history-gap") as found:
        terminal.prove(province.key.public, _keys(province))
    assert found.value.values["seq"] == seq


@pytest.mark.one_file
@pytest.mark.parametrize("statement", [TAIL, UNCOUNTED, "DELETE FROM change"])
def test_a_store_whose_tail_is_gone_is_damaged_and_writes_nothing_in_its_place(
    province: Province, statement: str
) -> None:
    terminal = _delivered(province)
    for member in "abc":
        province.sign_in(terminal, "", member)
    terminal.close()
    _alter(terminal, statement)
    with pytest.raises(HostFault, match="store-damaged"):
        Records.open(terminal.folder, identity=terminal.identity, clock=province.clock)


@pytest.mark.one_file
def test_a_chain_goes_on_where_its_rows_end_and_its_clock_never_goes_back(province: Province, tmp_path: Path) -> None:
    terminal = _delivered(province)
    meeting = terminal.list("meeting")[0]["pk"]
    province.clock.go_on(hours=1)
    for member in "abc":
        province.sign_in(terminal, meeting, member)
    before = terminal._head
    assert _alone(terminal) == 3
    terminal.close()
    province.clock.go_on(hours=-2)
    again = Records.open(terminal.folder, identity=terminal.identity, clock=province.clock)
    again.act_as(terminal.person)
    assert again._head == before
    assert again.status().pending == 3
    province.sign_in(again, meeting, "d")
    assert again._head.hlc > before.hlc
    again.prove(province.key.public, _keys(province))
    again.backup_plain(tmp_path / "plain.db")
    with StoreReader.of_file(tmp_path / "plain.db", None) as copy:
        assert copy.prove(province.key.public, _keys(province)).changes == 14
    province.push(again)
    assert again.status().pending == 0


def _alone(terminal: Records) -> int:
    """How many changes lie behind the end that is written in a row of its own."""
    with closing(opened_file(terminal)) as connection:
        return int(terminal._head.seq - connection.execute("SELECT seq FROM origin").fetchone()[0])


def test_a_chain_that_was_forged_to_its_end_fails_against_the_receipts(province: Province) -> None:
    from sync.log.envelope import GENESIS, change_hash, payload_digest
    from sync.store.rows import SELECT_CHANGES, change_of
    from sync.store.tables import change, origin

    terminal = _delivered(province)
    with terminal._engine.begin() as connection:
        running = GENESIS
        for row in connection.execute(SELECT_CHANGES.order_by(change.c.seq)).all():
            each = change_of(tuple(row))
            payload = (each.payload or b"").replace(b"present", b"excused") if each.seq == 6 else each.payload or b""
            digest = payload_digest(each.salt, payload)
            import dataclasses

            running = change_hash(dataclasses.replace(each, digest=digest), running)
            values = {"payload": payload, "digest": digest, "hash": running}
            connection.execute(change.update().where(change.c.seq == each.seq).values(**values))
        connection.execute(origin.update().values(head_hash=running))
    with pytest.raises(HostFault, match="receipt-altered") as found:
        terminal.prove(province.key.public, _keys(province))
    assert found.value.values["first_seq"] <= 6 <= found.value.values["last_seq"]


def test_a_receipt_that_is_not_the_centers_is_refused_on_arrival_and_found_in_the_store(province: Province) -> None:
    import msgpack

    terminal = province.terminal(HUIDONG)
    province.meeting(terminal)
    head = terminal._head
    body = receipt_body(1, terminal.device, 1, (1, 1), head.head_hash, 1, (), {"meeting": 1})
    signature = terminal.identity.sign(b"silian-receipt-v1" + body)
    with pytest.raises(PeerFault, match="receipt-forged"):
        terminal.acknowledge(msgpack.packb([[body, signature]]))
    province.push(terminal)
    _alter(terminal, "UPDATE receipt SET signature = zeroblob(64)")
    with pytest.raises(HostFault, match="receipt-altered"):
        terminal.prove(province.key.public, _keys(province))


def test_a_restored_terminals_history_holds_in_all_its_epochs(province: Province, tmp_path: Path) -> None:
    terminal = _delivered(province)
    meeting = terminal.list("meeting")[0]["pk"]
    (tmp_path / "old").mkdir()
    terminal.backup(tmp_path / "old" / "store.db")
    province.sign_in(terminal, meeting, "lost")
    province.push(terminal)
    terminal.close()
    restored = province.open_terminal(terminal.identity, folder=tmp_path / "old")  # type: ignore[arg-type]
    province.sign_in(restored, meeting, "new")
    province.pull(restored)
    province.sync(restored)
    for store in (restored, province.center):
        proof = store.prove(province.key.public, _keys(province))
        assert proof.chains == 2
    assert restored.prove(province.key.public, _keys(province)).pulled == 1


@pytest.mark.one_file
def test_the_command_proves_prints_the_receipts_and_names_what_was_altered(
    province: Province, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SILIAN_SETTINGS", str(tmp_path / "none.toml"))
    monkeypatch.setenv("SILIAN_PASSPHRASE", "correct horse battery")
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    terminal = _delivered(province)
    identity = terminal.identity
    assert isinstance(identity, DeviceIdentity)
    for folder, who in ((terminal.folder, identity), (province.folder / "center", province.identity)):
        who.save(folder, open_keystore(folder, passphrase="correct horse battery"))
    registry = Registry(province.folder / "center", province.identity.store_key)
    registry.add(Device(terminal.device, identity.public_key, HUIDONG, "t", province.clock.now()))
    registry.close()
    assert main(["verify", "--folder", str(terminal.folder), "--receipts"]) == 0
    told = capsys.readouterr().out
    assert "10 changes in 1 chains" in told
    assert told.count("\nreceipt ") == 4
    assert main(["verify", "--folder", str(province.folder / "center"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["receipted"] == 10
    _alter(terminal, "UPDATE change SET person = 'x' WHERE seq = 4")
    assert main(["verify", "--folder", str(terminal.folder)]) == 1
    told = capsys.readouterr().err
    assert "[history-altered]" in told
    assert "4" in told
    assert main(["verify", "--folder", str(tmp_path)]) == 1
    assert "[store-not-there]" in capsys.readouterr().err


@pytest.mark.one_file
def test_a_backup_is_proven_like_the_store_it_is_of(province: Province, tmp_path: Path) -> None:
    _delivered(province)
    province.center.backup(tmp_path / "backup.db")
    with StoreReader.of_file(tmp_path / "backup.db", province.identity.store_key) as reader:
        assert reader.prove(province.key.public, _keys(province)).receipted == 10
