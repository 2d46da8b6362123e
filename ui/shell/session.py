"""The session shell: its bar takes the place of rail and top bar, the meeting fills the rest."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ui.meeting.meeting_view import MeetingView
from ui.models.app_model import Page
from ui.models.workplace import Workplace
from ui.shell.session_bar import SessionBar
from ui.widgets.card import flush


class SessionShell(QWidget):
    """The running meeting. `view` is the meeting below the bar."""

    def __init__(self, workplace: Workplace) -> None:
        super().__init__()
        app = workplace.app
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(self)
        flush(column)
        self.bar = SessionBar(app, workplace.meeting, lambda: app.go(Page.HOME))
        self.view = MeetingView(workplace.meeting)
        column.addWidget(self.bar)
        column.addWidget(self.view, 1)
        self.view.sign_in_pressed.connect(lambda: workplace.open_sign_in(app.meeting_id))
        self.view.minutes_pressed.connect(lambda: workplace.open_minutes(app.meeting_id))
