"""What an operator sees of each site: how it is here, its line, whom to ring; and what a room says of itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from conducted import Conducted
from drawn import BL, GD, HD, HZ, NAMES, NINE, NOW, busy_state
from meeting_states import BUSY, XN
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QListView, QWidget
from seated import Seat

from desktop_app.domain.clock import SystemClock
from desktop_app.domain.faults import HostFault
from desktop_app.domain.units import Level
from media.engine.trouble import Trouble
from media.meeting import commands as ask
from media.meeting.health import Health
from media.meeting.roll_call import DeviceHealth, RollManner
from sync.meetings.attendance import Tally
from sync.reference.units import units
from ui.i18n import LANGUAGES, set_language, t
from ui.meeting.passing_note import PassingNote
from ui.meeting.roster_panel import RosterDelegate, RosterPanel, fitting, signs
from ui.meeting.site_detail import SiteDetail, figures_of, line_of
from ui.meeting.tiles import spoken, tile_of
from ui.models.hosting_model import HostingModel
from ui.models.meeting_rows import Mic, Presence, RosterRow, short_name
from ui.models.places import place_name
from ui.picture.grid import VideoGrid
from ui.theme import font, theme

SCROLL_BAR = 10
"""What a long tree's own scroll bar takes."""


def rows(seat: Seat) -> dict[str, Any]:
    return {row.unit_path: row for row in seat.model.roster}


def test_a_weak_line_is_marked_in_the_tree_and_a_good_one_is_quiet() -> None:
    seat = Seat(GD, NINE).enter(BUSY)
    found = rows(seat)
    assert (found[XN].weak, found[XN].delay_ms, found[XN].loss_permille) == (True, 420, 83)
    assert ("signal-cellular-1", "zheshi") in signs(found[XN])
    quiet = found[sorted(NINE)[2]]
    assert not quiet.weak
    assert signs(quiet) == [] or all(icon != "signal-cellular-1" for icon, _ in signs(quiet))


def test_the_name_in_the_tree_has_its_room_and_an_alarm_stays() -> None:
    chair, weak, hand, open_ = (
        ("account-tie-voice", "ink2"),
        ("signal-cellular-1", "zheshi"),
        ("hand-back-right-outline", "accent"),
        ("microphone", "shilv"),
    )
    assert fitting([chair, weak, open_], 3) == [chair, weak, open_]
    assert fitting([chair, weak, open_], 2) == [chair, weak]
    assert fitting([chair, weak, hand, open_], -1) == [weak, hand]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_name_of_the_tree_is_read_in_full_on_the_smallest_screen(language: str, qtbot: Any) -> None:
    set_language(language)
    panel = RosterPanel(Seat(GD, NINE).enter(BUSY).model)
    qtbot.addWidget(panel)
    panel.resize(panel.minimumWidth(), 600)
    panel.show()
    tree = panel.findChild(QListView)
    assert tree is not None
    delegate = tree.itemDelegate()
    assert isinstance(delegate, RosterDelegate)
    qtbot.waitUntil(lambda: tree.viewport().width() > 100, timeout=20_000)
    box = QRect(0, 0, tree.viewport().width() - SCROLL_BAR, theme().px(38))
    cut = []
    for unit in units().values():
        row = RosterRow(
            unit.unit_path,
            place_name(unit.unit_path),
            unit.level,
            max(0, unit.level - 2),
            Presence.HERE,
            Mic.CLOSED,
            on_air=True,
        )
        room, shown = delegate.name_room(box, row)
        assert [name for name, _ in shown] == ["broadcast"]
        if QFontMetrics(font("body", bold=True)).horizontalAdvance(row.short_name) > room.width():
            cut.append(row.short_name)
    assert cut == []


def test_a_wide_name_in_the_tree_has_no_kind_since_the_level_mark_says_it() -> None:
    assert short_name("Longchuan County CPPCC", Level.COUNTY) == "Longchuan"
    assert short_name("Guangdong Province CPPCC", Level.PROVINCE) == "Guangdong"
    assert short_name("National CPPCC", Level.NATIONAL) == "National"
    assert short_name("龙川县政协", Level.COUNTY) == "龙川县"
    assert short_name("连山壮族瑶族自治县政协", Level.COUNTY) == "连山"


def test_news_of_the_lines_reaches_the_tree_within_a_tick(qtbot: Any) -> None:
    seat = Seat(GD, NINE).enter(BUSY)
    told: list[int] = []
    seat.model.changed.connect(lambda: told.append(1))
    seat.model.tick()
    before = len(told)
    seat.live.healths = {**seat.live.healths, XN: Health(delay_ms=40)}
    seat.model.tick()
    assert len(told) == before + 1
    assert not rows(seat)[XN].weak
    seat.model.tick()
    assert len(told) == before + 1, "nothing new, nothing painted"


