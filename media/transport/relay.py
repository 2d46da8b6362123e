"""A TURN relay (RFC 8656) for sites whose network lets no media through to the engine.

The relay is coturn with a secret that it shares with the center. A terminal is given a name and a password that hold
for an hour and for it alone (the REST form that coturn calls `use-auth-secret`); the relay forwards to the media
engine's addresses and to nothing else.
"""

import base64
import hashlib
import hmac
import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from desktop_app.domain.faults import PeerFault
from desktop_app.domain.ids import DeviceId

VALID = timedelta(hours=1)
"""How long a password opens a relay; one that is open goes on by its own refreshes with it until then."""
_TEXT = 256


@dataclass(frozen=True, slots=True)
class Relay:
    """Where a relay is, and what opens it. An empty `host` is the host under which the center is reached."""

    host: str
    port: int
    username: str
    password: str


@dataclass(frozen=True, slots=True)
class RelayDesk:
    """Gives out passwords at the center."""

    host: str
    port: int
    secret: str

    def grant(self, device: DeviceId, now: datetime) -> Relay:
        """What opens the relay for this device, from now on for `VALID`."""
        username = f"{int((now + VALID).timestamp())}:{device}"
        password = base64.b64encode(hmac.digest(self.secret.encode(), username.encode(), hashlib.sha1)).decode()
        return Relay(self.host, self.port, username, password)


def write_relay(relay: Relay) -> dict[str, Any]:
    """As it travels to the terminal."""
    return {"host": relay.host, "port": relay.port, "username": relay.username, "password": relay.password}


def read_relay(value: Any) -> Relay | None:
    """What the center said; None where it has no relay. PeerFault (field-invalid)."""
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise PeerFault("field-invalid", field="relay")
    texts = [value.get(name) for name in ("host", "username", "password")]
    port = value.get("port")
    if not all(isinstance(text, str) and len(text) <= _TEXT for text in texts) or not isinstance(port, int):
        raise PeerFault("field-invalid", field="relay")
    if not 0 < port < 65536:
        raise PeerFault("field-invalid", field="relay")
    return Relay(str(texts[0]), port, str(texts[1]), str(texts[2]))


def relay_config(desk: RelayDesk, *, engines: Sequence[str], ports: tuple[int, int]) -> str:
    """coturn's whole configuration: `engines` are the addresses it may forward to, `ports` the UDP ports it takes.

    It listens on the desk's host where that is an address, else on every address of its machine.
    """
    try:
        listen = [f"{name}={ipaddress.ip_address(desk.host)}" for name in ("listening-ip", "relay-ip")]
    except ValueError:
        listen = []
    allowed = [f"allowed-peer-ip={address}" for address in engines]
    if any(ipaddress.ip_address(address).is_loopback for address in engines):
        allowed.append("allow-loopback-peers")
    own = [*listen, f"listening-port={desk.port}", f"min-port={ports[0]}", f"max-port={ports[1]}"]
    return "\n".join([_HEAD, *own, f"static-auth-secret={desk.secret}", *_FIXED, *allowed, ""])


_HEAD = "# Written by `silian center relay`. Another run writes it anew."
_FIXED = (
    "realm=silian",
    "use-auth-secret",
    "fingerprint",
    "stale-nonce=600",
    "user-quota=8",
    "total-quota=600",
    "no-multicast-peers",
    "no-tcp-relay",
    "no-tls",
    "no-dtls",
    "no-cli",
    "no-software-attribute",
    # the media engine and nobody else:
    "denied-peer-ip=0.0.0.0-255.255.255.255",
    "denied-peer-ip=::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
)
