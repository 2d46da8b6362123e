"""Pages that are turned for everybody, and a question that every site answers."""

import pytest

from desktop_app.domain.meetings import MeetingMode
from media.meeting import commands as cmd
from media.meeting import events as ev
from media.meeting.inquiry import InquiryTally, Stance, inquiry_tally
from media.meeting.stage import SCREEN, Layout
from tests.meeting.rooms import BOLUO, CITY, HUIDONG, PROVINCE, Play, at

TALK, OTHER = "a" * 64, "b" * 64


def opened(mode: MeetingMode = MeetingMode.CONSULTATION) -> Play:
    """惠东县 hosts; 广东省, 惠州市 and 博罗县 are in."""
    play = Play(mode)
    for unit in (HUIDONG, PROVINCE, CITY, BOLUO):
        play.does(at(unit), cmd.Join(unit))
    return play


@pytest.fixture
def play() -> Play:
    return opened()


def page(number: int, document: str = TALK) -> cmd.PointSlide:
    return cmd.PointSlide(document, number, 12, "县域医疗")


def test_the_first_page_divides_the_screens_for_content_and_the_last_gives_them_back(play: Play):
    play.does(at(HUIDONG), page(1))
    assert play.state.layout is Layout.CONTENT
    assert [type(one) for one in play.does(at(HUIDONG), page(2))] == [ev.SlidePointed]
    assert play.state.slide is not None
    assert (play.state.slide.document, play.state.slide.page, play.state.slide.presenter) == (TALK, 2, HUIDONG)
    play.does(at(HUIDONG), cmd.PointSlide(""))
    assert (play.state.slide, play.state.layout) == (None, Layout.SPEAKER)


def test_a_gallery_that_was_chosen_meanwhile_stays(play: Play):
    play.does(at(HUIDONG), page(1))
    play.does(at(HUIDONG), cmd.SetLayout(Layout.GALLERY_3))
    play.does(at(HUIDONG), page(2))
    play.does(at(HUIDONG), cmd.PointSlide(""))
    assert play.state.layout is Layout.GALLERY_3


def test_pages_are_turned_by_the_chair_and_by_the_room_that_speaks_and_by_nobody_else(play: Play):
    assert play.tries(at(CITY), page(1)) == "slides-not-yours"
    play.does(at(CITY), cmd.RequestFloor("1", "m", "甲"))
    play.does(at(HUIDONG), cmd.GrantFloor("1", 300))
    play.does(at(CITY), page(3))
    assert play.tries(at(BOLUO), page(4)) == "slides-not-yours"
    assert play.tries(at(BOLUO), cmd.PointSlide("")) == "slides-not-yours"
    play.does(at(HUIDONG), cmd.ReleaseFloor("1"))
    assert play.tries(at(CITY), page(4)) == "slides-not-yours"
    play.does(at(CITY), cmd.PointSlide(""))
    assert play.state.slide is None, "who showed a page may take it away"


def test_who_asks_in_a_lecture_does_not_turn_the_lecturers_pages():
    play = opened(MeetingMode.LECTURE)
    play.does(at(HUIDONG), page(1))
    play.does(at(CITY), cmd.RequestFloor("1", "m", "甲"))
    play.does(at(HUIDONG), cmd.GrantFloor("1", 300))
    assert play.tries(at(CITY), page(2)) == "slides-not-yours"
    assert play.tries(at(CITY), cmd.PointSlide("")) == "slides-not-yours"


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (cmd.PointSlide("no hash", 1, 2), "document"),
        (cmd.PointSlide(TALK.upper(), 1, 2), "document"),
        (cmd.PointSlide(TALK, 0, 2), "page"),
        (cmd.PointSlide(TALK, 3, 2), "page"),
        (cmd.PointSlide(TALK, 1, 2_001), "page"),
    ],
)
def test_a_page_that_cannot_be_is_refused(play: Play, command: cmd.PointSlide, field: str):
    assert play.tries(at(HUIDONG), command) == "field-invalid", field
    assert play.state.slide is None


def test_the_pages_of_a_removed_site_go_with_it(play: Play):
    play.does(at(CITY), cmd.RequestFloor("1", "m", "甲"))
    play.does(at(HUIDONG), cmd.GrantFloor("1", 300))
    play.does(at(CITY), page(3, OTHER))
    play.does(at(HUIDONG), cmd.Remove(CITY))
    assert (play.state.slide, play.state.layout) == (None, Layout.SPEAKER)


