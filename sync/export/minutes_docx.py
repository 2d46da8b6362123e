"""会议记录 as .docx in the layout of GB/T 9704-2012: red mark, number, red rule, title, body in four levels, lists."""

from datetime import UTC
from pathlib import Path

from docx.document import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph

from sync.export.files import write_whole
from sync.export.layout import (
    BODY,
    CHARACTER,
    LINE,
    PRINT_WIDTH,
    RED,
    Face,
    in_schema_order,
    indent,
    new_page,
    off_grid,
    rule_below,
    write,
)
from sync.export.paper import Block, MinutesPaper, Turn
from sync.export.wording import chinese_number, day, hour, minutes_seconds, printable, span, title_lines
from sync.meetings.attendance import GUEST, AttendanceState, Tally


def write_minutes(paper: MinutesPaper, path: Path) -> Path:
    """Render the minutes and put them at `path`, whole or not at all; raises HostFault as `write_whole` does."""
    document = new_page()
    about = document.core_properties
    about.title = printable(f"{paper.meeting_title} {_name(paper)}")
    about.author = about.last_modified_by = printable(paper.unit)
    about.created = about.modified = paper.made_at.astimezone(UTC).replace(tzinfo=None)
    _mark(document, paper)
    _title(document, paper)
    _facts(document, paper)
    _body(document, paper)
    _people(document, paper)
    _signatures(document, paper)
    if paper.turns:
        _turns(document, paper.turns)
    in_schema_order(document)
    return write_whole(path, document.save)


def _name(paper: MinutesPaper) -> str:
    return "会议纪要" if paper.approved else "会议记录"


def _mark(document: Document, paper: MinutesPaper) -> None:
    """The red mark with its upper edge 35 mm under the top of the print area, the number, and the red rule."""
    text = f"{paper.unit}{_name(paper)}"
    size = min(46.0, 430 / max(len(text), 1))
    mark = off_grid(document.add_paragraph(), Pt(size * 1.3))
    mark.alignment = WD_ALIGN_PARAGRAPH.CENTER
    mark.paragraph_format.space_before = Mm(35) - Pt(size * 0.15)
    write(mark, text, Face.TITLE, size, RED)
    document.add_paragraph()
    number = document.add_paragraph()
    number.alignment = WD_ALIGN_PARAGRAPH.CENTER
    write(number, paper.meeting_code or "（待编号）")
    rule_below(number, 16, str(RED), space=11)


def _title(document: Document, paper: MinutesPaper) -> None:
    document.add_paragraph()
    document.add_paragraph()
    for line in title_lines(paper.meeting_title):
        paragraph = document.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.keep_with_next = True
        write(paragraph, line, Face.TITLE, 22)
    document.add_paragraph()


def _facts(document: Document, paper: MinutesPaper) -> None:
    facts = [
        ("时间", span(paper.start, paper.end)),
        ("会议种类", paper.kind),
        ("主会场", paper.main_site),
        ("分会场", "、".join(paper.branch_sites)),
        ("主持人", paper.host),
        ("到会情况", _turnout(paper)),
    ]
    for label, value in facts:
        if value:
            _labelled(document, label, value)


def _turnout(paper: MinutesPaper) -> str:
    """The numbers of the own room and, where there are other rooms with people, those of all."""
    own, everywhere = paper.attendance, paper.attendance_of_all
    if len(own.attendees) == len(everywhere.attendees):
        return f"{_counts(own.tally, own.begun)}。"
    if not own.attendees:
        return f"各会场{_counts(everywhere.tally, everywhere.begun)}。"
    return f"本会场{_counts(own.tally, own.begun)}。各会场合计{_counts(everywhere.tally, everywhere.begun)}。"


def _counts(tally: Tally, begun: bool) -> str:
    missing = f"{'缺席' if begun else '未到'}{tally.absent}人"
    text = f"应到{tally.expected}人，实到{tally.present}人，请假{tally.excused}人，{missing}"
    return text + (f"；列席{tally.guests}人" if tally.guests else "")


def _labelled(document: Document, label: str, value: str) -> Paragraph:
    """A label in 黑体, a full-width colon, and the value; lines that wrap align after the colon."""
    paragraph = indent(document.add_paragraph(), first=2, hanging=3 + len(label))
    write(paragraph, f"{label}：", Face.HEAD)
    write(paragraph, value)
    return paragraph


def _body(document: Document, paper: MinutesPaper) -> None:
    number = 0
    known = {item.item_id for item in paper.items}
    loose = [block for block in paper.blocks if block.item_id not in known]
    for block in loose:
        _block(document, block)
    for item in paper.items:
        number += 1
        heading = indent(document.add_paragraph(style="Official 1"))
        write(heading, f"{chinese_number(number)}、{item.title}", Face.HEAD)
        blocks = [block for block in paper.blocks if block.item_id == item.item_id]
        if not blocks:
            write(indent(document.add_paragraph()), "（无记录）")
        for block in blocks:
            _block(document, block)
    if paper.remarks:
        number += 1
        heading = indent(document.add_paragraph(style="Official 1"))
        write(heading, f"{chinese_number(number)}、意见建议", Face.HEAD)
        for place, remark in enumerate(paper.remarks, start=1):
            paragraph = indent(document.add_paragraph())
            write(paragraph, f"{place}．{remark.text.strip()}")
            source = "，".join(part for part in (remark.speaker, remark.site) if part)
            state = "" if remark.confirmed else "；待本人核对" if source else "待本人核对"
            if source or state:
                write(paragraph, f"（{source}{state}）", Face.SUBHEAD)
    if paper.end is not None:
        write(indent(document.add_paragraph()), f"会议于{hour(paper.end)}结束，散会。")


