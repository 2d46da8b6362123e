"""Who may see a record changes: gainers get all of it, losers let go of it; what is erased is erased everywhere."""

from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa
from sync_province import BOLUO, HUIDONG, HUIZHOU, NATION, PROVINCE, SHANWEI, Province
from test_snapshot_and_healing import compare

from desktop_app.domain.faults import OperatorError
from desktop_app.domain.ids import UnitPath, derived_id
from sync.documents.minutes import MinutesDocument
from sync.store.engine import reading
from sync.terminal.records import Records, Write

FENGSHUN = UnitPath("100000/440000/441500/441521/")


def _member(terminal: Records, number: str, path: UnitPath) -> str:
    pk = derived_id("member", number)
    terminal.write(Write("member", pk, {"unit_path": path, "member_no": number, "name": f"委员{number}"}))
    return pk


def test_a_member_who_moves_is_whole_at_the_new_unit_and_gone_at_the_old(province: Province) -> None:
    paths = (HUIDONG, HUIZHOU, FENGSHUN, SHANWEI, PROVINCE, NATION)
    old, old_city, new, new_city, whole, nation = (province.terminal(path) for path in paths)
    pk = _member(old, "1", HUIDONG)
    other = _member(old, "2", HUIDONG)
    old.write(Write("member", pk, {"post": "主席", "sector": "经济"}))
    province.sync(old, old_city, new, new_city, whole, nation)
    assert [row["pk"] for row in old_city.list("member")] == sorted([pk, other])
    assert new.list("member") == []
    whole.write(Write("member", pk, {"unit_path": FENGSHUN}))
    province.sync(whole, old, old_city, new, new_city, nation)
    for gainer in (new, new_city):
        row = gainer.get("member", pk) or {}
        assert (row["name"], row["post"], row["sector"]) == ("委员1", "主席", "经济")
    for loser in (old, old_city):
        assert [row["pk"] for row in loser.list("member")] == [other]
        assert loser.quarantine() == []
    assert nation.list("member") == []
    new.write(Write("member", pk, {"post": "委员"}))
    province.sync(new, whole, old)
    assert (whole.get("member", pk) or {})["post"] == "委员"
    assert old.get("member", pk) is None
    late = province.terminal(HUIZHOU)
    province.pull(late)
    assert [row["pk"] for row in late.list("member")] == [other], "who comes later sees what holds now"
    everybody = (old, old_city, new, new_city, whole, nation, late)
    province.sync(*everybody)
    for terminal in everybody:
        assert compare(province, terminal) == []
    assert old.prove(province.key.public, lambda _: None).receipted == 3, "the chain keeps what it said"


def test_a_member_who_comes_back_is_whole_again(province: Province) -> None:
    old, whole = province.terminal(HUIDONG), province.terminal(PROVINCE)
    pk = _member(old, "1", HUIDONG)
    province.sync(old, whole)
    for path in (FENGSHUN, HUIDONG):
        whole.write(Write("member", pk, {"unit_path": path}))
        province.sync(whole, old)
    assert (old.get("member", pk) or {})["name"] == "委员1"
    assert compare(province, old) == []


def test_members_who_go_the_same_way_together_are_told_and_let_go_of_together(province: Province) -> None:
    """For each by itself the whole feed would be looked through."""
    old, whole, new, other = (province.terminal(path) for path in (HUIDONG, PROVINCE, FENGSHUN, BOLUO))
    going = {_member(old, str(number), HUIDONG) for number in range(30)}
    elsewhere, staying = _member(old, "elsewhere", HUIDONG), _member(old, "stays", HUIDONG)
    province.sync(old, whole)
    whole.write(*(Write("member", pk, {"unit_path": FENGSHUN}) for pk in sorted(going)))
    whole.write(Write("member", elsewhere, {"unit_path": BOLUO}))
    province.sync(whole, old, new, other)
    here = [{row["pk"] for row in terminal.list("member")} for terminal in (old, new, other)]
    assert here == [{staying}, going, {elsewhere}]
    assert {(row["name"][:2], row["unit_path"]) for row in new.list("member")} == {("委员", FENGSHUN)}
    let_go = [(row["unit_path"], len(row["records"])) for row in province.center.list("revocation")]
    assert sorted(let_go) == [(HUIZHOU, 30), (HUIDONG, 1), (HUIDONG, 30)], "Boluo is below the same city"
    for terminal in (old, whole, new, other):
        assert compare(province, terminal) == []


def test_a_meeting_with_another_convener_goes_over_with_agenda_and_log(province: Province) -> None:
    host, whole, new = province.terminal(HUIDONG), province.terminal(PROVINCE), province.terminal(SHANWEI)
    meeting = province.meeting(host)
    item = derived_id("agenda", meeting, 1)
    host.write(Write("agenda_item", item, {"meeting": meeting, "item_no": 1, "title": "通报"}))
    signed = province.sign_in(host, meeting, "1")
    province.sync(host, whole)
    whole.write(Write("meeting", meeting, {"convener_unit": SHANWEI}))
    province.sync(whole, host, new)
    assert new.get("meeting", meeting) is not None
    assert new.get("agenda_item", item) is not None
    assert new.get("sign_in", signed) is not None
    assert host.get("meeting", meeting) is None
    assert host.get("agenda_item", item) is None
    assert host.get("sign_in", signed) is not None, "its own member's signature is in its own charge"
    for terminal in (host, whole, new):
        assert compare(province, terminal) == []


