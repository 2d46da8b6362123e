"""The cameras, microphones and loudspeakers that there are, each by an id that stays the same when it comes back."""

from collections.abc import Callable
from typing import Any

from media import portaudio
from media.devices.cameras import cameras
from media.devices.kinds import Device, Found, Kind
from media.devices.pulse_server import PulseDevices, PulseServer
from media.devices.pulse_streams import ServerAway

NO_SINK = "auto_null"
"""What PulseAudio pretends to have where there is no loudspeaker."""


class MachineDevices:
    """Looks at this machine. For one thread at a time; `on_change` may be called on any, and says to look again."""

    def __init__(self, on_change: Callable[[], None] = lambda: None) -> None:
        self._pulse = PulseServer(on_change)
        self._cards: Any = None

    def look(self) -> Found:
        """All there is now; takes some milliseconds."""
        try:
            sound = pulse_devices(self._pulse.devices())
        except ServerAway:
            sound = self._portaudio()
        return (*cameras(), *sound)

    def close(self) -> None:
        self._pulse.close()

    def _portaudio(self) -> Found:
        """PortAudio lists what there was when it began: it begins anew when the system's cards are others."""
        cards = portaudio.cards()
        if self._cards is not None and cards != self._cards:
            portaudio.begin_anew()
        self._cards = cards
        inputs, outputs = portaudio.names()
        return (
            *(Device(Kind.MICROPHONE, name, name) for name in inputs),
            *(Device(Kind.SPEAKER, name, name) for name in outputs),
        )


def pulse_devices(found: PulseDevices) -> Found:
    """The server's own choice first."""
    sources = sorted(found.sources, key=lambda each: each.name != found.default_source)
    sinks = sorted(found.sinks, key=lambda each: each.name != found.default_sink)
    return (
        *(Device(Kind.MICROPHONE, each.name, each.title) for each in sources),
        *(Device(Kind.SPEAKER, each.name, each.title) for each in sinks if each.name != NO_SINK),
    )
