"""What the whole window shares: how far the program has come, the page, the link, the sync numbers, who sits here.

It exists before any service does, so that the window can paint; `receive` gives it the services later. The `tell_...`
methods may be called from any thread; everything is heard on the Qt thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Signal

from desktop_app.domain.clock import Clock
from desktop_app.domain.faults import Fault
from desktop_app.domain.ids import PersonId
from desktop_app.domain.units import Level, level_of
from ui.i18n import set_language
from ui.models.cautions import Caution, CautionKind, Rebuilt, cautions
from ui.models.link import LIGHTS, SILENT, STRANGERS, LinkLight, LinkView, SyncView
from ui.models.pages import Page, pages_of

if TYPE_CHECKING:
    from sync.terminal.audit import LastVisit
    from ui.services import Operator, Services


class Stage(StrEnum):
    """What fills the window."""

    STARTING = "starting"
    PASSPHRASE = "passphrase"
    ENROL = "enrol"
    LOCKED = "locked"
    OPEN = "open"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Look:
    """Language, scheme and text size, as the settings name them."""

    language: str = "zh_CN"
    scheme: str = "system"
    text_size: str = "standard"


@dataclass(frozen=True, slots=True)
class BannerView:
    """The one banner between top bar and page. `action` is a page to go to, or empty."""

    kind: str
    since: datetime | None = None
    fault: Fault | None = None
    action: Page | None = None


class AppModel(QObject):
    """Shared state of the window."""

    stage_changed = Signal()
    page_changed = Signal()
    link_changed = Signal()
    sync_changed = Signal()
    operator_changed = Signal()
    locking = Signal()
    """The seat is about to be left: what was typed is written first."""
    session_changed = Signal()
    """A meeting was entered or left, or the session shell was covered or shown again."""
    banner_changed = Signal()
    look_changed = Signal()
    _link_told = Signal(object, str)
    _sync_told = Signal(object)

    def __init__(self, clock: Clock, look: Look | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.clock = clock
        self.look = look or Look()
        set_language(self.look.language)
        self.stage = Stage.STARTING
        self.fault: Fault | None = None
        """Why the program cannot start, in stage FAILED."""
        self.page = Page.HOME
        self.link = LinkView()
        self.sync = SyncView()
        self.operator: Operator | None = None
        self.visit: LastVisit | None = None
        """When whoever sits here was here before, and how often somebody failed as them since."""
        self.services: Services | None = None
        self.meeting_id = ""
        self.meeting_title = ""
        self.in_session = False
        """Whether the session shell is in front; a meeting may go on behind any page."""
        self.rebuilt: Rebuilt | None = None
        """What became of a damaged store at this start."""
        self.moved_to = ""
        """The name of the unit that this one came under while the program ran."""
        self._rebuilt_seen = False
        self._device_fault: Fault | None = None
        queued = Qt.ConnectionType.QueuedConnection
        self._link_told.connect(self._take_link, queued)
        self._sync_told.connect(self._take_sync, queued)

    # What the site is

    @property
    def unit_name(self) -> str:
        if self.services is None:
            return ""
        from ui.models.places import place_name

        return place_name(self.services.unit_path) or self.services.unit_name

    @property
    def level(self) -> Level:
        return level_of(self.services.unit_path) if self.services else Level.COUNTY

    @property
    def online(self) -> bool:
        return self.link.light is LinkLight.ONLINE

    # How far the program has come

    def receive(self, services: Services) -> None:
        """The parts are there; whoever sits here unlocks next."""
        self.services = services
        self.tell_sync(services.records.status())
        self._enter(Stage.LOCKED)

    def ask_passphrase(self) -> None:
        """This machine has no keyring: a passphrase protects the keys."""
        self._enter(Stage.PASSPHRASE)

    def ask_enrolment(self) -> None:
        """This machine has no identity yet."""
        self._enter(Stage.ENROL)

    def fail(self, fault: Fault) -> None:
        """The program cannot go on; the window says why and what is safe."""
        self.fault = fault
        self._enter(Stage.FAILED)

    def start_again(self) -> None:
        """What stood in the way may be gone: the start is tried once more."""
        self.fault = None
        self._enter(Stage.STARTING)

    def choose_look(self, look: Look) -> None:
        """Another language, scheme or size; the window builds its views anew."""
        if look != self.look:
            self.look = look
            set_language(look.language)
            self.look_changed.emit()

    @property
    def pages(self) -> tuple[Page, ...]:
        """What whoever sits here may see; the readiness of others is for units that have others under them."""
        pages = pages_of(self.operator.roles if self.operator is not None else ())
        return tuple(page for page in pages if page is not Page.READY or self.level < Level.COUNTY)

    def unlocked(self, operator: Operator, visit: LastVisit | None = None) -> None:
        """This person has shown the PIN; every change from now on is theirs."""
        self.operator, self.visit = operator, visit
        self._act_as(operator.person)
        if self.page not in self.pages:
            self.page = next((page for page in (Page.AUDIT, Page.PEOPLE) if page in self.pages), self.pages[0])
            self.page_changed.emit()
        self.operator_changed.emit()
        self._enter(Stage.OPEN)

    def lock(self) -> None:
        """Leave the seat. A running meeting goes on; nobody can act until someone unlocks."""
        if self.stage is Stage.OPEN:
            self.locking.emit()
            if self.services is not None and self.services.audit is not None:
                self.services.runner.start(self.services.audit.left)
            self._act_as(PersonId(""))
            self.operator, self.visit = None, None
            self.operator_changed.emit()
            self._enter(Stage.LOCKED)

    # Where the person is

    def go(self, page: Page) -> None:
        """Show a page, if this person may see it; a running meeting stays behind its return bar."""
        if self.operator is not None and page not in self.pages:
            return
        self.page = page
        if self.in_session:
            self.in_session = False
            self.session_changed.emit()
        if page is Page.SYNC and self.rebuilt is not None:
            self._rebuilt_seen = True
            self.banner_changed.emit()
        self.page_changed.emit()

    def enter_meeting(self, meeting_id: str, title: str) -> None:
        """The session shell takes the place of the rail."""
        self.meeting_id, self.meeting_title, self.in_session = meeting_id, title, True
        self.session_changed.emit()

    def rename_meeting(self, title: str) -> None:
        """The title as the meeting's own log has it."""
        if title and title != self.meeting_title:
            self.meeting_title = title
            self.session_changed.emit()

    def return_to_meeting(self) -> bool:
        """F5: back into the running meeting; False where there is none."""
        if not self.meeting_id:
            return False
        self.in_session = True
        self.session_changed.emit()
        return True

    def leave_meeting(self) -> None:
        """The meeting is over for this site."""
        if self.meeting_id:
            self.meeting_id, self.meeting_title, self.in_session = "", "", False
            self.session_changed.emit()

    # What other threads tell

    def tell_link(self, link: Any) -> None:
        """A `sync.terminal.lanes.Link`; from any thread."""
        self._link_told.emit(str(link.state), str(getattr(link, "reason", "") or ""))

    def tell_sync(self, status: Any) -> None:
        """A `sync.terminal.records.SyncStatus`; from any thread."""
        self._sync_told.emit(
            SyncView(
                status.pending,
                status.pending_meetings,
                status.conflicts,
                status.quarantined,
                status.acknowledged,
                status.last_receipt_at,
                status.attachments,
                status.clock_off_seconds,
                status.clock_jumped_seconds,
                status.disk_low_mib,
            )
        )

    def tell_rebuilt(self, rebuilt: Rebuilt | None) -> None:
        """The store was damaged and made anew; on the Qt thread."""
        self.rebuilt = rebuilt
        self.banner_changed.emit()

    def tell_moved(self, unit: str) -> None:
        """The unit came under another one, of this name; on the Qt thread."""
        if unit != self.moved_to:
            self.moved_to = unit
            self.banner_changed.emit()

    def tell_devices(self, fault: Fault | None) -> None:
        """The first device that cannot be used, or None; on the Qt thread."""
        self._device_fault = fault
        self.banner_changed.emit()

    @property
    def link_fault(self) -> Fault | None:
        """Why the center is not reached, where a person can do more about it than wait."""
        link = self.link
        if link.light not in (LinkLight.OFFLINE, LinkLight.REFUSED) or link.reason in SILENT:
            return None
        return Fault(link.reason, address=self.services.center_url if self.services else "")

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """All that a person is warned of now, the gravest first."""
        return cautions(self.sync, self.rebuilt, self.moved_to)

    @property
    def cautions_below(self) -> tuple[Caution, ...]:
        """Those that the banner above a page does not say already."""
        above = self.banner.kind if self.banner is not None else ""
        return tuple(caution for caution in self.cautions if caution.kind != above)

    @property
    def banner(self) -> BannerView | None:
        """One at a time: what may cost work, the link, what a person should mend, the devices."""
        warned = {caution.kind: caution.fault for caution in self.cautions}
        if CautionKind.DISK in warned:
            return BannerView("disk", None, warned[CautionKind.DISK], Page.DIAGNOSTICS)
        if CautionKind.REBUILT in warned and not self._rebuilt_seen:
            return BannerView("rebuilt", None, warned[CautionKind.REBUILT], Page.SYNC)
        if self.link.light is LinkLight.OFFLINE:
            return BannerView("offline", self.link.since, action=Page.DIAGNOSTICS)
        if self.link.light is LinkLight.REFUSED:
            return BannerView("refused", self.link.since, self.link_fault, Page.DIAGNOSTICS)
        if CautionKind.MOVED in warned:
            return BannerView("moved", None, warned[CautionKind.MOVED])
        if CautionKind.CLOCK in warned:
            return BannerView("clock", None, warned[CautionKind.CLOCK], Page.DIAGNOSTICS)
        if self._device_fault is not None:
            return BannerView("device", None, self._device_fault, Page.DIAGNOSTICS)
        return None

    def _act_as(self, person: PersonId) -> None:
        """Through the runner, so that it comes after what was asked to be written before."""
        if self.services is not None:
            self.services.runner.start(self.services.records.act_as, person)

    def _enter(self, stage: Stage) -> None:
        self.stage = stage
        self.stage_changed.emit()

    def _take_link(self, state: str, reason: str) -> None:
        light = LIGHTS.get(state, LinkLight.OFFLINE)
        if reason in STRANGERS:
            light = LinkLight.REFUSED
        if (light, reason) == (self.link.light, self.link.reason):
            return
        since = self.link.since if light is self.link.light else self.clock.now()
        self.link = LinkView(light, reason, since)
        self.link_changed.emit()
        self.banner_changed.emit()

    def _take_sync(self, view: SyncView) -> None:
        if view != self.sync:
            before, self.sync = self.cautions, view
            self.sync_changed.emit()
            if self.cautions != before:
                self.banner_changed.emit()