def test_an_inquiry_asks_all_who_are_here_and_counts_how_each_stands(play: Play):
    play.does(at(HUIDONG), cmd.OpenInquiry("q1", "是否同意先行试点"))
    inquiry = play.state.inquiry
    assert inquiry is not None
    assert set(inquiry.unit_paths) == {PROVINCE, CITY, BOLUO}, "all but the chair's own"
    play.does(at(PROVINCE), cmd.AnswerInquiry("q1", Stance.AGREE))
    play.does(at(CITY), cmd.AnswerInquiry("q1", Stance.ABSTAIN))
    play.does(at(CITY), cmd.AnswerInquiry("q1", Stance.OTHER, "先做测算"))
    play.does(at(HUIDONG), cmd.CloseInquiry("q1"))
    assert play.state.inquiry is None
    assert inquiry_tally(play.state.inquiries[0]) == InquiryTally(3, 1, 1, 0, 1)
    answer = play.state.inquiries[0].answer_of(CITY)
    assert answer is not None
    assert (answer.stance, answer.remark) == (Stance.OTHER, "先做测算")


def test_one_inquiry_at_a_time_and_only_who_is_asked_answers(play: Play):
    assert play.tries(at(CITY), cmd.OpenInquiry("q1", "同意吗")) == "chair-only"
    play.does(at(HUIDONG), cmd.OpenInquiry("q1", "同意吗", (CITY,)))
    assert play.tries(at(HUIDONG), cmd.OpenInquiry("q2", "再问一次")) == "inquiry-running"
    assert play.tries(at(BOLUO), cmd.AnswerInquiry("q1", Stance.AGREE)) == "inquiry-not-asked"
    assert play.tries(at(CITY), cmd.AnswerInquiry("q9", Stance.AGREE)) == "inquiry-none"
    assert play.tries(at(CITY), cmd.CloseInquiry("q1")) == "chair-only"
    play.does(at(HUIDONG), cmd.CloseInquiry("q1"))
    assert play.tries(at(CITY), cmd.AnswerInquiry("q1", Stance.AGREE)) == "inquiry-none"
    assert play.does(at(HUIDONG), cmd.OpenInquiry("q1", "同意吗")) == [], "the same one is not asked twice"


def test_a_question_without_words_or_of_a_site_that_is_not_there_is_refused(play: Play):
    assert play.tries(at(HUIDONG), cmd.OpenInquiry("q1", "")) == "field-invalid"
    play.does(at(HUIDONG), cmd.Remove(BOLUO))
    assert play.tries(at(HUIDONG), cmd.OpenInquiry("q1", "同意吗", (BOLUO,))) == "site-unknown"


def test_a_meeting_has_fifty_inquiries_at_most_and_its_end_closes_the_last(play: Play):
    for number in range(49):
        play.does(at(HUIDONG), cmd.OpenInquiry(f"q{number}", "同意吗"))
        play.does(at(HUIDONG), cmd.CloseInquiry(f"q{number}"))
    play.does(at(HUIDONG), cmd.OpenInquiry("q49", "同意吗"))
    play.does(at(HUIDONG), cmd.CloseInquiry("q49"))
    assert play.tries(at(HUIDONG), cmd.OpenInquiry("q50", "同意吗")) == "inquiries-too-many"


def test_the_end_of_the_meeting_takes_pages_and_question_away(play: Play):
    play.does(at(HUIDONG), page(1))
    play.does(at(HUIDONG), cmd.OpenInquiry("q1", "同意吗"))
    play.does(at(HUIDONG), cmd.End())
    assert (play.state.slide, play.state.inquiry) == (None, None)
    assert play.state.inquiries[0].closed_at == play.now


def screen(title: str = "表格") -> cmd.PointSlide:
    return cmd.PointSlide(SCREEN, 1, 1, title)


def test_a_screen_is_shared_by_the_rules_of_the_pages_and_the_chair_may_take_over(play: Play):
    assert play.tries(at(CITY), screen()) == "slides-not-yours"
    play.does(at(CITY), cmd.RequestFloor("1", "m", "甲"))
    play.does(at(HUIDONG), cmd.GrantFloor("1", 300))
    play.does(at(CITY), screen())
    assert (play.state.shares, play.state.layout) == (CITY, Layout.CONTENT)
    assert play.does(at(CITY), screen()) == []
    play.does(at(HUIDONG), screen())
    assert play.state.shares == HUIDONG
    play.does(at(HUIDONG), page(1))
    assert play.state.shares is None


def test_a_shared_screen_goes_with_its_site(play: Play):
    play.does(at(CITY), cmd.RequestFloor("1", "m", "甲"))
    play.does(at(HUIDONG), cmd.GrantFloor("1", 300))
    play.does(at(CITY), screen())
    play.does(at(CITY), cmd.Leave())
    assert (play.state.shares, play.state.layout) == (None, Layout.SPEAKER)
