"""征询: opening, answering, closing. Pure, part of `decide`; the data and the tally are in `inquiry`."""

from media.meeting import commands as cmd
from media.meeting import events as ev
from media.meeting.case import Case, Decision, Refusal
from media.meeting.inquiry import Inquiry, InquiryAnswer

INQUIRIES = 50
"""Questions in one meeting."""


def open_inquiry(case: Case, command: cmd.OpenInquiry) -> Decision:
    state = case.state
    if not command.question or not command.inquiry_id:
        return Refusal("field-invalid", {"field": "question" if command.inquiry_id else "inquiry_id"})
    if any(one.inquiry_id == command.inquiry_id for one in state.inquiries):
        return []
    if state.inquiry is not None:
        return Refusal("inquiry-running")
    if len(state.inquiries) >= INQUIRIES:
        return Refusal("inquiries-too-many")
    asked = tuple(dict.fromkeys(command.unit_paths))
    if any(path not in state.sites or state.removal(path) is not None for path in asked):
        return Refusal("site-unknown")
    if not asked:
        asked = tuple(sorted(path for path, site in state.sites.items() if site.online and path != state.chair))
    if not asked:
        return Refusal("site-unknown")
    opened = ev.InquiryOpened(
        case.now, command.inquiry_id, command.question, asked, case.actor.unit_path, case.actor.person
    )
    return [opened]


def answer_inquiry(case: Case, command: cmd.AnswerInquiry) -> Decision:
    inquiry = _open(case, command.inquiry_id)
    if isinstance(inquiry, Refusal):
        return inquiry
    own = case.actor.unit_path
    if own not in inquiry.unit_paths:
        return Refusal("inquiry-not-asked")
    known = inquiry.answer_of(own)
    if known is not None and (known.stance, known.remark) == (command.stance, command.remark):
        return []
    answer = InquiryAnswer(own, command.stance, case.now, case.actor.person, command.remark)
    return [ev.InquiryAnswered(case.now, inquiry.inquiry_id, answer)]


def close_inquiry(case: Case, command: cmd.CloseInquiry) -> Decision:
    if any(one.inquiry_id == command.inquiry_id and not one.is_running for one in case.state.inquiries):
        return []
    inquiry = _open(case, command.inquiry_id)
    return inquiry if isinstance(inquiry, Refusal) else closed(case)


def closed(case: Case) -> list[ev.Event]:
    """The end of the open question; nothing where none is open."""
    inquiry = case.state.inquiry
    return [] if inquiry is None else [ev.InquiryClosed(case.now, inquiry.inquiry_id)]


def _open(case: Case, inquiry_id: str) -> Inquiry | Refusal:
    inquiry = case.state.inquiry
    return inquiry if inquiry is not None and inquiry.inquiry_id == inquiry_id else Refusal("inquiry-none")
