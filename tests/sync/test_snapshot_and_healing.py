"""An empty terminal is filled by a snapshot, and whatever differs between the two ends afterwards mends itself."""

import asyncio
import dataclasses
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa
from sync_province import BOLUO, HUIDONG, HUIZHOU, NATION, PROVINCE, SHANWEI, Province, opened_file
from test_lanes import FAST, site, until

from desktop_app.domain.faults import PeerFault
from desktop_app.domain.ids import derived_id, uuid7
from desktop_app.domain.principal import Principal
from sync.center import feed
from sync.documents.minutes import MinutesDocument
from sync.replication.page import pack_page
from sync.replication.part import pack_part, read_part
from sync.store.engine import writing
from sync.terminal.records import Records, Write


def _fill(province: Province, terminal: Records) -> None:
    """As the lanes do it at the first start."""
    principal = Principal(terminal.device, terminal.unit_path)
    while (at := terminal.snapshot_position()) is not None:
        terminal.take_part(province.center.snapshot(principal, after=at.after, until=at.until, known_feed=at.feed))


def compare(province: Province, terminal: Records) -> list[str] | None:
    at, principal = terminal.pull_position(), Principal(terminal.device, terminal.unit_path)
    return terminal.differing(province.center.heads(principal, at.cursor, (at.epoch, at.seq), known_feed=at.feed))


def heal(province: Province, terminal: Records) -> int:
    """Compare and mend as the lanes do it; how many changes differed."""
    at, principal = terminal.pull_position(), Principal(terminal.device, terminal.unit_path)
    parts: list[bytes] = []
    for bucket in compare(province, terminal) or ():
        after = until_cursor = 0
        while True:
            raw = province.center.snapshot(
                principal, bucket=bucket, after=after, until=until_cursor, known_feed=at.feed
            )
            parts.append(raw)
            part = read_part(raw)
            after, until_cursor = part.following, part.until
            if part.done:
                break
    return terminal.heal(parts, at) if parts else 0


def _alter(terminal: Records, *statements: str, file: str = "store.db") -> None:
    with closing(opened_file(terminal, file)) as store:
        for statement in statements:
            store.execute(statement)
        store.commit()


def _a_day(province: Province, host: Records, guest: Records) -> str:
    meeting = province.meeting(host, guest.unit_path)
    for member in range(40):
        province.sign_in(host, meeting, str(member))
    host.write(Write("meeting", meeting, {"title": "改名"}))
    document = MinutesDocument()
    document.add_block(text="记录")
    minutes = derived_id("minutes", meeting, host.unit_path)
    host.write(Write("minutes", minutes, {"meeting": meeting, "unit_path": host.unit_path, "state": "draft"}))
    host.save_update(minutes, document.take_update() or b"", meeting=meeting)
    return meeting


