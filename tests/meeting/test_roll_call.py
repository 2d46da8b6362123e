"""A roll call is evidence: each answer with its time, its operator, the room's devices and its link."""

from dataclasses import replace
from datetime import timedelta

import pytest

from desktop_app.domain.ids import PersonId
from desktop_app.domain.meetings import MeetingMode
from media.meeting import commands as cmd
from media.meeting import events as ev
from media.meeting.decide import CENTER, decide
from media.meeting.health import Health
from media.meeting.picture import shown
from media.meeting.roll_call import (
    DeviceHealth,
    RollClosing,
    RollManner,
    RollPhase,
    RollStatus,
    Tally,
    tally,
    tally_by_city,
)
from tests.meeting.rooms import BOLUO, CITY, HUIDONG, PROVINCE, Play, at, gone

ELECTRONIC, VOICE = cmd.OpenRollCall(RollManner.ELECTRONIC, 60), cmd.OpenRollCall(RollManner.VOICE)


@pytest.fixture
def play() -> Play:
    return lecture_of(PROVINCE, CITY)


def lecture_of(*guests, mode: MeetingMode = MeetingMode.LECTURE) -> Play:
    """惠东县 hosts; 博罗县 is invited and not here unless it is named."""
    opened = Play(mode)
    for unit in (HUIDONG, *guests):
        opened.does(at(unit), cmd.Join(unit))
    return opened


def chair(play: Play, command: cmd.Command) -> None:
    play.does(at(HUIDONG), command)


def test_an_electronic_answer_keeps_time_operator_devices_and_link(play: Play):
    chair(play, ELECTRONIC)
    play.wait(5)
    clerk = replace(at(CITY), person=PersonId("clerk"))
    answer = cmd.AnswerRollCall(DeviceHealth.OK, DeviceHealth.FAULT, DeviceHealth.OK, 40, 3, expected=24, present=23)
    play.does(clerk, answer)
    roll = play.state.roll_call
    assert roll is not None
    kept = roll.answer_of(CITY)
    assert kept is not None
    assert (kept.at, kept.operator, kept.recorded_by, kept.online) == (play.now, "clerk", CITY, True)
    assert (kept.microphone, kept.delay_ms, kept.loss_permille, kept.present) == (DeviceHealth.FAULT, 40, 3, 23)
    assert play.does(clerk, answer) == [], "the first answer counts"


def test_an_electronic_roll_call_closes_at_its_time_and_names_who_was_silent_and_who_was_away(play: Play):
    chair(play, ELECTRONIC)
    play.does(at(PROVINCE), cmd.AnswerRollCall())
    play.wait(59)
    assert play.does(CENTER, cmd.Tick()) == []
    play.wait(1)
    (event,) = play.does(CENTER, cmd.Tick())
    assert (event.cause, event.missing, event.offline) == (RollClosing.TIME, (CITY,), (BOLUO,))
    (roll,) = play.state.roll_calls
    assert tally(roll) == Tally(expected=3, answered=1, no_answer=1, offline=1)
    assert tally_by_city(roll) == {PROVINCE: Tally(1, 1), CITY: Tally(2, 0, 1, 1)}
    assert play.tries(at(CITY), cmd.AnswerRollCall()) == "roll-call-none"


def test_it_closes_by_itself_when_all_have_answered():
    play = lecture_of(PROVINCE, CITY, BOLUO)
    chair(play, ELECTRONIC)
    for unit in (PROVINCE, CITY, BOLUO):
        play.does(at(unit), cmd.AnswerRollCall())
    assert play.state.roll_call is None
    assert play.state.roll_calls[0].closed_at == play.now
    chair(play, ELECTRONIC)
    assert play.tries(at(HUIDONG), VOICE) == "roll-call-running"
    assert [roll.number for roll in play.state.roll_calls] == [1, 2]


@pytest.mark.parametrize("mode", [MeetingMode.LECTURE, MeetingMode.REHEARSAL])
def test_by_voice_each_called_site_is_seen_and_heard_until_it_is_marked(mode):
    play = lecture_of(PROVINCE, CITY, mode=mode)
    chair(play, cmd.Mute(None))
    chair(play, VOICE)
    roll = play.state.roll_call
    assert roll is not None
    assert roll.next_to_call() == PROVINCE
    chair(play, cmd.CallSite(PROVINCE))
    assert PROVINCE in play.state.sites_on_air
    assert (len(play.state.sites_on_air) == 1) is (mode is MeetingMode.LECTURE)
    assert shown(play.state, CITY, play.now) == PROVINCE
    assert play.tries(at(CITY), cmd.AnswerRollCall()) == "roll-call-not-called"
    chair(play, cmd.MarkRollCall(PROVINCE, answered=True))
    assert play.state.sites_on_air == {HUIDONG}


