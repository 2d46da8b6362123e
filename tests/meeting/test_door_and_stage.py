"""Who is let in and put out, and what a chair shows: broadcast, polling, captions, messages, recording, late guests."""

from dataclasses import replace
from datetime import timedelta

import pytest

from desktop_app.domain.meetings import MeetingMode
from media.meeting import commands as cmd
from media.meeting import events as ev
from media.meeting.decide import CENTER
from media.meeting.model import AgendaPoint
from media.meeting.picture import polled, shown
from media.meeting.stage import Layout
from tests.meeting.rooms import AGENDA, BOLUO, CITY, HUIDONG, PROVINCE, STRANGER, Play, at, gone, schedule


@pytest.fixture
def play() -> Play:
    """惠东县 hosts; 广东省 and 惠州市 are in, 博罗县 is invited."""
    opened = Play()
    for unit in (HUIDONG, PROVINCE, CITY):
        opened.does(at(unit), cmd.Join(unit))
    return opened


def chair(play: Play, command: cmd.Command) -> list[ev.Event]:
    return play.does(at(HUIDONG), command)


def test_who_comes_late_to_a_locked_meeting_waits_until_it_is_admitted(play: Play):
    chair(play, cmd.Lock())
    play.does(at(BOLUO), cmd.Join("博罗"))
    assert (list(play.state.lobby), BOLUO in play.state.sites) == ([BOLUO], False)
    assert play.tries(at(BOLUO), cmd.RequestFloor("1", "m", "甲")) == "meeting-locked"
    assert play.does(at(BOLUO), cmd.Join("博罗")) == []
    chair(play, cmd.Admit(BOLUO))
    assert (list(play.state.lobby), play.state.sites[BOLUO].online) == ([], True)


def test_who_was_in_before_the_lock_comes_back_by_itself(play: Play):
    chair(play, cmd.Lock())
    play.does(gone(CITY), cmd.Leave(lost=True))
    play.does(at(CITY), cmd.Join("惠州"))
    assert play.state.sites[CITY].online
    chair(play, cmd.Admit(BOLUO))
    play.does(at(BOLUO), cmd.Join("博罗"))
    assert play.state.sites[BOLUO].online, "admitted before it came"


def test_unlocking_lets_in_who_waits_and_a_lost_one_waits_no_more(play: Play):
    chair(play, cmd.Lock())
    play.does(at(BOLUO), cmd.Join("博罗"))
    play.does(gone(BOLUO), cmd.Leave(lost=True))
    assert not play.state.lobby
    play.does(at(BOLUO), cmd.Join("博罗"))
    chair(play, cmd.Lock(locked=False))
    assert play.state.sites[BOLUO].online


def test_a_removed_site_loses_all_it_had_and_comes_back_only_when_admitted(play: Play):
    play.does(at(CITY), cmd.RequestFloor("1", "m1", "甲"))
    play.does(at(CITY), cmd.RequestFloor("2", "m2", "乙"))
    chair(play, cmd.GrantFloor("1", 60))
    chair(play, cmd.Broadcast(CITY))
    chair(play, cmd.Delegate(CITY))
    assert play.tries(at(CITY), cmd.Remove(PROVINCE)) == "chair-only"
    chair(play, cmd.Remove(CITY, "走错会场"))
    state = play.state
    assert (state.speaking, state.queue, state.broadcast, state.sub_chairs) == (None, (), None, ())
    assert not state.sites[CITY].online
    assert play.tries(at(CITY), cmd.Join("惠州")) == "site-removed"
    assert play.tries(at(CITY), cmd.SendMessage("1", "喂")) == "not-joined"
    chair(play, cmd.Admit(CITY))
    play.does(at(CITY), cmd.Join("惠州"))
    assert play.state.sites[CITY].online
    for stays in (HUIDONG, PROVINCE):
        asker = at(PROVINCE, provincial=True)
        assert play.tries(asker, cmd.Remove(stays)) == "chair-stays"


