"""A county comes under another city: its records, people and terminals go with it, and nothing is lost or overseen."""

from contextlib import suppress
from pathlib import Path

import pytest
from sync_province import BOLUO, HUIDONG, HUIZHOU, NATION, PROVINCE, SHANWEI, Province
from test_snapshot_and_healing import _fill, compare

from desktop_app.domain.faults import OperatorError, PeerFault
from desktop_app.domain.ids import UnitPath, derived_id
from sync.center.moves import UnitMove
from sync.center.restoration import restore
from sync.reference.units import units
from sync.terminal.records import Records, Write

MOVED = UnitPath("100000/440000/441500/441323/")
TREE = (NATION, PROVINCE, HUIZHOU, SHANWEI, HUIDONG, BOLUO)


@pytest.fixture
def tree(province: Province) -> Province:
    for unit in units().values():
        if unit.unit_path in TREE:
            province.center.append(Write("unit", unit.code, unit.fields()), actor=province.actor)
    return province


def _move(province: Province) -> UnitMove:
    return province.center.move_unit("441323", "441500", ground="民政〔2026〕7号", actor=province.actor)


def _member(terminal: Records, number: str, path: UnitPath) -> str:
    pk = derived_id("member", number)
    terminal.write(Write("member", pk, {"unit_path": path, "name": f"委员{number}"}))
    return pk


def test_who_is_above_a_moved_unit_gets_all_of_it_and_who_was_lets_go(tree: Province) -> None:
    county, old_city, new_city, whole, nation, other = (
        tree.terminal(path) for path in (HUIDONG, HUIZHOU, SHANWEI, PROVINCE, NATION, BOLUO)
    )
    pk = _member(county, "1", HUIDONG)
    county.write(Write("member", pk, {"post": "主席"}))
    shared, own = tree.meeting(county, HUIZHOU, title="联动"), tree.meeting(county, title="本县")
    tree.sign_in(county, shared, "1")
    tree.sign_in(county, own, "1")
    tree.sync(county, old_city, new_city, whole, nation, other)
    assert len(old_city.list("member")) == 1
    assert new_city.list("member") == new_city.list("meeting") == []
    done = _move(tree)
    assert (done.before, done.after, done.units) == (HUIDONG, MOVED, 1)
    everybody = (county, old_city, new_city, whole, nation, other)
    tree.sync(*everybody)
    assert (new_city.get("member", pk) or {})["post"] == "主席", "all that was ever said of it"
    assert {row["title"] for row in new_city.list("meeting")} == {"联动", "本县"}
    assert len(new_city.attendance(own)) == 1
    assert old_city.list("member") == []
    assert [row["pk"] for row in old_city.list("meeting")] == [shared], "it is invited to this one"
    assert old_city.attendance(own) == []
    assert len(old_city.attendance(shared)) == 1
    assert county.unit_path == MOVED
    assert [row["pk"] for row in county.list("member", unit_path=MOVED)] == [pk]
    for terminal in everybody:
        assert compare(tree, terminal) == []
        assert terminal.quarantine() == []


def test_a_terminal_that_has_not_heard_of_its_move_goes_on(tree: Province) -> None:
    county, new_city = tree.terminal(HUIDONG), tree.terminal(SHANWEI)
    meeting = tree.meeting(county)
    tree.sync(county, new_city)
    _move(tree)
    late = _member(county, "2", HUIDONG)
    tree.sign_in(county, meeting, "2")
    tree.push(county)
    assert county.quarantine() == []
    tree.pull(county)
    after = tree.sign_in(county, meeting, "3")
    tree.sync(county, new_city)
    assert county.quarantine() == []
    assert {row["pk"] for row in new_city.list("sign_in")} >= {after}
    assert new_city.get("member", late) is not None
    assert compare(tree, county) == compare(tree, new_city) == []


def test_whoever_comes_later_or_begins_anew_sees_the_tree_as_it_is(tree: Province, tmp_path: Path) -> None:
    county = tree.terminal(HUIDONG)
    meeting = tree.meeting(county, BOLUO)
    tree.sign_in(county, meeting, "1")
    tree.sync(county)
    _move(tree)
    old_city, new_city, again = tree.terminal(HUIZHOU), tree.terminal(SHANWEI), tree.terminal(MOVED)
    for terminal in (old_city, new_city, again):
        _fill(tree, terminal)
        assert compare(tree, terminal) == []
    assert old_city.list("sign_in") == []
    assert len(new_city.list("sign_in")) == len(again.list("sign_in")) == 1
    same = tree.open_terminal(county.identity, folder=tmp_path / "anew")  # type: ignore[arg-type]
    _fill(tree, same)
    assert same.unit_path == MOVED
    assert len(same.list("sign_in")) == 1
    for store in (tree.center, new_city, same):
        assert store.rebuild() == []


