"""Who may do what in a meeting, as a clerk would tell it."""

import pytest

from desktop_app.domain.ids import UnitPath
from desktop_app.domain.meetings import MeetingMode
from media.meeting import commands as cmd
from media.meeting import events as ev
from media.meeting.decide import CENTER
from media.meeting.model import FloorStatus, MeetingPhase
from tests.meeting.rooms import (
    BOLUO,
    CITY,
    HUIDONG,
    NATION,
    PROVINCE,
    STRANGER,
    Play,
    SiteActor,
    at,
    device_of,
    gone,
    schedule,
)


@pytest.fixture
def play() -> Play:
    """惠东县 hosts; 广东省, 惠州市 and 博罗县 are in."""
    opened = Play()
    for unit in (HUIDONG, PROVINCE, CITY, BOLUO):
        opened.does(at(unit), cmd.Join(unit))
    return opened


def ask(play: Play, unit: UnitPath, request: str) -> None:
    play.does(at(unit), cmd.RequestFloor(request, f"member-{request}", f"委员{request}"))


def test_an_early_room_waits_until_the_host_opens():
    play = Play()
    play.does(at(BOLUO), cmd.Join("博罗"))
    assert play.state.phase is MeetingPhase.SCHEDULED
    assert play.tries(at(BOLUO), cmd.RequestFloor("r", "m", "n")) == "meeting-not-open"
    play.does(at(HUIDONG), cmd.Join("惠东"))
    assert play.state.phase is MeetingPhase.OPEN
    assert play.state.chair == HUIDONG
    assert play.state.sites_on_air == {HUIDONG}


def test_a_unit_that_was_not_invited_does_not_get_in():
    play = Play()
    assert play.tries(at(STRANGER), cmd.Join("x")) == "not-invited"
    assert play.tries(at(NATION, provincial=False), cmd.Join("x")) == "not-invited"


def test_the_schedule_may_change_until_the_meeting_opens(play: Play):
    fresh = Play()
    fresh.does(CENTER, schedule(host=CITY))
    assert fresh.state.host == CITY
    assert fresh.does(CENTER, schedule(host=CITY)) == []
    assert play.does(CENTER, schedule()) == []
    assert play.tries(CENTER, schedule(MeetingMode.LECTURE)) == "meeting-already-open"
    assert play.tries(at(HUIDONG), schedule()) == "command-not-allowed"


def test_a_second_computer_of_the_same_room_is_told_that_the_room_is_in(play: Play):
    spare = SiteActor(BOLUO, device_of(BOLUO, spare=True))
    assert play.tries(spare, cmd.Join("备用")) == "site-in-use"
    play.does(gone(BOLUO), cmd.Leave(lost=True))
    play.does(spare, cmd.Join("备用"))
    assert play.state.sites[BOLUO].device == spare.device


def test_joining_again_from_the_same_computer_changes_nothing(play: Play):
    assert play.does(at(BOLUO), cmd.Join(BOLUO)) == []


def test_a_second_taker_is_told_who_holds_the_chair(play: Play):
    assert play.tries(at(CITY), cmd.RequestChair()) == "chair-held"
    play.does(at(HUIDONG), cmd.ReleaseChair())
    assert play.state.chair is None
    play.does(at(CITY), cmd.RequestChair())
    assert play.state.chair == CITY
    assert play.tries(at(HUIDONG), cmd.ReleaseChair()) == "chair-not-yours"


def test_a_released_chair_returns_to_the_host(play: Play):
    play.does(at(HUIDONG), cmd.ReleaseChair())
    play.does(at(CITY), cmd.RequestChair())
    play.does(at(CITY), cmd.ReleaseChair())
    assert play.state.chair == HUIDONG


def test_the_chair_waits_for_its_lost_site_through_the_grace(play: Play):
    play.does(gone(HUIDONG), cmd.Leave(lost=True))
    play.wait(179)
    play.does(CENTER, cmd.Tick())
    assert play.state.chair == HUIDONG
    assert play.tries(at(BOLUO), cmd.RequestChair()) == "chair-held"
    play.does(at(HUIDONG), cmd.Join(HUIDONG))
    assert play.state.chair == HUIDONG
    assert play.state.chair_grace_until is None


def test_after_the_grace_the_chair_goes_back_to_the_host(play: Play):
    play.does(at(HUIDONG), cmd.ReleaseChair())
    play.does(at(CITY), cmd.RequestChair())
    play.does(gone(CITY), cmd.Leave(lost=True))
    play.wait(180)
    play.does(CENTER, cmd.Tick())
    assert play.state.chair == HUIDONG