def test_a_take_over_names_the_absent_holder(play: Play):
    assert play.tries(at(CITY), cmd.TakeChair(HUIDONG)) == "chair-held"
    play.does(gone(HUIDONG), cmd.Leave(lost=True))
    assert play.tries(at(CITY), cmd.TakeChair(PROVINCE)) == "chair-moved"
    assert play.tries(at(PROVINCE), cmd.TakeChair(HUIDONG)) == "chair-held"
    (event,) = play.does(at(CITY), cmd.TakeChair(HUIDONG))
    assert event == ev.ChairPassed(play.now, CITY, ev.ChairCause.TAKEN_OVER)
    assert play.tries(at(PROVINCE, provincial=True), cmd.TakeChair(HUIDONG)) == "chair-moved"


def test_a_broadcast_site_is_on_every_screen_and_else_each_sees_its_own_choice(play: Play):
    play.does(at(CITY), cmd.SelectView(PROVINCE))
    assert (shown(play.state, CITY, play.now), shown(play.state, PROVINCE, play.now)) == (PROVINCE, HUIDONG)
    chair(play, cmd.SelectView(CITY, screen=PROVINCE))
    assert shown(play.state, PROVINCE, play.now) == CITY
    assert play.tries(at(CITY), cmd.SelectView(CITY, screen=PROVINCE)) == "chair-only"
    chair(play, cmd.Broadcast(HUIDONG))
    assert shown(play.state, CITY, play.now) == HUIDONG
    assert play.tries(at(HUIDONG), cmd.Broadcast(BOLUO)) == "site-unknown"
    play.does(gone(PROVINCE), cmd.Leave(lost=True))
    chair(play, cmd.Broadcast(None))
    assert shown(play.state, CITY, play.now) == HUIDONG, "who is away is not shown"


def test_polling_shows_one_site_after_the_other_and_passes_over_who_is_away(play: Play):
    assert play.tries(at(HUIDONG), cmd.Poll((CITY, PROVINCE), 1)) == "field-invalid"
    chair(play, cmd.Poll((CITY, PROVINCE, HUIDONG), 10))
    seen = [polled(play.state, play.now + timedelta(seconds=second)) for second in (0, 9, 10, 20, 30)]
    assert seen == [CITY, CITY, PROVINCE, HUIDONG, CITY]
    assert shown(play.state, CITY, play.now) == HUIDONG, "only the chair's screen follows"
    play.does(gone(PROVINCE), cmd.Leave(lost=True))
    assert polled(play.state, play.now + timedelta(seconds=10)) == HUIDONG
    chair(play, cmd.Poll(()))
    assert play.state.polling is None


def test_layout_recording_and_consent_are_seen_by_all(play: Play):
    chair(play, cmd.SetLayout(Layout.GALLERY_3))
    chair(play, cmd.Record(recording=True))
    play.does(at(CITY), cmd.Consent(given=False))
    assert play.state.layout is Layout.GALLERY_3
    assert play.state.recording_since == play.now
    assert (play.state.sites[CITY].consent, play.state.sites[PROVINCE].consent) == (False, None)
    chair(play, cmd.Record(recording=False))
    assert play.state.recording_since is None


def test_captions_are_typed_by_the_chair_and_by_who_speaks(play: Play):
    assert play.tries(at(CITY), cmd.TypeCaption("各位")) == "caption-not-yours"
    play.does(at(CITY), cmd.RequestFloor("1", "m", "甲"))
    chair(play, cmd.GrantFloor("1", 60))
    play.does(at(CITY), cmd.TypeCaption("各位委员"))
    assert play.state.caption is not None
    assert play.state.caption.text == "各位委员"
    chair(play, cmd.TypeCaption(""))
    assert play.state.caption is None


