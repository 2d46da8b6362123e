"""The right column of the minutes: what was marked as an opinion, to be confirmed, reworded or put aside."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from ui.i18n import t
from ui.models.minutes_model import MinutesModel
from ui.theme import font, theme
from ui.widgets import Button, Chip, ElidedText, PrimaryButton, ScrollColumn, Text, clear, flush


class OpinionDialog(QDialog):
    """修改: another wording; what was said stands above it and stays."""

    def __init__(self, opinion: Mapping[str, Any], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        k = theme()
        self.setWindowTitle(t("min.amend-title"))
        self.resize(k.px(480), k.px(340))
        column = QVBoxLayout(self)
        column.setContentsMargins(k.px(22), k.px(20), k.px(22), k.px(18))
        column.setSpacing(k.px(8))
        column.addWidget(Text(t("min.amend-title"), "page"))
        column.addWidget(Text(t("min.quote"), "small", "ink2"))
        column.addWidget(Text(str(opinion.get("quote") or ""), "body", "ink2", wrap=True))
        self._words = QPlainTextEdit(str(opinion.get("text") or ""))
        self._words.setFont(font("reading"))
        self._words.setAccessibleName(t("min.amend-title"))
        column.addWidget(self._words, 1)
        row = QHBoxLayout()
        flush(row, 10)
        row.addStretch(1)
        row.addWidget(Button(t("call.cancel"), clicked=self.reject))
        row.addWidget(PrimaryButton(t("min.amend-save"), clicked=self.accept))
        column.addLayout(row)

    @property
    def words(self) -> str:
        return self._words.toPlainText()


class OpinionsPanel(QFrame):
    """Opinions of these minutes in the order they were marked."""

    block_chosen = Signal(str)

    def __init__(self, model: MinutesModel) -> None:
        super().__init__()
        self._model = model
        self._key: object = None
        k = theme()
        self.setProperty("role", "panel")
        self.setProperty("edge", "left")
        self.setFixedWidth(k.px(290))
        column = QVBoxLayout(self)
        column.setContentsMargins(k.px(16), k.px(14), k.px(10), k.px(14))
        column.setSpacing(k.px(10))
        head = QHBoxLayout()
        flush(head, 8)
        head.addWidget(Text(t("min.opinions"), "title"))
        self._count = Text("", "small", "ink3")
        head.addWidget(self._count)
        head.addStretch(1)
        column.addLayout(head)
        scroll = ScrollColumn(10)
        scroll.column.setContentsMargins(0, 0, k.px(6), 0)
        self._list = scroll.column
        column.addWidget(scroll, 1)
        self._column = column
        column.addWidget(Text(t("min.opinions-note"), "small", "ink2", wrap=True))
        self.refresh()

    def add_below(self, widget: QWidget) -> None:
        """Another block under the opinions, above the note."""
        self._column.insertWidget(self._column.count() - 1, widget)

    def refresh(self) -> None:
        model = self._model
        noted = model.noted
        self._count.setText(t("min.opinions-count", len(noted)))
        key = [(one["pk"], one.get("state"), one.get("text")) for one in noted]
        if key == self._key:
            return
        self._key = key
        clear(self._list)
        if not noted:
            self._list.addWidget(Text(t("min.opinions-empty"), "small", "ink3", wrap=True))
        for number, opinion in enumerate(noted, 1):
            self._list.addWidget(self._card(number, opinion))
        self._list.addStretch(1)

    def _card(self, number: int, opinion: Mapping[str, Any]) -> QFrame:
        k, model, pk = theme(), self._model, str(opinion["pk"])
        card = QFrame()
        card.setProperty("role", "inset")
        column = QVBoxLayout(card)
        column.setContentsMargins(k.px(14), k.px(11), k.px(14), k.px(12))
        column.setSpacing(k.px(6))
        head = QHBoxLayout()
        flush(head, 8)
        head.addWidget(Text(t("min.opinion", number), "small", "ink2", bold=True))
        head.addStretch(1)
        confirmed = opinion.get("state") == "confirmed"
        if confirmed:
            head.addWidget(Chip(t("min.confirmed"), "check-circle-outline", "shilv"))
        else:
            head.addWidget(Chip(t("min.noted"), "help-circle-outline", "zheshi"))
        column.addLayout(head)
        column.addWidget(Text(str(opinion.get("text") or ""), "body", wrap=True))
        site = model.site_name(str(opinion.get("site") or ""))
        who = " · ".join(part for part in (str(opinion.get("member_name") or ""), site) if part)
        column.addWidget(ElidedText(who, "small", "ink2"))
        if not confirmed:
            row = QHBoxLayout()
            flush(row, 7)
            row.addWidget(PrimaryButton(t("min.confirm"), size="small", clicked=lambda: model.confirm_opinion(pk)))
            row.addWidget(Button(t("min.amend"), size="small", clicked=lambda: self._amend(opinion)))
            row.addWidget(Button(t("min.dismiss"), size="small", clicked=lambda: model.dismiss_opinion(pk)))
            row.addStretch(1)
            column.addLayout(row)
        return card

    def _amend(self, opinion: Mapping[str, Any]) -> None:
        dialog = OpinionDialog(opinion, self)
        if dialog.exec():
            self._model.amend_opinion(str(opinion["pk"]), dialog.words)
        dialog.deleteLater()
