"""课件: the pages that the meeting shows, on this screen; and for the chair and the speaker's room, turning them.

The file came before the meeting, or is fetched now; a page is made here, at the size it is shown at. A room may look
at other pages by itself and go back to the lecturer's.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QImage

from desktop_app.domain.faults import Fault, HostFault
from desktop_app.domain.ids import MeetingId
from media.engine.content import content_of
from media.meeting import commands as ask
from media.meeting.stage import SCREEN, Slide
from ui.models.material_model import MaterialModel
from ui.models.meeting_model import MeetingModel, Notice
from ui.models.meeting_rights import Act, Right
from ui.picture.pages import PageKey, Pages

if TYPE_CHECKING:
    from media.frames import FrameSource
    from sync.meetings.material import Material
    from ui.services import Services


class SlideState(StrEnum):
    """What this screen has of the page."""

    NONE = "none"
    """The meeting shows none."""
    SHOWN = "shown"
    MAKING = "making"
    FETCHING = "fetching"
    """The file is not here yet; it is on its way."""
    WAITING = "waiting"
    """The file is not here, and there is no network."""
    UNREADABLE = "unreadable"
    LIVE = "live"
    """Another site's screen, as it is now."""
    LIVE_OWN = "live-own"
    """This room's own screen: the others see it."""