def test_a_unit_that_comes_back_is_where_it_was(tree: Province) -> None:
    county, old_city, new_city = (tree.terminal(path) for path in (HUIDONG, HUIZHOU, SHANWEI))
    pk = _member(county, "1", HUIDONG)
    meeting = tree.meeting(county, BOLUO)
    tree.sign_in(county, meeting, "1")
    tree.sync(county, old_city, new_city)
    _move(tree)
    tree.sync(county, old_city, new_city)
    tree.center.move_unit("441323", "441300", ground="更正", actor=tree.actor)
    tree.sync(county, old_city, new_city)
    tree.sign_in(county, meeting, "2")
    tree.sync(county, old_city, new_city)
    assert county.unit_path == HUIDONG
    assert old_city.get("member", pk) is not None
    assert len(old_city.attendance(meeting)) == 2
    assert new_city.list("member") == new_city.list("sign_in") == []
    for terminal in (county, old_city, new_city):
        assert compare(tree, terminal) == []
    assert tree.center.rebuild() == []


def test_what_is_closed_keeps_the_words_of_its_time_and_what_is_open_names_the_new_place(tree: Province) -> None:
    county, whole = tree.terminal(HUIDONG), tree.terminal(PROVINCE)
    over, planned = tree.meeting(county, title="已结束"), tree.meeting(whole, HUIDONG, title="将召开")
    tree.sync(county, whole)
    tree.center.append(Write("meeting", over, {"state": "ended"}), actor=tree.actor)
    tree.account(county, "host")
    _move(tree)
    tree.sync(county, whole)
    for store in (tree.center, whole):
        assert (store.get("meeting", over) or {})["convener_unit"] == HUIDONG
        assert (store.get("meeting", planned) or {})["invited"] == [MOVED]
    assert (tree.center.get("operator", county.person) or {})["unit_path"] == MOVED
    assert {row["pk"] for row in county.list("meeting")} == {over, planned}
    told = [row for row in whole.list("audit_event") if row["kind"] == "unit_moved"]
    assert [HUIDONG in row["detail"] and "民政" in row["detail"] for row in told] == [True]


def test_a_move_that_makes_no_sense_is_refused_and_changes_nothing(tree: Province) -> None:
    county = tree.terminal(HUIDONG)
    meeting = tree.meeting(county)
    tree.sync(county)
    act = tree.center.move_unit
    for code, under, fault in (
        ("999999", "441500", "unit-unknown"),
        ("441323", "999999", "unit-unknown"),
        ("441323", "440000", "unit-move-level"),
        ("441300", "441500", "unit-move-level"),
        ("441323", "441300", "unit-move-nowhere"),
        ("440000", "100000", "unit-move-own"),
    ):
        with pytest.raises(OperatorError, match=fault):
            act(code, under, ground="x", actor=tree.actor)
    tree.center.append(Write("meeting", meeting, {"state": "open"}), actor=tree.actor)
    with pytest.raises(OperatorError, match="unit-move-meeting"):
        act("441323", "441500", ground="x", actor=tree.actor)
    assert (tree.center.get("unit", "441323") or {})["unit_path"] == HUIDONG
    assert tree.center.list("audit_event") == []


def test_a_center_restored_from_before_a_move_goes_on_with_terminals_that_heard_of_it(
    tree: Province, tmp_path: Path
) -> None:
    county, old_city = tree.terminal(HUIDONG), tree.terminal(HUIZHOU)
    meeting = tree.meeting(county, HUIZHOU)
    tree.sync(county, old_city)
    tree.center.backup(tmp_path / "b.db")
    _move(tree)
    tree.sync(county, old_city)
    assert county.unit_path == MOVED
    tree.center.close()
    restore(
        tree.folder / "center",
        "center.db",
        tmp_path / "b.db",
        identity=tree.identity,
        clock=tree.clock,
        keys=lambda _device: None,
        database=tree.database,
    )
    center = tree.open_center()
    assert center.place_of(MOVED) == HUIDONG
    signed = tree.sign_in(county, meeting, "1")
    tree.pull(county)
    with suppress(PeerFault):
        tree.push(county)
    at = center.position(county.device)
    county.go_on_from(at.epoch, at.seq, at.head_hash)
    tree.sync(county, old_city)
    assert county.quarantine() == []
    assert [row["pk"] for row in center.list("sign_in")] == [signed]
    assert [row["pk"] for row in old_city.list("sign_in")] == [signed]


def test_a_move_that_could_not_be_written_has_not_happened(tree: Province) -> None:
    county = tree.terminal(HUIDONG)
    _member(county, "1", HUIDONG)
    tree.sync(county)

    def interrupted() -> None:
        with tree.center.transaction():
            _move(tree)
            raise RuntimeError("power")

    with pytest.raises(RuntimeError, match="power"):
        interrupted()
    assert tree.center.place_of(HUIDONG) == HUIDONG
    tree.sign_in(county, tree.meeting(county), "1")
    tree.sync(county)
    assert county.quarantine() == []
    assert len(tree.center.list("sign_in")) == 1
    assert compare(tree, county) == []
