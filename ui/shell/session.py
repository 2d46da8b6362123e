"""The session shell: its bar takes the place of rail and top bar, the meeting fills the rest."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ui.meeting.meeting_view import MeetingView
from ui.models.app_model import Page
from ui.models.workplace import Workplace
from ui.shell.room_screen import RoomScreen
from ui.shell.session_bar import SessionBar
from ui.widgets.card import flush


class SessionShell(QWidget):
    """The running meeting. `view` is the meeting below the bar; the room's screen lives as long as the shell does."""

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.screen_of_room.follow_operator()

    def __init__(self, workplace: Workplace) -> None:
        super().__init__()
        app = workplace.app
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(self)
        flush(column)
        self.bar = SessionBar(app, workplace.meeting, lambda: app.go(Page.HOME))
        self.screen_of_room = screen = RoomScreen(workplace.room, app.clock, self)
        self.view = MeetingView(workplace.meeting, workplace.room, screen.show_preview)
        column.addWidget(self.bar)
        column.addWidget(self.view, 1)
        self.destroyed.connect(lambda _shell=None: screen.close())
        self.view.sign_in_pressed.connect(lambda: workplace.open_sign_in(app.meeting_id))
        self.view.minutes_pressed.connect(lambda: workplace.open_minutes(app.meeting_id))
