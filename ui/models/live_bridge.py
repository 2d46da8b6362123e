"""Carries what the media thread says over to the Qt thread: every signal here is delivered through Qt's queue."""

from typing import Any, Protocol

from PySide6.QtCore import QObject, Qt, Signal

from desktop_app.domain.faults import Fault
from media.meeting.model import MeetingState


class LiveBridge(QObject):
    """A `LiveListener`: called on the media thread, heard on the Qt thread in the same order."""

    state_arrived = Signal(object, object)
    link_changed = Signal(bool)
    media_changed = Signal(bool)
    fault_raised = Signal(object)
    command_answered = Signal(object, object)
    """(what was asked, the fault or None)."""

    def on_state(self, state: MeetingState, event: Any) -> None:
        self.state_arrived.emit(state, event)

    def on_link(self, online: bool) -> None:
        self.link_changed.emit(online)

    def on_media(self, up: bool) -> None:
        self.media_changed.emit(up)

    def on_fault(self, fault: Fault) -> None:
        self.fault_raised.emit(fault)

    def on_answer(self, asked: object, fault: BaseException | None) -> None:
        self.command_answered.emit(asked, fault)

    def relay_to(self, listener: "BridgeListener") -> None:
        """Connect every signal, queued even from the Qt thread itself, so that no call re-enters a model."""
        queued = Qt.ConnectionType.QueuedConnection
        self.state_arrived.connect(listener.take_state, queued)
        self.link_changed.connect(listener.take_link, queued)
        self.media_changed.connect(listener.take_media, queued)
        self.fault_raised.connect(listener.take_fault, queued)
        self.command_answered.connect(listener.take_answer, queued)


class BridgeListener(Protocol):
    """What hears the bridge, on the Qt thread."""

    def take_state(self, state: MeetingState, event: Any) -> None: ...
    def take_link(self, online: bool) -> None: ...
    def take_media(self, up: bool) -> None: ...
    def take_fault(self, fault: Fault) -> None: ...
    def take_answer(self, asked: object, fault: BaseException | None) -> None: ...
