"""Dialogs about one site: its last self-tests, and whom to ring there."""

from collections.abc import Callable
from datetime import datetime

from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QWidget

from sync.meetings.readiness import SiteReadiness, Tested
from ui.i18n import t
from ui.i18n.dates import moment_text
from ui.models.places import place_name
from ui.theme import font, theme
from ui.widgets import Button, Divider, ElidedText, EmptyState, Icon, PrimaryButton, ScrollColumn, Text
from ui.widgets.dialog import Dialog

LOOKS = {
    "ok": ("check-circle", "shilv"),
    "advice": ("alert", "zheshi"),
    "failed": ("close-circle-outline", "zhusha"),
}


class HistoryDialog(Dialog):
    """自检记录: newest first, each with what was wrong and how wide the line was."""

    def __init__(self, site: SiteReadiness, now: datetime, parent: QWidget | None = None) -> None:
        super().__init__(t("ready.history_of", place_name(site.unit_path)), parent, 760)
        if not site.history:
            self.body.addWidget(EmptyState("history", t("ready.no_history"), t("ready.do_untested")))
        else:
            scroll = ScrollColumn(0)
            scroll.setMinimumHeight(theme().px(320))
            for number, one in enumerate(site.history):
                if number:
                    scroll.column.addWidget(Divider())
                scroll.column.addWidget(_line(one, now))
            scroll.column.addStretch(1)
            self.body.addWidget(scroll, 1)
        self.add_button(Button(t("dialog.close"), clicked=self.accept), default=True)
        self.finished.connect(self.deleteLater)


def _line(one: Tested, now: datetime) -> QWidget:
    k = theme()
    line = QWidget()
    row = QHBoxLayout(line)
    row.setContentsMargins(0, k.px(8), 0, k.px(8))
    row.setSpacing(k.px(12))
    icon_name, tone = LOOKS.get(one.state, ("help-circle-outline", "ink2"))
    row.addWidget(Icon(icon_name, tone, 20))
    at = moment_text(one.at, now)
    when = Text(at, "body")
    when.setMinimumWidth(k.px(140))
    row.addWidget(when)
    state = t(f"ready.test_{one.state}") if one.state in LOOKS else one.state
    row.addWidget(Text(state, "body", tone, bold=True))
    wrong = [t(f"device.{check.kind}") for check in one.checks if check.state != "ok"]
    row.addWidget(ElidedText(t("call.comma").join(wrong), "small", "ink2"), 1)
    figures = t("ready.line", one.up_kbps, one.down_kbps, one.delay_ms) if one.down_kbps else ""
    row.addWidget(Text(figures, "small", "ink3"))
    row.addWidget(Text(one.person_name, "small", "ink3"))
    line.setAccessibleName(t("call.comma").join(part for part in (at, state, *wrong, figures) if part))
    return line


class ContactDialog(Dialog):
    """值班电话: a name and a number; an empty number takes it away."""

    def __init__(
        self, site: str, name: str, phone: str, chosen: Callable[[str, str], object], parent: QWidget | None = None
    ) -> None:
        super().__init__(t("ready.contact_of", site), parent, 440)
        self._chosen = chosen
        grid = QGridLayout()
        grid.setSpacing(theme().px(10))
        self.name, self.phone = QLineEdit(name), QLineEdit(phone)
        for place, (key, field) in enumerate((("ready.contact_name", self.name), ("ready.contact_phone", self.phone))):
            field.setFont(font("body"))
            field.setAccessibleName(t(key))
            grid.addWidget(Text(t(key), "body", "ink2"), place, 0)
            grid.addWidget(field, place, 1)
        self.phone.setPlaceholderText("0752-8812345")
        self.body.addLayout(grid)
        self.body.addWidget(Text(t("ready.contact_text"), "small", "ink3", wrap=True))
        self.add_button(Button(t("dialog.cancel"), clicked=self.reject))
        self.add_button(PrimaryButton(t("ready.contact_keep"), clicked=self.keep), default=True)
        self.finished.connect(self.deleteLater)
        self.phone.setFocus()

    def keep(self) -> None:
        """Hand it over; what is wrong with it is told on the page."""
        self._chosen(self.name.text(), self.phone.text())
        self.accept()
