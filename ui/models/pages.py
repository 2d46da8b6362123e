"""The pages of the office, and who sees which. Pure: no Qt."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from desktop_app.domain.principal import Role, may_work


class Page(StrEnum):
    """The pages of the office shell, in the order of the rail."""

    HOME = "home"
    MEETING = "meetings"
    SIGN_IN = "signin"
    MINUTES = "minutes"
    OPINIONS = "opinions"
    ROLL_CALL = "rollcall"
    READY = "ready"
    SYNC = "sync"
    PEOPLE = "people"
    AUDIT = "audit"
    DIAGNOSTICS = "diagnostics"
    SETTINGS = "settings"


_ALWAYS = (Page.SYNC, Page.DIAGNOSTICS, Page.SETTINGS)


def pages_of(roles: Iterable[str]) -> tuple[Page, ...]:
    """The pages that these roles open, in the rail's order: who watches does no work, and sees their own page alone."""
    held = set(roles)
    watched = {Page.AUDIT: Role.AUDIT, Page.PEOPLE: Role.SECURITY}
    return tuple(
        page for page in Page if (watched[page] in held if page in watched else page in _ALWAYS or may_work(held))
    )
