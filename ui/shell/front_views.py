"""What fills the window before there is anybody at it: starting up, and the reason why it cannot."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from desktop_app.domain.faults import Fault
from desktop_app.domain.units import Level
from ui.i18n import fault_text, t
from ui.shell.open_file import open_file
from ui.theme import theme
from ui.widgets import Button, Icon, LevelMark, PrimaryButton, ScrollColumn, Text
from ui.widgets.card import flush


class FrontPage(QWidget):
    """A centred column on the window's ground, under the program's name. `column` is filled by the page."""

    def __init__(self, width: int = 460) -> None:
        super().__init__()
        k = theme()
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        whole = QVBoxLayout(self)
        flush(whole)
        scroll = ScrollColumn()
        whole.addWidget(scroll)
        outer = QHBoxLayout()
        outer.setContentsMargins(k.px(24), k.px(24), k.px(24), k.px(24))
        scroll.column.addLayout(outer)
        outer.addStretch(1)
        middle = QVBoxLayout()
        middle.setSpacing(k.px(20))
        middle.addStretch(2)
        name = QHBoxLayout()
        name.setSpacing(k.px(14))
        name.addStretch(1)
        name.addWidget(LevelMark(Level.NATIONAL, 34), 0, Qt.AlignmentFlag.AlignVCenter)
        name.addWidget(Text(t("app.name"), "session"))
        name.addStretch(1)
        middle.addLayout(name)
        self.card = QFrame()
        self.card.setProperty("role", "card")
        self.card.setFixedWidth(k.px(width))
        self.column = QVBoxLayout(self.card)
        self.column.setContentsMargins(k.px(28), k.px(24), k.px(28), k.px(24))
        self.column.setSpacing(k.px(12))
        middle.addWidget(self.card)
        foot = Text(t("app.no_secrets"), "meta", "ink3")
        foot.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        middle.addWidget(foot)
        middle.addStretch(3)
        outer.addLayout(middle)
        outer.addStretch(1)


class StartingView(FrontPage):
    """The first paint: the name and that it is starting."""

    def __init__(self) -> None:
        super().__init__(380)
        words = Text(t("start.wait"), "body", "ink2")
        words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.column.addWidget(words)
        bar = QProgressBar()
        bar.setRange(0, 0)
        bar.setTextVisible(False)
        bar.setAccessibleName(t("start.wait"))
        self.column.addWidget(bar)


class FailedView(FrontPage):
    """Why the program cannot go on, what is safe, what to do; another try, and the log for whoever helps."""

    def __init__(self, fault: Fault, again: Callable[[], object] | None = None, log: Path | None = None) -> None:
        super().__init__(520)
        head = QHBoxLayout()
        head.setSpacing(theme().px(12))
        head.addWidget(Icon("alert-circle-outline", "zhusha", 26), 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(Text(t("start.failed"), "page"), 1)
        self.column.addLayout(head)
        self.column.addWidget(Text(fault_text(fault), "reading", "ink2", wrap=True))
        self.column.addWidget(Text(t("start.code", fault.id), "meta", "ink3"))
        acts = QHBoxLayout()
        acts.setSpacing(theme().px(10))
        acts.addStretch(1)
        if log is not None and log.is_file():
            acts.addWidget(Button(t("start.log"), "file-document-outline", clicked=lambda: open_file(log)))
        if again is not None:
            self.again = PrimaryButton(t("start.again"), "refresh", clicked=again)
            self.again.setAutoDefault(True)
            self.again.setFocus()
            acts.addWidget(self.again)
        self.column.addLayout(acts)
