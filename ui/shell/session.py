"""The session shell: its bar takes the place of rail and top bar, the meeting fills the rest."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from ui.meeting.lecture_view import LectureView
from ui.meeting.meeting_view import MeetingView
from ui.models.pages import Page
from ui.models.workplace import Workplace
from ui.shell.room_screen import RoomScreen
from ui.shell.session_bar import SessionBar
from ui.widgets.card import flush


class SessionShell(QWidget):
    """The running meeting. `view` is the meeting below the bar; the room's screen lives as long as the shell does."""

    def __init__(self, workplace: Workplace) -> None:
        super().__init__()
        app = workplace.app
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(self)
        flush(column)
        self.bar = SessionBar(app, workplace.meeting, lambda: app.go(Page.HOME))
        self.screen_of_room = screen = RoomScreen(workplace.room, app.clock, self)
        self.view = MeetingView(
            workplace.meeting,
            workplace.room,
            screen.show_preview,
            workplace.hosting,
            workplace.slides,
            workplace.share,
            workplace.guests,
        )
        column.addWidget(self.bar)
        self.lecture = LectureView(
            workplace.lecture, app.clock, workplace.hosting, self.view.room_menu, workplace.slides
        )
        self._stack = QStackedWidget()
        self._stack.addWidget(self.view)
        self._stack.addWidget(self.lecture)
        column.addWidget(self._stack, 1)
        self._lecture = workplace.lecture
        workplace.lecture.changed.connect(self._choose)
        self._choose()
        self.destroyed.connect(lambda _shell=None: screen.close())
        for view in (self.view, self.lecture):
            view.sign_in_pressed.connect(lambda: workplace.open_sign_in(app.meeting_id))
            view.minutes_pressed.connect(lambda: workplace.open_minutes(app.meeting_id))
        self.view.roll_call_pressed.connect(lambda: app.go(Page.ROLL_CALL))

    def _choose(self) -> None:
        """A room that follows a lecture has its own page."""
        shown = self.lecture if self._lecture.listening else self.view
        if self._stack.currentWidget() is not shown:
            self._stack.setCurrentWidget(shown)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.screen_of_room.follow_operator()
