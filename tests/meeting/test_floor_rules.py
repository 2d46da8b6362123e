"""The floor as a chair conducts it: order, priority, hold, calling on a member, interposed questions, time budgets."""

import pytest

from desktop_app.domain.faults import PeerFault
from desktop_app.domain.ids import UnitPath
from desktop_app.domain.meetings import MeetingMode
from media.meeting import budgets
from media.meeting import commands as cmd
from media.meeting import events as ev
from media.meeting.apply import apply
from media.meeting.decide import CENTER
from media.meeting.model import FloorPurpose, FloorStatus
from tests.meeting.rooms import BOLUO, CITY, HUIDONG, PROVINCE, Play, at, gone


@pytest.fixture
def play() -> Play:
    """惠东县 hosts; 广东省, 惠州市 and 博罗县 are in."""
    return opened(Play())


def opened(play: Play) -> Play:
    for unit in (HUIDONG, PROVINCE, CITY, BOLUO):
        play.does(at(unit), cmd.Join(unit))
    return play


def ask(play: Play, unit: UnitPath, *requests: str, purpose: FloorPurpose = FloorPurpose.SPEECH) -> None:
    for request in requests:
        play.does(at(unit), cmd.RequestFloor(request, f"member-{request}", f"委员{request}", purpose, "农业界", "水"))


def queue(play: Play) -> str:
    return "".join(turn.request_id for turn in play.state.queue)


def chair(play: Play, command: cmd.Command) -> None:
    play.does(at(HUIDONG), command)


def test_the_chair_orders_the_queue(play: Play):
    ask(play, BOLUO, "1", "2", "3", "4")
    chair(play, cmd.MoveFloor("4", 1))
    assert queue(play) == "4123"
    chair(play, cmd.MoveFloor("4", 99))
    assert queue(play) == "1234"
    chair(play, cmd.MoveFloor("1", 3))
    assert queue(play) == "2314"
    assert play.does(at(HUIDONG), cmd.MoveFloor("1", 3)) == []


def test_who_has_a_priority_goes_before_those_without_and_behind_his_like(play: Play):
    ask(play, BOLUO, "1", "2", "3")
    chair(play, cmd.RankFloor("3", 2))
    chair(play, cmd.RankFloor("2", 2))
    assert queue(play) == "321"
    chair(play, cmd.RankFloor("3", 0))
    assert queue(play) == "213"
    assert play.tries(at(HUIDONG), cmd.RankFloor("1", 10)) == "field-invalid"


def test_a_question_waits_before_the_speeches(play: Play):
    ask(play, BOLUO, "1", "2")
    ask(play, CITY, "q", purpose=FloorPurpose.QUESTION)
    assert queue(play) == "q12"
    first = play.state.queue[0]
    assert (first.sector, first.note, first.purpose) == ("农业界", "水", FloorPurpose.QUESTION)


def test_a_held_request_leaves_the_queue_and_comes_back_at_its_end(play: Play):
    ask(play, BOLUO, "1", "2")
    chair(play, cmd.HoldFloor("1"))
    assert (queue(play), [turn.request_id for turn in play.state.held]) == ("2", ["1"])
    chair(play, cmd.HoldFloor("1", held=False))
    assert queue(play) == "21"
    chair(play, cmd.HoldFloor("2"))
    chair(play, cmd.GrantFloor("2", 60))
    assert play.state.speaking is not None, "who is on hold may be granted at once"


def test_the_chair_calls_on_a_member_who_did_not_ask(play: Play):
    assigned = cmd.AssignFloor("a", BOLUO, "member-a", "委员甲", 120, "农业界")
    assert play.tries(at(BOLUO), assigned) == "chair-only"
    chair(play, assigned)
    turn = play.state.speaking
    assert turn is not None
    assert (turn.member_name, turn.purpose, turn.limit_seconds) == ("委员甲", FloorPurpose.ASSIGNED, 120)
    assert BOLUO in play.state.sites_on_air
    assert play.tries(at(HUIDONG), cmd.AssignFloor("b", BOLUO, "member-a", "委员甲", 60)) == "floor-already-asked"
    play.does(gone(CITY), cmd.Leave(lost=True))
    assert play.tries(at(HUIDONG), cmd.AssignFloor("b", CITY, "m", "委员乙", 60)) == "site-away"


