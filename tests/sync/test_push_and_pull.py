"""What a terminal writes reaches the center exactly once, and comes back to whom it concerns."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from sync_province import BOLUO, HUIDONG, HUIZHOU, NATION, PROVINCE, SHANWEI, Province, opened_file
from test_snapshot_and_healing import compare

from desktop_app.domain.faults import HostFault, OperatorError, PeerFault
from desktop_app.domain.ids import PersonId, derived_id
from desktop_app.domain.principal import Principal
from sync.documents.minutes import MinutesDocument
from sync.replication.page import pack_page, read_page
from sync.store.engine import reading
from sync.store.store import Store
from sync.terminal.records import Records, Write


def _seen(store: Store) -> list[tuple[str, str, int, int]]:
    with reading(store.engine) as connection:
        rows = connection.execute(sa.text("SELECT change_id, terminal_id, epoch, seq FROM changes_seen ORDER BY 1"))
        return [tuple(row) for row in rows]


def test_what_was_written_offline_is_at_the_center_once_with_a_receipt(province: Province) -> None:
    terminal = province.terminal(HUIDONG)
    meeting = province.meeting(terminal, HUIZHOU)
    for member in range(12):
        province.sign_in(terminal, meeting, str(member))
    status = terminal.status()
    assert (status.pending, status.pending_meetings, status.acknowledged) == (13, 1, 0)
    assert [row["entity"] for row in terminal.pending(2)] == ["meeting", "sign_in"]
    province.push(terminal)
    status = terminal.status()
    assert (status.pending, status.acknowledged) == (0, 13)
    assert status.last_receipt_at is not None
    receipt = terminal.receipts()[0]
    assert (receipt.first_seq, receipt.last_seq, dict(receipt.entities)) == (1, 13, {"meeting": 1, "sign_in": 12})
    assert len(province.center.attendance(meeting)) == 12
    assert _seen(terminal) == _seen(province.center)


def test_a_lost_answer_is_repeated_with_the_same_receipt(province: Province) -> None:
    terminal = province.terminal(HUIDONG)
    meeting = province.meeting(terminal)
    batch = terminal.next_batch()
    assert batch is not None
    first = province.center.receive(terminal.device, batch)
    assert province.center.receive(terminal.device, batch) == first
    province.sign_in(terminal, meeting, "1")
    longer = terminal.next_batch()
    assert longer is not None
    receipts = terminal.acknowledge(province.center.receive(terminal.device, longer))
    assert [(each.first_seq, each.last_seq) for each in receipts] == [(1, 1), (2, 2)]
    assert receipts[0].to_bytes()[:40] == first[1:41], "the first part keeps the receipt it was given"
    assert terminal.status().pending == 0
    assert province.center.receive(terminal.device, batch) == first


def test_a_site_sees_its_meetings_and_nobody_elses(province: Province) -> None:
    host, city, other, nation = (province.terminal(path) for path in (HUIDONG, HUIZHOU, SHANWEI, NATION))
    sibling, whole = province.terminal(BOLUO), province.terminal(PROVINCE)
    meeting = province.meeting(host, BOLUO)
    member = derived_id("member", "441323-1")
    host.write(Write("member", member, {"unit_path": HUIDONG, "member_no": "441323-1", "name": "委员001"}))
    province.sync(host, city, other, nation, sibling, whole)
    assert [row["pk"] for row in sibling.list("meeting")] == [meeting], "invited"
    assert sibling.list("member") == [], "a sibling's members are its own"
    assert city.get("member", member) is not None, "a city sees its counties"
    assert whole.get("member", member) is not None
    for stranger in (other, nation):
        assert stranger.list("meeting") == []
        assert stranger.list("member") == []


def test_a_late_invitation_brings_the_whole_meeting_and_only_that(province: Province) -> None:
    host, guest = province.terminal(HUIDONG), province.terminal(SHANWEI)
    meeting, other = province.meeting(host), province.meeting(host, title="另一场")
    province.sign_in(host, meeting, "1")
    document = MinutesDocument()
    document.add_block(text="开会")
    minutes = derived_id("minutes", meeting, HUIDONG)
    host.write(Write("minutes", minutes, {"meeting": meeting, "unit_path": HUIDONG, "state": "draft"}))
    host.save_update(minutes, document.take_update() or b"", meeting=meeting)
    province.sync(host, guest)
    assert guest.list("meeting") == []
    host.write(Write("meeting", meeting, {"invited": [SHANWEI]}))
    province.sync(host, guest)
    assert [row["pk"] for row in guest.list("meeting")] == [meeting]
    assert guest.get("meeting", other) is None
    assert len(guest.attendance(meeting)) == 1
    assert MinutesDocument.from_updates([guest.minutes_state(minutes) or b""]).sha256() == document.sha256()
    signed = province.sign_in(guest, meeting, "2")
    host.write(Write("meeting", meeting, {"invited": []}))
    province.sync(guest, host)
    assert host.get("sign_in", signed) is not None
    host.write(Write("meeting", meeting, {"title": "改期"}))
    province.sync(host, guest)
    assert guest.get("meeting", meeting) is None, "uninvited"
    assert [row["pk"] for row in guest.attendance(meeting)] == [signed], "what is in its own charge it keeps"


def test_a_terminal_may_not_write_what_is_not_its_own(province: Province) -> None:
    host, stranger = province.terminal(HUIDONG), province.terminal(SHANWEI)
    province.account(stranger, "clerk", "security")  # the center's own doing, so that each rule below is met by itself
    meeting = province.meeting(host)
    province.push(host)
    foreign = {"meeting": meeting, "member": "9", "site": SHANWEI, "status": "present", "signed_at": "x"}
    stranger.write(
        Write("sign_in", derived_id("s"), foreign),
        Write("meeting", meeting, {"title": "劫持"}, meeting),
        Write("member", derived_id("m"), {"unit_path": HUIDONG, "name": "冒名"}),
        Write("unit", "441500", {"name": "改名"}),
        Write("operator", derived_id("o"), {"unit_path": SHANWEI, "name": "甲", "roles": ["provincial_operator"]}),
        Write("operator", derived_id("o2"), {"unit_path": SHANWEI, "name": "乙", "roles": ["clerk"]}),
        Write("operator", derived_id("o3"), {"unit_path": SHANWEI, "name": "丙", "roles": ["security", "host"]}),
    )
    province.push(stranger)
    reasons = {row["pk"]: (row["verdict"], row["reason"]) for row in stranger.quarantine()}
    assert reasons == {
        derived_id("s"): ("refused", "out-of-scope"),
        meeting: ("refused", "out-of-scope"),
        derived_id("m"): ("refused", "out-of-scope"),
        "441500": ("refused", "center-only"),
        derived_id("o"): ("refused", "role-not-allowed"),
        derived_id("o3"): ("refused", "roles-not-separate"),
    }
    assert stranger.status().quarantined == 6
    assert stranger.status().pending == 0, "what is refused is acknowledged too"
    assert province.center.list("sign_in") == []
    assert (province.center.get("meeting", meeting) or {})["title"] == "协商会"
    assert stranger.get("unit", "441500") is None, "the terminal shows what the center holds"
    assert [row["name"] for row in province.center.list("operator", is_active=None)] == ["乙"]


def test_a_refusal_that_somebody_read_counts_no_more_at_any_terminal_of_the_unit_and_is_not_gone(
    province: Province,
) -> None:
    clerk, colleague = province.terminal(SHANWEI), province.terminal(SHANWEI)
    clerk.write(Write("member", derived_id("m"), {"unit_path": HUIDONG, "name": "冒名"}))
    province.push(clerk)
    [refused] = clerk.quarantine()
    assert clerk.status().quarantined == 1
    clerk.write(
        Write("refusal_seen", refused["change_id"], {"unit_path": SHANWEI, "seen_at": "2026-11-20T07:00:00.000Z"})
    )
    assert clerk.status().quarantined == 0
    assert clerk.quarantine() == [refused], "nothing is deleted"
    province.sync(clerk, colleague)
    assert clerk.status().pending == clerk.status().quarantined == 0
    assert [row["pk"] for row in colleague.list("refusal_seen")] == [refused["change_id"]]
    assert [each.change_id for each in province.center.quarantined(SHANWEI)] == [refused["change_id"]]


@pytest.mark.parametrize("receipt", ["kept", "comes after the refusal", "lost, and asked for again"])
def test_what_was_held_and_then_refused_is_refused_at_its_writer_as_if_it_had_been_at_once(
    province: Province, receipt: str
) -> None:
    host, guest = province.terminal(HUIDONG), province.terminal(BOLUO)
    meeting = province.meeting(host)
    signed = province.sign_in(guest, meeting, "1")
    answer = province.center.receive(guest.device, guest.next_batch() or b"")
    if receipt == "kept":
        guest.acknowledge(answer)
        assert guest.quarantine()[0]["verdict"] == "held"
    assert guest.get("sign_in", signed) is not None
    province.push(host)
    province.pull(guest)
    for _ in range(2):
        [refused] = guest.quarantine()
        assert (refused["verdict"], refused["reason"]) == ("refused", "out-of-scope")
        assert guest.get("sign_in", signed) is None, "the terminal shows what the center holds"
        assert guest.status().quarantined == 1
        if receipt == "comes after the refusal":
            guest.acknowledge(answer)
        province.sync(guest)
    assert guest.status().pending == 0
    assert len(province.center.list("refusal")) == 1, "it is told once"
    assert compare(province, guest) == []
    host.write(Write("meeting", meeting, {"invited": [BOLUO]}))
    province.push(host)
    assert province.center.judge_again(refused["change_id"], PROVINCE) == ("applied", "")
    province.pull(guest)
    assert guest.quarantine() == []
    assert guest.get("sign_in", signed) is not None


def test_a_change_for_a_meeting_that_is_not_here_yet_is_held_and_freed_when_it_comes(province: Province) -> None:
    host, guest = province.terminal(HUIDONG), province.terminal(BOLUO)
    meeting = province.meeting(host, BOLUO)
    signed = province.sign_in(guest, meeting, "1")
    province.push(guest)
    assert guest.quarantine()[0]["reason"] == "meeting-awaited"
    assert guest.get("sign_in", signed) is not None, "what is held stays on the clerk's screen"
    assert province.center.get("sign_in", signed) is None
    province.sync(host, guest)
    assert province.center.get("sign_in", signed) is not None
    assert guest.quarantine() == []
    assert host.pull_position().cursor == 0 or province.pull(host) >= 0
    assert host.get("sign_in", signed) is not None


@pytest.mark.parametrize("verdict", ["held", "refused"])
def test_a_receipt_that_comes_after_its_change_was_told_as_applied_takes_nothing_back(
    province: Province, verdict: str
) -> None:
    host, guest = province.terminal(HUIDONG), province.terminal(BOLUO)
    meeting = province.meeting(host, BOLUO) if verdict == "held" else province.meeting(host)
    if verdict == "refused":
        province.push(host)
    signed = province.sign_in(guest, meeting, "1")
    answer = province.center.receive(guest.device, guest.next_batch() or b"")
    [waiting] = province.center.quarantined(PROVINCE)
    assert waiting.verdict == verdict
    if verdict == "refused":
        host.write(Write("meeting", meeting, {"invited": [BOLUO]}))
        province.push(host)
        assert province.center.judge_again(waiting.change_id, PROVINCE) == ("applied", "")
    province.push(host)
    province.pull(guest)
    guest.acknowledge(answer)
    assert guest.quarantine() == []
    assert guest.get("sign_in", signed) is not None
    assert (guest.status().pending, compare(province, guest)) == (0, [])


def test_an_unknown_entity_or_a_newer_schema_is_held_at_both_ends(
    province: Province, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sync.entities import ENTITIES, Entity, Merge, Reach, Type

    newer, older = province.terminal(HUIDONG), province.terminal(HUIZHOU)
    note = Entity("reading_note", Merge.FIELDS, Reach.SUBTREE, {"title": Type.TEXT})
    with monkeypatch.context() as later:
        later.setitem(ENTITIES, "reading_note", note)
        newer.write(Write("reading_note", derived_id("c"), {"title": "线索"}))
        later.setattr("sync.store.journal.SCHEMA_VERSION", 2)
        newer.write(Write("member", derived_id("m"), {"unit_path": HUIDONG, "name": "委员"}))
    province.push(newer)
    assert {row["reason"] for row in newer.quarantine()} == {"entity-unknown", "schema-newer"}
    assert newer.status().pending == 0
    monkeypatch.setitem(ENTITIES, "reading_note", note)
    province.center.close()
    province.open_center()
    assert len(province.center.list("reading_note")) == 1, "an upgraded center takes it out of the quarantine"
    monkeypatch.delitem(ENTITIES, "reading_note")
    province.pull(older)
    assert older.quarantine()[0]["entity"] == "reading_note"
    monkeypatch.setitem(ENTITIES, "reading_note", note)
    older.close()
    again = province.open_terminal(older.identity)  # type: ignore[arg-type]
    assert len(again.list("reading_note")) == 1


def test_a_forged_or_foreign_push_stops_with_a_stable_id_and_stores_nothing(province: Province) -> None:
    terminal, other = province.terminal(HUIDONG), province.terminal(BOLUO)
    province.meeting(terminal)
    batch = terminal.next_batch() or b""
    with pytest.raises(PeerFault, match="device-mismatch"):
        province.center.receive(other.device, batch)
    province.devices[terminal.device].public_key = province.devices[other.device].public_key
    with pytest.raises(PeerFault, match="signature-bad"):
        province.center.receive(terminal.device, batch)
    for garbage, fault in [(b"", "message-unreadable"), (b"garbage", "message-unreadable"), (batch[:-9], "message-")]:
        with pytest.raises(PeerFault, match=fault):
            province.center.receive(terminal.device, garbage)
    assert province.center.list("meeting") == []


def test_a_change_altered_on_the_disk_breaks_the_chain(province: Province) -> None:
    terminal = province.terminal(HUIDONG)
    province.meeting(terminal)
    province.meeting(terminal, title="第二")
    store = opened_file(terminal)
    store.execute(
        "UPDATE change SET payload = CAST(replace(payload, x'E58D8FE59586', x'E694B9E8BF87') AS BLOB) WHERE seq = 1"
    )
    store.commit()
    store.close()
    with pytest.raises(PeerFault, match="chain-broken"):
        province.push(terminal)
    assert province.center.list("meeting") == []


def test_a_page_that_the_center_did_not_sign_for_this_reader_is_not_applied(province: Province) -> None:
    host, reader = province.terminal(HUIDONG), province.terminal(HUIZHOU)
    province.meeting(host)
    province.push(host)
    raw = province.center.page(Principal(reader.device, HUIZHOU), 0, 10)
    for_another = province.center.page(Principal(host.device, HUIZHOU), 0, 10)
    page = read_page(raw)
    import dataclasses

    moved = pack_page(dataclasses.replace(page, following=99))
    for forged in (for_another, moved):
        with pytest.raises(PeerFault, match="page-forged"):
            reader.take_page(forged)
    assert reader.list("meeting") == []
    reader.take_page(raw)
    with pytest.raises(PeerFault, match="page-misplaced"):
        reader.take_page(raw)


def test_a_terminal_restored_from_yesterday_gets_back_what_it_lost_and_loses_nothing_new(
    province: Province, tmp_path: Path
) -> None:
    identity = province.enrol(HUIDONG)
    terminal = province.open_terminal(identity)
    meeting = province.meeting(terminal)
    province.sync(terminal)
    yesterday = tmp_path / "restored"
    yesterday.mkdir()
    terminal.backup(yesterday / "store.db")
    lost = province.sign_in(terminal, meeting, "1")
    province.sync(terminal)
    terminal.close()
    restored = province.open_terminal(identity, folder=yesterday)
    new = province.sign_in(restored, meeting, "2")
    batch = restored.next_batch() or b""
    with pytest.raises(PeerFault, match="chain-fork") as refused:
        province.center.receive(restored.device, batch)
    where = refused.value.values
    restored.go_on_from(where["epoch"], where["seq"], bytes.fromhex(where["head_hash"]))
    province.sync(restored)
    assert {row["pk"] for row in province.center.list("sign_in")} == {lost, new}
    assert {row["pk"] for row in restored.list("sign_in")} == {lost, new}
    assert restored.status().pending == 0
    assert [row[0] for row in _seen(restored)] == [row[0] for row in _seen(province.center)]


def test_a_restored_terminal_that_pulls_first_makes_room_by_itself(province: Province, tmp_path: Path) -> None:
    identity = province.enrol(HUIDONG)
    terminal = province.open_terminal(identity)
    meeting = province.meeting(terminal)
    province.sync(terminal)
    (tmp_path / "old").mkdir()
    terminal.backup(tmp_path / "old" / "store.db")
    province.sign_in(terminal, meeting, "1")
    province.sync(terminal)
    terminal.close()
    restored = province.open_terminal(identity, folder=tmp_path / "old")
    province.sign_in(restored, meeting, "2")
    province.pull(restored)
    province.push(restored)
    assert len(province.center.attendance(meeting)) == len(restored.attendance(meeting)) == 2


@pytest.mark.one_file
def test_a_center_restored_from_yesterday_is_filled_again(province: Province, tmp_path: Path) -> None:
    terminal = province.terminal(HUIDONG)
    meeting = province.meeting(terminal)
    province.push(terminal)
    province.center.backup(tmp_path / "yesterday.db")
    province.sign_in(terminal, meeting, "1")
    province.push(terminal)
    province.center.close()
    for file in (tmp_path / "center").glob("center.db*"):
        file.unlink()
    (tmp_path / "yesterday.db").rename(tmp_path / "center" / "center.db")
    province.open_center()
    province.sign_in(terminal, meeting, "2")
    batch = terminal.next_batch() or b""
    with pytest.raises(PeerFault, match="chain-gap") as refused:
        province.center.receive(terminal.device, batch)
    where = refused.value.values
    terminal.go_on_from(where["epoch"], where["seq"], bytes.fromhex(where["head_hash"]))
    province.push(terminal)
    assert len(province.center.attendance(meeting)) == 2


def test_a_retraction_takes_back_one_signature_and_the_earliest_of_the_rest_counts(province: Province) -> None:
    terminal = province.terminal(HUIDONG)
    meeting = province.meeting(terminal)
    first = province.sign_in(terminal, meeting, "1")
    province.clock.go_on(minutes=5)
    second = province.sign_in(terminal, meeting, "1")
    assert [row["pk"] for row in terminal.attendance(meeting)] == [first]
    terminal.retract("sign_in", first, meeting=meeting)
    province.sync(terminal)
    for store in (terminal, province.center):
        assert [row["pk"] for row in store.attendance(meeting)] == [second]
        assert store.attendance(meeting)[0]["recorded_by"] == f"person of {HUIDONG}"
    with pytest.raises(OperatorError, match="record-missing"):
        terminal.retract("sign_in", first, meeting=meeting)


def test_nothing_is_written_in_nobodys_name(province: Province) -> None:
    terminal = province.terminal(HUIDONG)
    terminal.act_as(PersonId(""))
    with pytest.raises(OperatorError, match="person-missing"):
        province.meeting(terminal)
    assert terminal.status().pending == 0


def test_minutes_edited_at_two_sites_are_the_same_everywhere_and_end_with_approval(province: Province) -> None:
    host, city = province.terminal(HUIDONG), province.terminal(HUIZHOU)
    meeting = province.meeting(host, HUIZHOU)
    minutes = derived_id("minutes", meeting, HUIDONG)
    host.write(Write("minutes", minutes, {"meeting": meeting, "unit_path": HUIDONG, "state": "draft"}))
    mine, theirs = MinutesDocument(), MinutesDocument()
    block = mine.add_block(text="共同")
    host.save_update(minutes, mine.take_update() or b"", meeting=meeting)
    province.sync(host, city)
    updates, at = city.minutes_updates(minutes, 0)
    for update in updates:
        theirs.apply(update)
    mine.replace(block, 2, 0, "县")
    theirs.replace(block, 2, 0, "市")
    host.save_update(minutes, mine.take_update() or b"", meeting=meeting)
    city.save_update(minutes, theirs.take_update() or b"", meeting=meeting)
    province.sync(host, city)
    province.sync(host, city)
    hashes = {
        MinutesDocument.from_updates([store.minutes_state(minutes) or b""]).sha256()
        for store in (host, city, province.center)
    }
    assert len(hashes) == 1
    assert len(city.minutes_updates(minutes, at)[0]) == 2
    host.write(Write("minutes", minutes, {"state": "approved"}))
    with pytest.raises(OperatorError, match="minutes-approved"):
        host.save_update(minutes, theirs.state(), meeting=meeting)
    theirs.replace(block, 0, 0, "迟")
    city.save_update(minutes, theirs.take_update() or b"", meeting=meeting)
    province.sync(host, city)
    assert [row["reason"] for row in city.quarantine()] == ["minutes-approved"]
    final = MinutesDocument.from_updates([city.minutes_state(minutes) or b""])
    assert "迟" not in final.blocks()[0].text


def test_long_minutes_are_compacted_and_stay_what_they_were(
    province: Province, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.store.store.COMPACT_AFTER", 5)
    terminal = province.terminal(HUIDONG)
    meeting = province.meeting(terminal)
    minutes = derived_id("minutes", meeting, HUIDONG)
    terminal.write(Write("minutes", minutes, {"meeting": meeting, "unit_path": HUIDONG, "state": "draft"}))
    document = MinutesDocument()
    block = document.add_block()
    for at in range(12):
        document.replace(block, at, 0, "字")
        terminal.save_update(minutes, document.take_update() or b"", meeting=meeting)
    store = opened_file(terminal)
    assert store.execute("SELECT count(*) FROM document").fetchone() == (1,)
    store.close()
    assert MinutesDocument.from_updates([terminal.minutes_state(minutes) or b""]).sha256() == document.sha256()


def test_a_second_program_on_the_same_store_is_told_so(province: Province) -> None:
    terminal = province.terminal(HUIDONG)
    with pytest.raises(HostFault, match="store-in-use"):
        Records.open(terminal.folder, identity=terminal.identity, clock=province.clock)
    terminal.close()
    Records.open(terminal.folder, identity=terminal.identity, clock=province.clock).close()


def test_a_store_of_another_device_is_not_taken_over(province: Province) -> None:
    terminal = province.terminal(HUIDONG)
    terminal.close()
    with pytest.raises(HostFault, match="store-foreign"):
        Records.open(terminal.folder, identity=province.enrol(HUIDONG), clock=province.clock)


def test_a_full_disk_is_said_and_loses_nothing(province: Province) -> None:
    terminal = province.terminal(HUIDONG)
    meeting = province.meeting(terminal)
    before = terminal.status()
    pages = 0

    def narrow(limit: int) -> None:
        nonlocal pages
        with terminal._writing() as transaction:  # on the connection that writes
            pages = transaction.connection.exec_driver_sql(f"PRAGMA max_page_count={limit}").scalar_one()

    narrow(1)  # SQLite takes the pages there are as the least
    with pytest.raises(HostFault, match="disk-full"):
        _write_on(province, terminal, meeting)
    written = terminal.status()
    assert written.pending >= before.pending
    narrow(1 << 30)
    province.sign_in(terminal, meeting, "after")
    province.push(terminal)
    assert len(province.center.attendance(meeting)) == len(terminal.attendance(meeting)) == written.pending


def test_a_damaged_store_is_not_opened(province: Province) -> None:
    terminal = province.terminal(HUIDONG)
    meeting = province.meeting(terminal)
    for member in range(60):
        province.sign_in(terminal, meeting, str(member))
    terminal.close()
    path = terminal.folder / "store.db"
    raw = bytearray(path.read_bytes())
    raw[8192:16384] = b"\x5a" * 8192
    path.write_bytes(raw)
    with pytest.raises(HostFault, match="store-damaged"):
        Records.open(terminal.folder, identity=terminal.identity, clock=province.clock)


def test_listeners_hear_of_what_was_written_after_it_is_there(province: Province) -> None:
    host, city = province.terminal(HUIDONG), province.terminal(HUIZHOU)
    heard: list[tuple[str, bool]] = []

    def listen(touched: frozenset[tuple[str, str]]) -> None:
        heard.extend((entity, city.get(entity, pk) is not None) for entity, pk in touched)

    end = city.subscribe(listen)
    province.meeting(host)
    province.sync(host, city)
    assert heard == [("meeting", True)]
    end()
    province.meeting(host)
    province.sync(host, city)
    assert len(heard) == 1


def _write_on(province: Province, terminal: Records, meeting: str) -> None:
    for member in range(2000):
        province.sign_in(terminal, meeting, str(member) * 500)
