"""备会表 as .xlsx: every site with its last self-test, the worst first, and whom to ring."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from openpyxl import Workbook

from desktop_app.domain.clock import BEIJING
from sync.export.files import write_whole
from sync.export.sheet_page import SheetPage
from sync.export.wording import day, hour, printable
from sync.meetings.readiness import WORST, Ready, SiteReadiness

WORDS = {
    Ready.FAILED: "不能开会",
    Ready.NOBODY: "没有操作员",
    Ready.UNTESTED: "未自检",
    Ready.STALE: "自检已久",
    Ready.ADVICE: "有提醒",
    Ready.READY: "就绪",
}
DEVICES = {
    "network": "网络",
    "microphone": "麦克风",
    "speaker": "扬声器",
    "camera": "摄像头",
    "storage": "存储",
    "clock": "时间",
}
COLUMNS = (
    ("序号", 6),
    ("会场", 24),
    ("状态", 12),
    ("问题", 12),
    ("自检时间", 20),
    ("自检人", 14),
    ("上行 kbit/s", 12),
    ("下行 kbit/s", 12),
    ("往返毫秒", 10),
    ("联系人", 14),
    ("电话", 22),
)


def write_readiness(unit: str, title: str, sites: Sequence[SiteReadiness], made_at: datetime, path: Path) -> Path:
    """Render the board and put it at `path`, whole or not at all; raises HostFault as `write_whole` does."""
    book = Workbook()
    book.properties.creator = printable(unit)
    book.properties.title = printable(f"{title} 备会表")
    book.properties.created = book.properties.modified = made_at.astimezone(UTC).replace(tzinfo=None)
    page = SheetPage(book.active, [width for _, width in COLUMNS])
    book.active.title = "备会表"
    page.banner(f"{title}备会表", 18, 34, bold=True)
    counts = "，".join(
        f"{WORDS[state]} {count} 个" for state in reversed(WORST) if (count := sum(one.state is state for one in sites))
    )
    page.banner(f"会场 {len(sites)} 个" + (f"，{counts}" if counts else ""))
    page.head([label for label, _ in COLUMNS])
    for number, one in enumerate(sorted(sites, key=lambda one: WORST.index(one.state)), start=1):
        page.row([number, one.name, WORDS[one.state], *_test(one), one.contact, one.phone])
    page.banner(f"导出时间：{day(made_at)}{hour(made_at)}", 10)
    page.on_paper()
    return write_whole(path, book.save)


def _test(one: SiteReadiness) -> list[object]:
    tested = one.tested
    if tested is None:
        return ["", None, "", None, None, None]
    worst = tested.worst
    at = tested.at.astimezone(BEIJING).replace(tzinfo=None, microsecond=0)
    return [
        DEVICES.get(worst.kind, worst.kind) if worst is not None else "",
        at,
        tested.person_name,
        tested.up_kbps or None,
        tested.down_kbps or None,
        tested.delay_ms or None,
    ]
