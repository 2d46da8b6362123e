"""点名表 as .xlsx: each site's answer with its time, who put it down, its devices and link; and the sum by city."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from openpyxl import Workbook

from desktop_app.domain.clock import BEIJING
from sync.export.files import write_whole
from sync.export.sheet_page import SheetPage
from sync.export.wording import day, printable, span

WORDS = {"present": "已到", "no-answer": "未应答", "offline": "网络断开", "waiting": "未点", "called": "正在点名"}
HEALTH = {"ok": "正常", "fault": "故障", "unknown": "未检"}
COLUMNS = (
    ("序号", 6),
    ("市", 14),
    ("会场", 22),
    ("应答", 10),
    ("时间", 20),
    ("记录会场", 20),
    ("呼叫次数", 10),
    ("摄像头", 9),
    ("麦克风", 9),
    ("扬声器", 9),
    ("网络", 18),
    ("应到", 7),
    ("实到", 7),
    ("备注", 20),
)
SUMS = (("市", 24), ("会场", 8), ("已到", 8), ("未应答", 8), ("网络断开", 10), ("未点", 8))


@dataclass(frozen=True, slots=True)
class RollLine:
    """One site. `answer` is present, no-answer, offline or waiting; `devices` camera, microphone, speaker."""

    site: str
    city: str
    answer: str
    at: datetime | None = None
    recorded_by: str = ""
    calls: int = 0
    devices: tuple[str, str, str] = ("unknown", "unknown", "unknown")
    delay_ms: int = 0
    loss_permille: int = 0
    expected: int = 0
    present: int = 0
    remark: str = ""


@dataclass(frozen=True, slots=True)
class RollCallList:
    """One round of one meeting, in the order of its script."""

    unit: str
    meeting_title: str
    round_no: int
    by_voice: bool
    opened_at: datetime | None
    closed_at: datetime | None
    lines: tuple[RollLine, ...]
    made_at: datetime


def write_roll_call(sheet: RollCallList, path: Path) -> Path:
    """Render the list and put it at `path`, whole or not at all; raises HostFault as `write_whole` does."""
    book = Workbook()
    book.properties.creator = printable(sheet.unit)
    book.properties.title = printable(f"{sheet.meeting_title} 点名表")
    made = sheet.made_at.astimezone(UTC).replace(tzinfo=None)
    book.properties.created = book.properties.modified = made
    first = book.active
    first.title = "点名表"
    _fill_sites(SheetPage(first, [width for _, width in COLUMNS]), sheet)
    _fill_cities(SheetPage(book.create_sheet("按市汇总"), [width for _, width in SUMS]), sheet)
    return write_whole(path, book.save)


def _fill_sites(page: SheetPage, sheet: RollCallList) -> None:
    page.banner(f"{sheet.meeting_title}点名表", 18, 34, bold=True)
    how = "语音点名" if sheet.by_voice else "电子点名"
    when = span(sheet.opened_at, sheet.closed_at)
    page.banner(f"点名单位：{sheet.unit}　　第 {sheet.round_no} 轮，{how}" + (f"　　时间：{when}" if when else ""))
    counts = _counts(sheet.lines)
    said = "，".join(
        f"{word} {count} 个" for word, count in zip(("已到", "未应答", "网络断开", "未点"), counts, strict=True)
    )
    page.banner(f"会场 {len(sheet.lines)} 个，{said}")
    page.head([label for label, _ in COLUMNS])
    for number, line in enumerate(sheet.lines, start=1):
        at = line.at.astimezone(BEIJING).replace(tzinfo=None) if line.at is not None else None
        link = f"往返 {line.delay_ms} 毫秒，丢包 {line.loss_permille / 10:g}%" if line.delay_ms else ""
        people = (line.expected or None, line.present if line.expected else None)
        page.row(
            [
                number,
                line.city,
                line.site,
                WORDS.get(line.answer, line.answer),
                at,
                line.recorded_by,
                line.calls or None,
                *(HEALTH.get(one, one) for one in line.devices),
                link,
                *people,
                line.remark,
            ]
        )
    page.banner(f"按行政区划次序。导出日期：{day(sheet.made_at)}", 10)
    page.on_paper()


def _fill_cities(page: SheetPage, sheet: RollCallList) -> None:
    page.head([label for label, _ in SUMS])
    cities: dict[str, list[RollLine]] = {}
    for line in sheet.lines:
        cities.setdefault(line.city, []).append(line)
    for city, lines in cities.items():
        page.row([city, len(lines), *_counts(lines)])
    page.row(["合计", len(sheet.lines), *_counts(sheet.lines)], head=True)
    page.on_paper()


def _counts(lines: "list[RollLine] | tuple[RollLine, ...]") -> tuple[int, int, int, int]:
    """已到, 未应答, 网络断开, 未点."""
    answers = [line.answer for line in lines]
    done = (answers.count("present"), answers.count("no-answer"), answers.count("offline"))
    return (*done, len(answers) - sum(done))