def test_who_is_uninvited_and_invited_again_in_one_page_has_the_meeting(province: Province) -> None:
    host, guest = province.terminal(HUIDONG), province.terminal(SHANWEI)
    meeting = province.meeting(host, SHANWEI)
    province.sign_in(host, meeting, "1")
    province.sync(host, guest)
    mine = province.sign_in(guest, meeting, "2")
    province.push(guest)
    host.write(Write("meeting", meeting, {"invited": []}))
    host.write(Write("meeting", meeting, {"invited": [SHANWEI, BOLUO]}))
    province.push(host)
    province.pull(guest)
    assert guest.get("meeting", meeting) is not None
    assert {row["pk"] for row in guest.attendance(meeting)} >= {mine}
    assert len(guest.attendance(meeting)) == 2
    assert compare(province, guest) == []


def test_what_was_erased_on_a_lawful_request_is_gone_everywhere_and_the_history_still_verifies(
    province: Province,
) -> None:
    host, city = province.terminal(HUIDONG), province.terminal(HUIZHOU)
    pk = _member(host, "1", HUIDONG)
    meeting = province.meeting(host, HUIZHOU)
    document = MinutesDocument()
    document.add_block(text="不该留下的话")
    minutes = derived_id("minutes", meeting, HUIDONG)
    host.write(Write("minutes", minutes, {"meeting": meeting, "unit_path": HUIDONG, "state": "draft"}))
    host.save_update(minutes, document.take_update() or b"", meeting=meeting)
    host.write(Write("member", pk, {"post": "主席"}))
    province.sync(host, city)
    for entity, key, count in (("member", pk, 2), ("minutes", minutes, 2)):
        assert province.center.erase(entity, key, ground="法〔2026〕1号", actor=province.actor) == count
    with pytest.raises(OperatorError, match="record-missing"):
        province.center.erase("member", pk, ground="again", actor=province.actor)
    province.sync(host, city)
    late = province.terminal(HUIZHOU)
    province.pull(late)
    for store in (province.center, host, city, late):
        assert store.list("member") == []
        assert store.get("minutes", minutes) is None
        assert store.minutes_state(minutes) is None
        assert [row["ground"] for row in store.list("erasure")] == ["法〔2026〕1号"] * 2
        with reading(store.engine) as connection:
            said = connection.execute(sa.text("SELECT payload FROM change WHERE payload IS NOT NULL")).scalars()
            assert not any("委员1".encode() in each or "不该留下".encode() in each for each in said)
    for store in (province.center, host):
        proof = store.prove(province.key.public, lambda _: None)
        assert (proof.erased, proof.receipted) == (4, 5)
    for terminal in (host, city, late):
        assert compare(province, terminal) == []


def test_what_was_erased_does_not_come_back_with_a_restored_terminal(province: Province, tmp_path: Path) -> None:
    host = province.terminal(HUIDONG)
    pk = _member(host, "1", HUIDONG)
    province.sync(host)
    old = tmp_path / "old"
    old.mkdir()
    host.backup(old / "store.db")
    province.center.erase("member", pk, ground="法", actor=province.actor)
    host.close()
    restored = province.open_terminal(host.identity, folder=old)  # type: ignore[arg-type]
    province.meeting(restored)
    province.sync(restored)
    assert restored.get("member", pk) is None
    assert province.center.get("member", pk) is None


@pytest.mark.parametrize("seed", range(1))
def test_however_members_move_every_unit_has_those_in_its_charge(province: Province, seed: int) -> None:
    rng = Random(seed)
    paths = (HUIDONG, BOLUO, HUIZHOU, FENGSHUN, SHANWEI, PROVINCE, NATION)
    terminals = {path: province.terminal(path) for path in paths}
    whole = terminals[PROVINCE]
    members = [_member(whole, str(number), rng.choice(paths[:5])) for number in range(8)]
    for _ in range(16):
        whole.write(Write("member", rng.choice(members), {"unit_path": rng.choice(paths[:5])}))
        whole.write(Write("member", rng.choice(members), {"post": str(rng.random())}))
        province.sync(whole, *rng.sample(list(terminals.values()), 2))
    province.sync(*terminals.values())
    truth = {row["pk"]: row for row in province.center.list("member")}
    for path, terminal in terminals.items():
        wanted = [row for row in truth.values() if row["unit_path"].startswith(path) and path != NATION]
        assert terminal.list("member") == sorted(wanted, key=lambda row: row["pk"]), path
        assert compare(province, terminal) == []
