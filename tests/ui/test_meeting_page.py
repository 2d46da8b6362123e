"""The meeting's view model, with a live meeting that is only a listener, and no window."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from drawn import BL, GD, HD, HZ, NAMES, NINE, NOW, FakeLive, FakeRecords, HeldClock, busy_state, services_with, site

from desktop_app.domain.faults import Fault, OperatorError
from desktop_app.domain.ids import MeetingId, UnitPath
from media.meeting import commands as ask
from media.meeting.model import FloorStatus, MeetingPhase, MeetingState
from ui.meeting.tiles import tile_of
from ui.models.meeting_model import MeetingModel, Notice
from ui.models.meeting_rights import Act, rights
from ui.models.meeting_rows import Presence, agenda_rows, queue_rows, roster_rows
from ui.picture.tile import PictureState

MEMBERS = [
    {"pk": "p7", "unit_path": HD, "name": "委员07", "sector": "教育界", "initials": "wy07"},
    {"pk": "p8", "unit_path": HD, "name": "委员08", "sector": "农业界", "initials": "wy08"},
]


class Room:
    """A terminal of 惠东县 in a meeting."""

    def __init__(self, qtbot: Any, own: UnitPath = HD) -> None:
        self.qtbot = qtbot
        self.clock = HeldClock()
        self.live = FakeLive(None, self.clock)
        self.records = FakeRecords(
            {
                "member": MEMBERS,
                "unit": [{"pk": path, "unit_path": path, "name": name} for path, name in NAMES.items()],
                "attendance": [{"pk": "s", "meeting": "m", "member": "p8", "status": "present"}],
            }
        )

        def open_live(_meeting: MeetingId, listener: Any) -> FakeLive:
            self.live.listener = listener
            return self.live

        self.model = MeetingModel(services_with(self.records, self.clock, own, NAMES[own], open_live))
        self.notices: list[Notice] = []
        self.closed: list[str] = []
        self.model.noticed.connect(self.notices.append)
        self.model.closed.connect(self.closed.append)

    def enter(self, state: MeetingState) -> Room:
        self.model.join(MeetingId("m"))
        self.live.listener.on_link(True)
        self.show(state)
        return self

    def show(self, state: MeetingState) -> None:
        self.live.listener.on_state(state, None)
        self.qtbot.waitUntil(lambda: self.model.state == state or not self.model.in_meeting, timeout=2_000)


@pytest.fixture
def room(qtbot: Any) -> Room:
    return Room(qtbot)


def chaired() -> MeetingState:
    return busy_state(NAMES, HD, BL, None)


def test_what_the_media_thread_says_arrives_on_the_qt_thread_and_in_order(room: Room) -> None:
    first = chaired()
    room.model.join(MeetingId("m"))
    room.live.listener.on_link(True)
    room.live.listener.on_state(first, None)
    room.live.listener.on_state(replace(first, seq=41), None)
    assert room.model.state.seq == 0
    room.qtbot.waitUntil(lambda: room.model.state.seq == 41, timeout=2_000)
    assert room.model.online
    assert room.live.started


def test_the_first_picture_is_timed_from_the_press_and_a_repaint_is_no_new_picture(room: Room) -> None:
    pressed = room.clock.monotonic()
    room.clock.move(0.2)
    room.model.join(MeetingId("m"), clicked_at=pressed)
    room.clock.move(1.3)
    room.model.painted(GD, 1)
    room.model.painted(GD, 1)
    room.model.painted(HD, 1)
    room.clock.move(0.5)
    room.model.painted(GD, 2)
    assert room.model.first_picture_s == {GD: pytest.approx(1.5)}
    assert room.model.painted_frames == {GD: 2}


def test_the_chair_grants_the_first_who_is_connected_for_the_time_the_agenda_gives(room: Room) -> None:
    room.enter(chaired())
    room.model.grant_first()
    assert room.live.asked == [ask.GrantFloor("r1", 480)]


def test_the_queue_keeps_the_place_of_a_room_that_is_away() -> None:
    rows = queue_rows(
        busy_state(NINE, GD, HZ if HZ in NINE else list(NINE)[7], list(NINE)[5]), GD, NOW, NINE.__getitem__
    )
    assert [(row.position, row.connected) for row in rows] == [(1, True), (2, True), (3, False)]


def test_a_room_asks_for_the_floor_in_the_name_of_a_member_and_never_twice(room: Room) -> None:
    state = chaired()
    room.enter(state)
    room.model.request_floor("p7")
    asked = room.live.asked[0]
    assert isinstance(asked, ask.RequestFloor)
    assert (asked.member_id, asked.member_name) == ("p7", "委员07")
    waiting = replace(state.floor[1], request_id=asked.request_id, unit_path=HD, member_id="p7", member_name="委员07")
    room.show(replace(state, floor=(*state.floor, waiting), seq=41))
    with pytest.raises(OperatorError, match="floor-already-asked"):
        room.model.request_floor("p7")


def test_members_who_signed_in_stand_first_where_a_speaker_is_chosen(room: Room) -> None:
    room.enter(chaired())
    room.model.load_people()
    assert [(one.name, one.signed_in) for one in room.model.people] == [("委员08", True), ("委员07", False)]


def test_a_branch_is_told_why_it_may_not_conduct() -> None:
    state = chaired()
    branch = rights(state, BL, NAMES.__getitem__, online=True)
    assert branch[Act.GRANT].reason == "why.chair-only"
    assert branch[Act.GRANT].values == ("惠东县政协",)
    assert branch[Act.REQUEST_CHAIR].reason == "why.chair-held"
    assert branch[Act.RELEASE].allowed, "its own member speaks"
    assert not rights(state, GD, NAMES.__getitem__, online=True)[Act.RELEASE].allowed
    assert rights(state, GD, NAMES.__getitem__, online=False)[Act.REQUEST_FLOOR].reason == "why.offline"


def test_while_the_chair_is_away_another_site_may_ask_for_it() -> None:
    state = replace(chaired(), chair_grace_until=NOW + timedelta(seconds=100))
    assert rights(state, BL, NAMES.__getitem__, online=True)[Act.REQUEST_CHAIR].allowed


def test_an_act_that_is_not_allowed_is_refused_before_it_is_sent(room: Room) -> None:
    room.enter(busy_state(NAMES, GD, BL, None))
    with pytest.raises(OperatorError, match="act-not-allowed"):
        room.model.end()
    assert room.live.asked == []


def test_a_refusal_of_the_center_is_told(room: Room) -> None:
    room.enter(chaired())
    room.model.mute(BL)
    room.live.answers[0].set_exception(OperatorError("site-unknown"))
    room.qtbot.waitUntil(lambda: bool(room.notices), timeout=2_000)
    fault = room.notices[0].fault
    assert isinstance(fault, Fault)
    assert fault.id == "site-unknown"


def test_a_lost_link_shows_since_when_and_keeps_everybody_on_the_screen(room: Room) -> None:
    room.enter(chaired())
    room.live.listener.on_link(False)
    room.qtbot.waitUntil(lambda: room.model.offline_since is not None, timeout=2_000)
    rows = {row.unit_path: row for row in room.model.roster}
    assert rows[GD].presence is Presence.LOST
    assert rows[GD].since == NOW
    assert rows[HD].presence is Presence.HERE
    assert tile_of(rows[GD], None).state is PictureState.OFFLINE
    room.live.listener.on_link(True)
    room.qtbot.waitUntil(lambda: room.model.offline_since is None, timeout=2_000)
    assert {row.presence for row in room.model.roster} == {Presence.HERE}


def test_pictures_that_still_flow_without_the_center_stay_on_the_screen(room: Room) -> None:
    room.enter(chaired())
    room.live.listener.on_media(True)
    room.live.listener.on_link(False)
    room.qtbot.waitUntil(lambda: not room.model.online, timeout=2_000)
    assert {row.presence for row in room.model.roster} == {Presence.HERE}
    assert not room.model.right(Act.GRANT).allowed


def test_a_held_request_and_a_closed_microphone_are_told_to_the_room_they_concern(room: Room) -> None:
    state = chaired()
    mine = replace(state.floor[1], unit_path=HD, member_name="委员07")
    room.enter(replace(state, floor=(state.floor[0], mine)))
    denied = replace(mine, status=FloorStatus.DENIED)
    muted = {**state.sites, HD: site(HD, "惠东县政协", muted=True)}
    room.show(replace(state, floor=(state.floor[0], denied), sites=muted, seq=41))
    assert [notice.key for notice in room.notices] == ["news.held", "news.muted"]


def test_the_end_of_the_meeting_lets_go_of_it(room: Room) -> None:
    state = chaired()
    room.enter(state)
    room.model.end()
    room.show(replace(state, phase=MeetingPhase.ENDED))
    assert room.closed == ["ended"]
    assert room.live.stopped
    assert not room.model.in_meeting


def test_leaving_stops_the_live_meeting_and_another_may_be_entered(room: Room) -> None:
    room.enter(chaired())
    with pytest.raises(OperatorError, match="already-in-meeting"):
        room.model.join(MeetingId("other"))
    room.model.leave()
    assert room.closed == ["left"]
    assert room.live.stopped


def test_mute_all_becomes_its_own_way_back(room: Room) -> None:
    state = chaired()
    room.enter(state)
    room.model.mute_everybody()
    quiet = {path: replace(one, muted=path != HD) for path, one in state.sites.items()}
    room.show(replace(state, sites=quiet, seq=41))
    room.model.mute_everybody()
    assert room.live.asked == [ask.Mute(None, True), ask.Mute(None, False)]


def test_a_local_mute_is_this_rooms_own(room: Room) -> None:
    room.enter(chaired())
    room.model.set_local_mute(True)
    row = next(row for row in room.model.roster if row.local)
    assert (room.live.local_muted, row.mic.value) == (True, "closed")
    assert room.live.asked == []


def test_the_roster_nests_a_site_below_the_nearest_superior_and_the_nation_beside_the_province() -> None:
    rows = roster_rows(busy_state(NINE, GD, list(NINE)[7], None), GD, NINE.__getitem__)
    depths = {row.name: row.depth for row in rows}
    assert depths["全国政协"] == depths["广东省政协"] == 0
    assert (depths["韶关市政协"], depths["乐昌市政协"]) == (1, 2)
    assert next(row.short_name for row in rows if row.name == "乐昌市政协") == "乐昌市"


def test_the_red_frame_is_the_speakers_and_goes_back_to_the_chair() -> None:
    state = chaired()
    on_air = [row.unit_path for row in roster_rows(state, HD, str) if row.on_air]
    assert on_air == [BL]
    quiet = replace(state, floor=())
    assert [row.unit_path for row in roster_rows(quiet, HD, str) if row.on_air] == [HD]


def test_the_site_on_air_is_on_the_first_page_however_many_sites_there_are(qtbot: Any) -> None:
    many = {UnitPath(f"100000/440000/44{n:02}00/"): f"会场{n:02}" for n in range(2, 60)}
    last = list(many)[-1]
    state = replace(busy_state({HD: NAMES[HD], **many}, HD, last, None), floor=(), broadcast=last)
    room = Room(qtbot).enter(state)
    order = [row.unit_path for row in room.model.tiles]
    assert order[:2] == [HD, last]
    assert len(order) == len(set(order)) == 59
    room.show(replace(state, broadcast=list(many)[3]))
    assert [row.unit_path for row in room.model.tiles][1:6] == list(many)[:5]


def test_an_item_before_the_one_that_runs_is_done_or_was_skipped_never_to_come() -> None:
    state = replace(busy_state(NAMES, GD, HZ, BL), agenda_at=3)
    items = tuple(replace(point, ended_at=NOW if point.number == 1 else None) for point in state.agenda)
    assert [row.state for row in agenda_rows(replace(state, agenda=items))][:3] == ["done", "passed", "current"]
