"""What Janus counts, through its admin API, in the words of `docs/protocol/media.md`.

Janus counts per connection and m-line; its own name for a slot is the m-line's number.
"""

import asyncio
import json
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from desktop_app.domain.faults import HostFault
from media.engine.janus_connections import Feed, Watch
from media.engine.janus_room import JanusRoom

ANSWER_WITHIN = 4.0
MESSAGE = 4 * 1024 * 1024


async def room_stats(room: JanusRoom, url: str, secret: str, session: int) -> dict[str, Any]:
    """Counters of one room; HostFault (engine-unreachable)."""
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            async with connect(
                url, subprotocols=[Subprotocol("janus-admin-protocol")], compression=None, max_size=MESSAGE, proxy=None
            ) as socket:
                publishers = {
                    site: _publisher(feed, await _handle(socket, secret, session, feed.handle))
                    for site, feed in list(room.feeds.items())
                }
                subscribers = {
                    site: _subscriber(room, watch, await _handle(socket, secret, session, watch.handle))
                    for site, watch in list(room.watches.items())
                }
    except (OSError, TimeoutError, WebSocketException, ValueError) as err:
        raise HostFault("engine-unreachable") from err
    return {"on_air": sorted(room.on_air), "publishers": publishers, "subscribers": subscribers, "dropped": 0}


async def _handle(socket: ClientConnection, secret: str, session: int, handle: int) -> dict[str, Any]:
    """The m-lines of one connection by mid; nothing for one that ended just now or belongs to another engine."""
    if not handle:
        return {}
    question = {"janus": "handle_info", "session_id": session, "handle_id": handle}
    await socket.send(json.dumps({**question, "transaction": "s", "admin_secret": secret}))
    found = json.loads(await socket.recv())
    webrtc = found.get("info", {}).get("webrtc", {})
    lines: dict[str, Any] = {str(line.get("mid")): line for line in webrtc.get("media", {}).values()}
    lines[""] = webrtc.get("ice", {}).get("selected-pair", "")
    return lines


def _publisher(feed: Feed, lines: dict[str, Any]) -> dict[str, Any]:
    streams = {}
    for kind, mid in feed.mids.items():
        line = lines.get(mid, {})
        counted = line.get("stats", {}).get("in", {})
        rtcp = line.get("rtcp", {}).get("main", {})
        streams[kind] = {
            "packets": counted.get("packets", 0),
            "bytes": counted.get("bytes", 0),
            "lost": rtcp.get("lost", 0),
        }
    return {"address": lines.get("", ""), "streams": streams}


def _subscriber(room: JanusRoom, watch: Watch, lines: dict[str, Any]) -> dict[str, Any]:
    slots = {}
    for slot, source in room.slots.wishes.get(watch.site, {}).items():
        if source is not None and slot in watch.mids:
            line = lines.get(watch.mids[slot], {})
            counted = line.get("stats", {}).get("out", {})
            slots[slot] = {
                "shows": source,
                "paused": slot in room.slots.paused.get(watch.site, ()),
                "packets": counted.get("packets", 0),
                "bytes": counted.get("bytes", 0),
                "loss": round(line.get("rtcp", {}).get("main", {}).get("lost-by-remote", 0) / 256, 4),
            }
    return {"address": lines.get("", ""), "slots": slots}
