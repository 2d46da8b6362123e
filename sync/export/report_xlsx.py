"""会后报告 as .xlsx: the meeting in one page, then rooms, speeches, roll calls, outages, members' duty events."""

from datetime import UTC, datetime
from pathlib import Path

from openpyxl import Workbook

from desktop_app.domain.clock import BEIJING
from desktop_app.domain.meetings import MeetingKind
from sync.export.files import write_whole
from sync.export.sheet_page import SheetPage
from sync.export.wording import day, hour, minutes_seconds, printable, span
from sync.meetings.lines import LineHistory
from sync.meetings.report import MeetingReport
from sync.reference.codes import kinds
from sync.reference.units import unit_name

ROLES = {"speech": "发言", "attend": "出席", "guest": "列席"}
SITES = (
    ("会场", 24),
    ("应到", 8),
    ("实到", 8),
    ("请假", 8),
    ("缺席", 8),
    ("列席", 8),
    ("迟到", 8),
    ("早退离会", 10),
    ("进入时间", 18),
    ("离开时间", 18),
    ("断线次数", 10),
    ("断线分钟", 10),
)
SPEECHES = (
    ("序号", 6),
    ("发言人", 14),
    ("界别", 18),
    ("会场", 22),
    ("议程", 30),
    ("开始", 18),
    ("结束", 18),
    ("用时", 12),
    ("超时", 12),
)
ROLLS = (("轮次", 8), ("方式", 12), ("点名时间", 18), ("会场", 8), ("已到", 8), ("未应答", 10), ("网络断开", 10))
OUTAGES = (("会场", 24), ("断线", 18), ("恢复", 18), ("分钟", 10))
LINES = (
    ("会场", 24),
    ("网速低（分钟）", 16),
    ("最大时延（毫秒）", 18),
    ("最大丢失（％）", 16),
    ("最大填补（％）", 16),
    ("受限或未接通（分钟）", 22),
    ("原因", 30),
)
TROUBLES = {
    "large": "画面过大",
    "times": "时间错乱",
    "flood": "数据过多",
    "repeats": "反复索要数据",
    "keyframes": "反复索要画面",
    "absent": "声音画面未接通",
}
DUTIES = (
    ("序号", 6),
    ("姓名", 14),
    ("委员证号", 20),
    ("单位", 24),
    ("作用", 10),
    ("在场分钟", 10),
    ("在场比例", 10),
    ("发言次数", 10),
    ("发言用时", 12),
)


def write_report(report: MeetingReport, path: Path) -> Path:
    """Render it and put it at `path`, whole or not at all; raises HostFault as `write_whole` does."""
    book = Workbook()
    book.properties.creator = printable(report.convener)
    book.properties.title = printable(f"{report.title} 会后报告")
    book.properties.created = book.properties.modified = report.made_at.astimezone(UTC).replace(tzinfo=None)
    first = book.active
    first.title = "概况"
    _summary(SheetPage(first, (18, 52)), report)
    for title, columns, fill in (
        ("会场", SITES, _sites),
        ("发言", SPEECHES, _speeches),
        ("点名", ROLLS, _rolls),
        ("断线", OUTAGES, _outages),
        ("线路", LINES, _lines),
        ("履职记录", DUTIES, _duties),
    ):
        page = SheetPage(book.create_sheet(title), [width for _, width in columns])
        page.banner(f"{report.title}　{title}", 16, 30, bold=True)
        page.head([label for label, _ in columns])
        fill(page, report)
        page.on_paper()
    return write_whole(path, book.save)