def test_an_empty_terminal_starts_from_a_countersigned_snapshot_and_then_pulls(
    province: Province, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, city = province.terminal(HUIDONG), province.terminal(HUIZHOU)
    meeting = _a_day(province, host, city)
    other = province.meeting(province.terminal(SHANWEI), title="与本单位无关")
    province.push(host)
    monkeypatch.setattr("sync.center.store.PART_CHANGES", 7)
    _fill(province, city)
    assert len(city.attendance(meeting)) == 40
    assert (city.get("meeting", meeting) or {})["title"] == "改名"
    minutes = derived_id("minutes", meeting, HUIDONG)
    assert city.minutes_state(minutes) == host.minutes_state(minutes)
    assert city.get("meeting", other) is None
    assert province.pull(city) == 0, "nothing is told twice"
    province.sign_in(host, meeting, "after")
    province.sync(host, city)
    assert len(city.attendance(meeting)) == 41
    assert compare(province, city) == []


def test_who_sees_little_of_a_long_feed_gets_all_of_it_and_each_statement_looks_at_a_piece(
    province: Province, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "NARROWEST", 1)
    monkeypatch.setattr(feed, "WIDEST", 4)
    looked_at: list[str] = []

    @sa.event.listens_for(province.center.engine, "before_cursor_execute")
    def _note(_c: object, _cursor: object, text: str, *_: object) -> None:
        if "JOIN change" in text and "ORDER BY feed.cursor" in text:
            looked_at.append(text)

    elsewhere, host, city = (province.terminal(unit) for unit in (SHANWEI, HUIDONG, HUIZHOU))
    for round_ in range(3):
        for title in ("一", "二", "三"):
            province.meeting(elsewhere, title=title)
        meeting = province.meeting(host, title=str(round_))
        province.sign_in(host, meeting, "1")
        province.push(elsewhere)
        province.push(host)
    monkeypatch.setattr("sync.center.store.PART_CHANGES", 2)
    _fill(province, city)
    assert sorted(row["title"] for row in city.list("meeting")) == ["0", "1", "2"]
    assert len(looked_at) > 5
    assert all(text.count("feed.cursor <= ") == 1 for text in looked_at), "it looks through all that is left"
    province.meeting(elsewhere)
    province.sign_in(host, meeting, "2")
    province.push(elsewhere)
    province.push(host)
    province.pull(city)
    assert len(city.attendance(meeting)) == 2
    assert compare(province, city) == []


def test_a_snapshot_that_was_broken_off_goes_on_where_it_was(
    province: Province, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, identity = province.terminal(HUIDONG), province.enrol(HUIZHOU)
    meeting = _a_day(province, host, host)
    province.push(host)
    monkeypatch.setattr("sync.center.store.PART_CHANGES", 20)
    city = province.open_terminal(identity)
    principal = Principal(city.device, HUIZHOU)
    first = province.center.snapshot(principal)
    city.take_part(first)
    with pytest.raises(PeerFault, match="page-misplaced"):
        city.take_part(first)
    begun = city.snapshot_position()
    assert begun is not None
    assert begun.after > 0
    city.close()
    city = province.open_terminal(identity)
    assert city.snapshot_position() == begun
    province.sign_in(host, meeting, "meanwhile")
    province.push(host)
    _fill(province, city)
    assert len(city.attendance(meeting)) == 40, "the snapshot is of one moment"
    province.pull(city)
    assert len(city.attendance(meeting)) == 41


def test_a_snapshot_that_the_center_did_not_sign_for_this_reader_is_not_taken(province: Province) -> None:
    host, city = province.terminal(HUIDONG), province.terminal(HUIZHOU)
    _a_day(province, host, host)
    province.push(host)
    raw = province.center.snapshot(Principal(city.device, HUIZHOU))
    part = read_part(raw)
    forged = [
        province.center.snapshot(Principal(host.device, HUIZHOU)),
        pack_part(dataclasses.replace(part, until=part.until + 1, following=part.following + 1)),
        pack_part(dataclasses.replace(part, done=not part.done)),
        pack_part(dataclasses.replace(part, bucket="00")),
    ]
    for each in forged:
        with pytest.raises(PeerFault, match="page-forged"):
            city.take_part(each)
    for garbage in (b"", b"garbage", raw[:-4]):
        with pytest.raises(PeerFault, match="message-unreadable"):
            city.take_part(garbage)
    with pytest.raises(PeerFault, match="part-malformed"):
        city.take_part(province.center.page(Principal(city.device, HUIZHOU), 0, 1))
    assert city.list("meeting") == []


@pytest.mark.parametrize("seed", range(2))
def test_after_any_day_both_ends_have_equal_checksums(province: Province, seed: int) -> None:
    rng = Random(seed)
    paths = (HUIDONG, BOLUO, HUIZHOU, SHANWEI, NATION, PROVINCE, HUIDONG)
    terminals = [province.terminal(path) for path in paths]
    for path in paths:
        identity = province.enrol(path)
        _fill(province, province.open_terminal(identity))
    meetings: list[str] = []
    for _ in range(45):
        province.clock.go_on(seconds=rng.randint(1, 600))
        terminal = rng.choice(terminals)
        act = rng.randrange(6)
        if act == 0 or not meetings:
            meetings.append(province.meeting(terminal, *rng.sample(paths, 2)))
        elif act == 1:
            terminal.write(
                Write("meeting", rng.choice(meetings), {"invited": list(rng.sample(paths, rng.randrange(3)))})
            )
        elif act == 2:
            terminal.write(Write("meeting", rng.choice(meetings), {"title": f"题目{rng.random()}"}))
        elif act == 3:
            province.sign_in(terminal, rng.choice(meetings), str(rng.randrange(5)))
        else:
            province.sync(*rng.sample(terminals, 3))
    for _ in range(3):
        province.sync(*terminals)
    latest = [province.terminal(path) for path in paths]
    for each in latest:
        _fill(province, each)
        province.pull(each)
    for terminal in [*terminals, *latest]:
        assert compare(province, terminal) == [], terminal.unit_path
    for early, late in zip(terminals, latest, strict=True):
        if early.status().quarantined == 0:
            assert early.list("meeting") == late.list("meeting")


def test_while_there_is_something_to_send_or_to_read_nothing_is_compared(province: Province) -> None:
    host, guest = province.terminal(HUIDONG), province.terminal(BOLUO)
    meeting = province.meeting(host, BOLUO)
    province.sync(host, guest)
    assert compare(province, guest) == []
    province.sign_in(host, meeting, "1")
    assert compare(province, host) is None, "something waits"
    province.push(host)
    assert compare(province, guest) is None, "something is told"
    province.pull(guest)
    assert compare(province, guest) == []
    raw = province.center.heads(Principal(host.device, BOLUO), 0, (1, 2), known_feed=b"")
    with pytest.raises(PeerFault, match="page-forged"):
        guest.differing(raw)


def test_a_restored_terminal_gets_back_what_a_stick_brought_while_it_waited_for_news(
    province: Province, tmp_path: Path
) -> None:
    host = province.terminal(HUIDONG)
    meeting = province.meeting(host)
    province.sync(host)
    (tmp_path / "old").mkdir()
    host.backup(tmp_path / "old" / "store.db")
    signed = province.sign_in(host, meeting, "on the stick")
    stick = host.pending_batches()
    host.close()
    restored = province.open_terminal(host.identity, folder=tmp_path / "old")  # type: ignore[arg-type]
    province.pull(restored)
    for batch in stick:
        province.center.receive(restored.device, batch)
    at = restored.pull_position()
    page = province.center.read_page(
        Principal(restored.device, HUIDONG),
        at.cursor,
        1000,
        known_feed=at.feed,
        own_head=(at.epoch, at.seq),
        pushed_after=(at.epoch, at.seq),
    )[0]
    restored.take_page(pack_page(page))
    assert restored.get("sign_in", signed) is None
    with pytest.raises(PeerFault, match="chain-fork") as told:
        compare(province, restored)
    place = told.value.values
    restored.go_on_from(place["epoch"], place["seq"], bytes.fromhex(place["head_hash"]))
    assert heal(province, restored) == 1
    assert restored.get("sign_in", signed) is not None
    assert compare(province, restored) == []


def test_a_terminal_restored_from_before_its_last_epoch_is_told_so_when_it_compares(
    province: Province, tmp_path: Path
) -> None:
    host = province.terminal(HUIDONG)
    for copy in ("once", "twice"):
        (tmp_path / copy).mkdir()
        host.backup(tmp_path / copy / "store.db")
    meeting = province.meeting(host)
    province.sync(host)
    host.close()
    once = province.open_terminal(host.identity, folder=tmp_path / "once")  # type: ignore[arg-type]
    province.sync(once)
    signed = province.sign_in(once, meeting, "in a second epoch")
    province.sync(once)
    once.close()
    twice = province.open_terminal(host.identity, folder=tmp_path / "twice")  # type: ignore[arg-type]
    with pytest.raises(PeerFault, match="chain-fork") as told:
        compare(province, twice)
    place = told.value.values
    assert place["epoch"] > twice.pull_position().epoch
    twice.go_on_from(place["epoch"], place["seq"], bytes.fromhex(place["head_hash"]))
    assert twice.pull_position().epoch > place["epoch"]
    province.sync(twice)
    assert twice.get("sign_in", signed) is not None
    assert compare(province, twice) == []


def test_a_unit_that_was_uninvited_and_invited_again_sees_it_all_at_its_next_terminal(province: Province) -> None:
    host, guest = province.terminal(HUIDONG), province.terminal(BOLUO)
    meeting = province.meeting(host, BOLUO)
    province.sign_in(host, meeting, "1")
    province.sync(host, guest)
    for invited in ([], [BOLUO]):
        host.write(Write("meeting", meeting, {"invited": invited}))
        province.sync(host, guest)
    late = province.terminal(BOLUO)
    _fill(province, late)
    for terminal in (guest, late):
        assert len(terminal.attendance(meeting)) == 1
        assert compare(province, terminal) == []


def test_what_a_terminal_lost_or_has_otherwise_comes_back_from_the_center(province: Province) -> None:
    host, city = province.terminal(HUIDONG), province.terminal(HUIZHOU)
    meeting = _a_day(province, host, host)
    province.sync(host, city)
    _alter(
        city,
        "DELETE FROM change WHERE entity = 'sign_in' AND position % 2 = 0",
        "DELETE FROM record WHERE entity = 'sign_in'",
        "UPDATE change SET payload = CAST(replace(payload, x'E694B9', x'E58A97') AS BLOB) WHERE entity = 'meeting'",
        "UPDATE change SET payload = CAST(replace(payload, x'616374', x'626374') AS BLOB) WHERE op = 'update'",
    )
    _alter(host, "UPDATE change SET payload = x'80' WHERE seq = 3")
    assert heal(province, city) > 15
    assert heal(province, host) == 1
    for terminal in (host, city):
        assert compare(province, terminal) == []
        assert (terminal.get("meeting", meeting) or {})["title"] == "改名"
    minutes = derived_id("minutes", meeting, HUIDONG)
    assert city.minutes_state(minutes) == host.minutes_state(minutes)
    assert len(host.attendance(meeting)) == 40


def test_what_the_center_lost_of_a_terminal_is_sent_again(province: Province) -> None:
    host, city = province.terminal(HUIDONG), province.terminal(HUIZHOU)
    meeting = _a_day(province, host, host)
    province.sync(host, city)
    lost = [row["pk"] for row in host.list("sign_in")][:5]
    names = ",".join(f"'{pk}'" for pk in lost)
    with writing(province.center.engine) as connection:
        connection.execute(sa.text(f"DELETE FROM change WHERE pk IN ({names})"))
        connection.execute(sa.text(f"DELETE FROM record WHERE pk IN ({names})"))
    assert heal(province, city) == 5
    assert {row["reason"] for row in city.quarantine()} == {"center-lacks"}, "kept, and out of the records"
    assert heal(province, host) == 5
    assert host.status().pending == 5
    province.sync(host, city)
    assert len(province.center.attendance(meeting)) == len(city.attendance(meeting)) == 40
    assert city.quarantine() == []
    heal(province, host)
    heal(province, city)
    assert compare(province, host) == compare(province, city) == []


async def test_the_lanes_fill_compare_and_mend_by_themselves(
    province: Province, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("test_lanes.FAST", dataclasses.replace(FAST, first_heads=0.02, heads=0.02))
    host, city = province.terminal(HUIDONG), province.terminal(HUIZHOU)
    meeting = _a_day(province, host, host)
    async with site(province, host), site(province, city):
        await until(lambda: len(city.attendance(meeting)) == 40, "the snapshot")
        await asyncio.to_thread(_alter, city, "DELETE FROM record", "DELETE FROM change WHERE entity = 'sign_in'")
        await until(lambda: len(city.attendance(meeting)) == 40, "the city to be mended")
        await asyncio.to_thread(province.sign_in, host, meeting, uuid7(1))
        await until(lambda: len(city.attendance(meeting)) == 41, "what is new after it")


@pytest.mark.one_file
async def test_a_center_restored_from_yesterday_gets_back_what_nobody_writes_about_any_more(
    province: Province, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("test_lanes.FAST", dataclasses.replace(FAST, first_heads=0.02, heads=0.02))
    host = province.terminal(HUIDONG)
    first = province.meeting(host)
    province.sync(host)
    province.center.backup(tmp_path / "yesterday.db")
    second = province.meeting(host)
    province.sync(host)
    province.center.close()
    for file in (tmp_path / "center").glob("center.db*"):
        file.unlink()
    (tmp_path / "yesterday.db").rename(tmp_path / "center" / "center.db")
    center = province.open_center()
    assert host.status().pending == 0, "the terminal believes that all of it is at the center"
    async with site(province, host):
        await until(lambda: {row["pk"] for row in center.list("meeting")} == {first, second}, "what was lost")


def test_the_heads_hold_for_a_folder_of_its_own(province: Province, tmp_path: Path) -> None:
    """A copy of a store on another disk compares as equal: nothing of the machine is in the sums."""
    host = province.terminal(HUIDONG)
    _a_day(province, host, host)
    province.sync(host)
    (tmp_path / "copy").mkdir()
    host.backup(tmp_path / "copy" / "store.db")
    host.close()
    copy = province.open_terminal(host.identity, folder=tmp_path / "copy")  # type: ignore[arg-type]
    assert compare(province, copy) == []
