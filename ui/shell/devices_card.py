"""设备自检 on the home page: one sentence, a line for each device, what to do; device by device while it runs."""

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.domain.faults import Fault
from ui.i18n import fault_text, t
from ui.i18n.dates import clock_text
from ui.models.home_model import HomeModel
from ui.services import DeviceKind, DeviceReport, DeviceState
from ui.theme import theme
from ui.widgets import Button, Card, Divider, ElidedText, Icon, Notice, PrimaryButton, Text, clear
from ui.widgets.card import flush

DEVICE_ICONS = {
    DeviceKind.NETWORK: "lan-connect",
    DeviceKind.MICROPHONE: "microphone",
    DeviceKind.SPEAKER: "volume-high",
    DeviceKind.CAMERA: "video-outline",
    DeviceKind.STORAGE: "harddisk",
    DeviceKind.CLOCK: "clock-outline",
}
STATE_LOOKS = {
    DeviceState.OK: ("check-circle", "shilv"),
    DeviceState.ADVICE: ("alert", "zheshi"),
    DeviceState.FAILED: ("close-circle-outline", "zhusha"),
}


class DevicesCard(Card):
    """`again` is the button that tests."""

    def __init__(self, model: HomeModel) -> None:
        super().__init__(t("test.title"), "-")
        self._model = model
        self.set_note("")
        self._lines = QVBoxLayout()
        flush(self._lines, 0)
        self.body.addLayout(self._lines)
        self._foot = QVBoxLayout()
        flush(self._foot, 4)
        self.body.addLayout(self._foot)
        self.again: Button = Button(t("test.again"))
        self._due: bool | None = None
        model.devices_changed.connect(self.refresh)
        model.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Take up what the model says now."""
        model, verdict = self._model, self._model.verdict
        self._show_button(model.test_is_due and not verdict.running)
        self.again.setEnabled(not verdict.running)
        done = len(DeviceKind) - len(verdict.waiting)
        running = t("test.step", done, len(DeviceKind)) if verdict.waiting else t("test.running")
        usual = t("test.again") if verdict.tested_at is not None else t("test.start")
        self.again.set_text(running if verdict.running else usual)
        if verdict.at is not None:
            self.set_note(t("test.done_at", clock_text(verdict.at)))
        clear(self._lines)
        if not verdict.reports and not verdict.waiting:
            words = t("test.running") if verdict.running else t("test.not_run")
            self._lines.addWidget(Text(words, "body", "ink2", wrap=True))
            return
        self._lines.addWidget(self._verdict())
        self._lines.addSpacing(theme().px(4))
        found = {report.kind: report for report in verdict.reports if report.kind not in verdict.waiting}
        for index, kind in enumerate(kind for kind in DeviceKind if kind in found or kind in verdict.waiting):
            if index:
                self._lines.addWidget(Divider())
            report = found.get(kind)
            self._lines.addWidget(_waiting(kind) if report is None else _line(report))

    def _show_button(self, due: bool) -> None:
        """Filled while a meeting is near that was not tested for: it is the next step then."""
        if due == self._due:
            return
        self._due = due
        clear(self._foot)
        kind = PrimaryButton if due else Button
        self.again = kind(t("test.start"), "radar", clicked=self._model.test_devices)
        self._foot.addWidget(self.again)
        self._foot.addWidget(Text(t("test.tone"), "meta", "ink3", wrap=True))

    def _verdict(self) -> Notice:
        verdict = self._model.verdict
        if verdict.waiting:
            title = t("test.step", len(DeviceKind) - len(verdict.waiting), len(DeviceKind))
            return Notice(title, t("test.tone"), icon_name="radar", tone="shiqing")
        state = verdict.state or DeviceState.OK
        troubled = [one for one in verdict.reports if one.state is state and one.fault]
        if self._model.test_is_due and state is DeviceState.OK:
            return Notice(t("test.offer"), t("test.offer_text"), icon_name="radar", tone="accent")
        advice = fault_text(Fault(troubled[0].fault, **troubled[0].values)) if troubled else ""
        if not advice and verdict.tested_at is None:
            advice = t("test.quiet")
        icon_name, tone = STATE_LOOKS[state]
        return Notice(t(f"test.{state}", verdict.count), advice, icon_name=icon_name, tone=tone)


def _row(kind: DeviceKind, found: str) -> tuple[QWidget, QHBoxLayout]:
    k = theme()
    line = QWidget()
    row = QHBoxLayout(line)
    row.setContentsMargins(0, k.px(7), 0, k.px(7))
    row.setSpacing(k.px(10))
    row.addWidget(Icon(DEVICE_ICONS[kind], "ink2", 18))
    name = Text(t(f"device.{kind}"), "body")
    name.setMinimumWidth(k.px(64))
    row.addWidget(name)
    row.addWidget(ElidedText(found, "small", "ink3"), 1)
    return line, row


def _waiting(kind: DeviceKind) -> QWidget:
    line, row = _row(kind, "")
    row.addWidget(Icon("dots-horizontal", "ink3", 17))
    row.addWidget(Text(t("device.waiting"), "body", "ink3"))
    line.setAccessibleName(f"{t(f'device.{kind}')}, {t('device.waiting')}")
    return line


def _line(report: DeviceReport) -> QWidget:
    line, row = _row(report.kind, t("device.none") if report.detail == "none" else report.detail)
    icon_name, tone = STATE_LOOKS[report.state]
    row.addWidget(Icon(icon_name, tone, 17))
    state = t(f"device.state_{report.state}")
    row.addWidget(Text(state, "body", tone, bold=True))
    advice = fault_text(Fault(report.fault, **report.values)) if report.fault else ""
    line.setAccessibleName(", ".join(part for part in (t(f"device.{report.kind}"), state, advice) if part))
    line.setToolTip(advice)
    return line