def facts(report: MeetingReport) -> list[tuple[str, str]]:
    """The meeting in a few lines, as label and text."""
    hours, people = report.hours, report.people
    minutes = -(-report.outage_sec // 60)
    return [
        ("会议", report.title),
        ("会次编号", report.code or "待编号"),
        ("会议种类", _kind(report.kind)),
        ("召集单位", report.convener),
        ("时间", span(hours.actual_start or hours.planned_start, hours.actual_end or hours.planned_end)),
        ("会场", f"应参加 {len(report.sites)} 个，实际接入 {report.joined} 个"),
        (
            "到会人员",
            f"应到 {people.expected} 人，实到 {people.present} 人，请假 {people.excused} 人，缺席 {people.absent} 人，"
            f"列席 {people.guests} 人；迟到 {people.late} 人",
        ),
        ("发言", f"{len(report.speeches)} 人次，共 {minutes_seconds(sum(one.seconds for one in report.speeches))}"),
        ("点名", f"{len(report.rolls)} 轮"),
        ("断线", f"{len(report.outages)} 次，共 {minutes} 分钟"),
        ("履职记录", f"{len(report.duties)} 人"),
    ]


def _summary(page: SheetPage, report: MeetingReport) -> None:
    page.banner(f"{report.title}　会后报告", 18, 34, bold=True)
    for label, text in facts(report):
        page.row([label, text])
    page.banner(f"导出日期：{day(report.made_at)}{hour(report.made_at)}", 10)
    page.on_paper()


def _sites(page: SheetPage, report: MeetingReport) -> None:
    for one in report.sites:
        tally = one.tally
        counts = (tally.expected, tally.present, tally.excused, tally.absent, tally.guests, tally.late, tally.left)
        times = (_local(one.joined_at) or "未接入", _local(one.left_at))
        page.row([one.name, *counts, *times, one.drops, -(-one.outage_sec // 60)])
    people = report.people
    page.row(
        [
            "合计",
            people.expected,
            people.present,
            people.excused,
            people.absent,
            people.guests,
            people.late,
            people.left,
            f"{report.joined} 个接入",
            "",
            sum(one.drops for one in report.sites),
            -(-report.outage_sec // 60),
        ],
        head=True,
    )


def _speeches(page: SheetPage, report: MeetingReport) -> None:
    for one in report.speeches:
        over = minutes_seconds(one.over_sec) if one.over_sec else ""
        times = (_local(one.started_at), _local(one.ended_at))
        page.row([one.number, one.member, one.sector, one.site, one.item, *times, minutes_seconds(one.seconds), over])


def _rolls(page: SheetPage, report: MeetingReport) -> None:
    for one in report.rolls:
        how = "语音点名" if one.by_voice else "电子点名"
        page.row([one.number, how, _local(one.called_at), one.sites, one.present, one.no_answer, one.offline])


def _outages(page: SheetPage, report: MeetingReport) -> None:
    for one in report.outages:
        page.row([one.name, _local(one.since), _local(one.until) or "到散会", -(-one.seconds // 60)])


def _lines(page: SheetPage, report: MeetingReport) -> None:
    for one in report.lines:
        worst = one.worst
        limited = (one.limited, troubles_of(one)) if one.limited else ("", "")
        sound = (worst.loss_permille / 10, worst.concealed_permille / 10)
        page.row([unit_name(one.site), one.weak, worst.delay_ms, *sound, *limited])


def troubles_of(one: LineHistory) -> str:
    """Why a site was limited, in words."""
    return "、".join(TROUBLES.get(each, each) for each in one.troubles)


def _duties(page: SheetPage, report: MeetingReport) -> None:
    for number, one in enumerate(report.duties, start=1):
        share = f"{one.permille / 10:g}%"
        spoken = (one.speeches, minutes_seconds(one.speech_sec)) if one.speeches else ("", "")
        role = ROLES.get(one.role, one.role)
        page.row([number, one.name, one.member_no, one.unit, role, one.attended_min, share, *spoken])
    page.banner("按姓氏笔画排序。", 10)


def _local(at: datetime | None) -> datetime | None:
    return None if at is None else at.astimezone(BEIJING).replace(tzinfo=None, microsecond=0)


def _kind(code: str) -> str:
    try:
        return kinds()[MeetingKind(code)].zh
    except ValueError:  # a kind that a later version knows
        return code
