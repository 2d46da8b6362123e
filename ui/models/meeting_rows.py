"""What the meeting's screen lists, worked out from the state alone: roster, tiles, queue, agenda. No Qt, no I/O."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from desktop_app.domain.ids import UnitPath
from desktop_app.domain.units import Level, level_of
from media.engine.trouble import Trouble
from media.meeting.health import Health, Healths
from media.meeting.model import FloorPurpose, MeetingState, Site
from ui.models.places import bare_place, place_of

UnitName = Callable[[UnitPath], str]


class Mic(StrEnum):
    """麦克风: open to the meeting, closed, or closed by the chair (locked)."""

    OPEN = "open"
    CLOSED = "closed"
    LOCKED = "locked"


class Presence(StrEnum):
    """Whether a site is there: in the meeting, lost with the network, left on purpose or not yet come."""

    HERE = "here"
    LOST = "lost"
    AWAY = "away"


def short_name(name: str, level: Level, *, below: Level = Level.PROVINCE) -> str:
    """兴宁市政协 is 兴宁市 in narrow places, for every level below `below`.

    An English name and an autonomous county's are twice as wide and lose their kind too (Xingning, 乳源): the level
    mark that stands beside a name says as much.
    """
    if name.endswith((" CPPCC", "自治县政协")):
        return bare_place(name)
    return place_of(name) if level > below else name


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One place in the roster; `depth` counts the shown places above it, `on_air` is 播出 (the red frame)."""

    unit_path: UnitPath
    name: str
    level: Level
    depth: int
    presence: Presence
    mic: Mic
    on_air: bool = False
    speaking: bool = False
    hand: bool = False
    chair: bool = False
    local: bool = False
    since: datetime | None = None
    sub_chair: bool = False
    knocking: bool = False
    """It waits at the door of the locked meeting."""
    removed: bool = False
    """The chair asked it to leave."""
    mute_reason: str = ""
    delay_ms: int = 0
    """Round trip of its line; 0 where it is not known here."""
    loss_permille: int = 0
    weak: bool = False
    """网速低."""
    trouble: Trouble = Trouble.NONE
    """Why the engine limits it, or that its sound and picture never came."""
    refused_recording: bool = False
    """The meeting is recorded, and this room does not agree."""

    @property
    def bold(self) -> bool:
        """The tree says in bold who is on air and who holds the chair."""
        return self.on_air or self.chair

    @property
    def short_name(self) -> str:
        """Without 政协 below the province, where the tree leaves little room."""
        return short_name(self.name, self.level)


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One who waits; `connected` is false while the room is away, and the place is kept."""

    request_id: str
    position: int
    member_name: str
    site_name: str
    unit_path: UnitPath
    level: Level
    waited_min: int
    connected: bool
    own: bool
    held: bool = False
    """暂缓: put aside by the chair, and not in the queue."""
    question: bool = False
    note: str = ""
    sector: str = ""


@dataclass(frozen=True, slots=True)
class AgendaRow:
    """One item; `state` is planned, current, done or passed (a later one was begun first)."""

    number: int
    title: str
    state: str
    limit_seconds: int


def roster_rows(
    state: MeetingState,
    own: UnitPath,
    name_of: UnitName,
    *,
    local_muted: bool = False,
    cut_since: datetime | None = None,
    healths: Healths | None = None,
) -> list[RosterRow]:
    """Every invited or present site in the order of the tree, each below the nearest superior that is in the list.

    `cut_since` is when this room lost the others (control and pictures both), None while it has them.
    """
    every = set(state.invited) | set(state.sites) | set(state.lobby) | ({state.host} if state.host else set())
    removed = {removal.unit_path for removal in state.removed}
    paths = sorted(every)
    hands = {turn.unit_path for turn in state.queue}
    turn, shown = state.speaking, broadcast(state)
    rows = []
    for path in paths:
        site = state.sites.get(path)
        depth = sum(1 for other in superiors(path) if other in every and level_of(other) > 1)
        mic_open = state.on_air(path)
        health = (healths or {}).get(path, Health()) if site is not None and site.online else Health()
        cut = cut_since is not None and path != own and site is not None and site.since is not None
        rows.append(
            RosterRow(
                unit_path=path,
                name=name_of(path) or (site.name if site is not None else "") or path,
                level=level_of(path),
                depth=depth,
                presence=_presence_in(site, cut=cut, removed=path in removed),
                mic=_mic(site, mic_open, local_muted=local_muted and path == own),
                on_air=path == shown and cut_since is None,
                speaking=turn is not None and turn.unit_path == path,
                hand=path in hands,
                chair=state.chair == path,
                local=path == own,
                since=cut_since if cut else site.since if site is not None else None,
                sub_chair=path in state.sub_chairs,
                knocking=path in state.lobby,
                removed=path in removed,
                mute_reason=site.mute_reason if site is not None and site.muted else "",
                delay_ms=health.delay_ms,
                loss_permille=health.loss_permille,
                weak=health.weak,
                trouble=health.trouble,
                refused_recording=state.recording_since is not None and site is not None and site.consent is False,
            )
        )
    return rows


def superiors(path: UnitPath) -> list[UnitPath]:
    """The places above, from the top down. The nation stands beside the provinces in a list, not above each of them."""
    codes = path.strip("/").split("/")
    return [UnitPath("/".join(codes[:upto]) + "/") for upto in range(1, len(codes))]


def broadcast(state: MeetingState) -> UnitPath | None:
    """播出: the one site whose frame is red.

    The site a roll call calls, the one the chair broadcasts, the speaker's, the chair's; each while it is on air.
    """
    turn = state.speaking
    shown = state.broadcast
    site = state.sites.get(shown) if shown is not None else None
    if state.called_site is None and site is not None and site.online and state.paused_at is None:
        return shown
    for path in (state.called_site, turn.unit_path if turn is not None else None, state.chair):
        if path is not None and state.on_air(path):
            return path
    return None


def _presence_in(site: Site | None, *, cut: bool, removed: bool) -> Presence:
    if removed:
        return Presence.AWAY
    return Presence.LOST if cut else presence(site)


def presence(site: Site | None) -> Presence:
    """A site that was in and is not online any more was lost or left; the state keeps only that it is away."""
    if site is None or site.since is None:
        return Presence.AWAY
    return Presence.HERE if site.online else Presence.LOST


def _mic(site: Site | None, mic_open: bool, *, local_muted: bool) -> Mic:
    if site is not None and site.muted:
        return Mic.LOCKED
    return Mic.OPEN if mic_open and not local_muted else Mic.CLOSED


FIRST_PAGE = 9
"""Tiles of the smallest first page."""


def tile_order(rows: list[RosterRow], on_air: UnitPath | None = None) -> list[RosterRow]:
    """The grid's order: the chair, then the tree; the own picture last. Who is on air is always on the first page."""
    shown = [row for row in rows if row.presence is not Presence.AWAY or row.local]
    order = sorted(shown, key=lambda row: (row.local and not (row.speaking or row.chair), not row.chair, row.unit_path))
    far = next((row for row in order[FIRST_PAGE:] if row.unit_path == on_air), None)
    return order if far is None else [order[0], far, *(row for row in order[1:] if row is not far)]


