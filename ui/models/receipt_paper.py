"""回执 on paper: one page with all that proves it, as a PDF that any program opens and prints."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QSizeF
from PySide6.QtGui import QFont, QPageLayout, QPageSize, QPdfWriter, QTextDocument

from ui.i18n import has, t
from ui.i18n.dates import day_text, local, seconds_text

if TYPE_CHECKING:
    from sync.terminal.records import Receipt

DOTS = 96
WIDTH_MM, HEIGHT_MM, MARGIN_MM = 210, 297, 24
FAMILIES = ("Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei UI", "SimSun")


def receipt_words(receipt: Receipt, *, unit: str, center: str, made_at: datetime) -> list[tuple[str, str]]:
    """The lines of the paper, each with its label."""
    at = local(receipt.received_at)
    parts = t("sync.joined").join(t("sync.part", _entity(name), count) for name, count in _most(receipt.entities))
    verdicts = t("receipt.all_applied")
    if receipt.verdicts:
        verdicts = t("receipt.some_held", len(receipt.verdicts))
    return [
        (t("receipt.number"), str(receipt.number)),
        (t("receipt.unit"), unit),
        (t("receipt.received"), f"{at.year}-{at:%m-%d} {seconds_text(receipt.received_at)}"),
        (t("receipt.content"), parts),
        (t("receipt.count"), t("receipt.changes", receipt.changes)),
        (t("receipt.verdict"), verdicts),
        (t("receipt.terminal"), receipt.terminal),
        (t("receipt.run"), t("receipt.run_text", receipt.epoch, receipt.first_seq, receipt.last_seq)),
        (t("receipt.head"), receipt.head_hash.hex()),
        (t("receipt.center"), center),
        (t("receipt.signature"), base64.b64encode(receipt.signature).decode()),
        (t("receipt.made"), f"{day_text(local(made_at).date())} {seconds_text(made_at)}"),
    ]


def receipt_pdf(receipt: Receipt, *, unit: str, center: str, made_at: datetime) -> bytes:
    """The page as a PDF. On the Qt thread: it lays out text."""
    rows = "".join(
        f'<tr><td width="24%" style="color:#40515D">{escape(label)}</td><td>{_breakable(value)}</td></tr>'
        for label, value in receipt_words(receipt, unit=unit, center=center, made_at=made_at)
    )
    document = QTextDocument()
    body = QFont()
    body.setFamilies(list(FAMILIES))
    body.setPointSizeF(11)
    document.setDefaultFont(body)
    document.setDocumentMargin(0)
    document.setHtml(
        f'<h1 style="font-size:20pt">{escape(t("receipt.title"))}</h1>'
        f"<p>{escape(t('receipt.says'))}</p>"
        f'<table width="100%" cellspacing="0" cellpadding="5" border="1">{rows}</table>'
        f'<p style="color:#40515D">{escape(t("receipt.verify"))}</p>'
    )
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setTitle(t("receipt.file", receipt.number))
    writer.setResolution(DOTS)
    writer.setPageLayout(
        QPageLayout(
            QPageSize(QPageSize.PageSizeId.A4),
            QPageLayout.Orientation.Portrait,
            QMarginsF(MARGIN_MM, MARGIN_MM, MARGIN_MM, MARGIN_MM),
            QPageLayout.Unit.Millimeter,
        )
    )
    room = QSizeF(WIDTH_MM - 2 * MARGIN_MM, HEIGHT_MM - 2 * MARGIN_MM) * (DOTS / 25.4)
    document.documentLayout().setPaintDevice(writer)
    document.setPageSize(room)
    document.print_(writer)
    buffer.close()
    return bytes(buffer.data().data())


def _breakable(value: str) -> str:
    """A long run of hex or base64 may break anywhere."""
    text = escape(value)
    return (
        text if len(value) < 40 or " " in value else "\u200b".join(value[at : at + 8] for at in range(0, len(value), 8))
    )


def _entity(name: str) -> str:
    return t(f"entity.{name}") if has(f"entity.{name}") else name


def _most(entities: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(entities.items(), key=lambda part: (-part[1], part[0]))
