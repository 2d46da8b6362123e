"""A center is restored from yesterday: nothing that a terminal delivered since is lost, and nothing is doubled."""

from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from sync_province import BOLUO, HUIDONG, HUIZHOU, PROVINCE, SHANWEI, Province, opened_file
from test_lanes import site, until
from test_snapshot_and_healing import compare

from desktop_app.domain.faults import HostFault, OperatorError
from desktop_app.domain.ids import DeviceId
from desktop_app.main import main
from sync.center.restoration import Restored, restore
from sync.identity.keystore import open_keystore
from sync.log.write import Write
from sync.terminal.records import Records


def _key(province: Province, device: str) -> bytes | None:
    if device == province.key.id:
        return province.key.public
    known = province.devices.get(DeviceId(device))
    return known.public_key if known else None


def _restore(province: Province, backup: Path) -> Restored:
    return restore(
        province.folder / "center",
        "center.db",
        backup,
        identity=province.identity,
        clock=province.clock,
        keys=lambda device: _key(province, device),
        database=province.database,
    )


async def test_after_a_restore_from_yesterday_the_terminals_bring_back_today(
    province: Province, tmp_path: Path
) -> None:
    host, city, idle = province.terminal(HUIDONG), province.terminal(HUIZHOU), province.terminal(BOLUO)
    meeting = province.meeting(host, HUIZHOU, BOLUO)
    province.center.append(Write("unit", "441323", {"name": "惠东县"}), actor=province.actor)
    province.sync(host, city, idle)
    province.center.backup(tmp_path / "yesterday.db")
    province.clock.go_on(hours=20)
    today = [province.sign_in(host, meeting, str(member)) for member in range(5)]
    today.append(province.sign_in(city, meeting, "city"))
    province.sync(host, city, idle)
    province.sync(host, city, idle)
    province.center.append(Write("unit", "441323", {"name": "今天改的名"}), actor=province.actor)
    province.sync(host)
    acknowledged = host.status().acknowledged
    province.center.close()
    done = _restore(province, tmp_path / "yesterday.db")
    center = province.open_center()
    if province.database:
        assert done.aside in sa.inspect(center.engine).get_schema_names()
    else:
        assert done.aside in {str(file) for file in center.folder.iterdir()}
    assert province.center.attendance(meeting) == []
    province.center.append(Write("unit", "441323", {"short_name": "惠东"}), actor=province.actor)
    async with site(province, host), site(province, city), site(province, idle):
        province.sign_in(host, meeting, "after")
        province.sign_in(city, meeting, "after too")
        await until(lambda: len(province.center.attendance(meeting)) == 8, "today to be back at the center")
        await until(lambda: all(each.status().pending == 0 for each in (host, city)), "the receipts")
        await until(lambda: len(idle.attendance(meeting)) == 8, "the idle terminal to read it")
        await until(lambda: (idle.get("unit", "441323") or {}).get("short_name") == "惠东", "the center's own words")
    assert {row["pk"] for row in province.center.list("sign_in")} >= set(today)
    assert host.status().acknowledged == acknowledged + 1
    proof = province.center.prove(province.key.public, lambda device: _key(province, device))
    assert proof.receipted == proof.changes - 2, "all but the center's own"
    late = province.terminal(HUIDONG)
    province.pull(late)
    assert len(late.attendance(meeting)) == 8
    assert compare(province, late) == []


def test_one_backup_may_be_put_back_twice(province: Province, tmp_path: Path) -> None:
    """What the center said in between is not taken for what it says after."""
    host = province.terminal(HUIDONG)
    province.meeting(host)
    province.sync(host)
    province.center.backup(tmp_path / "b.db")
    for name in ("第一次", "第二次"):
        province.center.close()
        province.clock.go_on(minutes=1)
        _restore(province, tmp_path / "b.db")
        province.open_center()
        province.center.append(Write("unit", "441323", {"name": name}), actor=province.actor)
        province.pull(host)
    assert (host.get("unit", "441323") or {})["name"] == "第二次"


async def test_a_terminal_that_has_nothing_to_send_still_brings_back_what_it_delivered(
    province: Province, tmp_path: Path
) -> None:
    host = province.terminal(HUIDONG)
    meeting = province.meeting(host)
    province.sync(host)
    province.center.append(Write("unit", "441323", {"name": "惠东县"}), actor=province.actor)
    province.sync(host)
    province.center.backup(tmp_path / "yesterday.db")
    province.sign_in(host, meeting, "1")
    province.sync(host)
    province.center.close()
    _restore(province, tmp_path / "yesterday.db")
    province.open_center()
    async with site(province, host):
        await until(lambda: len(province.center.attendance(meeting)) == 1, "the signature to be back")
        await until(lambda: host.status().pending == 0, "its receipt")


