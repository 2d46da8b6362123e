"""会议记录 as .docx: everything the records hold is on the paper, on the page that GB/T 9704 wants."""

import errno
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import IO

import docx
import msgpack
import pytest
from docx.oxml.ns import qn
from docx.shared import Mm

from desktop_app.domain.clock import Clock
from desktop_app.domain.faults import HostFault, OperatorError
from desktop_app.domain.ids import derived_id
from sync.export.exports import RecordExports, minutes_paper
from sync.export.files import write_whole
from sync.export.minutes_docx import write_minutes
from sync.export.paper import Turn
from sync.export.wording import chinese_number, span, title_lines
from sync.identity.device import DeviceIdentity
from sync.log.signing import receipt_message
from sync.reference.units import unit_of
from sync.replication.batch import read_batch
from sync.replication.receipt import receipt_body
from sync.terminal.records import Records, Write

from .conftest import START

HUIDONG = unit_of("441323").unit_path


@pytest.fixture
def exports(records: Records, clock: Clock) -> RecordExports:
    return RecordExports(records, HUIDONG, clock)


def paragraphs(path: Path) -> list[str]:
    return [paragraph.text for paragraph in docx.Document(str(path)).paragraphs]


def test_what_was_written_is_on_the_paper_in_the_order_of_the_agenda(
    exports: RecordExports, minutes: str, tmp_path: Path
) -> None:
    path = exports.minutes(minutes, tmp_path / "会议记录.docx")
    lines = [line for line in paragraphs(path) if line]

    assert lines[:3] == ["惠东县政协会议记录", "（待编号）", "关于基层儿科夜间服务能力的远程协商会"]
    assert "时间：2026年11月20日15:00至16:50" in lines
    assert "分会场：广东省政协、惠州市政协、博罗县政协" in lines
    assert "到会情况：应到40人，实到12人，请假1人，缺席27人；列席1人。" in lines
    order = [
        "（网络中断期间，本会场继续讨论。）",
        "一、主持人说明议题与发言规则",
        "周委员01（惠东县政协，15:00）：请大家按议程发言。",
        "三、委员发言",
        "曾委员06（惠东县政协，15:16）：建议三镇卫生院设夜间儿科值守点。",
        "补助由县财政分担。",
        "七、意见建议",
        "1．三镇卫生院设夜间儿科值守点。（曾委员06，惠东县政协；待本人核对）",
        "会议于16:50结束，散会。",
    ]
    places = [lines.index(line) for line in order]
    assert places == sorted(places)


def test_the_number_of_the_receipt_stands_on_the_minutes_and_what_has_none_yet_is_said(
    exports: RecordExports, records: Records, minutes: str, tmp_path: Path
) -> None:
    lines = paragraphs(exports.minutes(minutes, tmp_path / "none.docx"))
    assert "送达情况：尚未取得省中心回执。" in lines

    number = receipted(records)
    lines = paragraphs(exports.minutes(minutes, tmp_path / "all.docx"))
    assert f"送达情况：省中心已于2026年11月20日15:10签收，回执编号{number}。" in lines

    records.write(Write("minutes", minutes, {"title": "又改了一处"}, str(records.list("meeting")[0]["pk"])))
    lines = paragraphs(exports.minutes(minutes, tmp_path / "more.docx"))
    assert f"送达情况：省中心已于2026年11月20日15:10签收，回执编号{number}；此后1处修改尚未取得回执。" in lines


def receipted(records: Records) -> int:
    """Have a center take in all that waits; the number of its receipt."""
    identity = records.identity
    assert isinstance(identity, DeviceIdentity)
    number = 0
    while (batch := records.next_batch()) is not None:
        read, number = read_batch(batch), number + 214
        at = round((START + timedelta(minutes=10)).timestamp() * 1000)
        seqs, head = (read.first_seq, read.last_seq), read.head_hash
        body = receipt_body(number, identity.device, read.epoch, seqs, head, at, (), {"minutes": 1})
        signature = identity.sign(receipt_message(body))  # this terminal was made as its own center
        records.acknowledge(msgpack.packb([[body, signature]]))
    return number


def test_names_are_listed_by_strokes_of_the_surname(exports: RecordExports, minutes: str, tmp_path: Path) -> None:
    lines = paragraphs(exports.minutes(minutes, tmp_path / "m.docx"))

    present = next(line for line in lines if line.startswith("出席："))
    names = present.removeprefix("出席：").replace("\t", " ").replace("\n", " ").split()
    assert names[:3] == ["丁委员11", "王委员02", "叶委员09"]
    assert names[-1] == "蔡委员04"
    assert len(names) == 12
    assert "请假：赖委员13" in lines
    assert "列席：王医生" in lines


def test_the_page_is_that_of_the_standard(exports: RecordExports, minutes: str, tmp_path: Path) -> None:
    document = docx.Document(str(exports.minutes(minutes, tmp_path / "m.docx")))
    section = document.sections[0]

    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    margins = (section.top_margin, section.bottom_margin, section.left_margin, section.right_margin)
    assert [round(margin.mm) for margin in margins] == [37, 35, 28, 26]
    grid = section._sectPr.find(qn("w:docGrid"))
    assert (grid.get(qn("w:type")), grid.get(qn("w:linePitch"))) == ("lines", "579")
    normal = document.styles["Normal"]
    assert normal.font.size.pt == 16
    assert normal.paragraph_format.line_spacing.pt == 28.95
    assert normal.element.rPr.find(qn("w:rFonts")).get(qn("w:eastAsia")) == "仿宋_GB2312"
    assert document.settings.odd_and_even_pages_header_footer
    assert section.even_page_footer.paragraphs[0].text == "—  —"
    mark = document.paragraphs[0]
    assert str(mark.runs[0].font.color.rgb) == "E60012"
    assert Mm(30) < mark.paragraph_format.space_before < Mm(36)


