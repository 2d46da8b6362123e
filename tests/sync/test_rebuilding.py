"""The log is the truth: records are made again from it, and a damaged store from what can be read and the center."""

from contextlib import closing
from pathlib import Path

import pytest
from sync_province import HUIDONG, HUIZHOU, Province, opened_file
from test_snapshot_and_healing import _fill, compare

from desktop_app.domain.faults import HostFault
from desktop_app.domain.ids import derived_id
from sync.documents.minutes import MinutesDocument
from sync.store.store import Store
from sync.terminal.records import Records, Write

WHAT_THERE_IS = ("meeting", "sign_in", "minutes", "member")


def _alter(store: Store, *statements: str) -> None:
    with closing(opened_file(store)) as connection:
        for statement in statements:
            connection.execute(statement)


def _filled(province: Province) -> Records:
    terminal, other = province.terminal(HUIDONG), province.terminal(HUIZHOU)
    meeting = province.meeting(terminal, HUIZHOU)
    for member in range(30):
        province.sign_in(terminal, meeting, str(member))
    terminal.retract("sign_in", terminal.list("sign_in")[3]["pk"], meeting=meeting)
    minutes = derived_id("minutes", meeting, HUIDONG)
    document = MinutesDocument()
    document.add_block(text="共同记录")
    terminal.write(Write("minutes", minutes, {"meeting": meeting, "unit_path": HUIDONG, "state": "draft"}))
    terminal.save_update(minutes, document.take_update() or b"", meeting=meeting)
    province.sync(terminal, other)
    member = derived_id("member", "1")
    terminal.write(Write("member", member, {"unit_path": HUIDONG, "name": "甲"}))
    province.sync(terminal, other)
    for writer, post in ((terminal, "主席"), (other, "委员")):
        writer.write(Write("member", member, {"post": post}))
    province.sync(terminal, other)
    province.sync(terminal, other)
    return terminal


def _all(store: Store) -> list[object]:
    rows: list[object] = [store.list(entity) for entity in WHAT_THERE_IS]
    documents = [store.minutes_state(row["pk"]) for row in store.list("minutes")]
    return [rows, documents, store.conflicts()]


@pytest.mark.parametrize("end", ["terminal", "center"])
def test_records_that_are_not_what_the_log_says_are_made_again(province: Province, end: str) -> None:
    terminal = _filled(province)
    store: Store = terminal if end == "terminal" else province.center
    before = _all(store)
    assert terminal.conflicts()
    assert store.rebuild() == []
    assert _all(store) == before
    _alter(
        store,
        "DELETE FROM record WHERE rowid IN (SELECT rowid FROM record WHERE entity = 'sign_in' LIMIT 7)",
        "UPDATE record SET fields = '{}' WHERE entity = 'member'",
        "DELETE FROM conflict",
        "INSERT INTO record VALUES ('sign_in', 'invented', '', 'x/', 'p', 0, '{}', '{}')",
        "UPDATE document SET state = x'00'",
    )
    assert _all(store) != before
    assert len(store.rebuild()) == 9
    assert _all(store) == before


def test_a_store_of_other_rules_is_made_again_when_it_is_opened(province: Province) -> None:
    terminal = _filled(province)
    before = _all(terminal)
    _alter(terminal, "UPDATE property SET value = '0' WHERE name = 'projection'", "DELETE FROM record")
    terminal.close()
    again = province.open_terminal(terminal.identity)  # type: ignore[arg-type]
    assert _all(again) == before
    assert again.rebuild() == []