def test_a_host_that_stayed_away_finds_the_chair_again_on_its_return(play: Play):
    play.does(gone(HUIDONG), cmd.Leave(lost=True))
    play.wait(200)
    play.does(CENTER, cmd.Tick())
    assert play.state.chair is None
    play.does(at(HUIDONG), cmd.Join(HUIDONG))
    assert play.state.chair == HUIDONG


def test_past_the_grace_anyone_present_may_take_the_chair(play: Play):
    play.does(gone(HUIDONG), cmd.Leave(lost=True))
    play.wait(181)
    play.does(at(BOLUO), cmd.RequestChair())
    assert play.state.chair == BOLUO


@pytest.mark.parametrize("taker", [at(CITY), at(PROVINCE, provincial=True)], ids=["sub-chair", "provincial operator"])
def test_within_the_grace_only_those_above_may_take_over_and_it_is_logged(play: Play, taker):
    assert play.tries(taker, cmd.RequestChair()) == "chair-held"
    play.does(gone(HUIDONG), cmd.Leave(lost=True))
    assert play.tries(at(PROVINCE), cmd.RequestChair()) == "chair-held"
    (event,) = play.does(taker, cmd.RequestChair())
    assert event == ev.ChairPassed(play.now, taker.unit_path, ev.ChairCause.TAKEN_OVER)


CHAIRS_OWN = (
    cmd.GrantFloor("1", 180),
    cmd.DenyFloor("1"),
    cmd.ExtendFloor("1", 60),
    cmd.PointAgenda(2),
    cmd.Mute(None),
    cmd.Mute(PROVINCE),
    cmd.End(),
)


@pytest.mark.parametrize("command", CHAIRS_OWN, ids=lambda command: type(command).__name__)
def test_only_the_chair_or_a_provincial_operator_conducts(play: Play, command):
    ask(play, BOLUO, "1")
    if isinstance(command, cmd.ExtendFloor):
        play.does(at(HUIDONG), cmd.GrantFloor("1", 180))
    for outsider in (at(BOLUO), at(PROVINCE), at(CITY, provincial=True)):
        assert play.tries(outsider, command) == "chair-only"
    assert play.does(at(PROVINCE, provincial=True), command)


def test_a_provincial_operator_conducts_only_what_its_own_province_hosts(play: Play):
    assert play.tries(at(BOLUO, provincial=True), cmd.End()) == "chair-only"
    assert play.tries(at(PROVINCE, provincial=True), cmd.End()) is None


def test_the_queue_keeps_its_order_and_a_grant_ends_the_turn_before(play: Play):
    for number, unit in enumerate((BOLUO, CITY, PROVINCE), start=1):
        ask(play, unit, str(number))
    assert [turn.request_id for turn in play.state.queue] == ["1", "2", "3"]
    play.does(at(HUIDONG), cmd.GrantFloor("2", 180))
    assert [turn.request_id for turn in play.state.queue] == ["1", "3"]
    assert play.state.sites_on_air == {HUIDONG, CITY}
    play.wait(60)
    play.does(at(HUIDONG), cmd.GrantFloor("1", 180))
    ended = next(turn for turn in play.state.floor if turn.request_id == "2")
    assert (ended.status, ended.ended_at) == (FloorStatus.REVOKED, play.now)
    assert play.state.speaking is not None
    assert (play.state.speaking.request_id, play.state.speaking.speech_no) == ("1", 2)
    assert play.state.sites_on_air == {HUIDONG, BOLUO}


def test_two_members_of_one_room_may_wait_and_one_member_waits_once(play: Play):
    ask(play, BOLUO, "1")
    ask(play, BOLUO, "2")
    assert play.tries(at(BOLUO), cmd.RequestFloor("3", "member-1", "委员1")) == "floor-already-asked"
    assert play.tries(at(CITY), cmd.RequestFloor("1", "other", "别人")) == "floor-already-asked"


def test_a_room_withdraws_and_releases_only_its_own(play: Play):
    ask(play, BOLUO, "1")
    assert play.tries(at(CITY), cmd.CancelFloor("1")) == "floor-not-yours"
    play.does(at(HUIDONG), cmd.GrantFloor("1", 180))
    assert play.tries(at(CITY), cmd.ReleaseFloor("1")) == "floor-not-yours"
    assert play.tries(at(BOLUO), cmd.CancelFloor("1")) == "floor-not-waiting"
    play.does(at(BOLUO), cmd.ReleaseFloor("1"))
    assert play.state.floor[0].status is FloorStatus.RELEASED
    assert play.does(at(BOLUO), cmd.ReleaseFloor("1")) == []


