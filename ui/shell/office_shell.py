"""The office shell: rail, bars, banner, and the page; pages are built when first visited."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from desktop_app.domain.faults import Fault
from ui.i18n import fault_text, t
from ui.i18n.dates import moment_text
from ui.models.app_model import AppModel
from ui.models.pages import Page
from ui.models.workplace import Workplace
from ui.shell.banners import BannerHost, ReturnBar
from ui.shell.office import Office
from ui.shell.rail import Rail
from ui.shell.reminder_bar import ReminderBar
from ui.shell.top_bar import TopBar, greeting_date
from ui.theme import theme
from ui.widgets import IconButton, Notice, clear
from ui.widgets.card import flush

WIDEST = 1680


class OfficeShell(QWidget):
    """All of the window outside of a meeting."""

    def __init__(self, app: AppModel, work: Workplace, office: Office, by_keyboard: Callable[[], object]) -> None:
        super().__init__()
        k = theme()
        self._app = app
        self._work = work
        self._office = office
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        outer = QHBoxLayout(self)
        flush(outer)
        self.rail = Rail(list(Page), app.go, by_keyboard)
        outer.addWidget(self.rail)
        column = QVBoxLayout()
        flush(column)
        outer.addLayout(column, 1)
        self.top = TopBar(app)
        column.addWidget(ReturnBar(app, app.return_to_meeting, self))
        column.addWidget(ReminderBar(work.reminder, self))
        column.addWidget(self.top)
        column.addWidget(BannerHost(app, self))
        self._note = QWidget()
        note = QVBoxLayout(self._note)
        note.setContentsMargins(k.px(20), k.px(12), k.px(20), 0)
        self._note_place = note
        self._note.hide()
        column.addWidget(self._note)
        self._stack = QStackedWidget()
        self._stack.setMaximumWidth(k.px(WIDEST))
        middle = QHBoxLayout()
        flush(middle)
        middle.addStretch(1)
        middle.addWidget(self._stack, 1_000)
        middle.addStretch(1)
        column.addLayout(middle, 1)
        self._pages: dict[Page, QWidget] = {}
        app.page_changed.connect(self.show_page)
        app.sync_changed.connect(self._show_badge)
        work.signin.changed.connect(self.show_title)
        work.minutes.changed.connect(self.show_title)
        work.meeting.changed.connect(self.show_title)
        work.readiness.changed.connect(self.show_title)
        app.operator_changed.connect(self._show_person)
        self._show_badge()
        self.show_page()
        self._show_person()

    def show_page(self) -> None:
        """The page of the app model."""
        page = self._app.page
        self._note.hide()
        if page not in self._pages:
            self._pages[page] = self._build(page)
            self._stack.addWidget(self._pages[page])
        self._stack.setCurrentWidget(self._pages[page])
        self.rail.set_current(page)
        self._titled: tuple[str, str] | None = None
        self.show_title()

    def show_title(self) -> None:
        """Title and subtitle of the current page, where they are others than shown."""
        page = self._app.page
        view = self._pages.get(page)
        if view is None:
            return
        title, subtitle = self._title(page, view)
        if self._titled is None:
            actions = getattr(view, "header_actions", None)
            self.top.show_page(title, subtitle, actions() if actions is not None else ())
        elif self._titled != (title, subtitle):
            self.top.retitle(title, subtitle)
        self._titled = (title, subtitle)

    def tell(self, fault: Fault) -> None:
        """One sentence above the page."""
        self._note_down(fault_text(fault), "alert-circle-outline", "zhusha")

    def _note_down(self, words: str, icon_name: str, tone: str) -> None:
        clear(self._note_place)
        away = IconButton("close", t("note.away"), clicked=self._note.hide)
        self._note_place.addWidget(Notice(words, icon_name=icon_name, tone=tone, actions=[away]))
        self._note.show()

    def _show_person(self) -> None:
        """Their pages, and when they were here last."""
        self.rail.allow(self._app.pages)
        words = visit_text(self._app)
        if words:
            failed = self._app.visit is not None and self._app.visit.failed > 0
            self._note_down(words, "alert-outline" if failed else "history", "zheshi" if failed else "neutral")

    def _title(self, page: Page, view: QWidget) -> tuple[str, str]:
        if page is Page.HOME:
            return greeting_date(self._app), str(getattr(view, "subtitle", ""))
        about = {
            Page.SIGN_IN: self._work.signin,
            Page.MINUTES: self._work.minutes,
            Page.ROLL_CALL: self._work.roll_call,
            Page.READY: self._work.readiness,
        }.get(page)
        return t(f"page.{page}"), str(getattr(about, "title", "") or getattr(view, "subtitle", "") or "")

    def _show_badge(self) -> None:
        sync = self._app.sync
        self.rail.set_badge(Page.SYNC, sync.conflicts + sync.quarantined or (0 if self._app.online else sync.pending))

    def _build(self, page: Page) -> QWidget:
        from ui.shell.pages import build_page

        return build_page(page, self._app, self._work, self._office)


def visit_text(app: AppModel) -> str:
    """When whoever sits here was here last, and whether somebody failed as them since; empty the first time."""
    visit = app.visit
    if visit is None:
        return ""
    if visit.at is None:
        return t("people.visit_first_failed", visit.failed) if visit.failed else ""
    at = moment_text(visit.at, app.clock.now())
    return t("people.visit_failed", at, visit.failed) if visit.failed else t("people.visit", at)
