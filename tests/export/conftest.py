"""A terminal's store after a meeting: agenda, turns, sign-ins, minutes and opinions."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from desktop_app.domain.clock import stamp
from desktop_app.domain.ids import derived_id
from sync.documents.minutes import MinutesDocument
from sync.meetings.desk import SignInDesk
from sync.meetings.roster_import import import_roster, member_id
from sync.meetings.schedule import AgendaDraft, MeetingDraft, schedule_meeting
from sync.reference.samples import sample_agenda, sample_roster
from sync.terminal.records import Records, Write
from tests.meetings.conftest import HUIDONG, HandClock, huidong_records

START = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> HandClock:
    return HandClock(START - timedelta(minutes=20))


@pytest.fixture
def records(tmp_path: Path, clock: HandClock) -> Iterator[Records]:
    with huidong_records(tmp_path, clock) as opened:
        yield opened


@pytest.fixture
def meeting(records: Records, clock: HandClock) -> str:
    agenda = sample_agenda()
    items = tuple(AgendaDraft(item.item_type, item.title, item.planned_min) for item in agenda.items)
    draft = MeetingDraft(agenda.title, agenda.kind, HUIDONG, START, START + timedelta(hours=2), agenda.invited, items)
    made = schedule_meeting(records, draft, clock)
    import_roster(records, sample_roster(), unit_path=HUIDONG, meeting=made)
    desk = SignInDesk(records, made, HUIDONG, clock)
    for place in range(1, 13):
        desk.sign_in(member_id(f"441323-15-{place:04}"))
    desk.excuse(member_id("441323-15-0013"), "official")
    desk.sign_in_guest("王医生")
    times = {"actual_start": stamp(START), "actual_end": stamp(START + timedelta(minutes=110)), "state": "ended"}
    records.write(Write("meeting", made, times, made))
    return made


@pytest.fixture
def minutes(records: Records, meeting: str) -> str:
    """The minutes of 惠东县: three blocks, one opinion."""
    items = sorted(records.list("agenda_item", meeting=meeting), key=lambda row: int(row["item_no"]))
    made = derived_id("minutes", meeting, HUIDONG)
    fields: dict[str, Any] = {"meeting": meeting, "unit_path": HUIDONG, "title": "会议记录", "state": "draft"}
    records.write(Write("minutes", made, fields, meeting))
    document = MinutesDocument()
    document.add_block(
        agenda_item=items[0]["pk"], member_name="周委员01", site=HUIDONG, at=stamp(START), text="请大家按议程发言。"
    )
    spoken = document.add_block(
        agenda_item=items[2]["pk"],
        member_name="曾委员06",
        site=HUIDONG,
        at=stamp(START + timedelta(minutes=16)),
        text="建议三镇卫生院设夜间儿科值守点。\n补助由县财政分担。",
    )
    document.add_block(text="（网络中断期间，本会场继续讨论。）")
    update = document.take_update()
    assert update is not None
    records.save_update(made, update, meeting=meeting)
    opinion = {
        "meeting": meeting,
        "block": spoken,
        "member_name": "曾委员06",
        "site": HUIDONG,
        "text": "三镇卫生院设夜间儿科值守点。",
        "state": "noted",
    }
    records.write(Write("opinion", derived_id("opinion", 1), opinion, meeting))
    return made
