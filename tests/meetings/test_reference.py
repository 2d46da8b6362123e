"""The tree of units and the code lists that ship with the program."""

import pytest

from desktop_app.domain.faults import OperatorError
from desktop_app.domain.meetings import MeetingKind
from desktop_app.domain.units import Level, level_of
from sync.meetings.names import initials_of, pinyin_of, stroke_key, strokes_of
from sync.reference.codes import agenda_types, kinds, sectors
from sync.reference.units import find_units, subtree, unit_at, unit_of, units


def test_every_unit_stands_under_its_parent_at_its_level() -> None:
    for unit in units().values():
        assert level_of(unit.unit_path) is unit.level
        if unit.parent:
            assert unit.unit_path == f"{units()[unit.parent].unit_path}{unit.code}/"
        assert unit_at(unit.unit_path) is unit


def test_the_province_has_21_cities_and_122_counties() -> None:
    levels = [unit.level for unit in subtree(unit_of("440000").unit_path)]

    assert (levels.count(Level.CITY), levels.count(Level.COUNTY)) == (21, 122)


def test_a_unit_is_found_by_initials_even_where_they_collide() -> None:
    assert {unit.name for unit in find_units("hd")} >= {"惠东县政协", "花都区政协"}
    assert find_units("huidong")[0].name == "惠东县政协"
    assert find_units("441323")[0].name == "惠东县政协"
    assert find_units("") == []


def test_the_county_called_district_always_carries_its_city() -> None:
    assert unit_of("441502").name == "汕尾市城区政协"
    with pytest.raises(OperatorError, match="unit-unknown"):
        unit_of("000000")


def test_every_kind_has_a_profile_whose_agenda_is_made_of_known_types() -> None:
    assert set(kinds()) == set(MeetingKind)
    for profile in kinds().values():
        assert set(profile.agenda) <= set(agenda_types())
    for code in agenda_types().values():
        assert code.label("zh_CN")
        assert code.label("en")
    assert len(sectors()) == 34


def test_surnames_are_read_as_surnames() -> None:
    readings = {"曾国": "zg", "单田": "st", "解缙": "xj", "尉迟恭": "ycg", "欧阳修": "oyx", "John Smith": "js"}

    for name, initials in readings.items():
        assert initials_of(pinyin_of(name)) == initials


def test_names_are_ordered_by_strokes_and_foreign_ones_come_last() -> None:
    assert [strokes_of(character) for character in "丁王李黎"] == [2, 4, 7, 15]
    assert sorted(["黎一", "Ann", "王二", "丁三", "王一"], key=stroke_key) == ["丁三", "王一", "王二", "黎一", "Ann"]