def _damage(file: Path, start: float, end: float) -> None:
    """Spoil the pages of a stretch of the file, given as parts of its length."""
    raw = bytearray(file.read_bytes())
    first, last = int(len(raw) // 4096 * start), int(len(raw) // 4096 * end)
    raw[first * 4096 : last * 4096] = b"\x5a" * ((last - first) * 4096)
    file.write_bytes(raw)


def _root_of_changes(records: Records) -> int:
    with closing(opened_file(records)) as connection:
        found = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'change'").fetchone()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return int(found[0])


def _spoil(file: Path, first: int, end: int, content: bytes = b"\x5a") -> None:
    raw = bytearray(file.read_bytes())
    raw[first:end] = (content * (end - first))[: end - first]
    file.write_bytes(raw)


@pytest.mark.parametrize("damage", ["first 16 bytes", "first page", "root of the changes", "both"])
def test_what_waits_is_saved_where_the_root_of_the_file_is_gone(province: Province, damage: str) -> None:
    terminal = _filled(province)
    meeting = terminal.list("meeting")[0]["pk"]
    waiting = {province.sign_in(terminal, meeting, f"waits{number}") for number in range(200)}
    long_one = terminal.write(Write("opinion", "long", {"meeting": meeting, "text": "长" * 9000}))
    root, file = _root_of_changes(terminal), terminal.folder / "store.db"
    terminal.close()
    if damage == "first 16 bytes":
        _spoil(file, 0, 16)
    if damage in ("first page", "both"):
        _spoil(file, 0, 4096)
    if damage in ("root of the changes", "both"):
        _spoil(file, (root - 1) * 4096, root * 4096)
    with pytest.raises(HostFault, match="store-damaged"):
        Records.open(terminal.folder, identity=terminal.identity, clock=province.clock)
    anew = Records.salvage(terminal.folder, identity=terminal.identity, clock=province.clock)
    province.opened.append(anew.close)
    assert anew.salvaged is not None
    assert anew.salvaged.saved == anew.status().pending == 201
    _fill(province, anew)
    province.push_on(anew)
    province.pull(anew)
    assert waiting <= {row["pk"] for row in province.center.list("sign_in")}
    assert (province.center.get("opinion", "long") or {})["text"] == "长" * 9000
    assert len(long_one) == 1
    assert compare(province, anew) == []


def test_what_is_only_in_the_write_ahead_log_is_saved_too(province: Province, tmp_path: Path) -> None:
    terminal = _filled(province)
    _root_of_changes(terminal)
    meeting = terminal.list("meeting")[0]["pk"]
    pk = province.sign_in(terminal, meeting, "a moment before the power went")
    folder = tmp_path / "after the power came back"
    folder.mkdir()
    for name in ("store.db", "store.db-wal"):
        (folder / name).write_bytes((terminal.folder / name).read_bytes())
    _spoil(folder / "store.db", 0, 8192)
    anew = Records.salvage(folder, identity=terminal.identity, clock=province.clock)
    province.opened.append(anew.close)
    assert [row["pk"] for row in anew.list("sign_in")] == [pk]


@pytest.mark.parametrize("content", [b"\0", b"no store at all, "])
def test_where_nothing_can_be_read_it_says_so_keeps_the_file_and_goes_on_from_the_center(
    province: Province, content: bytes
) -> None:
    terminal = _filled(province)
    before = terminal.list("sign_in")
    meeting = terminal.list("meeting")[0]["pk"]
    province.sign_in(terminal, meeting, "gone")
    terminal.close()
    file = terminal.folder / "store.db"
    _spoil(file, 0, file.stat().st_size, content)
    ruined = file.read_bytes()
    with pytest.raises(HostFault, match="store-damaged"):
        Records.open(terminal.folder, identity=terminal.identity, clock=province.clock)
    anew = Records.salvage(terminal.folder, identity=terminal.identity, clock=province.clock)
    province.opened.append(anew.close)
    assert anew.salvaged is not None
    assert anew.salvaged.saved == 0
    assert anew.salvaged.aside.read_bytes() == ruined
    _fill(province, anew)
    assert anew.list("sign_in") == before
    anew.act_as(terminal.person)
    province.sign_in(anew, meeting, "after")
    province.push_on(anew)
    assert anew.status().pending == 0
    assert compare(province, anew) == []


def test_another_devices_store_is_left_alone_and_not_taken_for_a_damaged_one(province: Province) -> None:
    one, other = _filled(province), province.terminal(HUIDONG)
    for each in (one, other):
        each.close()
    (one.folder / "store.db").write_bytes((other.folder / "store.db").read_bytes())
    with pytest.raises(HostFault, match="store-foreign"):
        Records.open(one.folder, identity=one.identity, clock=province.clock)


@pytest.mark.parametrize("pages", [(0.4, 0.45), (0.6, 0.8), (0.9, 1.0), (0.0, 0.1)])
def test_a_damaged_store_is_made_anew_from_what_can_be_read_and_the_center(
    province: Province, pages: tuple[float, float]
) -> None:
    terminal = _filled(province)
    meeting = terminal.list("meeting")[0]["pk"]
    before = terminal.list("sign_in")
    waiting = [province.sign_in(terminal, meeting, f"waits{number}") for number in range(200)]
    terminal.close()
    file = terminal.folder / "store.db"
    _damage(file, *pages)
    with pytest.raises(HostFault):
        Records.open(terminal.folder, identity=terminal.identity, clock=province.clock)
    anew = Records.salvage(terminal.folder, identity=terminal.identity, clock=province.clock)
    province.opened.append(anew.close)
    saved = {row["change_id"] for row in anew.pending(1000)}
    if pages[0] > 0:
        assert len(saved) > 50, "what can be read of what waits is saved"
    _fill(province, anew)
    province.push_on(anew)
    province.pull(anew)
    pks = {row["pk"] for row in anew.list("sign_in")}
    assert {row["pk"] for row in before} <= pks
    assert len(pks & set(waiting)) == len(saved)
    assert {row["pk"] for row in province.center.list("sign_in")} == pks
    assert compare(province, anew) == []
    assert list(terminal.folder.glob("store.db.damaged-*")), "the damaged file is kept"
    anew.act_as(terminal.person)
    province.sign_in(anew, meeting, "after")
    province.push(anew)
    assert anew.status().pending == 0
