"""The one gate between a peer's SDP and this program, and the SDP we write ourselves.

Every connection bundles all its m-lines on one path (BUNDLE, rtcp-mux), sound is Opus and pictures are VP8. The parser
behind the gate leaks StopIteration, AssertionError, KeyError and more on bad input; here it raises PeerFault alone.
"""

import ipaddress
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from desktop_app.domain.faults import PeerFault
from desktop_app.domain.limits import SDP as MAX_SDP
from media.rtp import send_time

if TYPE_CHECKING:
    from aiortc.sdp import MediaDescription, SessionDescription

OPUS = 111
RED = 63
VP8 = 96
MAX_LINES = 40
OWN_ADDRESSES = "a=x-silian-addresses:own"
CODECS = {"audio": "opus", "video": "vp8"}

Kind = Literal["audio", "video"]
_MID = re.compile(r"[A-Za-z0-9_-]{1,16}\Z")
_ICE = re.compile(r"[A-Za-z0-9+/]{4,256}\Z")
_FINGERPRINT = re.compile(r"([0-9A-Fa-f]{2}:){31,63}[0-9A-Fa-f]{2}\Z")


@dataclass(frozen=True, slots=True)
class MediaLine:
    """One m-line: its mid, its direction as written, the payload types of its codec and of RED (RFC 2198; sound only),
    the SSRC where one is declared, the number of the header extension that says when a packet left."""

    mid: str
    kind: Kind
    direction: str
    payload_type: int
    ssrc: int | None = None
    red: int | None = None
    send_time: int | None = None


@dataclass(frozen=True, slots=True)
class Description:
    """What an offer or an answer says. `candidates` are host and port; fingerprints are (algorithm, value)."""

    lines: tuple[MediaLine, ...]
    ufrag: str
    password: str
    fingerprints: tuple[tuple[str, str], ...]
    setup: str = "actpass"
    candidates: tuple[tuple[str, int], ...] = ()
    lite: bool = False
    own_addresses: bool = False
    """The candidates are the engine's own addresses; else they stand for the host under which the center is reached."""

    def at(self, host: str) -> "Description":
        """The same with every candidate's address replaced; the ports stay."""
        return replace(self, candidates=tuple((host, port) for _, port in self.candidates))


def read_description(text: object) -> Description:
    """Read a peer's SDP; whatever it sends, raise only PeerFault (sdp-too-long, sdp-unreadable, sdp-unsupported)."""
    if not isinstance(text, str):
        raise PeerFault("sdp-unreadable")
    if len(text) > MAX_SDP:
        raise PeerFault("sdp-too-long", limit=MAX_SDP)
    # Here and not above: a center over the hub never reads one, and aiortc would be a third of its memory.
    from aiortc.sdp import SessionDescription

    try:
        session = SessionDescription.parse(text)
    except Exception as err:  # the parser leaks StopIteration, AssertionError, KeyError and more
        raise PeerFault("sdp-unreadable") from err
    try:
        return replace(_describe(session), own_addresses=_has_own_addresses(text))
    except (ValueError, TypeError, AttributeError) as err:
        raise PeerFault("sdp-unreadable") from err


def _describe(session: "SessionDescription") -> Description:
    if not 1 <= len(session.media) <= MAX_LINES:
        raise PeerFault("sdp-unsupported", why="m-lines")
    lines = tuple(_line(media) for media in session.media)
    if len({line.mid for line in lines}) != len(lines):
        raise PeerFault("sdp-unsupported", why="mid")
    bundle = next((group.items for group in session.group if group.semantic == "BUNDLE"), [])
    if {line.mid for line in lines} != set(bundle):
        raise PeerFault("sdp-unsupported", why="bundle")
    first = session.media[0]
    if first.ice is None or first.dtls is None or first.dtls.role is None:
        raise PeerFault("sdp-unreadable")
    ufrag, password = first.ice.usernameFragment or "", first.ice.password or ""
    if not _ICE.match(ufrag) or not _ICE.match(password) or len(password) < 22:
        raise PeerFault("sdp-unreadable")
    fingerprints = tuple((print_.algorithm.lower(), print_.value.upper()) for print_ in first.dtls.fingerprints)
    known = tuple(each for each in fingerprints if each[0] in ("sha-256", "sha-384", "sha-512"))
    if not known or not all(_FINGERPRINT.match(value) for _, value in known):
        raise PeerFault("sdp-unsupported", why="fingerprint")
    setup = {"auto": "actpass", "client": "active", "server": "passive"}[first.dtls.role]
    return Description(lines, ufrag, password, known, setup, _candidates(first), first.ice.iceLite)


