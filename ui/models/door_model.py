"""扫码签到: the room's QR code, and the camera that reads members' cards, beside the sign-in of one meeting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from desktop_app.domain.faults import Fault
from desktop_app.domain.ids import MeetingId
from ui.models.places import place_name
from ui.services import DoorView

if TYPE_CHECKING:
    from ui.services import Services

TICK_MS = 1_000


class DoorModel(QObject):
    """Closed until a clerk opens it. It stays open while they look at other pages."""

    changed = Signal()
    failed = Signal(object)
    card_read = Signal(str)
    """What a card before the camera says."""
    _read = Signal(str)
    _card_failed = Signal(object)

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self.meeting = MeetingId("")
        self.view: DoorView | None = None
        """The code to show; None while the door is closed."""
        self.opening = False
        self.scanning = False
        self.last_read = ""
        self._ticks = QTimer(self, interval=TICK_MS)
        self._ticks.timeout.connect(self._tick)
        queued = Qt.ConnectionType.QueuedConnection
        self._read.connect(self._take_card, queued)
        self._card_failed.connect(self._not_scanned, queued)

    @property
    def possible(self) -> bool:
        """Whether this terminal can open a door at all."""
        return self._services.door is not None

    def open(self, meeting: MeetingId, title: str) -> None:
        """Serve the sign-in page of a meeting on the room's network; `failed` says why not."""
        door = self._services.door
        if door is None or not meeting or self.opening:
            return
        self.opening, self.meeting = True, meeting
        place = place_name(self._services.unit_path)
        self._services.runner.start(door.open, meeting, title, place, done=self._opened, failed=self._not_opened)
        self.changed.emit()

    def close(self) -> None:
        """Nobody comes in by phone any more."""
        self._ticks.stop()
        if self.view is not None and self._services.door is not None:
            self._services.runner.start(self._services.door.close)
        self.view, self.meeting, self.opening = None, MeetingId(""), False
        self.changed.emit()

    def scan(self, on: bool = True) -> None:
        """Read members' cards with the room's camera, or let go of it."""
        cards = self._services.cards
        if cards is None or on == self.scanning:
            return
        self.scanning, self.last_read = on, ""
        if on:
            cards.start(self._read.emit, self._card_failed.emit)
        else:
            cards.stop()
        self.changed.emit()

    def _opened(self, view: DoorView) -> None:
        self.opening = False
        self.view = view
        self._ticks.start()
        self.changed.emit()

    def _not_opened(self, fault: Fault) -> None:
        self.opening, self.view, self.meeting = False, None, MeetingId("")
        self.changed.emit()
        self.failed.emit(fault)

    def _tick(self) -> None:
        door = self._services.door
        self.view = door.view() if door is not None else None
        self.changed.emit()

    def _take_card(self, text: str) -> None:
        if self.scanning:
            self.last_read = text
            self.card_read.emit(text)
            self.changed.emit()

    def _not_scanned(self, fault: Fault) -> None:
        self.scanning = False
        self.changed.emit()
        self.failed.emit(fault)
