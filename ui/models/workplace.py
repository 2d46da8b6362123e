"""The view models of one running terminal, and how they hear of one another."""

from __future__ import annotations

from PySide6.QtCore import QObject

from desktop_app.domain.faults import Fault
from desktop_app.domain.ids import MeetingId
from desktop_app.domain.principal import Role
from media.meeting.health import Health
from media.meeting.roll_call import DeviceHealth
from ui.models.app_model import AppModel, Stage
from ui.models.audit_model import AuditModel
from ui.models.diagnostics_model import DiagnosticsModel
from ui.models.guest_door_model import GuestDoorModel
from ui.models.home_model import HomeModel
from ui.models.hosting_model import HostingModel
from ui.models.lecture_model import LectureModel
from ui.models.meeting_model import MeetingModel
from ui.models.minutes_drafter import MinutesDrafter
from ui.models.minutes_model import MinutesModel
from ui.models.opinions_model import OpinionsModel
from ui.models.pages import Page
from ui.models.people_model import PeopleModel
from ui.models.readiness_model import ReadinessModel
from ui.models.reminder_model import ReminderModel
from ui.models.report_model import ReportModel
from ui.models.roll_model import RollCallModel
from ui.models.room_devices_model import RoomDevicesModel
from ui.models.room_model import RoomModel
from ui.models.schedule_model import ScheduleModel
from ui.models.settings_model import SettingsModel
from ui.models.share_model import ShareModel
from ui.models.signin_model import SignInModel
from ui.models.slide_model import SlideModel
from ui.models.sync_model import SyncModel
from ui.models.unlock_model import UnlockModel
from ui.services import DeviceKind, DeviceState, Services


class Workplace(QObject):
    """Made once the services exist: `Workplace(services, app)`, then `window.receive(workplace)`."""

    def __init__(self, services: Services, app: AppModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.services = services
        self.app = app
        self.unlock = UnlockModel(services, app, self)
        self.home = HomeModel(services, app, self)
        self.meeting = MeetingModel(services, self)
        self.slides = SlideModel(self.meeting, services, self)
        self.hosting = HostingModel(self.meeting, self)
        self.roll_call = RollCallModel(self.meeting, services, self)
        self.lecture = LectureModel(self.meeting, self)
        self.signin = SignInModel(services, self)
        self.room = RoomModel(self.meeting, services, self, slides=self.slides, door=self.signin.door)
        self.minutes = MinutesModel(services, self)
        self.minutes.follow(self.meeting)
        self.opinions = OpinionsModel(services, app, self)
        self.sync = SyncModel(services, app, self)
        self.people = PeopleModel(services, app, self)
        self.audit = AuditModel(services, app, self)
        self.diagnostics = DiagnosticsModel(services, app, self)
        self.settings = SettingsModel(services, app, self)
        self.share = ShareModel(self.meeting, services, self)
        self.guests = GuestDoorModel(services, self.meeting, self)
        self.room_devices = RoomDevicesModel(services, self.meeting, self)
        self.hosting.people = lambda: self.room.tally
        self.home.devices.changed.connect(self._note_devices)
        self.settings.changed.connect(self._room_scheme)
        self._room_scheme()
        self.readiness = ReadinessModel(services, self)
        self.report = ReportModel(services, self)
        self.schedule = ScheduleModel(services, self)
        self.schedule.saved.connect(lambda _meeting: self.home.load())
        self.reminder = ReminderModel(self.home, app, self)
        self.drafter = MinutesDrafter(services, self.minutes, self.meeting, self)
        self._opened = False
        self.home.joining.connect(self._join)
        self.meeting.changed.connect(self._meeting_changed)
        self.meeting.closed.connect(lambda _how: app.leave_meeting())
        app.stage_changed.connect(self._stage_changed)
        app.operator_changed.connect(self._operator_changed)
        app.locking.connect(self.minutes.save_now)
        app.locking.connect(self.minutes.files.forget_copies)
        app.operator_changed.connect(lambda: self.minutes.sit_down(app.operator is not None))

    def open_sign_in(self, meeting: str) -> None:
        """The sign-in page of a meeting."""
        self.signin.open(MeetingId(meeting))
        self.app.go(Page.SIGN_IN)

    def open_minutes(self, meeting: str) -> None:
        """The minutes page of a meeting."""
        self.minutes.open(MeetingId(meeting))
        self.app.go(Page.MINUTES)

    def close(self) -> None:
        """Let go of the meeting and of the records' news; what was typed is kept first."""
        self.meeting.close()
        self.drafter.close()
        self.readiness.close()
        self.report.close()
        for model in (self.home, self.sync, self.audit, self.signin, self.minutes, self.room, self.slides):
            model.close()
        self.opinions.close()
        self.people.close()
        self.room_devices.close()

    def _join(self, meeting: str, title: str) -> None:
        if self.app.meeting_id == meeting:
            self.app.return_to_meeting()
            return
        try:
            self.meeting.join(MeetingId(meeting))
        except Fault as fault:
            self.home.failed.emit(fault)
        else:
            self.app.enter_meeting(meeting, title)

    def _meeting_changed(self) -> None:
        if self.meeting.in_meeting:
            self.app.rename_meeting(self.meeting.title)

    def _operator_changed(self) -> None:
        operator = self.app.operator
        self.meeting.set_provincial(operator is not None and Role.PROVINCIAL_OPERATOR in operator.roles)

    def _note_devices(self) -> None:
        """What the self-test found goes with this room's answer to a roll call, and to whoever conducts."""
        found = {report.kind: report.state for report in self.home.devices.verdict.reports}

        def of(kind: DeviceKind) -> DeviceHealth:
            state = found.get(kind)
            known = DeviceHealth.FAULT if state is DeviceState.FAILED else DeviceHealth.OK
            return DeviceHealth.UNKNOWN if state is None else known

        self.meeting.note_devices(Health(of(DeviceKind.CAMERA), of(DeviceKind.MICROPHONE), of(DeviceKind.SPEAKER)))

    def _room_scheme(self) -> None:
        self.room.choose_light(self.settings.value("ui.room_theme") == "light")

    def _stage_changed(self) -> None:
        if self.app.stage is Stage.OPEN and not self._opened:
            self._opened = True
            self.home.load()
            self.home.devices.look()
            self.sync.load()
