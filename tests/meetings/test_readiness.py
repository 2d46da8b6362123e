"""The board before a meeting: which sites will fail, and whom to ring."""

import json
from datetime import timedelta
from typing import Any

import pytest

from desktop_app.domain.clock import moment, stamp
from desktop_app.domain.faults import OperatorError
from desktop_app.domain.ids import UnitPath
from sync.meetings.contacts import write_contact
from sync.meetings.readiness import Ready, by_city, site_board
from sync.reference.units import units
from sync.terminal.records import Records
from tests.meetings.conftest import HUIDONG

NOW = moment("2026-11-20T07:00:00.000Z")
GD, HZ = UnitPath("100000/440000/"), UnitPath("100000/440000/441300/")
HD, BL, XN = (UnitPath(f"100000/440000/{path}/") for path in ("441300/441323", "441300/441322", "441400/441481"))


class Told:
    """What a pull has brought: rows by entity."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, dict[str, Any]]] = {}

    def put(self, entity: str, pk: str, **fields: Any) -> None:
        self.rows.setdefault(entity, {})[pk] = {"pk": pk, **fields}

    def get(self, entity: str, pk: str) -> dict[str, Any] | None:
        return self.rows.get(entity, {}).get(pk)

    def list(self, entity: str, **equal: Any) -> Any:
        found = self.rows.get(entity, {}).values()
        return [row for row in found if all(row.get(name) == value for name, value in equal.items())]

    def attendance(self, _meeting: str) -> Any:
        return []


def a_test(path: str, state: str, worst: str = "", minutes_ago: float = 5) -> dict[str, Any]:
    checks = [{"kind": worst, "state": state, "detail": "", "fault": f"{worst}-missing"}] if worst else []
    at = stamp(NOW - timedelta(minutes=minutes_ago))
    texts = [json.dumps(check) for check in checks]
    return {"unit_path": path, "at": at, "state": state, "checks": texts, "up_kbps": 8_000, "person_name": "记录员01"}


@pytest.fixture
def told() -> Told:
    told = Told()
    told.put("meeting", "m", convener_unit=GD, invited=["100000/", HZ, HD, BL, XN])
    for number, path in enumerate((GD, HZ, HD, BL)):
        told.put("operator", f"o{number}", unit_path=path, roles=["clerk"], is_active=True)
    told.put("self_test", "1", **a_test(GD, "ok"))
    told.put("self_test", "2", **a_test(HZ, "advice", "camera"))
    told.put("self_test", "3", **a_test(HD, "ok", minutes_ago=90))
    told.put("self_test", "4", **a_test(HD, "failed", "microphone"))
    return told


def states(told: Told, own: UnitPath = GD) -> dict[str, Ready]:
    return {one.unit_path: one.state for one in site_board(told, "m", own, NOW)}


def test_each_site_of_the_meeting_stands_there_with_its_last_test(told: Told) -> None:
    assert states(told) == {
        GD: Ready.READY,
        HZ: Ready.ADVICE,
        HD: Ready.FAILED,
        BL: Ready.UNTESTED,
        XN: Ready.NOBODY,
    }
    failed = next(one for one in site_board(told, "m", GD, NOW) if one.unit_path == HD)
    assert failed.tested is not None
    assert failed.tested.worst is not None
    assert (failed.tested.worst.kind, failed.tested.worst.fault) == ("microphone", "microphone-missing")
    assert [one.state for one in failed.history] == ["failed", "ok"]


def test_a_city_sees_its_counties_and_nobody_elses(told: Told) -> None:
    assert set(states(told, HZ)) == {HZ, HD, BL}


@pytest.mark.parametrize(("minutes", "state"), [(59, Ready.READY), (61, Ready.STALE), (37 * 60, Ready.UNTESTED)])
def test_a_test_grows_old(told: Told, minutes: float, state: Ready) -> None:
    told.put("self_test", "5", **a_test(BL, "ok", minutes_ago=minutes))
    assert states(told)[BL] is state


def test_a_failed_test_of_this_morning_stays_red_however_old(told: Told) -> None:
    told.put("self_test", "5", **a_test(BL, "failed", "speaker", minutes_ago=300))
    assert states(told)[BL] is Ready.FAILED


def test_an_account_that_was_closed_or_only_watches_is_no_operator(told: Told) -> None:
    told.put("operator", "o3", unit_path=BL, roles=["clerk"], is_active=False)
    told.put("operator", "o9", unit_path=BL, roles=["audit"], is_active=True)
    assert states(told)[BL] is Ready.NOBODY


def test_cities_and_sites_with_reds_come_first(told: Told) -> None:
    rows = by_city(site_board(told, "m", GD, NOW))
    assert [one.unit_path for one in rows] == [HZ, "100000/440000/441400/", GD]
    assert [one.unit_path for one in rows[0].sites] == [HD, BL, HZ]
    assert (rows[0].ready, len(rows[0].sites)) == (1, 3)


def test_a_hundred_and_forty_five_sites_fit_on_the_board(told: Told) -> None:
    everybody = [unit.unit_path for unit in units().values()]
    told.put("meeting", "m", convener_unit=GD, invited=everybody)
    # The 145th is the nation's, in nobody's charge here.
    assert sum(len(row.sites) for row in by_city(site_board(told, "m", GD, NOW))) == 144


def test_what_another_program_wrote_wrongly_is_no_test(told: Told) -> None:
    told.put("self_test", "7", unit_path=BL, at="yesterday", state="ok")
    told.put("self_test", "8", unit_path=XN, at=stamp(NOW), state="failed", checks=["{", "[]", "7"])
    board = {one.unit_path: one for one in site_board(told, "m", GD, NOW)}
    assert board[BL].state is Ready.UNTESTED
    assert board[XN].tested is not None
    assert board[XN].tested.checks == ()


def test_a_telephone_number_is_kept_for_the_site(records: Records) -> None:
    write_contact(records, HUIDONG, "陈 静", "０７５２-8812345")
    row = records.list("site_contact")[0]
    assert (row["name"], row["phone"], row["unit_path"]) == ("陈静", "0752-8812345", HUIDONG)
    write_contact(records, HUIDONG, "", "")
    assert records.list("site_contact")[0]["phone"] == ""


@pytest.mark.parametrize("phone", ["call me", "12", "7" * 40, "<b>1</b>"])
def test_what_is_no_number_is_refused(records: Records, phone: str) -> None:
    with pytest.raises(OperatorError, match="phone-unreadable"):
        write_contact(records, HUIDONG, "陈静", phone)