def test_the_turns_of_the_log_are_an_annex(
    records: Records, exports: RecordExports, meeting: str, minutes: str, tmp_path: Path
) -> None:
    without = docx.Document(str(exports.minutes(minutes, tmp_path / "a.docx")))
    assert not without.tables

    paper = minutes_paper(records, minutes, START)
    turn = Turn(1, "曾委员06", "惠东县政协", START + timedelta(minutes=16), 233, 53)
    path = write_minutes(replace(paper, turns=(turn,)), tmp_path / "b.docx")

    table = docx.Document(str(path)).tables[0]
    assert [cell.text for cell in table.rows[1].cells] == ["1", "曾委员06", "惠东县政协", "15:16", "3分53秒", "0分53秒"]
    assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None


def test_properties_stand_in_the_order_of_the_schema(exports: RecordExports, minutes: str, tmp_path: Path) -> None:
    document = docx.Document(str(exports.minutes(minutes, tmp_path / "m.docx")))
    order = ["pStyle", "keepNext", "pBdr", "tabs", "snapToGrid", "spacing", "ind", "jc"]
    for properties in document.element.iter(qn("w:pPr")):
        names = [child.tag.rpartition("}")[2] for child in properties]
        ranks = [order.index(name) for name in names if name in order]
        assert ranks == sorted(ranks), names


def test_text_from_outside_cannot_break_the_document(
    records: Records, exports: RecordExports, meeting: str, minutes: str, tmp_path: Path
) -> None:
    hostile = {"meeting": meeting, "text": "坏\x00字\x1b符<w:p/>&\ud800", "state": "noted"}
    hostile["text"] = hostile["text"].encode("utf-8", "ignore").decode()
    records.write(Write("opinion", derived_id("opinion", 2), hostile, meeting))

    lines = paragraphs(exports.minutes(minutes, tmp_path / "m.docx"))

    assert any(line.startswith("2．坏字符<w:p/>&") for line in lines)


def test_minutes_that_are_not_there_are_told(exports: RecordExports, tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="minutes-missing"):
        exports.minutes("nothing", tmp_path / "m.docx")
    assert list(tmp_path.glob("*.docx")) == []


@pytest.mark.parametrize(
    ("error", "fault_id"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "disk-full"),
        (PermissionError(errno.EACCES, "Permission denied"), "export-file-open"),
        (OSError(errno.EIO, "Input/output error"), "export-not-written"),
    ],
)
def test_a_failed_export_leaves_the_file_that_was_there(tmp_path: Path, error: OSError, fault_id: str) -> None:
    path = tmp_path / "m.docx"
    path.write_bytes(b"yesterday's")

    def fail(file: IO[bytes]) -> None:
        file.write(b"half")
        raise error

    with pytest.raises(HostFault) as raised:
        write_whole(path, fail)

    assert raised.value.id == fault_id
    assert path.read_bytes() == b"yesterday's"
    assert [entry.name for entry in tmp_path.iterdir()] == ["m.docx"]


def test_an_export_makes_the_folder_it_goes_to(tmp_path: Path) -> None:
    def fill(file: IO[bytes]) -> None:
        file.write(b"whole")

    assert write_whole(tmp_path / "a" / "b" / "m.docx", fill).read_bytes() == b"whole"


def test_official_wording_of_numbers_times_and_long_titles() -> None:
    assert [chinese_number(number) for number in (1, 10, 11, 20, 21)] == ["一", "十", "十一", "二十", "二十一"]
    assert span(START, START + timedelta(days=1)) == "2026年11月20日15:00至2026年11月21日15:00"
    title = "关于进一步提升全县乡镇卫生院夜间儿科服务能力的建议办理情况协商会"
    assert "".join(title_lines(title)) == title
    assert max(len(line) for line in title_lines(title)) <= 20
    assert title_lines(title)[0].endswith("的") or len(title_lines(title)) == 2


def test_only_the_own_room_is_named_and_the_others_are_counted(
    records: Records, exports: RecordExports, meeting: str, minutes: str, tmp_path: Path
) -> None:
    entry = {
        "meeting": meeting,
        "member": "b1",
        "member_name": "李委员03",
        "site": unit_of("441322").unit_path,
        "capacity": "attend",
    }
    records.write(Write("roster_entry", derived_id("roster_entry", meeting, "b1"), entry, meeting))

    lines = paragraphs(exports.minutes(minutes, tmp_path / "m.docx"))

    own, everywhere = "应到40人，实到12人，请假1人，缺席27人；列席1人", "应到41人，实到12人，请假1人，缺席28人；列席1人"
    assert f"到会情况：本会场{own}。各会场合计{everywhere}。" in lines
    assert not any("李委员03" in line for line in lines)