def test_a_question_is_interposed_and_the_turn_goes_on_with_its_time(play: Play):
    ask(play, BOLUO, "1")
    ask(play, CITY, "q", "r", purpose=FloorPurpose.QUESTION)
    assert play.tries(at(HUIDONG), cmd.GrantFloor("q", 60, interpose=True)) == "floor-not-interposed"
    chair(play, cmd.GrantFloor("1", 300))
    play.wait(100)
    chair(play, cmd.GrantFloor("q", 60, interpose=True))
    assert play.state.sites_on_air == {HUIDONG, CITY}
    play.wait(40)
    chair(play, cmd.GrantFloor("r", 60, interpose=True))
    play.wait(10)
    play.does(at(CITY), cmd.ReleaseFloor("r"))
    turn = play.state.speaking
    assert turn is not None
    assert (turn.request_id, turn.spoken_seconds(play.now)) == ("1", 100)
    assert play.state.sites_on_air == {HUIDONG, BOLUO}
    play.wait(20)
    play.does(at(BOLUO), cmd.ReleaseFloor("1"))
    ended = play.state.floor[0]
    assert (ended.spoken_seconds(play.now), ended.paused_seconds) == (120, 50)


def test_an_interrupted_turn_goes_on_when_the_one_who_asked_leaves(play: Play):
    ask(play, BOLUO, "1")
    ask(play, CITY, "q")
    chair(play, cmd.GrantFloor("1", 300))
    chair(play, cmd.GrantFloor("q", 60, interpose=True))
    play.does(at(CITY), cmd.Leave())
    assert play.state.speaking is not None
    assert play.state.speaking.request_id == "1"


def test_an_ordinary_grant_ends_the_question_and_the_turn_it_interrupted(play: Play):
    ask(play, BOLUO, "1", "2")
    ask(play, CITY, "q")
    chair(play, cmd.GrantFloor("1", 300))
    chair(play, cmd.GrantFloor("q", 60, interpose=True))
    chair(play, cmd.GrantFloor("2", 60))
    assert [turn.status for turn in play.state.floor] == [
        FloorStatus.REVOKED,
        FloorStatus.GRANTED,
        FloorStatus.REVOKED,
    ]


def test_a_sub_chair_conducts_its_own_counties_once_it_may_and_nobody_else_speaks(play: Play):
    ask(play, BOLUO, "1", "2")
    ask(play, PROVINCE, "p")
    assert play.tries(at(CITY), cmd.GrantFloor("1", 60)) == "chair-only"
    chair(play, cmd.Delegate(CITY))
    assert play.state.sub_chairs == (CITY,)
    assert play.tries(at(CITY), cmd.GrantFloor("p", 60)) == "chair-only"
    assert play.tries(at(CITY), cmd.MoveFloor("1", 1)) == "chair-only"
    play.does(at(CITY), cmd.GrantFloor("1", 60))
    play.does(at(CITY), cmd.HoldFloor("2"))
    chair(play, cmd.GrantFloor("p", 60))
    assert play.tries(at(CITY), cmd.GrantFloor("2", 60)) == "floor-taken"
    chair(play, cmd.ReleaseFloor("p"))
    chair(play, cmd.Delegate(None, delegated=False))
    assert play.tries(at(CITY), cmd.GrantFloor("2", 60)) == "chair-only"


def test_in_a_lecture_no_sub_chair_opens_a_microphone():
    play = opened(Play(MeetingMode.LECTURE))
    ask(play, BOLUO, "1")
    chair(play, cmd.Delegate(None))
    assert play.tries(at(CITY), cmd.GrantFloor("1", 60)) == "chair-only"
    assert play.tries(at(CITY), cmd.AssignFloor("a", BOLUO, "m", "甲", 60)) == "chair-only"


