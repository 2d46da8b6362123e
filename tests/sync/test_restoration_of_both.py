"""A terminal and its center are both put back: what it writes then stands where others have read something else."""

from pathlib import Path

from sync_province import BOLUO, HUIDONG, Province
from test_restoration import _bring_back, _restored_without_today
from test_snapshot_and_healing import compare

from sync.terminal.records import Write


def test_what_is_written_anew_reaches_whoever_had_read_what_both_forgot(province: Province, tmp_path: Path) -> None:
    identity = province.enrol(HUIDONG)
    host, guest = province.open_terminal(identity), province.terminal(BOLUO)
    meeting = province.meeting(host, BOLUO)
    province.sync(host, guest)
    province.center.backup(tmp_path / "yesterday.db")
    (tmp_path / "old").mkdir()
    host.backup(tmp_path / "old" / "store.db")
    host.write(Write("meeting", meeting, {"title": "两边都忘了的名"}))
    province.sync(host, guest)
    host.close()
    _restored_without_today(province, tmp_path / "yesterday.db")
    host = province.open_terminal(identity, folder=tmp_path / "old")
    host.write(Write("meeting", meeting, {"title": "重写的名"}))
    province.push(host)
    province.pull(guest)
    assert (guest.get("meeting", meeting) or {})["title"] == "重写的名"
    assert {row["reason"] for row in guest.quarantine()} == {"center-lacks"}, "what was read is kept"
    _bring_back(province, host)
    province.pull(guest)
    assert [compare(province, each) for each in (host, guest)] == [[], []]
