"""After a meeting the speeches that nobody wrote down stand in the minutes, once, to be completed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from drawn import BL, HD
from PySide6.QtCore import QObject, Signal
from test_minutes_page import Desk

from desktop_app.domain.clock import stamp
from media.meeting.model import MeetingState
from sync.documents.minutes import Block
from sync.log.write import Write
from sync.meetings.minutes_draft import missing_blocks
from ui.models.minutes_drafter import MinutesDrafter


class Talk(QObject):
    """The meeting that this room hosts, until it ends."""

    changed = Signal()
    closed = Signal(str)

    def __init__(self, meeting: str, host: str) -> None:
        super().__init__()
        self.meeting_id, self.in_meeting = meeting, True
        self.state = MeetingState(meeting, host=host)  # type: ignore[arg-type]  # plain words for ids

    def ends(self, how: str = "ended") -> None:
        self.changed.emit()
        self.in_meeting = False
        self.closed.emit(how)


@pytest.fixture
def desk(qtbot: Any, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.model.close()
    made.terminal.close()


def speech(desk: Desk, number: int, name: str, minute: float, site: str = HD, seconds: int = 233) -> None:
    begin = desk.terminal.clock.now() + timedelta(minutes=minute)
    fields = {
        "meeting": desk.meeting,
        "speech_no": number,
        "agenda_item": desk.items[1],
        "member": f"p{number}",
        "member_name": name,
        "site": site,
        "started_at": stamp(begin),
        "ended_at": stamp(begin + timedelta(seconds=seconds)),
        "seconds": seconds,
    }
    desk.store.write(Write("speech", f"s{number}", fields, desk.meeting))


def over(desk: Desk) -> None:
    fields = {"state": "ended", "actual_end": stamp(desk.terminal.clock.now() + timedelta(hours=1))}
    desk.store.write(Write("meeting", desk.meeting, fields, desk.meeting))


def test_what_was_said_and_not_written_stands_in_the_minutes_once(desk: Desk, qtbot: Any) -> None:
    talk = Talk(desk.meeting, HD)
    drafter = MinutesDrafter(desk.terminal.services, desk.model, talk)  # type: ignore[arg-type]  # all of a meeting that it asks for
    written = desk.model.add_block("p1", "委员01", HD, agenda_item=desk.items[1], text="我已记下。")
    speech(desk, 1, "委员01", -3)
    speech(desk, 2, "委员02", 5, BL)
    drafted: list[tuple[str, int]] = []
    drafter.drafted.connect(lambda meeting, count: drafted.append((meeting, count)))
    talk.ends()
    over(desk)
    qtbot.waitUntil(lambda: bool(drafted), timeout=15_000)
    assert drafted == [(desk.meeting, 1)]
    blocks = desk.kept().blocks()
    assert [(one.member_name, one.site, one.text) for one in blocks] == [
        ("委员01", HD, "我已记下。"),
        ("委员02", BL, "（发言 3 分 53 秒，内容待补记）"),
    ]
    assert blocks[0].id == written
    drafter.draft(desk.meeting)
    qtbot.waitUntil(lambda: len(drafted) == 2, timeout=15_000)
    assert drafted[1][1] == 0
    drafter.close()


@pytest.mark.parametrize(("host", "how"), [(BL, "ended"), (HD, "left")])
def test_a_room_that_did_not_host_or_only_left_drafts_nothing_by_itself(
    desk: Desk, qtbot: Any, host: str, how: str
) -> None:
    talk = Talk(desk.meeting, host)
    drafter = MinutesDrafter(desk.terminal.services, desk.model, talk)  # type: ignore[arg-type]  # all of a meeting that it asks for
    speech(desk, 1, "委员01", 0)
    talk.ends(how)
    over(desk)
    assert not drafter.is_due
    drafter.draft(desk.meeting)
    assert drafter.is_due
    qtbot.waitUntil(lambda: len(desk.model.blocks) == 1, timeout=15_000)
    drafter.close()


def block(name: str, at: str, member: str = "") -> Block:
    return Block("b", "a", member, name, HD, at, "说了")


def row(number: int, name: str, started: str, ended: str, member: str = "") -> dict[str, Any]:
    times = {"started_at": f"2026-11-20T07:{started}.000Z", "ended_at": f"2026-11-20T07:{ended}.000Z"}
    return {"speech_no": number, "member": member, "member_name": name, "seconds": 45, **times}


def test_two_turns_of_one_member_need_two_blocks() -> None:
    turns = [row(1, "委员01", "10:00", "12:00"), row(2, "委员01", "14:00", "15:00")]
    one = block("委员01", "2026-11-20T07:10:30.000Z")
    assert [missing.at for missing in missing_blocks(turns, [one])] == ["2026-11-20T07:14:00.000Z"]
    assert missing_blocks(turns, [one, block("委员01", "2026-11-20T07:16:00.000Z")]) == []


def test_a_block_long_before_the_speech_or_of_somebody_else_is_not_its_block() -> None:
    turns = [row(1, "委员01", "30:00", "32:00", "p1")]
    others = [block("委员01", "2026-11-20T07:10:00.000Z"), block("委员02", "2026-11-20T07:30:30.000Z", "p2")]
    assert [missing.text for missing in missing_blocks(turns, others)] == ["（发言 45 秒，内容待补记）"]
