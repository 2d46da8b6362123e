"""A meeting is scheduled whole, or told what is wrong with it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from desktop_app.domain.clock import Clock
from desktop_app.domain.faults import OperatorError
from desktop_app.domain.meetings import MeetingKind
from sync.meetings.schedule import AgendaDraft, MeetingDraft, schedule_meeting, usual_agenda
from sync.reference.samples import sample_agenda
from sync.reference.units import unit_of
from sync.terminal.records import Records

HUIDONG = unit_of("441323").unit_path


@pytest.fixture
def draft(clock: Clock) -> MeetingDraft:
    agenda = sample_agenda()
    items = tuple(
        AgendaDraft(item.item_type, item.title, item.planned_min, item.limit_sec, item.warn_sec)
        for item in agenda.items
    )
    start = clock.now()
    return MeetingDraft(agenda.title, agenda.kind, HUIDONG, start, start + timedelta(hours=2), agenda.invited, items)


def test_a_meeting_and_its_agenda_are_written_in_order(records: Records, draft: MeetingDraft, clock: Clock) -> None:
    meeting = schedule_meeting(records, draft, clock)

    row = records.get("meeting", meeting)
    assert row is not None
    assert (row["title"], row["state"], row["convener_unit"]) == (draft.title, "planned", HUIDONG)
    assert row["invited"] == list(draft.invited)
    assert not row.get("code"), "the official number is the center's to give"
    items = sorted(records.list("agenda_item", meeting=meeting), key=lambda item: item["item_no"])
    assert [item["title"] for item in items] == [item.title for item in draft.agenda]
    assert items[2]["limit_sec"] == 180


def test_the_host_is_not_its_own_guest_and_nobody_is_invited_twice(
    records: Records, draft: MeetingDraft, clock: Clock
) -> None:
    guests = (*draft.invited, HUIDONG, draft.invited[0])
    meeting = schedule_meeting(records, replace(draft, invited=guests), clock)

    row = records.get("meeting", meeting)
    assert row is not None
    assert row["invited"] == list(draft.invited)


def test_what_is_wrong_has_a_name_and_nothing_is_written(records: Records, draft: MeetingDraft, clock: Clock) -> None:
    wrong = {
        "meeting-title-missing": replace(draft, title="  "),
        "meeting-title-too-long": replace(draft, title="会" * 121),
        "meeting-ends-before-start": replace(draft, end=draft.start),
        "unit-unknown": replace(draft, invited=["100000/990000/"]),
        "meeting-too-many-sites": replace(draft, invited=[f"100000/{place}/" for place in range(200)]),
        "agenda-type-unknown": replace(draft, agenda=[AgendaDraft("DANCE", "跳舞")]),
        "agenda-title-too-long": replace(draft, agenda=[AgendaDraft("SPEECH", "会" * 121)]),
        "agenda-time-negative": replace(draft, agenda=[AgendaDraft("SPEECH", "发言", limit_sec=-1)]),
        "agenda-too-long": replace(draft, agenda=[AgendaDraft("SPEECH", "发言")] * 61),
    }
    for fault_id, draft_ in wrong.items():
        with pytest.raises(OperatorError) as raised:
            schedule_meeting(records, draft_, clock)
        assert raised.value.id == fault_id
    assert records.list("meeting") == []


def test_every_kind_of_meeting_proposes_its_usual_agenda() -> None:
    for kind in MeetingKind:
        assert usual_agenda(kind), kind
    speech = next(item for item in usual_agenda(MeetingKind.REMOTE_CONSULT) if item.item_type == "SPEECH")
    assert (speech.title, speech.limit_sec) == ("委员发言", 180)
