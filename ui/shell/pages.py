"""Which view a page of the rail has."""

from PySide6.QtWidgets import QWidget

from ui.meeting.roll_view import RollCallView
from ui.meeting.signin_view import SignInView
from ui.models.app_model import AppModel
from ui.models.pages import Page
from ui.models.workplace import Workplace
from ui.records.audit_view import AuditView
from ui.records.minutes_view import MinutesView
from ui.records.opinions_view import OpinionsView
from ui.records.people_view import PeopleView
from ui.shell.diagnostics_page import DiagnosticsPage
from ui.shell.home_page import HomePage
from ui.shell.meetings_page import MeetingsPage
from ui.shell.office import Office
from ui.shell.readiness_page import ReadinessPage
from ui.shell.settings_page import SettingsPage
from ui.shell.sync_page import SyncPage


def build_page(page: Page, app: AppModel, work: Workplace, office: Office) -> QWidget:
    """A new view of a page."""
    match page:
        case Page.HOME:
            return HomePage(app, work.home, office)
        case Page.MEETING:
            return MeetingsPage(work.home, office)
        case Page.SIGN_IN:
            return SignInView(work.signin)
        case Page.MINUTES:
            return MinutesView(work.minutes)
        case Page.OPINIONS:
            return OpinionsView(app, work.opinions, office)
        case Page.ROLL_CALL:
            return RollCallView(work.roll_call)
        case Page.READY:
            return ReadinessPage(work.readiness)
        case Page.SYNC:
            return SyncPage(app, work.sync)
        case Page.PEOPLE:
            return PeopleView(app, work.people)
        case Page.AUDIT:
            return AuditView(work.audit)
        case Page.DIAGNOSTICS:
            return DiagnosticsPage(work.diagnostics)
        case Page.SETTINGS:
            return SettingsPage(app, work.settings, work.room_devices)