@pytest.mark.parametrize("busy", [False, True])
def test_what_was_delivered_in_an_epoch_that_the_restored_center_never_saw_comes_back_too(
    province: Province, tmp_path: Path, busy: bool
) -> None:
    identity = province.enrol(HUIDONG)
    host = province.open_terminal(identity)
    meeting = province.meeting(host)
    province.center.append(Write("unit", "441323", {"name": "惠东县"}), actor=province.actor)
    province.sync(host)
    province.center.backup(tmp_path / "yesterday.db")
    (tmp_path / "old").mkdir()
    host.backup(tmp_path / "old" / "store.db")
    mine = [province.sign_in(host, meeting, "1")]
    province.sync(host)
    host.close()
    host = province.open_terminal(identity, folder=tmp_path / "old")
    province.pull(host)
    mine.append(province.sign_in(host, meeting, "2"))
    province.sync(host)
    if busy:
        mine.append(province.sign_in(host, meeting, "3"))
    province.center.close()
    _restore(province, tmp_path / "yesterday.db")
    province.open_center()
    province.pull(host)
    province.push_on(host)
    got = {row["pk"] for row in province.center.list("sign_in")}
    assert got == set(mine)
    assert {row["pk"] for row in host.list("sign_in")} == set(mine)
    host.prove(province.key.public, lambda device: _key(province, device))
    assert host.status().pending == 0


def _restored_without_today(province: Province, backup: Path) -> None:
    province.center.close()
    _restore(province, backup)
    province.open_center()


def _bring_back(province: Province, terminal: Records) -> None:
    """As the lanes do it: read, send, and read what it made new."""
    province.pull(terminal)
    province.push_on(terminal)
    province.pull(terminal)


def test_nobody_writes_into_anothers_record_by_being_at_a_restored_center_before_it(
    province: Province, tmp_path: Path
) -> None:
    host, guest = province.terminal(HUIDONG), province.terminal(SHANWEI)
    meeting = province.meeting(host, SHANWEI)
    province.sync(host, guest)
    province.center.backup(tmp_path / "yesterday.db")
    host.write(Write("opinion", "o", {"meeting": meeting, "site": HUIDONG, "text": "原话", "state": "noted"}))
    signed = province.sign_in(host, meeting, "1")
    province.sync(host, guest)
    guest.write(Write("opinion", "o", {"text": "别人的话"}))
    guest.retract("sign_in", signed, meeting=meeting)
    _restored_without_today(province, tmp_path / "yesterday.db")
    province.push(guest)
    assert [row["reason"] for row in guest.quarantine()] == ["record-awaited"] * 2
    assert province.center.get("opinion", "o") is None
    _bring_back(province, host)
    assert (province.center.get("opinion", "o") or {})["text"] == "原话"
    assert province.center.get("sign_in", signed) is not None
    assert {each.reason for each in province.center.quarantined(PROVINCE)} == {"out-of-scope"}
    _bring_back(province, guest)
    assert {(row["verdict"], row["reason"]) for row in guest.quarantine()} == {("refused", "out-of-scope")}
    assert (guest.get("opinion", "o") or {})["text"] == "原话"
    assert guest.get("sign_in", signed) is not None


def test_who_fills_in_what_nobody_had_said_of_a_record_is_not_taken_for_its_owner_at_a_restored_center(
    province: Province, tmp_path: Path
) -> None:
    """An edit of a field that was never set names no value that it follows, and is no first word for that."""
    city, host, guest = (province.terminal(unit) for unit in (HUIZHOU, HUIDONG, SHANWEI))
    colleague = province.terminal(HUIDONG)
    meeting = province.meeting(city, HUIDONG, SHANWEI)
    province.sync(city, host, guest, colleague)
    province.center.backup(tmp_path / "yesterday.db")
    host.write(Write("opinion", "o", {"meeting": meeting, "site": HUIDONG, "text": "原话", "state": "noted"}))
    province.sync(host, guest, colleague)
    guest.write(Write("opinion", "o", {"topic": "别人的题"}))
    colleague.write(Write("opinion", "o", {"topic": "同事的题"}))
    colleague.settle(Write("opinion", "o", {"quote": "同事的话"}))
    _restored_without_today(province, tmp_path / "yesterday.db")
    province.push(guest)
    province.push(colleague)
    assert province.center.get("opinion", "o") is None
    _bring_back(province, host)
    row = province.center.get("opinion", "o") or {}
    assert [row.get(name) for name in ("site", "text", "topic", "quote")] == [HUIDONG, "原话", "同事的题", "同事的话"]
    assert [(each.terminal, each.reason) for each in province.center.quarantined(PROVINCE)] == [
        (guest.device, "out-of-scope")
    ]
    for terminal in (city, host, guest, colleague):
        _bring_back(province, terminal)
        assert terminal.get("opinion", "o") == row
        assert terminal is host or compare(province, terminal) == []  # its own word's new stamp checksums mend


