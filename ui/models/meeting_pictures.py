"""Whose pictures this terminal shows, and which of them were painted when. Lives on the Qt thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop_app.domain.ids import UnitPath
from ui.picture.painted import PaintLog
from ui.picture.shared_source import SharedSource

if TYPE_CHECKING:
    from media.frames import FrameSource
    from ui.models.meeting_live import Live


class MeetingPictures:
    """One source for each site, shared by the places that show it: each place asks for a size of its own."""

    def __init__(self, own: UnitPath) -> None:
        self._own = own
        self._live: Live | None = None
        self._shared: dict[str, SharedSource] = {}
        self._views: dict[tuple[str, str], FrameSource] = {}
        self.paints = PaintLog()

    def begin(self, live: Live) -> None:
        """A meeting was joined."""
        self._live, self.paints = live, PaintLog()

    def end(self) -> None:
        """The meeting is behind us: nothing is shown any more."""
        self._live = None
        self._shared.clear()
        self._views.clear()

    def view(self, unit_path: str, place: str) -> FrameSource | None:
        """The pictures of one site for one place of the screens; None outside of a meeting."""
        if self._live is None:
            return None
        path = UnitPath(unit_path)
        source = self._live.local_source() if path == self._own else self._live.source(path)
        shared = self._shared.get(path)
        if shared is None or shared.source is not source:
            shared = self._shared[path] = SharedSource(source)
            for key in [key for key in self._views if key[0] == path]:
                del self._views[key]
        if (path, place) not in self._views:
            self._views[path, place] = shared.view()
        return self._views[path, place]

    def first_s(self, since: float) -> dict[UnitPath, float]:
        """Per remote site, seconds from a monotonic time to the first paint of its picture."""
        firsts = {UnitPath(path): self.paints.first_at(path) for path in self.paints.sites() if path != self._own}
        return {path: first - since for path, first in firsts.items() if first is not None}

    def frames(self) -> dict[UnitPath, int]:
        """Per remote site, how many different pictures were painted."""
        return {UnitPath(path): self.paints.frames(path) for path in self.paints.sites() if path != self._own}