def test_a_city_mutes_its_own_counties_with_a_reason_and_nobody_else(play: Play):
    play.does(at(CITY), cmd.Mute(BOLUO, reason="啸叫"))
    assert play.state.sites[BOLUO].mute_reason == "啸叫"
    assert play.tries(at(CITY), cmd.Mute(PROVINCE)) == "chair-only"
    assert play.tries(at(CITY), cmd.Mute(HUIDONG)) == "chair-only", "the chair's own site, though it lies below"
    play.does(at(CITY), cmd.Mute(BOLUO, muted=False))
    assert play.state.sites[BOLUO].mute_reason == ""
    play.does(at(CITY), cmd.Mute(None, within=CITY))
    assert [path for path, site in play.state.sites.items() if site.muted] == [BOLUO]
    assert play.tries(at(BOLUO), cmd.Mute(None, within=BOLUO)) == "chair-only"


def test_a_sites_and_a_levels_budget_bound_what_is_granted(play: Play):
    chair(play, cmd.SetBudget(BOLUO, 0, 100))
    ask(play, BOLUO, "1", "2", "3")
    chair(play, cmd.GrantFloor("1", 300))
    assert play.state.speaking is not None
    assert play.state.speaking.limit_seconds == 100
    play.wait(60)
    play.does(at(BOLUO), cmd.ReleaseFloor("1"))
    assert budgets.left(play.state, BOLUO, play.now) == 40
    chair(play, cmd.SetBudget(None, 4, 90))
    assert budgets.left(play.state, BOLUO, play.now) == 30
    assert budgets.left(play.state, CITY, play.now) is None
    chair(play, cmd.GrantFloor("2", 0))
    play.wait(50)
    assert play.tries(at(HUIDONG), cmd.GrantFloor("3", 60)) == "budget-spent"
    chair(play, cmd.GrantFloor("3", 60, over_budget=True))
    chair(play, cmd.SetBudget(BOLUO, 0, 0))
    assert [budget.level for budget in play.state.budgets] == [4]


def test_a_pause_stops_the_turn_and_closes_every_microphone(play: Play):
    ask(play, BOLUO, "1", "2")
    chair(play, cmd.GrantFloor("1", 300))
    play.wait(30)
    chair(play, cmd.Pause("茶歇"))
    assert play.state.sites_on_air == frozenset()
    play.wait(600)
    assert play.tries(at(HUIDONG), cmd.GrantFloor("2", 60)) == "meeting-paused"
    chair(play, cmd.Resume())
    play.wait(10)
    assert play.state.speaking is not None
    assert play.state.speaking.spoken_seconds(play.now) == 40
    assert play.state.sites_on_air == {HUIDONG, BOLUO}


def test_an_event_that_cannot_follow_is_only_ever_a_peer_fault(play: Play):
    ask(play, BOLUO, "1")
    chair(play, cmd.HoldFloor("1"))
    for event in (ev.FloorMoved(play.now, "1", 1), ev.FloorRanked(play.now, "1", 2), ev.FloorHeld(play.now, "x")):
        with pytest.raises(PeerFault, match="event-misplaced"):
            apply(play.state, event)
    with pytest.raises(PeerFault, match="event-misplaced"):
        apply(play.state, ev.RollCallPaused(play.now))


def test_an_audience_that_drops_comes_back_to_listen_and_a_question_that_is_still_its_own_goes_on():
    play = Play(MeetingMode.LECTURE)
    for unit in (HUIDONG, CITY, BOLUO):
        play.does(at(unit), cmd.Join(unit))
    play.does(gone(BOLUO), cmd.Leave(lost=True))
    play.does(at(BOLUO), cmd.Join(BOLUO))
    assert play.state.microphone_locked(BOLUO), "back as it was: it only receives"
    assert play.state.sites_on_air == {HUIDONG}
    play.does(at(CITY), cmd.RequestFloor("1", "m", "甲"))
    play.does(at(HUIDONG), cmd.GrantFloor("1", 300))
    play.does(gone(CITY), cmd.Leave(lost=True))
    assert play.state.sites_on_air == frozenset(), "nobody else's microphone opens for it"
    play.wait(30)
    play.does(at(CITY), cmd.Join(CITY))
    assert play.state.sites_on_air == {CITY}
    play.does(gone(CITY), cmd.Leave(lost=True))
    play.wait(200)
    play.does(CENTER, cmd.Tick())
    play.does(at(CITY), cmd.Join(CITY))
    assert play.state.microphone_locked(CITY), "after the grace it comes back to listen"
    assert play.state.sites_on_air == {HUIDONG}
