"""诊断: a verdict, the chain from this machine to the center, and every check with what to do about it."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.domain.faults import Fault
from ui.i18n import fault_text, t
from ui.i18n.dates import clock_text
from ui.models.diagnostics_model import DiagnosticsModel, Layer
from ui.services import CheckLine, DeviceState
from ui.shell.banners import caution_notice
from ui.shell.devices_card import STATE_LOOKS
from ui.theme import theme
from ui.widgets import Button, Card, Divider, ElidedText, EmptyState, Icon, Notice, ScrollColumn, Text, clear
from ui.widgets.card import flush

LAYER_ICONS = {Layer.MACHINE: "laptop", Layer.NETWORK: "lan", Layer.CENTER: "server"}


class DiagnosticsPage(QWidget):
    """Built anew from the model whenever it changes."""

    def __init__(self, model: DiagnosticsModel) -> None:
        super().__init__()
        k = theme()
        self._model = model
        self._again = Button(t("diag.again"), "refresh", size="small", clicked=model.check)
        self._copy = Button(t("diag.copy"), "content-copy", size="small", clicked=self._copy_text)
        outer = QVBoxLayout(self)
        flush(outer)
        self._scroll = ScrollColumn(14)
        self._scroll.column.setContentsMargins(k.px(24), k.px(20), k.px(24), k.px(20))
        outer.addWidget(self._scroll)
        model.changed.connect(self.refresh)
        if not model.lines:
            model.check()
        self.refresh()

    def header_actions(self) -> list[QWidget]:
        return [self._copy, self._again]

    def refresh(self) -> None:
        model, column = self._model, self._scroll.column
        clear(column)
        self._again.setEnabled(not model.running)
        self._copy.setEnabled(bool(model.lines))
        self._copy.set_text(t("diag.copy"))
        column.addWidget(self._verdict())
        for caution in model.cautions_below:
            column.addWidget(caution_notice(caution))
        column.addWidget(self._chain())
        column.addWidget(self._checks())
        column.addStretch(1)

    def _verdict(self) -> Notice:
        worst = self._model.worst
        if worst is None:
            words = t("diag.running") if self._model.running else t("diag.not_run")
            return Notice(words, icon_name="stethoscope", tone="shiqing")
        icon_name, tone = STATE_LOOKS[worst]
        fault = self._model.link_fault
        text = fault_text(fault) if fault is not None else t(f"diag.text_{worst}")
        return Notice(t(f"diag.{worst}"), text, icon_name=icon_name, tone=tone)

    def _chain(self) -> Card:
        k = theme()
        card = Card(t("diag.chain"))
        row = QHBoxLayout()
        flush(row, 12)
        for index, (layer, state) in enumerate(self._model.layers):
            if index:
                broken = state is DeviceState.FAILED
                row.addWidget(Icon("close-thick" if broken else "arrow-right", "zhusha" if broken else "ink3", 20))
            box = QFrame()
            box.setProperty("role", "inset")
            line = QHBoxLayout(box)
            line.setContentsMargins(k.px(14), k.px(10), k.px(14), k.px(10))
            line.setSpacing(k.px(10))
            line.addWidget(Icon(LAYER_ICONS[layer], "ink2", 22))
            line.addWidget(Text(t(f"diag.layer_{layer}"), "body", bold=True), 1)
            icon_name, tone = STATE_LOOKS[state] if state else ("help-circle-outline", "ink3")
            word = t(f"device.state_{state}") if state else t("diag.unknown")
            line.addWidget(Icon(icon_name, tone, 17))
            line.addWidget(Text(word, "body", tone, bold=True))
            row.addWidget(box, 1)
        card.body.addLayout(row)
        return card

    def _checks(self) -> Card:
        model = self._model
        note = t("diag.checked_at", clock_text(model.checked_at)) if model.checked_at else ""
        card = Card(t("diag.checks"), note)
        card.body.setSpacing(0)
        if not model.lines:
            card.body.addWidget(EmptyState("stethoscope", t("diag.running") if model.running else t("diag.not_run")))
        for index, line in enumerate(model.lines):
            if index:
                card.body.addWidget(Divider())
            card.body.addWidget(self._line(line))
        return card

    @staticmethod
    def _line(line: CheckLine) -> QWidget:
        k = theme()
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, k.px(9), 0, k.px(9))
        row.setSpacing(k.px(12))
        icon_name, tone = STATE_LOOKS[line.state]
        row.addWidget(Icon(icon_name, tone, 18), 0, Qt.AlignmentFlag.AlignVCenter)
        name = Text(t(f"doctor.{line.id}"), "body", bold=True)
        name.setMinimumWidth(k.px(120))
        row.addWidget(name)
        words = QVBoxLayout()
        flush(words, 1)
        found = t("device.none") if line.detail == "none" else line.detail
        if found:
            words.addWidget(ElidedText(found, "small", "ink3"))
        advice = fault_text(Fault(line.fault, **line.values)) if line.fault else ""
        if advice:
            words.addWidget(Text(advice, "small", "ink2", wrap=True))
        row.addLayout(words, 1)
        state = t(f"device.state_{line.state}")
        row.addWidget(Text(state, "body", tone, bold=True), 0, Qt.AlignmentFlag.AlignVCenter)
        holder.setAccessibleName(", ".join(part for part in (name.text(), state, found, advice) if part))
        return holder

    def report(self) -> str:
        """The whole page as text, for a chat or a letter; no record is in it."""
        model = self._model
        lines = [f"{t(f'diag.layer_{layer}')}: {_word(state)}" for layer, state in model.layers]
        lines += [fault_text(caution.fault) for caution in model.cautions]
        for line in model.lines:
            advice = fault_text(Fault(line.fault, **line.values)) if line.fault else ""
            parts = (f"{t(f'doctor.{line.id}')}: {_word(line.state)}", line.detail, advice, line.fault)
            lines.append("  ".join(part for part in parts if part))
        return "\n".join(lines)

    def _copy_text(self) -> None:
        QGuiApplication.clipboard().setText(self.report())
        self._copy.set_text(t("diag.copied"))


def _word(state: DeviceState | None) -> str:
    return t(f"device.state_{state}") if state else t("diag.unknown")