def test_the_chair_ends_a_turn_and_gives_more_time(play: Play):
    ask(play, BOLUO, "1")
    play.does(at(HUIDONG), cmd.GrantFloor("1", 180))
    play.does(at(HUIDONG), cmd.ExtendFloor("1", 120))
    assert play.state.floor[0].limit_seconds == 300
    (event,) = play.does(at(HUIDONG), cmd.ReleaseFloor("1"))
    assert event == ev.FloorRevoked(play.now, "1", ev.RevokeCause.CHAIR)


def test_a_lost_room_keeps_its_place_in_the_queue_and_its_turn(play: Play):
    ask(play, BOLUO, "1")
    ask(play, BOLUO, "2")
    play.does(at(HUIDONG), cmd.GrantFloor("1", 180))
    play.does(gone(BOLUO), cmd.Leave(lost=True))
    play.wait(60)
    play.does(CENTER, cmd.Tick())
    assert play.state.speaking is not None
    assert [turn.request_id for turn in play.state.queue] == ["2"]
    assert BOLUO not in play.state.sites_on_air
    assert play.tries(at(HUIDONG), cmd.GrantFloor("2", 180)) == "site-away"
    play.does(at(BOLUO), cmd.Join(BOLUO))
    assert BOLUO in play.state.sites_on_air


def test_a_turn_whose_room_stays_away_ends_after_the_grace(play: Play):
    ask(play, BOLUO, "1")
    play.does(at(HUIDONG), cmd.GrantFloor("1", 180))
    play.does(gone(BOLUO), cmd.Leave(lost=True))
    play.wait(181)
    play.does(CENTER, cmd.Tick())
    assert play.state.speaking is None


def test_a_room_that_leaves_on_purpose_gives_up_its_turn_and_its_place(play: Play):
    ask(play, BOLUO, "1")
    ask(play, BOLUO, "2")
    play.does(at(HUIDONG), cmd.GrantFloor("1", 180))
    play.does(at(BOLUO), cmd.Leave())
    assert [turn.status for turn in play.state.floor] == [FloorStatus.RELEASED, FloorStatus.CANCELLED]


def test_the_agenda_times_what_was_treated(play: Play):
    play.does(at(HUIDONG), cmd.PointAgenda(1))
    began = play.now
    play.wait(300)
    play.does(at(HUIDONG), cmd.PointAgenda(2))
    first, second, _ = play.state.agenda
    assert (first.started_at, first.ended_at, second.started_at) == (began, play.now, play.now)
    assert play.tries(at(HUIDONG), cmd.PointAgenda(9)) == "agenda-unknown"
    assert play.does(at(HUIDONG), cmd.PointAgenda(2)) == []


def test_mute_all_spares_the_chair_and_a_grant_opens_the_microphone_again(play: Play):
    play.does(at(HUIDONG), cmd.Mute(None))
    assert not play.state.sites[HUIDONG].muted
    assert play.state.sites[BOLUO].muted
    ask(play, BOLUO, "1")
    play.does(at(HUIDONG), cmd.GrantFloor("1", 60))
    assert BOLUO in play.state.sites_on_air
    play.does(at(HUIDONG), cmd.Mute(BOLUO))
    assert BOLUO not in play.state.sites_on_air
    assert play.tries(at(HUIDONG), cmd.Mute(STRANGER)) == "site-unknown"


def test_a_lectures_audience_is_locked_and_only_the_floor_opens_one_microphone():
    play = Play(MeetingMode.LECTURE)
    for unit in (HUIDONG, CITY, BOLUO):
        play.does(at(unit), cmd.Join(unit))
    assert play.state.microphone_locked(BOLUO)
    play.does(at(HUIDONG), cmd.Mute(None))
    assert play.tries(at(HUIDONG), cmd.Mute(BOLUO, muted=False)) == "microphone-locked"
    ask(play, BOLUO, "1")
    play.does(at(HUIDONG), cmd.GrantFloor("1", 60))
    assert play.state.sites_on_air == {BOLUO}
    play.does(at(BOLUO), cmd.ReleaseFloor("1"))
    assert play.state.sites_on_air == {HUIDONG}


def test_the_end_closes_turn_queue_and_agenda(play: Play):
    play.does(at(HUIDONG), cmd.PointAgenda(2))
    ask(play, BOLUO, "1")
    ask(play, CITY, "2")
    play.does(at(HUIDONG), cmd.GrantFloor("1", 180))
    play.wait(30)
    play.does(at(HUIDONG), cmd.End())
    assert [turn.status for turn in play.state.floor] == [FloorStatus.REVOKED, FloorStatus.CANCELLED]
    assert play.state.agenda[1].ended_at == play.state.ended_at == play.now
    assert play.state.sites_on_air == frozenset()
    assert play.tries(at(BOLUO), cmd.Join(BOLUO)) == "meeting-ended"
    assert play.does(at(HUIDONG), cmd.End()) == []
    assert play.does(at(BOLUO), cmd.Leave()) == []
