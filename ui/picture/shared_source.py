"""One site's pictures for more than one place on the screens: decoded once, at the largest size that is asked for."""

from media.frames import Frame, FrameSource


class SharedSource:
    """Hands out views of one source; a view that asks for 0 by 0 does not count."""

    def __init__(self, source: FrameSource) -> None:
        self.source = source
        self._wanted: dict[int, tuple[int, int]] = {}

    def view(self) -> FrameSource:
        """A source of its own for one place."""
        return _View(self)

    def want(self, view: int, width: int, height: int) -> None:
        """What one view needs; the source is told the widest of all."""
        self._wanted[view] = (width, height)
        self.source.want(*max(self._wanted.values()))


class _View:
    """A `FrameSource`; its frames may be larger than it asked for."""

    def __init__(self, shared: SharedSource) -> None:
        self._shared = shared

    def want(self, width: int, height: int) -> None:
        self._shared.want(id(self), width, height)

    def latest(self) -> Frame | None:
        return self._shared.source.latest()
