"""The configuration of one Janus as this center needs it: three files of `/etc/janus`, written whole.

Its API is on loopback alone and wants a secret; everything but the VideoRoom and the WebSocket is switched off; media
is gathered on the named addresses and on no other. All secrets come from one, which the center derives from its key.
"""

import hashlib
import hmac
from dataclasses import dataclass

PLUGINS = ("audiobridge", "duktape", "echotest", "lua", "nosip", "recordplay", "sip", "streaming", "textroom",
           "videocall", "voicemail")  # fmt: skip
TRANSPORTS = ("http", "mqtt", "nanomsg", "pfunix", "rabbitmq")
SESSION_SECONDS = 60
RECLAIM_SECONDS = 600
"""How long connections live on without a center; it takes them up again when it is back within."""


@dataclass(frozen=True, slots=True)
class JanusSecrets:
    """What the center and one Janus share."""

    api: str
    admin: str
    rooms: str

    @classmethod
    def derive(cls, secret: bytes) -> "JanusSecrets":
        def part(name: str) -> str:
            return hmac.digest(secret, b"silian-janus-v1 " + name.encode(), hashlib.sha256).hex()

        return cls(part("api"), part("admin"), part("rooms"))

    def room(self, meeting: str) -> str:
        """The secret of one room: it changes, moderates and ends it."""
        return hmac.digest(self.rooms.encode(), meeting.encode(), hashlib.sha256).hex()


@dataclass(frozen=True, slots=True)
class JanusPlan:
    """Where one Janus listens. `addresses` are those of its media, as terminals reach them; `api_host` is loopback, or
    an address that only the center reaches (a tunnel)."""

    secrets: JanusSecrets
    addresses: tuple[str, ...]
    api_host: str = "127.0.0.1"
    first_port: int = 40_000
    last_port: int = 41_999
    api_port: int = 8188
    admin_port: int = 7188
    event_loops: int = 2


def config_files(plan: JanusPlan) -> dict[str, str]:
    """File name and content."""
    return {
        "janus.jcfg": _CORE.format(
            api=plan.secrets.api,
            admin=plan.secrets.admin,
            loops=plan.event_loops,
            session=SESSION_SECONDS,
            reclaim=RECLAIM_SECONDS,
            first=plan.first_port,
            last=plan.last_port,
            addresses=",".join(plan.addresses),
            plugins=",".join(f"libjanus_{name}.so" for name in PLUGINS),
            transports=",".join(f"libjanus_{name}.so" for name in TRANSPORTS),
        ),
        "janus.transport.websockets.jcfg": _SOCKETS.format(
            host=plan.api_host, api=plan.api_port, admin=plan.admin_port
        ),
        "janus.plugin.videoroom.jcfg": _ROOMS.format(key=plan.secrets.rooms),
    }


_CORE = """\
# Written by `silian center engine`. Another run writes it anew.
general: {{
    debug_level = 3
    api_secret = "{api}"
    admin_secret = "{admin}"
    session_timeout = {session}
    reclaim_session_timeout = {reclaim}
    event_loops = {loops}
    server_name = "silian"
}}
certificates: {{ }}
media: {{
    rtp_port_range = "{first}-{last}"
    min_nack_queue = 500
}}
nat: {{
    ice_lite = true
    ice_enforce_list = "{addresses}"
}}
plugins: {{ disable = "{plugins}" }}
transports: {{ disable = "{transports}" }}
loggers: {{ disable = "libjanus_jsonlog.so" }}
events: {{ broadcast = false }}
"""

_SOCKETS = """\
general: {{
    json = "compact"
    ws = true
    ws_port = {api}
    ws_ip = "{host}"
    wss = false
}}
admin: {{
    admin_ws = true
    admin_ws_port = {admin}
    admin_ws_ip = "{host}"
    admin_wss = false
}}
cors: {{ }}
certificates: {{ }}
"""

_ROOMS = """\
general: {{
    admin_key = "{key}"
    lock_rtp_forward = true
    string_ids = true
    events = false
}}
"""
