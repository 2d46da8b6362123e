"""Whatever is asked by whomever in whatever order, the meeting stays legal, and its log is the whole truth of it."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from desktop_app.domain.meetings import MeetingMode
from media.meeting import commands as cmd
from media.meeting.apply import apply, replay
from media.meeting.decide import CENTER, REFUSALS
from media.meeting.model import FloorStatus, MeetingPhase, MeetingState
from media.meeting.wire import read_event, write_event
from tests.meeting.rooms import BOLUO, CITY, HUIDONG, MEETING, PROVINCE, STRANGER, Play, SiteActor, at, gone, schedule

UNITS = st.sampled_from([HUIDONG, PROVINCE, CITY, BOLUO, STRANGER])
REQUESTS = st.sampled_from(["r1", "r2", "r3", "r4", "r5"])
MEMBERS = st.sampled_from(["m1", "m2", "m3"])

commands = st.one_of(
    st.builds(cmd.Join, st.just("会场")),
    st.just(cmd.Leave()),
    st.just(cmd.RequestChair()),
    st.just(cmd.ReleaseChair()),
    st.builds(cmd.RequestFloor, REQUESTS, MEMBERS, st.just("委员")),
    st.builds(cmd.CancelFloor, REQUESTS),
    st.builds(cmd.GrantFloor, REQUESTS, st.integers(0, 600)),
    st.builds(cmd.DenyFloor, REQUESTS),
    st.builds(cmd.ExtendFloor, REQUESTS, st.integers(0, 600)),
    st.builds(cmd.ReleaseFloor, REQUESTS),
    st.builds(cmd.PointAgenda, st.integers(0, 4)),
    st.builds(cmd.Mute, st.none() | UNITS, st.booleans()),
    st.just(cmd.Tick()),
    st.just(cmd.Leave(lost=True)),
)
actors = st.builds(lambda unit, provincial: at(unit, provincial=provincial), UNITS, st.booleans())
steps = st.one_of(
    st.tuples(actors, commands),
    st.tuples(actors, commands),
    st.tuples(st.builds(gone, UNITS), st.just(cmd.Leave(lost=True))),
    st.tuples(st.just(CENTER), st.one_of(st.just(cmd.Tick()), st.just(schedule()))),
    st.tuples(actors, st.just(cmd.End())),
    st.integers(1, 200),
)


def is_legal(state: MeetingState) -> None:
    """What holds of every state that a meeting may ever be in."""
    statuses = [turn.status for turn in state.floor]
    assert statuses.count(FloorStatus.GRANTED) <= 1
    assert len({turn.request_id for turn in state.floor}) == len(state.floor)
    for turn in state.floor:
        assert turn.unit_path in state.sites
        assert (turn.granted_at is not None) == (turn.speech_no > 0)
        waiting = turn.status in (FloorStatus.PENDING, FloorStatus.ACCEPTED, FloorStatus.GRANTED)
        assert waiting == (turn.ended_at is None)
    numbers = sorted(turn.speech_no for turn in state.floor if turn.speech_no)
    assert numbers == list(range(1, len(numbers) + 1))
    if state.chair is not None:
        assert state.phase in (MeetingPhase.OPEN, MeetingPhase.ENDED)
        if state.phase is MeetingPhase.OPEN:
            assert (state.chair_grace_until is not None) == (not state.sites[state.chair].online)
    else:
        assert state.chair_grace_until is None
    assert set(state.sites) <= {state.host, *state.invited} | {PROVINCE, CITY, HUIDONG}
    running = [item.number for item in state.agenda if item.started_at and not item.ended_at]
    assert running == ([state.agenda_at] if state.agenda_at and state.phase is MeetingPhase.OPEN else [])
    on_air = state.sites_on_air
    assert len(on_air) <= (1 if state.mode is MeetingMode.LECTURE else 2)
    assert all(state.sites[path].online and not state.sites[path].muted for path in on_air)
    if state.phase is not MeetingPhase.OPEN:
        assert not on_air
    if state.phase is MeetingPhase.ENDED:
        assert not state.queue
        assert state.speaking is None


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(MeetingMode), st.lists(steps, max_size=60))
def test_any_interleaving_of_commands_leaves_a_legal_state_and_a_log_that_replays_to_it(mode, story):
    play = Play(mode)
    for unit in (HUIDONG, CITY, BOLUO):
        play.does(at(unit), cmd.Join("会场"))
    for step in story:
        if isinstance(step, int):
            play.wait(step)
            continue
        actor, command = step
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


CHAIR_MOVERS = {"Join", "Leave", "RequestChair", "ReleaseChair", "Tick"}


@settings(max_examples=60, deadline=None)
@given(st.lists(steps, max_size=40))
def test_a_command_that_was_followed_and_comes_at_once_again_changes_nothing_twice(story):
    """At most one event set per wish: what `decide` answers to a repetition is empty, a refusal, or about new time."""
    play = Play()
    for unit in (HUIDONG, CITY, BOLUO):
        play.does(at(unit), cmd.Join("会场"))
    for step in story:
        if isinstance(step, int):
            play.wait(step)
            continue
        actor, command = step
        if isinstance(command, cmd.ExtendFloor | cmd.ReleaseChair) or play.tries(actor, command) is not None:
            continue
        settled = play.state
        play.tries(actor, command)
        assert replace(play.state, seq=settled.seq) == settled


def test_the_centers_own_commands_are_refused_from_a_site():
    play = Play()
    play.does(at(HUIDONG), cmd.Join("会场"))
    for command in (cmd.Tick(), cmd.Leave(lost=True), schedule()):
        assert play.tries(SiteActor(HUIDONG, at(HUIDONG).device), command) == "command-not-allowed"