def test_a_site_writes_to_the_chair_and_the_chair_answers(play: Play):
    play.does(at(CITY), cmd.SendMessage("1", "声音小"))
    chair(play, cmd.SendMessage("2", "已调大", to=CITY))
    assert [(said.sender, said.to) for said in play.state.messages] == [(CITY, None), (HUIDONG, CITY)]
    assert play.tries(at(CITY), cmd.SendMessage("3", "喂", to=PROVINCE)) == "chair-only"
    for number in range(9):
        play.does(at(CITY), cmd.SendMessage(f"n{number}", "喂"))
    assert play.tries(at(CITY), cmd.SendMessage("one more", "喂")) == "messages-too-many"
    play.wait(61)
    play.does(at(CITY), cmd.SendMessage("one more", "喂"))


def test_a_guest_invited_after_the_opening_joins_and_an_uninvited_one_is_out(play: Play):
    assert play.tries(at(STRANGER), cmd.Join("荔湾")) == "not-invited"
    plan = replace(schedule(), invited=(PROVINCE, CITY, STRANGER))
    play.does(CENTER, plan)
    play.does(at(STRANGER), cmd.Join("荔湾"))
    play.does(CENTER, replace(schedule(), invited=(PROVINCE, CITY)))
    assert not play.state.sites[STRANGER].online
    assert play.tries(at(STRANGER), cmd.Join("荔湾")) == "not-invited"
    play.does(CENTER, plan)
    play.does(at(STRANGER), cmd.Join("荔湾"))
    assert play.state.sites[STRANGER].online


def test_who_waits_for_the_opening_and_is_uninvited_before_it_is_not_in_the_meeting():
    play = Play()
    play.does(CENTER, replace(schedule(), invited=(PROVINCE, CITY, BOLUO)))
    play.does(at(BOLUO), cmd.Join("博罗"))
    play.does(CENTER, replace(schedule(), invited=(PROVINCE, CITY)))
    play.does(at(HUIDONG), cmd.Join("惠东"))
    assert not play.state.sites[BOLUO].online
    assert play.tries(at(BOLUO), cmd.Join("博罗")) == "not-invited"
    play.does(CENTER, schedule())
    play.does(at(BOLUO), cmd.Join("博罗"))
    assert play.state.sites[BOLUO].online


def test_who_is_uninvited_and_invited_again_before_the_opening_comes_in():
    play = Play()
    for invited in ((CITY, BOLUO), (CITY,), (CITY, BOLUO)):
        play.does(CENTER, replace(schedule(), invited=invited))
        if BOLUO in invited:
            play.does(at(BOLUO), cmd.Join("博罗"))
    assert play.state.sites[BOLUO].online


def test_an_item_is_added_to_the_agenda_and_what_was_treated_keeps_its_times(play: Play):
    chair(play, cmd.PointAgenda(2))
    began = play.now
    play.wait(60)
    added = AgendaPoint("item-new", 1, "SPEECH", "临时通报")
    play.does(CENTER, replace(schedule(), agenda=(added, AGENDA[0], AGENDA[2])))
    assert [item.item_id for item in play.state.agenda] == ["item-new", "item-1", "item-3", "item-2"]
    assert play.state.agenda[-1].started_at == began, "an item that was begun is not taken away"
    assert play.state.agenda_at == 4
    assert play.does(CENTER, replace(schedule(), agenda=(added, AGENDA[0], AGENDA[2]))) == []


def test_the_meeting_is_extended_and_an_older_plan_does_not_take_it_back(play: Play):
    planned = play.now + timedelta(hours=1)
    play.does(CENTER, replace(schedule(), planned_end=planned))
    chair(play, cmd.ExtendMeeting(1800))
    assert play.state.planned_end == planned + timedelta(minutes=30)
    play.does(CENTER, replace(schedule(), title="新的标题", planned_end=planned))
    assert (play.state.title, play.state.planned_end) == ("新的标题", planned + timedelta(minutes=30))


def test_a_rehearsal_is_conducted_as_any_meeting():
    play = Play(MeetingMode.REHEARSAL)
    play.does(at(HUIDONG), cmd.Join("惠东"))
    chair(play, cmd.Lock())
    assert play.state.sites_on_air == {HUIDONG}