def _block(document: Document, block: Block) -> None:
    """The speaker in 楷体 before the first paragraph of what was said."""
    lines = [line.strip() for line in block.text.split("\n") if line.strip()]
    if not lines and not block.speaker:
        return
    paragraph = indent(document.add_paragraph())
    if block.speaker:
        where = "，".join(part for part in (block.site, hour(block.at) if block.at else "") if part)
        write(paragraph, block.speaker + (f"（{where}）" if where else "") + "：", Face.SUBHEAD)
    write(paragraph, lines[0] if lines else "（未记录内容）")
    for line in lines[1:]:
        write(indent(document.add_paragraph()), line)


def _people(document: Document, paper: MinutesPaper) -> None:
    """出席, 请假, 缺席, 列席 by strokes of the surname, one blank line under the body."""
    groups: list[tuple[str, AttendanceState]] = [("出席", AttendanceState.PRESENT), ("请假", AttendanceState.EXCUSED)]
    if paper.attendance.begun:
        groups.append(("缺席", AttendanceState.ABSENT))
    people = paper.attendance.attendees
    lists = [
        (label, [one.name for one in people if one.capacity != GUEST and one.state is state]) for label, state in groups
    ]
    lists.append(
        ("列席", [one.name for one in people if one.capacity == GUEST and one.state is AttendanceState.PRESENT])
    )
    filled = [(label, names) for label, names in lists if names]
    if filled:
        document.add_paragraph()
    for label, names in filled:
        _names(document, label, names).paragraph_format.keep_with_next = label == filled[-1][0]


def _names(document: Document, label: str, names: list[str]) -> Paragraph:
    """A label and the names in columns, so that no name is broken and all align after the colon."""
    hanging = 3 + len(label)
    slot = max(_width(name) for name in names) + 1
    per_line = max(1, int((LINE - hanging + 1) / slot))
    paragraph = indent(document.add_paragraph(), first=2, hanging=hanging)
    for column in range(per_line):
        paragraph.paragraph_format.tab_stops.add_tab_stop(Pt((hanging + column * slot) * CHARACTER))
    write(paragraph, f"{label}：", Face.HEAD)
    for place, name in enumerate(names):
        if place:
            if place % per_line == 0:
                write(paragraph, "").add_break()
            else:
                write(paragraph, "").add_tab()
        write(paragraph, name)
    return paragraph


def _width(text: str) -> float:
    """Width in characters: what is not ASCII is a full one."""
    return sum(0.55 if character.isascii() else 1 for character in text)


def _signatures(document: Document, paper: MinutesPaper) -> None:
    document.add_paragraph()
    signatures = indent(document.add_paragraph())
    signatures.paragraph_format.keep_with_next = True
    write(signatures, f"主持人（签名）：{'　' * 6}记录人（签名）：")
    made = document.add_paragraph()
    made.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    made.paragraph_format.right_indent = Pt(BODY * 4)
    write(made, day(paper.made_at))
    write(indent(document.add_paragraph()), _delivered(paper), Face.SUBHEAD)


def _delivered(paper: MinutesPaper) -> str:
    """回执: by which number the center holds these minutes, and what it does not hold yet."""
    if not paper.receipt or paper.receipt_at is None:
        return "送达情况：尚未取得省中心回执。"
    text = f"送达情况：省中心已于{day(paper.receipt_at)}{hour(paper.receipt_at)}签收，回执编号{paper.receipt}"
    return f"{text}；此后{paper.unreceipted}处修改尚未取得回执。" if paper.unreceipted else f"{text}。"


def _turns(document: Document, turns: tuple[Turn, ...]) -> None:
    """附件: the turns as the meeting's own log has them, in a table that leaves the grid."""
    title = document.add_paragraph()
    title.paragraph_format.page_break_before = True
    write(title, "附件", Face.HEAD)
    heading = document.add_paragraph()
    heading.alignment = WD_ALIGN_PARAGRAPH.CENTER
    write(heading, "发言情况", Face.TITLE, 22)
    labels = ("序号", "发言人", "会场", "开始时间", "用时", "超时")
    widths = (Mm(14), Mm(32), Mm(38), Mm(24), Mm(24), Mm(24))
    table = document.add_table(rows=1, cols=len(labels), style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    repeat = OxmlElement("w:tblHeader")
    repeat.set(qn("w:val"), "true")
    table.rows[0]._tr.get_or_add_trPr().append(repeat)
    rows = [labels]
    for turn in turns:
        over = minutes_seconds(turn.over_seconds) if turn.over_seconds else "—"
        start = hour(turn.started_at) if turn.started_at else "—"
        rows.append((str(turn.number), turn.speaker, turn.site, start, minutes_seconds(turn.seconds), over))
    for place, texts in enumerate(rows):
        cells = table.rows[0].cells if place == 0 else table.add_row().cells
        for cell, text, width in zip(cells, texts, widths, strict=True):
            cell.width = width
            paragraph = off_grid(cell.paragraphs[0], Pt(18))
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            write(paragraph, text, Face.HEAD if place == 0 else Face.BODY, 12)
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    if sum(widths) > PRINT_WIDTH:
        raise ValueError("the table is wider than the print area")
