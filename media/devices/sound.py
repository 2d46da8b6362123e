"""Opens a microphone or a loudspeaker by its id: through the desktop's sound server where one runs, else PortAudio."""

from collections.abc import Callable
from typing import Protocol

from desktop_app.domain.faults import HostFault
from media import portaudio
from media.devices import pulse_streams
from media.devices.devices import pulse_devices
from media.devices.kinds import Kind, of_kind
from media.devices.pulse_server import PulseServer
from media.devices.pulse_streams import DeviceAway, ServerAway


class OpenSound(Protocol):
    """An open device; `close` waits for its thread."""

    def close(self) -> None: ...


def open_input(name: str, deliver: Callable[[bytes], None], lost: Callable[[], None]) -> OpenSound:
    """A microphone; an empty name is the system's own choice. Raises HostFault (microphone-missing)."""
    try:
        return pulse_streams.open_input(name or _own_choice(Kind.MICROPHONE), deliver, lost)
    except DeviceAway as err:
        raise HostFault("microphone-missing", device=name) from err
    except ServerAway:
        return portaudio.open_input(name, deliver, lost)


def open_output(name: str, pull: Callable[[], bytes], lost: Callable[[], None]) -> OpenSound:
    """A loudspeaker; an empty name is the system's own choice. Raises HostFault (speaker-missing)."""
    try:
        return pulse_streams.open_output(name or _own_choice(Kind.SPEAKER), pull, lost)
    except DeviceAway as err:
        raise HostFault("speaker-missing", device=name) from err
    except ServerAway:
        return portaudio.open_output(name, pull, lost)


def _own_choice(kind: Kind) -> str:
    """The server's default. Never what it takes where there is no microphone: the monitor of a loudspeaker, which would
    send the other sites their own voices."""
    server = PulseServer()
    try:
        found = of_kind(pulse_devices(server.devices()), kind)
    finally:
        server.close()
    if not found:
        raise DeviceAway("none")
    return found[0].id