class SlideModel(QObject):
    """The pages of the meeting that this terminal sits in."""

    changed = Signal()
    """Another page, another picture of it, or another reason why there is none."""
    _came = Signal()

    def __init__(self, meeting: MeetingModel, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.meeting = meeting
        self._services, self._desk, self._clock = services, services.material, services.clock
        self._pages = Pages(self._read, self)
        self._pages.made.connect(self._made)
        self._pages.failed.connect(self._failed)
        self._slide: Slide | None = None
        self._own: int | None = None
        self._faults: dict[str, Fault] = {}
        self._pointed_at = 0.0
        self.lag_s: float | None = None
        """Seconds from hearing of the page that is shown to its first picture here."""
        self._came.connect(self._look_again, Qt.ConnectionType.QueuedConnection)
        self._unlisten = self._desk.listen(self._came.emit) if self._desk is not None else None
        meeting.changed.connect(self._follow)

    def close(self) -> None:
        """Hear no more, and end the thread that makes pages."""
        if self._unlisten is not None:
            self._unlisten()
            self._unlisten = None
        self._pages.close()

    # What is shown

    @property
    def slide(self) -> Slide | None:
        """What the meeting shows."""
        return self._slide

    @property
    def page(self) -> int:
        """The page on this screen, from 1; 0 where none is shown."""
        if self._slide is None:
            return 0
        return self._own if self._own is not None else self._slide.page

    @property
    def follows(self) -> bool:
        """Whether this screen shows what the meeting shows."""
        return self._own is None

    @property
    def state(self) -> SlideState:
        slide = self._slide
        if slide is None:
            return SlideState.NONE
        if slide.document == SCREEN:
            return SlideState.LIVE_OWN if slide.presenter == self.meeting.own else SlideState.LIVE
        if self._pages.any_size(slide.document, self.page) is not None:
            return SlideState.SHOWN
        fault = self._faults.get(slide.document)
        if fault is None:
            return SlideState.MAKING
        if fault.id == "blob-missing":
            return SlideState.FETCHING if self.meeting.online else SlideState.WAITING
        return SlideState.UNREADABLE

    def picture(self, width: int, height: int, *, follow: bool = False) -> QImage | None:
        """The page for a box of device pixels, or for a moment another size of it; asks for what is missing.

        With `follow` it is the meeting's page whatever this screen's operator looks at: the room's screen.
        """
        slide = self._slide
        if slide is None or slide.document == SCREEN:
            return None
        page = slide.page if follow else self.page
        key = PageKey(slide.document, page, width, height)
        found = self._pages.picture(key)
        if slide.document not in self._faults:
            self._pages.make(key)
            if found is not None and page < slide.pages:  # the next one will most likely be wanted
                self._pages.make(PageKey(slide.document, page + 1, width, height))
        return found if found is not None else self._pages.any_size(slide.document, page)

    def screen(self, place: str) -> FrameSource | None:
        """The shared screen of another site, for one place of the screens; None while there is none."""
        if self.state is not SlideState.LIVE or self._slide is None:
            return None
        return self.meeting.pictures.view(content_of(self._slide.presenter), place)

    # This screen alone

    def look(self, step: int) -> None:
        """上一页 / 下一页 on this screen only; `follow` goes back to the lecturer's page."""
        slide = self._slide
        if slide is not None:
            page = min(max(1, self.page + step), slide.pages)
            self._own = page if page != slide.page else None
            self.changed.emit()

    def follow(self) -> None:
        """回到主讲进度."""
        self._own = None
        self.changed.emit()

    # Turning them for everybody

    @property
    def right(self) -> Right:
        return self.meeting.right(Act.SLIDES)

    @property
    def presents(self) -> bool:
        """Whether this room turns the pages that are shown."""
        return self._slide is not None and self.right.allowed

    def material(self) -> MaterialModel:
        """The files of this meeting; whoever asks closes it."""
        return MaterialModel(self._services, self.meeting.meeting_id, self)

    def present(self, material: Material) -> None:
        """放映 from its first page, on every screen."""

        def counted(pages: int) -> None:
            self._point(material.sha256, 1, pages, material.title)

        self._pages.count(material.sha256, counted, self._tell)

    def turn(self, step: int) -> None:
        """上一页 / 下一页 for everybody."""
        slide = self._slide
        if slide is not None:
            self.go(slide.page + step)

    def go(self, page: int) -> None:
        """This page for everybody."""
        slide = self._slide
        if slide is not None and 1 <= page <= slide.pages and page != slide.page:
            self._point(slide.document, page, slide.pages, slide.title)

    def stop(self) -> None:
        """结束放映."""
        self._point("", 1, 1, "")

    # Within

    def _point(self, document: str, page: int, pages: int, title: str) -> None:
        try:
            self.meeting.send(Act.SLIDES, ask.PointSlide(document, page, pages, title[:200]))
        except Fault as fault:
            self._tell(fault)

    def _read(self, document: str) -> bytes:
        """On the pages' thread."""
        if self._desk is None:
            raise HostFault("blob-missing", sha256=document)
        return self._desk.content(document)

    def _follow(self) -> None:
        meeting = self.meeting
        slide = meeting.state.slide if meeting.in_meeting else None
        if self._desk is not None:
            shown = "" if slide is None or slide.document == SCREEN else slide.document
            self._desk.follow(meeting.meeting_id if meeting.in_meeting else MeetingId(""), shown)
        if slide == self._slide:
            if slide is not None:
                self.changed.emit()  # the link may have come or gone
            return
        before, self._slide = self._slide, slide
        if slide is None or before is None or slide.document != before.document:
            self._own = None
            self._faults.clear()
        elif self._own == slide.page:
            self._own = None
        self._pointed_at, self.lag_s = self._clock.monotonic(), None
        if slide is not None and self._pages.any_size(slide.document, slide.page) is not None:
            self.lag_s = 0.0
        self.changed.emit()

    def _made(self, key: PageKey) -> None:
        slide = self._slide
        if slide is not None and self.lag_s is None and (key.document, key.page) == (slide.document, slide.page):
            self.lag_s = self._clock.monotonic() - self._pointed_at
        self.changed.emit()

    def _failed(self, document: str, fault: Fault) -> None:
        self._faults[document] = fault
        self.changed.emit()

    def _look_again(self) -> None:
        """A file came."""
        self._faults = {document: fault for document, fault in self._faults.items() if fault.id != "blob-missing"}
        self.changed.emit()

    def _tell(self, fault: Fault) -> None:
        self.meeting.noticed.emit(Notice(fault=fault, tone="zhusha"))
