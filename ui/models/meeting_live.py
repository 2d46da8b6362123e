"""The live meeting as the view models use it. No Qt."""

from __future__ import annotations

from concurrent.futures import Future
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from desktop_app.domain.ids import UnitPath
from media.meeting import commands as ask
from media.meeting.model import MeetingState

if TYPE_CHECKING:
    from media.frames import FrameSource


class Live(Protocol):
    """What the model uses of `media.live.LiveMeeting`; thread-safe, and nothing of it blocks."""

    @property
    def state(self) -> MeetingState: ...
    @property
    def local_muted(self) -> bool: ...
    def now(self) -> datetime: ...
    def start(self) -> None: ...
    def stop(self) -> Any: ...
    def send(self, command: ask.Command) -> Future[None]: ...
    def source(self, unit_path: UnitPath) -> FrameSource: ...
    def local_source(self) -> FrameSource: ...
    def set_local_mute(self, muted: bool) -> None: ...