def large_tile(rows: list[RosterRow]) -> UnitPath | None:
    """Who is shown large with 主讲: the speaker, else the chair, else the first remote site."""
    here = [row for row in rows if row.presence is Presence.HERE]
    speaker = next((row for row in here if row.speaking), None)
    chair = next((row for row in here if row.chair and not row.local), None)
    remote = next((row for row in here if not row.local), None)
    large = speaker or chair or remote
    if large is not None:
        return large.unit_path
    return rows[0].unit_path if rows else None


def queue_rows(state: MeetingState, own: UnitPath, now: datetime, name_of: UnitName) -> list[QueueRow]:
    """Who waits, in order, and behind them who was put on hold; `now` is the center's time."""
    rows = []
    queue = state.queue
    for position, turn in enumerate((*queue, *state.held), 1):
        site = state.sites.get(turn.unit_path)
        waited = (now - turn.requested_at).total_seconds()
        rows.append(
            QueueRow(
                request_id=turn.request_id,
                position=position,
                member_name=turn.member_name,
                site_name=short_name(name_of(turn.unit_path), level_of(turn.unit_path), below=Level.NATIONAL),
                unit_path=turn.unit_path,
                level=level_of(turn.unit_path),
                waited_min=max(0, int(waited // 60)),
                connected=site is not None and site.online,
                own=turn.unit_path == own,
                held=position > len(queue),
                question=turn.purpose is FloorPurpose.QUESTION,
                note=turn.note,
                sector=turn.sector,
            )
        )
    return rows


def agenda_rows(state: MeetingState) -> list[AgendaRow]:
    rows = []
    for point in sorted(state.agenda, key=lambda point: point.number):
        ahead = "passed" if point.number < state.agenda_at else "planned"
        stage = "current" if point.number == state.agenda_at else ahead if point.ended_at is None else "done"
        rows.append(AgendaRow(point.number, point.title, stage, point.limit_seconds))
    return rows


def names_by_path(units: Sequence[Mapping[str, object]]) -> dict[str, str]:
    """Unit path to the name a caption shows, from the unit records."""
    return {str(unit["unit_path"]): str(unit.get("name") or unit.get("short_name") or "") for unit in units}
