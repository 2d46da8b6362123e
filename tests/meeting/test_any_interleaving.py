"""Whatever is asked by whomever in whatever order, the meeting stays legal, and its log is the whole truth of it."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from desktop_app.domain.meetings import MeetingMode
from media.meeting import commands as cmd
from media.meeting.apply import apply, replay
from media.meeting.case import TURNS, WAITING
from media.meeting.decide import CENTER, REFUSALS
from media.meeting.inquiry import Stance, inquiry_tally
from media.meeting.model import FloorPurpose, FloorStatus, MeetingPhase, MeetingState
from media.meeting.roll_call import RollManner, RollPhase, tally, tally_by_city
from media.meeting.stage import Layout
from media.meeting.wire import read_event, read_state, write_event, write_state
from tests.meeting.rooms import (
    AGENDA,
    BOLUO,
    CITY,
    HUIDONG,
    MEETING,
    PROVINCE,
    STRANGER,
    Play,
    SiteActor,
    at,
    gone,
    schedule,
)

UNITS = st.sampled_from([HUIDONG, PROVINCE, CITY, BOLUO, STRANGER])
REQUESTS = st.sampled_from(["r1", "r2", "r3", "r4", "r5"])
MEMBERS = st.sampled_from(["m1", "m2", "m3"])

PATHS = st.none() | UNITS
QUESTIONS = st.sampled_from(["q1", "q2", "q3"])
DOCUMENTS = st.sampled_from(["", "a" * 64, "b" * 64, "no hash"])
SOME = st.lists(UNITS, max_size=3).map(tuple)
commands = st.one_of(
    st.builds(cmd.Join, st.just("会场")),
    st.just(cmd.Leave()),
    st.just(cmd.RequestChair()),
    st.just(cmd.ReleaseChair()),
    st.builds(cmd.TakeChair, UNITS),
    st.builds(cmd.Delegate, PATHS, st.booleans()),
    st.builds(cmd.RequestFloor, REQUESTS, MEMBERS, st.just("委员"), st.sampled_from(FloorPurpose)),
    st.builds(cmd.AssignFloor, REQUESTS, UNITS, MEMBERS, st.just("委员"), st.integers(0, 600)),
    st.builds(cmd.HoldFloor, REQUESTS, st.booleans()),
    st.builds(cmd.MoveFloor, REQUESTS, st.integers(0, 4)),
    st.builds(cmd.RankFloor, REQUESTS, st.integers(0, 10)),
    st.builds(cmd.CancelFloor, REQUESTS),
    st.builds(cmd.GrantFloor, REQUESTS, st.integers(0, 600), st.booleans(), st.booleans()),
    st.builds(cmd.DenyFloor, REQUESTS),
    st.builds(cmd.ExtendFloor, REQUESTS, st.integers(0, 600)),
    st.builds(cmd.ReleaseFloor, REQUESTS),
    st.builds(cmd.PointAgenda, st.integers(0, 4)),
    st.builds(cmd.Mute, PATHS, st.booleans(), st.sampled_from(["", "啸叫"]), PATHS),
    st.builds(cmd.Lock, st.booleans()),
    st.builds(cmd.Admit, UNITS),
    st.builds(cmd.Remove, UNITS),
    st.builds(cmd.Broadcast, PATHS),
    st.builds(cmd.SelectView, PATHS, PATHS),
    st.builds(cmd.Poll, SOME, st.integers(0, 20), st.booleans()),
    st.builds(cmd.SetLayout, st.sampled_from(Layout)),
    st.builds(cmd.TypeCaption, st.sampled_from(["", "字幕"])),
    st.builds(cmd.SendMessage, st.sampled_from(["1", "2", "3"]), st.just("声音小"), PATHS),
    st.builds(cmd.SetBudget, PATHS, st.integers(0, 5), st.integers(0, 300)),
    st.builds(cmd.ExtendMeeting, st.integers(0, 3600)),
    st.just(cmd.Pause()),
    st.just(cmd.Resume()),
    st.builds(cmd.Record, st.booleans()),
    st.builds(cmd.Consent, st.booleans()),
    st.builds(cmd.PointSlide, DOCUMENTS, st.integers(0, 4), st.just(3), st.just("课件")),
    st.builds(cmd.OpenInquiry, QUESTIONS, st.just("是否同意"), SOME),
    st.builds(cmd.AnswerInquiry, QUESTIONS, st.sampled_from(Stance)),
    st.builds(cmd.CloseInquiry, QUESTIONS),
    st.builds(cmd.OpenRollCall, st.sampled_from(RollManner), st.integers(0, 100), SOME),
    st.builds(cmd.AnswerRollCall),
    st.builds(cmd.CallSite, UNITS),
    st.builds(cmd.MarkRollCall, UNITS, st.booleans()),
    st.builds(cmd.PauseRollCall, st.booleans()),
    st.just(cmd.CloseRollCall()),
    st.just(cmd.End()),
    st.just(cmd.Tick()),
    st.just(cmd.Leave(lost=True)),
)


def plan(invited, items):
    """The schedule as somebody changed it in the records."""
    return replace(schedule(), invited=invited, agenda=AGENDA[-items:])


actors = st.builds(lambda unit, provincial: at(unit, provincial=provincial), UNITS, st.booleans())
steps = st.one_of(
    st.tuples(actors, commands),
    st.tuples(actors, commands),
    st.tuples(st.builds(gone, UNITS), st.just(cmd.Leave(lost=True))),
    st.tuples(st.just(CENTER), st.just(cmd.Tick()) | st.builds(plan, SOME, st.integers(1, 3))),
    st.integers(1, 200),
)


def is_legal(state: MeetingState) -> None:
    """What holds of every state that a meeting may ever be in."""
    the_floor_is_legal(state)
    the_chair_is_legal(state)
    the_door_is_legal(state)
    the_rolls_are_legal(state)
    the_stage_is_legal(state)
    running = [item.number for item in state.agenda if item.started_at and not item.ended_at]
    assert running == ([state.agenda_at] if state.agenda_at and state.phase is MeetingPhase.OPEN else [])
    assert [item.number for item in state.agenda] == list(range(1, len(state.agenda) + 1))
    on_air = state.sites_on_air
    assert len(on_air) <= (1 if state.mode is MeetingMode.LECTURE else 3)
    assert all(state.sites[path].online and not state.sites[path].muted for path in on_air)
    assert on_air == {path for path in state.sites if state.on_air(path)}
    if state.phase is not MeetingPhase.OPEN or state.paused_at is not None:
        assert not on_air
    assert read_state(write_state(state)) == state


def the_floor_is_legal(state: MeetingState) -> None:
    statuses = [turn.status for turn in state.floor]
    assert statuses.count(FloorStatus.GRANTED) <= 1
    assert statuses.count(FloorStatus.SUSPENDED) <= 1
    if FloorStatus.SUSPENDED in statuses:
        assert state.speaking is not None, "what was interrupted goes on as soon as the question is over"
    assert len({turn.request_id for turn in state.floor}) == len(state.floor)
    for turn in state.floor:
        assert turn.unit_path in state.sites
        assert (turn.granted_at is not None) == (turn.speech_no > 0)
        waiting = turn.status in (*WAITING, *TURNS)
        assert waiting == (turn.ended_at is None)
        assert (turn.place > 0) == (turn.status is FloorStatus.ACCEPTED)
        stands_still = turn.status is FloorStatus.SUSPENDED or (
            turn.status is FloorStatus.GRANTED and state.paused_at is not None
        )
        if state.phase is MeetingPhase.OPEN:
            assert (turn.paused_at is not None) == stands_still
    assert [turn.place for turn in state.queue] == list(range(1, len(state.queue) + 1))
    numbers = sorted(turn.speech_no for turn in state.floor if turn.speech_no)
    assert numbers == list(range(1, len(numbers) + 1))
    if state.phase is MeetingPhase.ENDED:
        assert not state.queue
        assert state.speaking is None


def the_chair_is_legal(state: MeetingState) -> None:
    if state.chair is not None:
        assert state.phase in (MeetingPhase.OPEN, MeetingPhase.ENDED)
        if state.phase is MeetingPhase.OPEN:
            assert (state.chair_grace_until is not None) == (not state.sites[state.chair].online)
    else:
        assert state.chair_grace_until is None


def the_door_is_legal(state: MeetingState) -> None:
    assert set(state.sites) | set(state.lobby) <= {PROVINCE, CITY, HUIDONG, BOLUO, STRANGER}
    removed = {removal.unit_path for removal in state.removed}
    assert len(removed) == len(state.removed)
    for path in removed:
        assert path not in state.lobby
        assert path not in state.admitted
        assert path not in state.sub_chairs
        assert path not in state.sites_on_air
        assert path not in state.sites or not state.sites[path].online
        assert all(turn.ended_at for turn in state.floor if turn.unit_path == path), "a removed site gets nothing"
    assert not any(path in state.sites and state.sites[path].online for path in state.lobby)


def the_rolls_are_legal(state: MeetingState) -> None:
    assert [roll.number for roll in state.roll_calls] == list(range(1, len(state.roll_calls) + 1))
    for roll in state.roll_calls:
        answered = [answer.unit_path for answer in roll.answers]
        assert len(set(answered)) == len(answered)
        assert set(answered) <= set(roll.unit_paths)
        whole = tally(roll)
        assert whole.expected == whole.answered + whole.no_answer + whole.offline + whole.awaited
        assert whole.expected == sum(city.expected for city in tally_by_city(roll).values())
        if roll.phase is RollPhase.CLOSED:
            assert not whole.awaited
            assert roll.calling is None
    assert all(not roll.is_running for roll in state.roll_calls[:-1])
    if state.phase is MeetingPhase.ENDED:
        assert state.roll_call is None


def the_stage_is_legal(state: MeetingState) -> None:
    if state.slide is not None:
        assert 1 <= state.slide.page <= state.slide.pages
        assert state.removal(state.slide.presenter) is None
        assert state.phase is not MeetingPhase.ENDED
    assert all(not inquiry.is_running for inquiry in state.inquiries[:-1])
    for inquiry in state.inquiries:
        counted = inquiry_tally(inquiry)
        assert counted.expected == counted.agree + counted.other + counted.abstain + counted.awaited
        assert counted.awaited >= 0
        assert {answer.unit_path for answer in inquiry.answers} <= set(inquiry.unit_paths)
    if state.phase is MeetingPhase.ENDED:
        assert state.inquiry is None


def told(play, story):
    """The commands of a story, one by one, in a meeting that three sites are in; its waits pass between them."""
    for unit in (HUIDONG, CITY, BOLUO):
        play.does(at(unit), cmd.Join("会场"))
    for step in story:
        if isinstance(step, int):
            play.wait(step)
        else:
            yield step


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(MeetingMode), st.lists(steps, min_size=20, max_size=60))
def test_any_interleaving_of_commands_leaves_a_legal_state_and_a_log_that_replays_to_it(mode, story):
    play = Play(mode)
    for actor, command in told(play, story):
        before, logged = play.state, len(play.log)
        refusal = play.tries(actor, command)
        if refusal is not None:
            assert refusal in REFUSALS
            assert (play.state, len(play.log)) == (before, logged)
        state = before
        for event in play.log[logged:]:
            state = apply(state, event)
        is_legal(state)
        assert state.chair == before.chair or type(command).__name__ in CHAIR_MOVERS
    assert replay(MeetingState(MEETING), play.log) == play.state
    assert replay(MeetingState(MEETING), [read_event(write_event(event)) for event in play.log]) == play.state
    assert play.state.seq == len(play.log)


CHAIR_MOVERS = {"Join", "Leave", "RequestChair", "TakeChair", "ReleaseChair", "Tick", "Schedule"}


NOT_THE_SAME_TWICE = (cmd.ExtendFloor, cmd.ReleaseChair, cmd.ExtendMeeting, cmd.CallSite)


@settings(max_examples=60, deadline=None)
@given(st.lists(steps, max_size=40))
def test_a_command_that_was_followed_and_comes_at_once_again_changes_nothing_twice(story):
    """At most one event set per wish: what `decide` answers to a repetition is empty, a refusal, or about new time."""
    play = Play()
    for actor, command in told(play, story):
        if isinstance(command, NOT_THE_SAME_TWICE) or play.tries(actor, command) is not None:
            continue
        settled = play.state
        play.tries(actor, command)
        assert replace(play.state, seq=settled.seq) == settled


def test_the_centers_own_commands_are_refused_from_a_site():
    play = Play()
    play.does(at(HUIDONG), cmd.Join("会场"))
    for command in (cmd.Tick(), cmd.Leave(lost=True), schedule()):
        assert play.tries(SiteActor(HUIDONG, at(HUIDONG).device), command) == "command-not-allowed"
