"""How each site's line was over a meeting is kept at the center, minute by minute, and stands in the report."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import docx
import openpyxl
import pytest

from desktop_app.center.line_book import LineBook
from desktop_app.center.meetings import CenterMeetings
from desktop_app.domain.faults import HostFault
from desktop_app.domain.ids import MeetingId
from media.engine.trouble import Trouble
from media.meeting import commands as cmd
from media.meeting.health import Health
from sync.center.store import CenterStore
from sync.export.report_docx import write_report_page
from sync.export.report_xlsx import write_report
from sync.meetings.lines import LineHistory, LineMinute, line_histories
from sync.meetings.report import meeting_report
from tests.meeting.center import until
from tests.meeting.recorded import CenterWithRecords
from tests.meeting.rooms import BOLUO, HUIDONG, MEETING

START = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


@dataclass
class Hands:
    """A clock that goes where it is told."""

    at: datetime = START

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return (self.at - START).total_seconds()


def test_of_each_minute_the_worst_is_kept_in_records_of_ten_minutes(store: CenterStore):
    hands = Hands()
    book = LineBook(store, hands)  # type: ignore[arg-type]  # a clock of the test
    for second in range(0, 15 * 60, 2):
        hands.at = START + timedelta(seconds=second)
        bad = 180 <= second < 200
        health = Health(delay_ms=420 if bad else 30, loss_permille=120 if bad else 1, fps=9 if bad else 24)
        book.note(MeetingId(MEETING), {BOLUO: health, HUIDONG: Health(delay_ms=20)})
    book.write()
    assert len(store.list("line_history", meeting=MEETING)) == 2, "one for each site; the rest still grows"
    book.write(everything=True)
    assert len(store.list("line_history", meeting=MEETING)) == 4
    histories = {one.site: one for one in line_histories(store, MEETING)}
    boluo = histories[BOLUO]
    assert len(boluo.minutes) == 15
    assert [at for at, one in boluo.minutes if one.is_weak] == [START + timedelta(minutes=3)]
    assert (boluo.weak, boluo.worst.delay_ms, boluo.worst.loss_permille, boluo.worst.fps) == (1, 420, 120, 9)
    assert histories[HUIDONG].weak == 0
    (line,) = meeting_report(store, MEETING, hands.at).lines
    assert line.site == BOLUO


def test_the_minutes_in_which_a_site_was_limited_are_kept_with_the_reason_and_stand_in_the_report(
    store: CenterStore, tmp_path: Path
):
    hands = Hands()
    book = LineBook(store, hands)  # type: ignore[arg-type]  # a clock of the test
    for second in range(0, 8 * 60, 2):
        hands.at = START + timedelta(seconds=second)
        trouble = Trouble.FLOOD if 100 <= second < 200 else Trouble.ABSENT if second >= 420 else Trouble.NONE
        book.note(MeetingId(MEETING), {BOLUO: Health(delay_ms=20, trouble=trouble), HUIDONG: Health(delay_ms=20)})
    book.write(everything=True)
    (line,) = meeting_report(store, MEETING, hands.at).lines
    assert (line.site, line.weak, line.limited, line.troubles) == (BOLUO, 0, 4, ("flood", "absent"))
    minutes = [(at - START) // timedelta(minutes=1) for at, one in line.minutes if one.trouble]
    assert minutes == [1, 2, 3, 7]
    assert all(len(row["minutes"]) == 8 for row in store.list("line_history", meeting=MEETING)), "as an older one reads"
    page = write_report_page(meeting_report(store, MEETING, hands.at), tmp_path / "report.docx")
    told = "".join(paragraph.text for paragraph in docx.Document(str(page)).paragraphs)
    assert "博罗县政协：受限或未接通4分钟（数据过多、声音画面未接通）。" in told
    book_page = write_report(meeting_report(store, MEETING, hands.at), tmp_path / "report.xlsx")
    rows = list(openpyxl.load_workbook(book_page)["线路"].iter_rows(values_only=True))
    assert rows[-1][-2:] == (4, "数据过多、声音画面未接通")


def test_how_much_sound_was_made_up_is_kept_beside_the_loss_and_stands_in_the_report(
    store: CenterStore, tmp_path: Path
):
    hands = Hands()
    book = LineBook(store, hands)  # type: ignore[arg-type]  # a clock of the test
    for second in range(0, 5 * 60, 2):
        hands.at = START + timedelta(seconds=second)
        made_up = 21 if second == 130 else 8 if 120 <= second < 200 else 0
        told = {BOLUO: Health(loss_permille=60, concealed_permille=made_up), HUIDONG: Health(delay_ms=20)}
        book.note(MeetingId(MEETING), told)
    book.write(everything=True)
    rows = {row["site"]: row for row in store.list("line_history", meeting=MEETING)}
    assert (rows[BOLUO]["concealed"], rows[HUIDONG]["concealed"]) == (["2 21", "3 8"], [])
    assert all(len(text.split()) == 8 for text in rows[BOLUO]["minutes"]), "as an older one reads"
    report = meeting_report(store, MEETING, hands.at)
    assert [one.concealed_permille for _, one in report.lines[0].minutes] == [0, 0, 21, 8, 0]
    page = write_report_page(report, tmp_path / "report.docx")
    told_text = "".join(paragraph.text for paragraph in docx.Document(str(page)).paragraphs)
    assert "声音最多丢失6％（由程序补齐或填补），填补最多2.1％" in told_text
    sheet = openpyxl.load_workbook(write_report(report, tmp_path / "report.xlsx"))["线路"]
    assert list(sheet.iter_rows(values_only=True))[-1][3:5] == (6, 2.1)


def test_a_disk_that_is_full_loses_nothing_of_it(store: CenterStore, monkeypatch: pytest.MonkeyPatch):
    hands = Hands()
    book = LineBook(store, hands)  # type: ignore[arg-type]  # a clock of the test
    book.note(MeetingId(MEETING), {BOLUO: Health(delay_ms=30)})
    whole = store.append

    def full(*args, **kwargs):
        raise HostFault("disk-full")

    monkeypatch.setattr(store, "append", full)
    with pytest.raises(HostFault):
        book.write(everything=True)
    monkeypatch.setattr(store, "append", whole)
    book.write(everything=True)
    book.write(everything=True)
    assert len(store.list("line_history", meeting=MEETING)) == 1


def test_what_cannot_be_read_is_left_out(store: CenterStore):
    class Rows:
        def list(self, entity: str, **equal: object) -> list[dict]:
            good = {"site": BOLUO, "started_at": "2026-11-22T01:00:00.000Z"}
            return [
                {**good, "minutes": ["0 9 8 7 6 5 4 1", "x", "1 2"]},
                {"site": BOLUO, "started_at": "no time", "minutes": ["0 1 1 1 1 1 1 1"]},
            ]

    assert line_histories(Rows(), MEETING) == (  # type: ignore[arg-type]  # all that is read of a source
        LineHistory(BOLUO, ((START, LineMinute(9, 8, 7, 6, 5, 4, 1)), (START + timedelta(minutes=1), LineMinute(2)))),
    )


async def test_what_the_sites_say_with_their_pings_is_kept_when_the_meeting_is_over(store: CenterStore):
    class CenterOfTheTest(CenterWithRecords):
        def make(self) -> CenterMeetings:
            self.mounted = super().make()
            return self.mounted

    center = CenterOfTheTest(store)
    await center.start()
    async with center.raw(HUIDONG) as host:
        await host.hello()
        await host.command(cmd.Join(""))
        await host.say({"t": "ping", "health": {"delay_ms": 55, "loss_permille": 3, "kbps": 700, "step": 1}})
        await host.hear("pong")
        await until(lambda: center.mounted._lines._spans, 30)
    await center.stop()
    (history,) = line_histories(store, MEETING)
    assert history.site == HUIDONG
    assert (history.worst.delay_ms, history.worst.kbps, history.worst.step) == (55, 700, 1)
