"""`python -m bench slides`: how long a page of slides takes from the turn to its picture, at the sizes of our screens.

A file of 40 drawn pages with text, lines and areas; a page that nobody looked at yet (a jump), and the next one, which
is made ahead. The goal of a lecture is 2 s from the speaker's turn to every screen.
"""

import os
import random
import statistics
import time
from typing import Any

from bench.rows import Row, at_most, keep

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
SIZES = {"the operator's page, 798x406": (798, 406), "the room at 1080 lines": (1264, 712), "at 2160": (2528, 1424)}
PAGES = 40
GOAL_MS = 2_000.0
PATIENCE_S = 30.0


def drawn(pages: int) -> bytes:
    """A lecture in 16:9."""
    from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QLineF, QMarginsF, QRectF, QSizeF
    from PySide6.QtGui import QColor, QFont, QPageSize, QPainter, QPdfWriter

    content, chance = QByteArray(), random.Random(1)
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setPageSize(QPageSize(QSizeF(320, 180), QPageSize.Unit.Millimeter))
    writer.setPageMargins(QMarginsF(0, 0, 0, 0))
    writer.setResolution(96)
    painter = QPainter(writer)
    wide, high = writer.width(), writer.height()
    for number in range(pages):
        if number:
            writer.newPage()
        font = QFont("Noto Sans CJK SC")
        font.setPixelSize(high // 26)
        painter.setFont(font)
        for line in range(16):
            painter.drawText(
                QRectF(40, 30 + line * high / 19, wide * 0.6, high / 18), f"第 {number} 页，要点 {line}：县域数字化"
            )
        for _ in range(200):
            place = QLineF(wide * chance.uniform(0.62, 1), high * chance.random(), wide * 0.9, high * chance.random())
            painter.setPen(QColor.fromHsv(chance.randrange(360), 160, 200))
            painter.drawLine(place)
    painter.end()
    buffer.close()
    return bytes(content.data())


def main() -> int:
    from PySide6.QtWidgets import QApplication

    from ui.picture.pages import PageKey, Pages

    app: Any = QApplication.instance() or QApplication([])
    content = drawn(PAGES)
    rows: list[Row] = []

    def shown(pages: Pages, key: PageKey) -> float:
        """Milliseconds until the page is there."""
        began = time.monotonic()
        while pages.picture(key) is None and time.monotonic() - began < PATIENCE_S:
            app.processEvents()
        return (time.monotonic() - began) * 1000

    for name, (width, height) in SIZES.items():
        pages = Pages(lambda _document: content)
        keys = [PageKey("lecture", page, width, height) for page in range(1, PAGES + 1)]
        order = keys[1:]
        random.Random(2).shuffle(order)
        pages.make(keys[0])
        first = shown(pages, keys[0])
        jumps = []
        for key in order[:12]:
            pages.make(key)
            jumps.append(shown(pages, key))
        pages.close()
        rows.append(at_most(f"{name}: first page of a file, ms", round(first), GOAL_MS))
        rows.append(at_most(f"{name}: any page, median ms", round(statistics.median(jumps), 1), GOAL_MS))
        rows.append(at_most(f"{name}: any page, longest ms", round(max(jumps), 1), GOAL_MS))
    keep("slides", rows)
    return 0 if all(row.holds for row in rows) else 1
