"""Slides for the tests of the screens: a PDF that is drawn here, and a desk that has it, or gets it when told to."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QPageSize, QPainter, QPdfWriter

from desktop_app.domain.faults import Fault, HostFault
from desktop_app.domain.ids import MeetingId
from sync.meetings.material import Material
from ui.theme.fonts import SANS, SERIF

POINTS = ("公共服务就近办", "产业链上云", "基层治理一张表")


def drawn_pdf(pages: int = 3, wide: float = 320, high: float = 180) -> bytes:
    """A lecture in 16:9; each page says its number."""
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setPageSize(QPageSize(QSizeF(wide, high), QPageSize.Unit.Millimeter))
    writer.setPageMargins(QMarginsF(0, 0, 0, 0))
    writer.setResolution(96)
    painter = QPainter(writer)
    for number in range(1, pages + 1):
        if number > 1:
            writer.newPage()
        _page(painter, writer.width(), writer.height(), number, pages)
    painter.end()
    buffer.close()
    return content.data()


def _page(painter: QPainter, wide: int, high: int, number: int, pages: int) -> None:
    painter.fillRect(0, 0, wide, high, QColor("#FDFEFE"))
    painter.fillRect(0, 0, wide // 80, high, QColor("#1F4A78"))
    title = QFont()
    title.setFamilies(SERIF)
    title.setPixelSize(high // 14)
    title.setBold(True)
    painter.setFont(title)
    painter.setPen(QColor("#16222B"))
    painter.drawText(QRectF(wide * 0.06, high * 0.1, wide * 0.8, high * 0.12), f"县域数字化的三个着力点（{number}）")
    body = QFont()
    body.setFamilies(SANS)
    body.setPixelSize(high // 20)
    painter.setFont(body)
    for place, point in enumerate(POINTS):
        painter.drawText(QRectF(wide * 0.1, high * (0.3 + place * 0.16), wide * 0.5, high * 0.1), point)
        bar = high * (0.2 + 0.1 * ((place + number) % 4))
        painter.fillRect(QRectF(wide * (0.62 + place * 0.1), high * 0.8 - bar, wide * 0.06, bar), QColor("#B8CDE2"))
    foot = QRectF(wide * 0.7, high * 0.88, wide * 0.24, high * 0.08)
    painter.drawText(foot, int(Qt.AlignmentFlag.AlignRight), f"{number} / {pages}")


class PlacedMaterial:
    """A `MaterialDesk` in memory: contents by their hash, some of which have not come yet."""

    def __init__(self, **files: bytes) -> None:
        self.contents: dict[str, bytes] = {}
        self.late: dict[str, bytes] = {}
        self.names: list[tuple[str, str]] = []
        self.followed: list[tuple[str, str]] = []
        self.fault: Fault | None = None
        self.heard: list[Callable[[], None]] = []
        for name, content in files.items():
            self.put(f"{name}.pdf", content)

    def put(self, name: str, content: bytes, *, sha256: str = "", late: bool = False) -> str:
        """A file of the meeting; its SHA-256."""
        sha256 = sha256 or hashlib.sha256(content).hexdigest()
        (self.late if late else self.contents)[sha256] = content
        self.names.append((name, sha256))
        return sha256

    def arrive(self) -> None:
        """What was late is here."""
        self.contents |= self.late
        self.late = {}
        for heard in tuple(self.heard):
            heard()

    def listed(self, _meeting: MeetingId) -> Sequence[Material]:
        every = self.contents | self.late
        return [
            Material(f"a-{sha[:8]}", sha, name, "application/pdf" if name.endswith(".pdf") else "text/plain",
                     len(every[sha]), sha in self.contents)
            for name, sha in self.names
        ]  # fmt: skip

    def place(self, _meeting: MeetingId, path: Path) -> str:
        if self.fault is not None:
            raise self.fault
        return self.put(path.name, path.read_bytes())

    def take_back(self, _meeting: MeetingId, attachment: str) -> None:
        self.names = [(name, sha) for name, sha in self.names if f"a-{sha[:8]}" != attachment]

    def content(self, sha256: str) -> bytes:
        if sha256 not in self.contents:
            raise HostFault("blob-missing", sha256=sha256)
        return self.contents[sha256]

    def follow(self, meeting: MeetingId, shown: str = "") -> None:
        if (meeting, shown) not in self.followed[-1:]:
            self.followed.append((meeting, shown))

    def listen(self, heard: Callable[[], None]) -> Callable[[], None]:
        self.heard.append(heard)
        return lambda: self.heard.remove(heard)
