"""What a page of the office shell may ask of the window around it."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ui.shell.meeting_acts import MeetingActs


class Office(Protocol):
    """The window, as its pages know it."""

    def join(self, meeting: str = "") -> None: ...

    def schedule(self) -> None:
        """Open the schedule dialog."""
        ...

    def open_sign_in(self, meeting: str) -> None: ...

    def open_minutes(self, meeting: str) -> None: ...

    @property
    def acts(self) -> "MeetingActs":
        """What the menu of a meeting does."""
        ...

    def page_title_changed(self) -> None:
        """The current page's subtitle is another one."""
        ...
