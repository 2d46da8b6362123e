"""Which site a screen shows large: a pure function of the meeting's state and the time, the same at every end."""

from datetime import datetime

from desktop_app.domain.ids import UnitPath
from media.meeting.model import MeetingState
from media.meeting.stage import Polling


def shown(state: MeetingState, screen: UnitPath, now: datetime) -> UnitPath | None:
    """The site that the terminal of `screen` shows large; None where there is nobody to show.

    In this order: the site a roll call calls, the broadcast site, the polled one, this terminal's own choice, the
    speaker, the chair. `now` is the center's time.
    """
    turn = state.speaking
    own = state.sites.get(screen)
    wanted = (
        state.called_site,
        state.broadcast,
        polled(state, now) if _follows(state, screen) else None,
        None if own is None else own.view,
        None if turn is None else turn.unit_path,
        state.chair,
    )
    return next((path for path in wanted if path is not None and _is_online(state, path)), None)


def polled(state: MeetingState, now: datetime) -> UnitPath | None:
    """The site whose turn it is in the polling; who is away is passed over."""
    polling = state.polling
    if polling is None:
        return None
    here = [path for path in polling.unit_paths if _is_online(state, path)]
    return here[_step(polling, now) % len(here)] if here else None


def _step(polling: Polling, now: datetime) -> int:
    return max(0, int((now - polling.since).total_seconds() // max(1, polling.interval_seconds)))


def _follows(state: MeetingState, screen: UnitPath) -> bool:
    return state.polling is not None and (state.polling.everyone or screen == state.chair)


def _is_online(state: MeetingState, path: UnitPath) -> bool:
    site = state.sites.get(path)
    return site is not None and site.online