def test_the_chosen_site_shows_its_line_and_whom_to_ring(qtbot: Any) -> None:
    seat = Seat(GD, NINE).enter(BUSY)
    panel = RosterPanel(seat.model)
    qtbot.addWidget(panel)
    panel.resize(232, 700)
    panel.show()
    view, detail = panel.findChild(QListView), panel.findChild(SiteDetail)
    assert view is not None
    assert detail is not None
    assert not detail.isVisible()
    place = next(n for n, row in enumerate(panel._rows.rows) if row.unit_path == XN)
    view.setCurrentIndex(panel._rows.index(place))
    assert detail.isVisible()
    assert "420 毫秒，丢音 8.3%" in detail.accessibleName()
    assert "0753-3322110 李主任" in detail.accessibleName()
    panel.select(sorted(NINE)[2])
    assert "没有登记值班电话" in detail.accessibleName()


@pytest.mark.parametrize("trouble", [one for one in Trouble if one])
@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_a_site_that_is_limited_or_never_connected_is_marked_with_one_sentence_and_told_once(
    qtbot: Any, trouble: Trouble, language: str
) -> None:
    set_language(language)
    seat = Seat(GD, NINE).enter(BUSY)
    panel = RosterPanel(seat.model)
    qtbot.addWidget(panel)
    panel.resize(232, 700)
    panel.show()
    told: list[str] = []
    seat.model.noticed.connect(lambda notice: told.append(t(notice.key, *notice.values)))
    seat.model.tick()
    seat.live.healths = {**seat.live.healths, XN: Health(delay_ms=40, trouble=trouble)}
    seat.model.tick()
    seat.live.healths = {**seat.live.healths, XN: Health(delay_ms=41, trouble=trouble)}
    seat.model.tick()
    assert len(told) == 1
    assert seat.model.name_of(XN) in told[0]
    row = rows(seat)[XN]
    assert any(icon in ("speedometer-slow", "lan-pending") for icon, _ in signs(row))
    panel.refresh()
    panel.select(XN)
    detail = panel.findChild(SiteDetail)
    assert detail is not None
    assert t(f"trouble.{trouble}") in detail.accessibleName()
    assert detail._why.isVisible()
    tile = tile_of(row, None)
    if trouble is Trouble.ABSENT:
        assert tile.state_title == t("tile.absent")
        assert not tile_of(row, None, flowing=True).dark_title, "nothing is said of a camera that nobody knows of"
    else:
        assert t("tag.limited") in [tag.text for tag in tile.tags]
    assert t("trouble.unconnected" if trouble is Trouble.ABSENT else f"trouble.of-{trouble}") in spoken(row, None)
    panel._feet[1]._look.click()
    assert [one.unit_path for one in panel._rows.rows] == [XN]
    panel._feet[1]._look.click()
    seat.live.healths = {**seat.live.healths, XN: Health(delay_ms=40)}
    seat.model.tick()
    panel.refresh()
    assert not detail._why.isVisible()
    assert not panel._feet[1].isVisible()
    assert len(told) == 1


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_a_room_that_is_limited_reads_so_itself_once_and_sees_it_on_its_own_picture(qtbot: Any, language: str) -> None:
    set_language(language)
    seat = Seat(XN, NINE).enter(BUSY)
    told: list[str] = []
    seat.model.noticed.connect(lambda notice: told.append(t(notice.key, *notice.values)))
    seat.live.healths = {}
    seat.model.tick()
    for trouble in (Trouble.FLOOD, Trouble.FLOOD, Trouble.NONE):
        seat.live.healths = {XN: Health(trouble=trouble)}
        seat.model.tick()
        tags = [tag.text for tag in tile_of(rows(seat)[XN], None).tags]
        assert (t("tag.limited") in tags) is bool(trouble)
    assert told == [
        "本会场数据过多，省中心已限制；其他会场不受影响。怎样处理见左侧名单。"
        if language == "zh_CN"
        else "This site is limited by the center: too much data. Others are not affected."
    ]


def test_many_sites_without_sound_and_picture_are_one_sentence(qtbot: Any) -> None:
    seat = Seat(GD, NINE).enter(BUSY)
    seat.model.tick()
    told: list[str] = []
    seat.model.noticed.connect(lambda notice: told.append(t(notice.key, *notice.values)))
    seat.live.healths = {path: Health(trouble=Trouble.ABSENT) for path in sorted(NINE)[:5]}
    seat.model.tick()
    assert len(told) == 1
    assert "等 5 个会场" in told[0]


