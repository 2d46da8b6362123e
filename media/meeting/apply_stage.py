"""How the state changes with what is shown and said besides the floor, and with a roll call."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from desktop_app.domain.faults import PeerFault
from desktop_app.domain.ids import UnitPath
from media.meeting import events as ev
from media.meeting.inquiry import Inquiry, InquiryAnswer
from media.meeting.model import MeetingState, Site
from media.meeting.roll_call import RollAnswer, RollCall, RollPhase, RollStatus
from media.meeting.stage import MESSAGES_KEPT, Budget, Caption, Message, Polling, Slide


def stage_changed(state: MeetingState, event: ev.StageEvent) -> MeetingState:
    match event:
        case ev.BroadcastSet():
            return replace(state, broadcast=event.unit_path)
        case ev.ViewSelected():
            return with_sites(state, replace(site_of(state, event.unit_path), view=event.source))
        case ev.PollingSet():
            polling = Polling(event.unit_paths, event.interval_seconds, event.at, event.everyone)
            return replace(state, polling=polling if event.unit_paths else None)
        case ev.LayoutSet():
            return replace(state, layout=event.layout)
        case ev.Captioned():
            return replace(state, caption=Caption(event.unit_path, event.text, event.at) if event.text else None)
        case ev.MessageSent():
            said = Message(event.message_id, event.unit_path, event.to, event.text, event.at)
            return replace(state, messages=(*state.messages, said)[-MESSAGES_KEPT:])
        case ev.BudgetSet():
            others = tuple(one for one in state.budgets if (one.unit_path, one.level) != (event.unit_path, event.level))
            new = (Budget(event.unit_path, event.level, event.seconds),) if event.seconds else ()
            return replace(state, budgets=(*others, *new))
        case ev.RecordingSet():
            return replace(state, recording_since=event.at if event.recording else None)
        case ev.ConsentGiven():
            return with_sites(state, replace(site_of(state, event.unit_path), consent=event.given))
        case ev.SlidePointed():
            if not event.document:
                return replace(state, slide=None)
            slide = Slide(event.document, event.page, event.pages, event.title, event.unit_path, event.at)
            return replace(state, slide=slide)
        case ev.InquiryOpened():
            asked = Inquiry(
                event.inquiry_id, event.question, event.unit_paths, event.at, event.opened_by, event.operator
            )
            return replace(state, inquiries=(*state.inquiries, asked))
        case ev.InquiryAnswered():
            return _with_inquiry(state, event.inquiry_id, lambda one: _with_answer(one, event.answer))
        case ev.InquiryClosed():
            return _with_inquiry(state, event.inquiry_id, lambda one: replace(one, closed_at=event.at))
        case _:
            assert_never(event)


def _with_inquiry(state: MeetingState, inquiry_id: str, change: Callable[[Inquiry], Inquiry]) -> MeetingState:
    """Raises PeerFault("event-misplaced") where this question is not open."""
    inquiry = state.inquiry
    if inquiry is None or inquiry.inquiry_id != inquiry_id:
        raise PeerFault("event-misplaced", inquiry=inquiry_id)
    return replace(state, inquiries=(*state.inquiries[:-1], change(inquiry)))


def _with_answer(inquiry: Inquiry, answer: InquiryAnswer) -> Inquiry:
    if inquiry.answer_of(answer.unit_path) is None:
        return replace(inquiry, answers=(*inquiry.answers, answer))
    answers = tuple(answer if one.unit_path == answer.unit_path else one for one in inquiry.answers)
    return replace(inquiry, answers=answers)


def roll_changed(state: MeetingState, event: ev.RollEvent) -> MeetingState:
    """Raises PeerFault("event-misplaced") where no roll call runs."""
    if isinstance(event, ev.RollCallOpened):
        opened = RollCall(
            event.number,
            event.manner,
            event.unit_paths,
            event.at,
            event.opened_by,
            event.operator,
            closes_at=event.closes_at,
        )
        return replace(state, roll_calls=(*state.roll_calls, opened))
    roll = state.roll_call
    if roll is None:
        raise PeerFault("event-misplaced", roll_call=len(state.roll_calls))
    match event:
        case ev.RollSiteCalled():
            site = state.sites.get(event.unit_path)
            if site is not None and site.muted:
                state = with_sites(state, replace(site, muted=False, mute_reason=""))
            changed = replace(roll, calling=event.unit_path, called=(*roll.called, event.unit_path))
        case ev.RollAnswered():
            changed = _answered(roll, event.answer)
        case ev.RollCallPaused():
            changed = replace(roll, phase=RollPhase.PAUSED, calling=None)
        case ev.RollCallResumed():
            changed = replace(roll, phase=RollPhase.OPEN)
        case ev.RollCallClosed():
            changed = _closed(roll, event.at, event.missing, event.offline)
        case _:
            assert_never(event)
    return replace(state, roll_calls=(*state.roll_calls[:-1], changed))


def _answered(roll: RollCall, answer: RollAnswer) -> RollCall:
    calling = None if roll.calling == answer.unit_path else roll.calling
    if roll.answer_of(answer.unit_path) is None:
        return replace(roll, answers=(*roll.answers, answer), calling=calling)
    answers = tuple(answer if one.unit_path == answer.unit_path else one for one in roll.answers)
    return replace(roll, answers=answers, calling=calling)


def _closed(roll: RollCall, at: datetime, missing: tuple[UnitPath, ...], offline: tuple[UnitPath, ...]) -> RollCall:
    silent = [RollAnswer(path, RollStatus.NO_ANSWER, at) for path in missing]
    silent += [RollAnswer(path, RollStatus.OFFLINE, at, online=False) for path in offline]
    answers = (*roll.answers, *silent)
    return replace(roll, phase=RollPhase.CLOSED, closed_at=at, calling=None, answers=answers)


def site_of(state: MeetingState, unit_path: UnitPath) -> Site:
    """Raises PeerFault("event-misplaced") for a site that never came in."""
    site = state.sites.get(unit_path)
    if site is None:
        raise PeerFault("event-misplaced", site=unit_path)
    return site


def with_sites(state: MeetingState, *sites: Site) -> MeetingState:
    return replace(state, sites={**state.sites, **{site.unit_path: site for site in sites}})
