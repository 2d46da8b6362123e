"""A real store of 惠东县's terminal, with a clock that a test owns."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest

from desktop_app.domain.ids import PersonId
from sync.identity.device import DeviceIdentity, DeviceKey
from sync.meetings.schedule import MeetingDraft, schedule_meeting
from sync.reference.samples import sample_agenda
from sync.reference.units import unit_of
from sync.terminal.records import Records

HUIDONG = unit_of("441323").unit_path


class HandClock:
    """Time moves when the test says so, and a little at each look."""

    def __init__(self, time: datetime = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)) -> None:
        self.time = time

    def now(self) -> datetime:
        self.time += timedelta(milliseconds=1)
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@contextmanager
def huidong_records(folder: Path, clock: HandClock) -> Iterator[Records]:
    """The store of 惠东县's terminal, with its clerk at the seat."""
    identity = DeviceIdentity.of_center(DeviceKey.generate(), unit_path=HUIDONG, ca_pem="", url="")
    opened = Records.open(folder / "store", identity=identity, clock=clock)
    opened.act_as(PersonId("01990000-0000-7000-8000-000000000001"))
    yield opened
    opened.close()


@pytest.fixture
def records(tmp_path: Path, clock: HandClock) -> Iterator[Records]:
    with huidong_records(tmp_path, clock) as opened:
        yield opened


@pytest.fixture
def meeting(records: Records, clock: HandClock) -> str:
    agenda = sample_agenda()
    draft = MeetingDraft(
        title=agenda.title,
        kind=agenda.kind,
        convener=HUIDONG,
        start=clock.time + timedelta(minutes=30),
        end=clock.time + timedelta(minutes=150),
        invited=agenda.invited,
    )
    return schedule_meeting(records, draft, clock)


@pytest.fixture
def workbook(tmp_path: Path) -> Callable[..., Path]:
    """Make a .xlsx from rows."""

    def make(*rows: tuple[object, ...], name: str = "名册.xlsx") -> Path:
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        path = tmp_path / name
        book.save(path)
        return path

    return make
