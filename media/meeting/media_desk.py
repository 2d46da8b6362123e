"""What the sites of a meeting ask about their media: the engine answers, this gate judges who may ask for what."""

import asyncio
from typing import Any

from desktop_app.domain.clock import Clock
from desktop_app.domain.faults import PeerFault
from desktop_app.domain.ids import MeetingId
from desktop_app.domain.limits import SDP
from media.engine.content import content_of
from media.engine.layers import FULL_HEIGHT, Layer
from media.engine.room import RoomEngine
from media.meeting.air import AirLane
from media.meeting.decide import SiteActor
from media.meeting.model import MeetingPhase
from media.meeting.room import Room
from media.meeting.seals import CenterSigner, read_nonce, read_seal, sealed, write_seal
from media.meeting.wire import read_number, read_text, read_unit_path
from media.transport.relay import RelayDesk, write_relay

SLOT_NAME = 16
MOST_LINES = 8192

_Message = dict[str, Any]


class MediaDesk:
    """One for all meetings of a center."""

    def __init__(self, engine: RoomEngine, signer: CenterSigner, relays: RelayDesk | None, clock: Clock) -> None:
        self._engine, self._signer, self._relays, self._clock = engine, signer, relays, clock

    async def answer(self, room: Room, air: AirLane, actor: SiteActor, message: _Message) -> _Message:
        """What a site's question gets; PeerFault for a wrong one, HostFault where the engine does not answer."""
        meeting, site = room.meeting, actor.unit_path
        if room.state.phase is not MeetingPhase.OPEN:
            raise PeerFault("meeting-not-open" if room.state.phase is not MeetingPhase.ENDED else "meeting-ended")
        own = room.state.sites.get(site)
        if own is None or own.device != actor.device or not own.online:
            raise PeerFault("not-joined")
        op = message.get("op")
        if op == "content" and room.state.shares != site:
            raise PeerFault("slides-not-yours")
        if op in ("publish", "subscribe", "content"):
            return await self._negotiate(meeting, actor, air, op, message)
        if op == "relay":
            relays = self._relays
            return {"relay": None if relays is None else write_relay(relays.grant(actor.device, self._clock.now()))}
        if op == "switch":
            source = message.get("source")
            shown = None if source is None else read_unit_path(source)
            if shown is not None and message.get("content") is True:
                shown = content_of(shown)
            height = read_number(message.get("height", FULL_HEIGHT), low=1, high=MOST_LINES)
            await self._engine.switch(meeting, site, read_text(message.get("slot"), SLOT_NAME), shown, height)
            air.demand.changed()
            return {}
        if op == "layers":
            await self._engine.offer_layers(meeting, site, _read_layers(message.get("sent")))
            return {}
        if op == "pause":
            paused = message.get("paused")
            if not isinstance(paused, bool):
                raise PeerFault("field-invalid", field="paused")
            await self._engine.pause(meeting, site, read_text(message.get("slot"), SLOT_NAME), paused)
            air.demand.changed()
            return {}
        if op == "keyframe":
            await self._engine.keyframe(meeting, read_unit_path(message.get("source")))
            return {}
        raise PeerFault("kind-unknown")

    async def _negotiate(
        self, meeting: MeetingId, actor: SiteActor, air: AirLane, op: str, message: _Message
    ) -> _Message:
        engine, site = self._engine, actor.unit_path
        offer = message.get("sdp")
        if not isinstance(offer, str):
            raise PeerFault("sdp-unreadable")
        if len(offer) > SDP:
            raise PeerFault("sdp-too-long", limit=SDP)
        nonce = read_nonce(message.get("nonce"))
        told = sealed("offer", meeting, op, nonce, offer)
        if not await asyncio.to_thread(self._signer.is_of_device, actor.device, told, read_seal(message.get("seal"))):
            raise PeerFault("sdp-unsigned")
        await engine.create_room(meeting)
        if op == "subscribe":
            answer = await engine.subscribe(meeting, site, offer)
        else:
            answer = await engine.publish(meeting, content_of(site) if op == "content" else site, offer)
        air.refresh()
        return {"sdp": answer, "seal": write_seal(self._signer.sign(sealed("answer", meeting, op, nonce, answer)))}


def _read_layers(value: object) -> frozenset[Layer]:
    if not isinstance(value, list) or any(each not in list(Layer) for each in value):
        raise PeerFault("field-invalid", field="sent")
    return frozenset(Layer(each) for each in value)
