"""会后报告 as .docx in the layout of GB/T 9704-2012: facts, then rooms that dropped out, speeches, roll calls and
recordings with their index."""

from datetime import UTC, datetime
from pathlib import Path

from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH

from sync.export.files import write_whole
from sync.export.layout import Face, in_schema_order, indent, new_page, write
from sync.export.report_xlsx import ROLES, facts, troubles_of
from sync.export.wording import chinese_number, day, hour, minutes_seconds, printable, title_lines
from sync.meetings.lines import LineHistory
from sync.meetings.report import FilmLine, MeetingReport
from sync.reference.units import unit_name


def write_report_page(report: MeetingReport, path: Path) -> Path:
    """Render it and put it at `path`, whole or not at all; raises HostFault as `write_whole` does."""
    document = new_page()
    about = document.core_properties
    about.title = printable(f"{report.title} 会后报告")
    about.author = about.last_modified_by = printable(report.convener)
    about.created = about.modified = report.made_at.astimezone(UTC).replace(tzinfo=None)
    for line in title_lines(f"{report.title}会后报告"):
        paragraph = document.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        write(paragraph, line, Face.TITLE, 22)
    document.add_paragraph()
    for label, text in facts(report):
        paragraph = indent(document.add_paragraph(), first=2, hanging=3 + len(label))
        write(paragraph, f"{label}：", Face.HEAD)
        write(paragraph, text or "无")
    parts = [
        ("未接入的会场", [one.name for one in report.sites if one.joined_at is None]),
        ("断线情况", [_outage(one.name, one.since, one.until, one.seconds) for one in report.outages]),
        ("线路情况", [_line(one) for one in report.lines]),
        ("发言情况", [_speech(report, place) for place in range(len(report.speeches))]),
        ("点名情况", [_roll(report, place) for place in range(len(report.rolls))]),
        ("录像情况", [_film(one) for one in report.films]),
        ("履职记录", _duties(report)),
    ]
    for number, (title, lines) in enumerate(parts, start=1):
        _part(document, f"{chinese_number(number)}、{title}", lines)
    closing = document.add_paragraph()
    closing.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    write(closing, f"{day(report.made_at)}")
    in_schema_order(document)
    return write_whole(path, document.save)


def _part(document: Document, title: str, lines: list[str]) -> None:
    write(indent(document.add_paragraph(style="Official 1")), title, Face.HEAD)
    for line in lines or ["无。"]:
        write(indent(document.add_paragraph()), line)


def _outage(name: str, since: datetime, until: datetime | None, seconds: int) -> str:
    end = f"{hour(until)}恢复" if until is not None else "到散会没有恢复"
    return f"{name}：{hour(since)}断线，{end}，{-(-seconds // 60)}分钟。"


def _line(one: LineHistory) -> str:
    worst, name = one.worst, unit_name(one.site)
    limited = f"受限或未接通{one.limited}分钟（{troubles_of(one)}）" if one.limited else ""
    made_up = f"，填补最多{worst.concealed_permille / 10:g}％" if worst.concealed_permille else ""
    if not one.weak:
        return f"{name}：{limited}。"
    return (
        f"{name}：网速低{one.weak}分钟，最大时延{worst.delay_ms}毫秒，"
        f"声音最多丢失{worst.loss_permille / 10:g}％（由程序补齐或填补）{made_up}{'；' if limited else ''}{limited}。"
    )


def _speech(report: MeetingReport, place: int) -> str:
    one = report.speeches[place]
    times = "至".join(hour(at) for at in (one.started_at, one.ended_at) if at is not None)
    who = "，".join(part for part in (one.site, one.sector, one.member) if part)
    item = f"，议程“{one.item}”" if one.item else ""
    over = f"，超时{minutes_seconds(one.over_sec)}" if one.over_sec else ""
    return f"{place + 1}. {who}{item}，{times}，用时{minutes_seconds(one.seconds)}{over}。"


def _roll(report: MeetingReport, place: int) -> str:
    one = report.rolls[place]
    how = "语音点名" if one.by_voice else "电子点名"
    at = f"{hour(one.called_at)}，" if one.called_at is not None else ""
    counts = f"会场{one.sites}个，已到{one.present}个，未应答{one.no_answer}个，网络断开{one.offline}个"
    return f"第{one.number}轮，{at}{how}，{counts}。"


def _film(one: FilmLine) -> str:
    states = {"making": f"正在生成（{one.progress}％）", "empty": "没有画面和声音"}
    parts = [f"{hour(one.started_at)}开始录制"] if one.started_at is not None else []
    parts += [f"时长{minutes_seconds(one.seconds)}"] if one.seconds else []
    parts.append(states.get(one.state, "已存档"))
    items = "；".join(f"{each.time}“{each.item}”" for each in one.index)
    return f"{one.name}：{'，'.join(parts)}。" + (f"议程索引（从录像开头算起）：{items}。" if items else "")


def _duties(report: MeetingReport) -> list[str]:
    """By role, names by strokes: the list that a member's file is checked against."""
    lines = []
    for role, word in ROLES.items():
        names = [one.name for one in report.duties if one.role == role]
        if names:
            lines.append(f"{word}（{len(names)}人）：{'、'.join(names)}。")
    return lines
