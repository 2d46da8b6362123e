"""What a center must remember of its Janus to take it up again: the session, and whose each connection is.

Losing the file loses nothing but that: the terminals then connect anew. There is no secret in it.
"""

import json
import logging
import os
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from desktop_app.domain.ids import MeetingId, UnitPath
from media.engine.janus_connections import Desk, Feed, Watch
from media.engine.janus_room import JanusRoom

log = logging.getLogger(__name__)

Beat = Callable[[JanusRoom], Awaitable[None]]


class JanusMemory:
    """One small file; None keeps nothing."""

    def __init__(self, file: Path | None) -> None:
        self._file = file

    def keep(self, session: int, control: int, rooms: Iterable[JanusRoom]) -> None:
        if self._file is None:
            return
        draft = self._file.with_name(self._file.name + ".new")
        try:
            draft.write_text(
                json.dumps({"session": session, "control": control, "rooms": [*map(_kept, rooms)]}), "utf-8"
            )
            os.replace(draft, self._file)
        except OSError as err:  # a center that comes back will find its terminals connecting anew
            log.warning("what the engine holds could not be noted: %s", err)

    def read(self, desk: Desk, beat: Beat) -> tuple[int, int, dict[MeetingId, JanusRoom]] | None:
        """The session, its control handle and the rooms, as they were kept last."""
        if self._file is None:
            return None
        try:
            kept = json.loads(self._file.read_text("utf-8"))
            rooms = {MeetingId(each["meeting"]): _restored(each, desk, beat) for each in kept["rooms"]}
            return int(kept["session"]), int(kept["control"]), rooms
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as err:
            log.warning("what the engine held could not be read: %s", err)
            return None

    def forget(self) -> None:
        if self._file is not None:
            self._file.unlink(missing_ok=True)


def _kept(room: JanusRoom) -> dict[str, Any]:
    return {
        "meeting": room.meeting,
        "on_air": sorted(room.on_air),
        "placeholder_port": room.placeholder_port,
        "wishes": room.slots.wishes,
        "heights": room.slots.heights,
        "paused": {site: sorted(slots) for site, slots in room.slots.paused.items()},
        "feeds": [asdict(feed) for feed in room.feeds.values()],
        "watches": [{**asdict(watch), "still": sorted(watch.still)} for watch in room.watches.values()],
    }


def _restored(kept: Mapping[str, Any], desk: Desk, beat: Beat) -> JanusRoom:
    room = JanusRoom(MeetingId(kept["meeting"]), desk, beat)
    room.on_air = frozenset(UnitPath(site) for site in kept["on_air"])
    room.placeholder_port = int(kept["placeholder_port"])
    room.slots.wishes = {UnitPath(site): dict(slots) for site, slots in kept["wishes"].items()}
    room.slots.heights = {UnitPath(site): dict(slots) for site, slots in kept.get("heights", {}).items()}
    room.slots.paused = {UnitPath(site): set(slots) for site, slots in kept["paused"].items()}
    room.feeds.update({UnitPath(each["site"]): Feed(**each) for each in kept["feeds"]})
    for each in kept["watches"]:
        shows = {slot: (str(feed), str(mid)) for slot, (feed, mid) in each["shows"].items()}
        room.watches[UnitPath(each["site"])] = Watch(**{**each, "shows": shows, "still": set(each["still"])})
    return room