def _has_own_addresses(text: str) -> bool:
    return OWN_ADDRESSES in text.splitlines()


def _line(media: "MediaDescription") -> MediaLine:
    kind: Kind
    if media.kind == "audio":
        kind = "audio"
    elif media.kind == "video":
        kind = "video"
    else:
        raise PeerFault("sdp-unsupported", why="media")
    mid = media.rtp.muxId
    if not _MID.match(mid):
        raise PeerFault("sdp-unsupported", why="mid")
    codec = next((each for each in media.rtp.codecs if each.name.lower() == CODECS[kind]), None)
    number = codec.payloadType if codec is not None else None
    if number is None or not 96 <= number <= 127:
        raise PeerFault("sdp-unsupported", why="codec")
    ssrc = media.ssrc[0].ssrc if media.ssrc else None
    if ssrc is not None and not 0 < ssrc <= 0xFFFFFFFF:
        raise PeerFault("sdp-unreadable")
    direction = media.direction or "sendrecv"
    return MediaLine(mid, kind, direction, number, ssrc, _red(media, number), _send_time(media))


def _red(media: "MediaDescription", opus: int) -> int | None:
    """RED's payload type where it carries the m-line's own codec and nothing else."""
    for codec in media.rtp.codecs if media.kind == "audio" else ():
        number = codec.payloadType
        if codec.name.lower() == "red" and number is not None and 35 <= number <= 127 and number != opus:
            return number
    return None


def _send_time(media: "MediaDescription") -> int | None:
    numbers = (each.id for each in media.rtp.headerExtensions if each.uri == send_time.URI)
    return next((number for number in numbers if number in send_time.NUMBERS), None)


def _candidates(media: "MediaDescription") -> tuple[tuple[str, int], ...]:
    found = []
    for candidate in media.ice_candidates[:16]:
        if candidate.protocol.lower() == "udp" and candidate.type == "host" and 0 < candidate.port < 65536:
            found.append((str(ipaddress.ip_address(candidate.ip)), candidate.port))
    return tuple(found)


def write_description(description: Description) -> str:
    """The SDP text of a description."""
    head = ["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0"]
    if description.lite:
        head.append("a=ice-lite")
    if description.own_addresses:
        head.append(OWN_ADDRESSES)
    head.append("a=group:BUNDLE " + " ".join(line.mid for line in description.lines))
    transport = [
        *(
            f"a=candidate:{number} 1 udp {2130706431 - number} {host} {port} typ host"
            for number, (host, port) in enumerate(description.candidates, 1)
        ),
        "a=end-of-candidates",
        f"a=ice-ufrag:{description.ufrag}",
        f"a=ice-pwd:{description.password}",
        *(f"a=fingerprint:{algorithm} {value}" for algorithm, value in description.fingerprints),
        f"a=setup:{description.setup}",
    ]
    body: list[str] = []
    for line in description.lines:
        body += _media_lines(line) + transport
    return "\r\n".join(head + body) + "\r\n"


def _media_lines(line: MediaLine) -> list[str]:
    number = line.payload_type
    lines = [
        f"m={line.kind} 9 UDP/TLS/RTP/SAVPF {number}" + (f" {line.red}" if line.red is not None else ""),
        "c=IN IP4 0.0.0.0",
        f"a={line.direction}",
        f"a=mid:{line.mid}",
        "a=rtcp-mux",
    ]
    if line.kind == "audio":
        lines += [f"a=rtpmap:{number} opus/48000/2", f"a=fmtp:{number} minptime=10;useinbandfec=1"]
        lines.append(f"a=rtcp-fb:{number} nack")
        if line.red is not None:
            lines += [f"a=rtpmap:{line.red} red/48000/2", f"a=fmtp:{line.red} {number}/{number}"]
    else:
        lines += [f"a=rtpmap:{number} VP8/90000", f"a=rtcp-fb:{number} nack", f"a=rtcp-fb:{number} nack pli"]
    if line.send_time is not None:
        lines.append(f"a=extmap:{line.send_time} {send_time.URI}")
    if line.ssrc is not None:
        lines.append(f"a=ssrc:{line.ssrc} cname:silian")
    return lines
