"""Which media engine a center has, put together from its settings: the hub of its own, one Janus, or a cascade of them.

What a center and a Janus share is derived from the center's key; it is on the center's disk nowhere, and on Janus's
machine in the configuration that `silian center engine` writes there.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_app.center.hub_process import hub_engine, hub_secret
from desktop_app.domain.clock import Clock
from desktop_app.domain.faults import HostFault, OperatorError
from desktop_app.settings import CenterSettings, port_range
from sync.reference.units import unit_of

if TYPE_CHECKING:
    from media.engine.janus_config import JanusSecrets
    from media.engine.placement import Place
    from media.engine.room import MediaEngine
    from media.transport.relay import RelayDesk
    from sync.identity.device import DeviceKey

RELAY_PORTS = (49152, 50151)
"""UDP ports that coturn takes on the side of the engine."""
_SEAT = re.compile(r"([a-z0-9-]{1,32})=(\d{6})@([0-9A-Za-z.:-]{1,64})")


@dataclass(frozen=True, slots=True)
class EngineSeat:
    """One Janus of the setting `center.engines`: its unit, and the address at which the center reaches its API."""

    name: str
    unit: str
    host: str

    @property
    def place(self) -> "Place":
        from media.engine.placement import Place

        return Place(self.name, unit_of(self.unit).unit_path)


def engine_seats(settings: CenterSettings) -> tuple[EngineSeat, ...]:
    """The engines that are set, or one on this machine. OperatorError `setting-invalid`."""
    if not settings.engines.strip():
        return (EngineSeat("province", settings.unit, "127.0.0.1"),)
    seats: list[EngineSeat] = []
    for part in settings.engines.split(","):
        found = _SEAT.fullmatch(part.strip())
        if found is None or found[1] in [seat.name for seat in seats]:
            wanted = "name=unit@address, ... with a name for each, such as huizhou=441300@10.9.0.2"
            raise OperatorError(
                "setting-invalid", key="center.engines", value=part.strip()[:80], wanted=wanted, source="settings"
            )
        seats.append(EngineSeat(found[1], found[2], found[3]))
    return tuple(seats)


def media_engine(folder: Path, settings: CenterSettings, key: "DeviceKey", clock: Clock) -> "MediaEngine":
    """The engine of this center; it looks for its processes once it is opened."""
    if settings.engine == "hub":
        return hub_engine(folder, settings, hub_secret(key), clock)
    from media.engine.cascade import CascadeEngine
    from media.engine.janus_engine import JanusAddress, JanusEngine

    seats = engine_seats(settings)
    engines = {
        seat.name: JanusEngine(
            address=JanusAddress(seat.host),
            secrets=janus_secrets(key, seat.name),
            state=folder / f"janus-{seat.name}.json",
        )
        for seat in seats
    }
    if len(seats) == 1:
        return engines[seats[0].name]
    return CascadeEngine(engines, [seat.place for seat in seats])


def relay_desk(settings: CenterSettings, key: "DeviceKey") -> "RelayDesk | None":
    """Gives out what opens the relay; None where none is set. OperatorError `setting-invalid`."""
    from media.transport.relay import RelayDesk

    if not settings.relay.strip():
        return None
    host, colon, port = settings.relay.strip().rpartition(":")
    if not colon or not port.isdecimal() or not 0 < int(port) < 65536:
        raise OperatorError(
            "setting-invalid", key="center.relay", value=settings.relay[:80], wanted="host:port", source="settings"
        )
    return RelayDesk(host.strip("[]"), int(port), key.derive("relay").hex())


def write_relay_config(settings: CenterSettings, key: "DeviceKey", engines: tuple[str, ...], path: Path) -> None:
    """Write coturn's configuration, readable for its owner alone; `engines` are the addresses of the media."""
    from media.transport.relay import relay_config

    desk = relay_desk(settings, key)
    if desk is None:
        raise OperatorError("setting-invalid", key="center.relay", value="", wanted="host:port", source="settings")
    _write_private(path, relay_config(desk, engines=engines, ports=RELAY_PORTS))


def janus_secrets(key: "DeviceKey", name: str) -> "JanusSecrets":
    """What the center and this Janus share."""
    from media.engine.janus_config import JanusSecrets

    return JanusSecrets.derive(key.derive(f"janus/{name}"))


def write_janus_config(
    settings: CenterSettings, key: "DeviceKey", name: str, addresses: tuple[str, ...], folder: Path
) -> list[Path]:
    """Write one Janus's configuration, readable for its owner alone. OperatorError `engine-unknown`."""
    from media.engine.janus_config import JanusPlan, config_files

    seats = {seat.name: seat for seat in engine_seats(settings)}
    if name not in seats:
        raise OperatorError("engine-unknown", name=name, known=", ".join(seats))
    first, last = port_range(settings.media_ports)
    plan = JanusPlan(
        secrets=janus_secrets(key, name),
        addresses=addresses,
        first_port=first,
        last_port=last,
        api_host=seats[name].host,
    )
    files = {folder / file: text for file, text in config_files(plan).items()}
    for path, text in files.items():
        _write_private(path, text)
    return list(files)


def _write_private(path: Path, text: str) -> None:
    """Whole or not at all, and for its owner alone: it holds a secret. HostFault `disk-failing`."""
    draft = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            out.write(text)
        os.replace(draft, path)
    except OSError as err:
        raise HostFault("disk-failing", folder=str(path.parent)) from err