def test_what_a_colleague_wrote_into_a_meeting_waits_at_a_restored_center_until_the_meeting_is_back(
    province: Province, tmp_path: Path
) -> None:
    host, colleague = province.terminal(HUIDONG), province.terminal(HUIDONG)
    province.sync(host, colleague)
    province.center.backup(tmp_path / "yesterday.db")
    meeting = province.meeting(host)
    host.write(Write("opinion", "o", {"meeting": meeting, "site": HUIDONG, "text": "原话", "state": "noted"}))
    province.sync(host, colleague)
    colleague.write(Write("meeting", meeting, {"title": "改过的名"}))
    colleague.write(Write("opinion", "o", {"text": "改过的话"}))
    _restored_without_today(province, tmp_path / "yesterday.db")
    province.push(colleague)
    _bring_back(province, host)
    assert (province.center.get("meeting", meeting) or {})["title"] == "改过的名"
    assert (province.center.get("opinion", "o") or {})["text"] == "改过的话"
    province.pull(colleague)
    assert colleague.quarantine() == []
    assert province.center.quarantined(PROVINCE) == []


@pytest.mark.parametrize("refused", ["at once", "after it was held"])
def test_what_was_refused_and_a_restored_center_holds_is_held_at_its_writer_and_shown_there_again(
    province: Province, tmp_path: Path, refused: str
) -> None:
    host, guest = province.terminal(HUIDONG), province.terminal(BOLUO)
    province.sync(host, guest)
    province.center.backup(tmp_path / "yesterday.db")
    meeting = province.meeting(host)
    signed = province.sign_in(guest, meeting, "1")
    for terminal in (host, guest) if refused == "at once" else (guest, host):
        province.push(terminal)
    province.pull(guest)
    assert [(row["verdict"], row["reason"]) for row in guest.quarantine()] == [("refused", "out-of-scope")]
    assert guest.get("sign_in", signed) is None
    province.clock.go_on(minutes=1)
    _restored_without_today(province, tmp_path / "yesterday.db")
    _bring_back(province, guest)
    assert [(row["verdict"], row["reason"]) for row in guest.quarantine()] == [("held", "meeting-awaited")]
    assert guest.get("sign_in", signed) is not None, "what is held stays on the clerk's screen"
    _bring_back(province, host)
    _bring_back(province, guest)
    assert [(row["verdict"], row["reason"]) for row in guest.quarantine()] == [("refused", "out-of-scope")]
    assert guest.get("sign_in", signed) is None


def test_a_backup_that_was_altered_or_is_another_centers_changes_nothing(province: Province, tmp_path: Path) -> None:
    host = province.terminal(HUIDONG)
    meeting = province.meeting(host)
    province.sync(host)
    province.center.backup(tmp_path / "b.db")
    with pytest.raises(HostFault, match="store-in-use"):
        _restore(province, tmp_path / "b.db")
    with pytest.raises(OperatorError, match="backup-missing"):
        _restore(province, tmp_path / "nothing.db")
    (tmp_path / "other").mkdir()
    altered_file = province.folder / "center" / "altered.db"
    other = Province(tmp_path / "other", province.clock)
    other.center.backup(tmp_path / "other.db")
    other.center.backup_plain(tmp_path / "other-plain.db")
    other.center.close()
    province.center.backup(altered_file)
    with closing(opened_file(province.center, "altered.db")) as altered:
        altered.execute("UPDATE change SET person = 'x'")
    province.center.close()
    for name in ("other.db", "other-plain.db"):
        with pytest.raises(OperatorError, match="backup-foreign"):
            _restore(province, tmp_path / name)
    with pytest.raises(HostFault, match="history-altered"):
        _restore(province, altered_file)
    assert not list((province.folder / "center").glob("*restoring*"))
    assert province.open_center().get("meeting", meeting) is not None


def test_restore_and_erase_are_commands(
    province: Province, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SILIAN_SETTINGS", str(tmp_path / "none.toml"))
    monkeypatch.setenv("SILIAN_PASSPHRASE", "correct horse battery")
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    folder = province.folder / "center"
    from sync.identity.authority import Authority

    keystore = open_keystore(folder, passphrase="correct horse battery")
    Authority.open(folder, keystore)
    province.identity.save(folder, keystore)
    actor = province.actor
    province.center.append(Write("opinion", "o1", {"text": "不该留下", "site": HUIDONG, "meeting": ""}), actor=actor)
    province.center.backup(tmp_path / "b.db")
    province.center.close()
    where = ["--folder", str(folder), *(["--database", province.database] if province.database else [])]
    assert main(["center", "erase", *where, "--record", "opinion:o1", "--ground", "法"]) == 0
    assert province.open_center().list("opinion") == []
    province.center.close()
    assert main(["center", "erase", "--folder", str(folder), "--record", "opinion"]) == 1
    capsys.readouterr()
    assert main(["center", "restore", *where, "--from", str(tmp_path / "b.db")]) == 0
    assert "all of them proven" in capsys.readouterr().out
    assert len(province.open_center().list("opinion")) == 1