def test_a_sentence_that_follows_another_at_once_is_seen(qtbot: Any) -> None:
    ground, grid = QWidget(), VideoGrid(lambda _site: None, SystemClock())
    qtbot.addWidget(ground)
    grid.setParent(ground)
    ground.resize(800, 500)
    ground.show()
    note = PassingNote(ground, grid)
    note.show_text("一", "zheshi", stays=False)
    note.show_text("二", "zheshi", stays=False)
    assert note.height() > 20


def test_the_chosen_site_shows_what_it_receives_and_how_much_of_its_sound_was_made_up(qtbot: Any) -> None:
    seat = Seat(GD, NINE).enter(BUSY)
    panel = RosterPanel(seat.model)
    qtbot.addWidget(panel)
    panel.show()
    panel.select(XN)
    detail = panel.findChild(SiteDetail)
    assert detail is not None
    assert not detail._figures.isVisible(), "it does not say"
    told = Health(delay_ms=420, concealed_permille=21, fps=14, kbps=310, jitter_ms=36, step=1)
    seat.live.healths = {**seat.live.healths, XN: told}
    seat.model.tick()
    panel.refresh()
    assert "收看 14 帧/秒、310 kbit/s，抖动 36 毫秒，画面已缩小，声音填补 2.1%" in detail.accessibleName()
    set_language("en")
    assert figures_of(told) == "Receives 14 fps, 310 kbit/s; jitter 36 ms, pictures reduced, 2.1% of the sound made up"
    assert figures_of(Health()) == ""


def test_a_lost_site_says_since_when_and_a_line_that_nobody_measured_says_nothing() -> None:
    seat = Seat(GD, NINE).enter(BUSY)
    lost = next(row for row in seat.model.roster if row.presence is Presence.LOST)
    assert line_of(lost) == "网络断开 10:42 起"
    assert line_of(replace(rows(seat)[XN], delay_ms=0)) == "在线"


def test_who_does_not_agree_to_be_recorded_is_marked_while_the_meeting_is_recorded() -> None:
    sites = {path: replace(one, consent=path != XN) for path, one in BUSY.sites.items()}
    seat = Seat(GD, NINE).enter(replace(BUSY, sites=sites, recording_since=NOW))
    assert rows(seat)[XN].refused_recording
    assert "不同意录制" in line_of(rows(seat)[XN])
    seat.model.take_state(replace(BUSY, sites=sites), None)
    assert not rows(seat)[XN].refused_recording


def test_an_answer_to_a_roll_call_says_how_the_devices_and_the_line_are_and_who_is_there() -> None:
    center = Conducted(BL, NAMES, busy_state(NAMES, HD, HZ, None))
    hosting = HostingModel(center.model)
    hosting.people = lambda: Tally(expected=24, present=21)
    center.model.note_devices(Health(DeviceHealth.OK, DeviceHealth.OK, DeviceHealth.UNKNOWN))
    center.model.take_fault(HostFault("camera-lost"))
    center.does(HD, ask.OpenRollCall(RollManner.ELECTRONIC, 60))
    hosting.answer()
    roll = center.state.roll_call
    assert roll is not None
    answer = roll.answer_of(BL)
    assert answer is not None
    devices = (answer.camera, answer.microphone, answer.speaker)
    assert devices == (DeviceHealth.FAULT, DeviceHealth.OK, DeviceHealth.UNKNOWN)
    assert (answer.delay_ms, answer.loss_permille, answer.expected, answer.present) == (38, 4, 24, 21)
    center.seat.slides.close()


def test_a_city_is_folded_and_opened_by_the_arrow_keys(qtbot: Any) -> None:
    seat = Seat(GD, NINE).enter(BUSY)
    panel = RosterPanel(seat.model)
    qtbot.addWidget(panel)
    panel.resize(232, 700)
    panel.show()
    view = panel.findChild(QListView)
    assert view is not None
    city = next(path for path in sorted(NINE) if XN.startswith(path) and path.count("/") == 3)
    whole = len(panel._rows.rows)
    panel.select(XN)
    QTest.keyClick(view, Qt.Key.Key_Left)
    assert panel._current() == city, "up to the city"
    QTest.keyClick(view, Qt.Key.Key_Left)
    assert len(panel._rows.rows) == whole - 2
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert len(panel._rows.rows) == whole


def test_a_city_closes_the_microphones_of_its_counties_and_of_nobody_else() -> None:
    center = Conducted(HZ, NAMES, busy_state(NAMES, GD, GD, None))
    hosting = HostingModel(center.model)
    assert hosting.leads_city
    hosting.mute_counties(True, "会场嘈杂")
    muted = {path for path, one in center.state.sites.items() if one.muted}
    assert muted == {HD, BL}, "its own stays open"
    assert hosting.counties_muted
    hosting.mute_counties(False)
    assert not any(one.muted for one in center.state.sites.values())
    assert not center.refused
    center.seat.slides.close()