def test_a_site_that_did_not_answer_is_called_again(play: Play):
    chair(play, VOICE)
    chair(play, cmd.CallSite(CITY))
    chair(play, cmd.MarkRollCall(CITY, answered=False))
    chair(play, cmd.CallSite(CITY))
    play.does(at(CITY), cmd.AnswerRollCall())
    roll = play.state.roll_call
    assert roll is not None
    assert (roll.times_called(CITY), [answer.status for answer in roll.answers]) == (2, [RollStatus.ANSWERED])


def test_who_is_not_connected_is_counted_apart(play: Play):
    chair(play, VOICE)
    assert play.tries(at(HUIDONG), cmd.MarkRollCall(BOLUO, answered=True)) == "site-away"
    chair(play, cmd.MarkRollCall(BOLUO, answered=False))
    play.does(gone(CITY), cmd.Leave(lost=True))
    chair(play, cmd.CloseRollCall())
    assert tally(play.state.roll_calls[0]) == Tally(expected=3, no_answer=1, offline=2)


def test_it_pauses_and_goes_on_where_it_was(play: Play):
    chair(play, VOICE)
    chair(play, cmd.CallSite(PROVINCE))
    chair(play, cmd.PauseRollCall())
    assert play.state.sites_on_air == {HUIDONG}
    assert play.tries(at(HUIDONG), cmd.CallSite(CITY)) == "roll-call-paused"
    chair(play, cmd.PauseRollCall(paused=False))
    roll = play.state.roll_call
    assert roll is not None
    assert (roll.phase, roll.next_to_call()) == (RollPhase.OPEN, PROVINCE)


def test_only_the_chair_calls_and_only_by_voice_one_by_one(play: Play):
    assert play.tries(at(CITY), VOICE) == "chair-only"
    assert play.tries(at(HUIDONG), cmd.CallSite(CITY)) == "roll-call-none"
    chair(play, ELECTRONIC)
    for command in (cmd.CallSite(CITY), cmd.MarkRollCall(CITY, answered=True), cmd.PauseRollCall()):
        assert play.tries(at(HUIDONG), command) == "roll-call-not-voice"
    assert play.tries(at(HUIDONG), cmd.AnswerRollCall()) == "roll-call-not-called", "the chair calls the others"
    assert play.tries(at(HUIDONG), cmd.OpenRollCall(RollManner.ELECTRONIC, 1)) == "roll-call-running"


def test_the_end_of_the_meeting_closes_the_roll(play: Play):
    chair(play, ELECTRONIC)
    play.now += timedelta(seconds=3)
    chair(play, cmd.End())
    assert play.state.roll_calls[0].phase is RollPhase.CLOSED
    assert tally(play.state.roll_calls[0]).awaited == 0


def test_an_answer_by_voice_keeps_what_the_room_last_said_of_its_devices_and_its_line():
    play = lecture_of(PROVINCE, CITY)
    play.does(at(HUIDONG), VOICE)
    play.does(at(HUIDONG), cmd.CallSite(CITY))
    weak = Health(DeviceHealth.FAULT, DeviceHealth.UNKNOWN, DeviceHealth.OK, delay_ms=420, loss_permille=61)
    decision = decide(play.state, cmd.MarkRollCall(CITY, True), at(HUIDONG), play.now, None, {CITY: weak})
    assert isinstance(decision, list)
    (answered,) = decision
    assert isinstance(answered, ev.RollAnswered)
    kept = answered.answer
    assert (kept.camera, kept.microphone, kept.speaker) == (DeviceHealth.FAULT, DeviceHealth.OK, DeviceHealth.OK)
    assert (kept.delay_ms, kept.loss_permille) == (420, 61)
    play.does(gone(CITY), cmd.Leave(lost=True))
    decision = decide(play.state, cmd.MarkRollCall(CITY, False), at(HUIDONG), play.now, None, {CITY: weak})
    assert isinstance(decision, list)
    assert isinstance(decision[0], ev.RollAnswered)
    assert decision[0].answer.delay_ms == 0, "who is not connected has no line"
