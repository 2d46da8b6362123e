"""The board before a meeting, as a province sees it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from drawn import HD
from office_stage import BL, GD, HZ, Terminal
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop_app.domain.clock import stamp
from desktop_app.domain.faults import OperatorError
from desktop_app.domain.ids import derived_id
from desktop_app.domain.meetings import MeetingKind
from sync.log.write import Write
from sync.meetings.readiness import Ready
from ui.models.devices_model import DevicesModel
from ui.models.pages import Page, pages_of
from ui.models.readiness_model import ReadinessModel, Shown
from ui.services import DeviceState
from ui.shell.readiness_page import ReadinessPage


@pytest.fixture
def province(qtbot: Any, tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path / "store", unit=GD)
    terminal.meeting("第 26 期国是学堂", MeetingKind.GUOSHI_LECTURE, timedelta(hours=1), host=GD)
    for path in (GD, HZ, HD):
        fields = {"unit_path": path, "name": "操作员", "roles": ["clerk"], "is_active": True}
        terminal.store.write(Write("operator", derived_id("op", path), fields))
    yield terminal
    terminal.close()


def sends(terminal: Terminal, path: str, state: str, number: int = 1) -> None:
    terminal.clock.move(1)
    fields = {"unit_path": path, "at": stamp(terminal.clock.now()), "state": state, "checks": []}
    terminal.store.write(Write("self_test", derived_id("test", path, number), fields))


@pytest.fixture
def page(province: Terminal, qtbot: Any) -> Iterator[ReadinessPage]:
    model = ReadinessModel(province.services)
    view = ReadinessPage(model)
    qtbot.addWidget(view)
    view.resize(1260, 700)
    view.show()
    yield view
    model.close()


def test_a_test_stands_on_the_board_by_itself_a_moment_after_it_came(
    province: Terminal, page: ReadinessPage, qtbot: Any
) -> None:
    assert page.model.count(Ready.UNTESTED, Ready.NOBODY) == 4
    sends(province, HD, "failed")
    qtbot.waitUntil(lambda: page.model.count(Ready.FAILED) == 1, timeout=15_000)
    assert [one.unit_path for one in page.model.problems][:1] == [HD]
    assert page.model.site is not None
    assert page.model.site.unit_path == HD


def test_keys_walk_the_board_and_find_the_problems(province: Terminal, page: ReadinessPage) -> None:
    for path, state in ((GD, "ok"), (HZ, "ok"), (HD, "failed")):
        sends(province, path, state)
    page.model.load()
    page.board.setFocus()
    QTest.keyClick(page.board, Qt.Key.Key_N)
    assert page.model.selected == HD
    QTest.keyClick(page.board, Qt.Key.Key_N)
    assert page.model.selected == BL  # nobody can work there
    QTest.keyClick(page.board, Qt.Key.Key_Right)
    assert page.model.selected not in (HD, BL)
    assert not page.board.box_of(page.model.selected).isNull()


def test_each_tile_is_spoken_with_its_state_and_place(province: Terminal, page: ReadinessPage) -> None:
    sends(province, HD, "failed")
    page.model.load()
    said = [page.board.spoken(place) for place in range(4)]
    assert any("惠东" in words and "不能开会" in words for words in said)
    assert said[0].endswith("4 个")


def test_the_filter_leaves_what_somebody_has_to_ring_for(province: Terminal, page: ReadinessPage) -> None:
    for path, state in ((GD, "ok"), (HZ, "advice"), (HD, "failed")):
        sends(province, path, state)
    page.model.load()
    page.model.show(Shown.PROBLEMS)
    assert {one.unit_path for row in page.model.cities for one in row.sites} == {HD, BL}


def test_a_telephone_number_stands_beside_its_site_and_a_wrong_one_is_told(
    province: Terminal, page: ReadinessPage
) -> None:
    page.model.write_contact(HD, "陈静", "0752-8812345")
    page.model.select(HD)
    assert page.model.site is not None
    assert (page.model.site.contact, page.model.site.phone) == ("陈静", "0752-8812345")
    faults: list[Any] = []
    page.model.failed.connect(faults.append)
    page.model.write_contact(HD, "陈静", "see the notice")
    assert [fault.id for fault in faults] == ["phone-unreadable"]
    assert page.model.site.phone == "0752-8812345"


def test_the_board_goes_into_a_workbook(province: Terminal, page: ReadinessPage, tmp_path: Path) -> None:
    sends(province, HD, "failed")
    page.model.load()
    written: list[Path] = []
    page.model.exported.connect(written.append)
    page.model.export(tmp_path / "board.xlsx")
    cells = {cell.value for row in openpyxl.load_workbook(written[0]).active.iter_rows() for cell in row}
    assert {"惠东县政协", "不能开会"} <= cells


def test_a_county_has_no_board_of_others(province: Terminal, tmp_path: Path) -> None:
    assert Page.READY in pages_of({"clerk"})
    county = Terminal(tmp_path / "county")
    for terminal, shown in ((province, True), (county, False)):
        terminal.app.receive(terminal.services)
        terminal.app.unlocked(terminal.people.known[0])
        assert (Page.READY in terminal.app.pages) is shown
    county.close()


class TestTheTestAtHome:
    """Before a meeting."""

    def test_it_goes_device_by_device_and_counts_as_done(self, province: Terminal) -> None:
        model = DevicesModel(province.services, province.app)
        model.look()
        assert model.verdict.tested_at is None
        soon = province.clock.now() + timedelta(minutes=30)
        assert model.is_due(soon)
        assert not model.is_due(soon + timedelta(hours=3))
        done: list[bool] = []
        model.tested.connect(lambda: done.append(True))
        model.test()
        assert done == [True]
        assert (model.verdict.state, model.verdict.running) == (DeviceState.ADVICE, False)
        assert not model.is_due(soon)
        province.clock.move(2 * 3600)
        assert model.is_due(soon + timedelta(hours=2))

    def test_while_a_meeting_has_the_devices_none_is_tried(self, province: Terminal) -> None:
        model = DevicesModel(province.services, province.app)
        faults: list[OperatorError] = []
        model.failed.connect(faults.append)
        province.app.enter_meeting("m", "远程协商会")
        model.test()
        assert [fault.id for fault in faults] == ["test-in-meeting"]
        assert model.verdict.tested_at is None


def test_a_county_keeps_its_own_telephone_on_the_settings_page(tmp_path: Path, qtbot: Any) -> None:
    from ui.models.settings_model import SettingsModel

    county = Terminal(tmp_path / "county")
    model = SettingsModel(county.services, county.app)
    assert model.contact == ("", "")
    model.write_contact("陈静", "0752-8812345")
    assert model.contact == ("陈静", "0752-8812345")
    faults: list[Any] = []
    model.failed.connect(faults.append)
    model.write_contact("陈静", "none")
    assert [fault.id for fault in faults] == ["phone-unreadable"]
    county.close()
