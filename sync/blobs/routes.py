"""tus 1.0 under `/v1/uploads`, and `GET /v1/blobs/{sha256}` with Range. What it means is in `uploads`; here is HTTP.

Authentication came before: `scope["principal"]` says who asks, and a body was read whole and checked against its
digest. A refusal is JSON `{"id": ..., "now": ..., ...}`.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Iterator, Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from desktop_app.domain.clock import Clock, stamp
from desktop_app.domain.faults import Fault, HostFault, PeerFault
from desktop_app.domain.limits import BLOB
from desktop_app.domain.principal import Principal
from sync.blobs.kinds import OCTETS
from sync.blobs.store import BlobReader
from sync.blobs.tus import BLOBS, PIECE_TYPE, UPLOADS, VERSION
from sync.blobs.uploads import Standing, Uploads

CHECKSUMS = ("sha1", "sha256")
_TUS = {"tus-resumable": VERSION, "cache-control": "no-store"}
_STATUS = {
    "upload-version": 412,
    "upload-unknown": 404,
    "upload-offset": 409,
    "upload-unnamed": 409,
    "upload-differs": 409,
    "upload-too-large": 413,
    "upload-quota": 413,
    "upload-type": 415,
    "upload-checksum": 460,
    "blob-mismatch": 460,
    "blob-kind": 415,
    "blob-unknown": 404,
    "range-beyond": 416,
    "disk-full": 507,
}
Answer = Callable[[Request, Principal], Awaitable[Response]]


def routes(uploads: Uploads, clock: Clock) -> list[Route]:
    """For the center's one application."""
    desk = _Desk(uploads, clock)
    return [
        Route(UPLOADS, desk.told(desk.options), methods=["OPTIONS"]),
        Route(UPLOADS, desk.told(desk.begin), methods=["POST"]),
        Route(UPLOADS + "/{upload}", desk.told(desk.standing), methods=["HEAD"]),
        Route(UPLOADS + "/{upload}", desk.told(desk.add), methods=["PATCH"]),
        Route(UPLOADS + "/{upload}", desk.told(desk.give_up), methods=["DELETE"]),
        Route(BLOBS + "/{sha256}", desk.told(desk.read), methods=["GET"]),
    ]


class _Desk:
    def __init__(self, uploads: Uploads, clock: Clock) -> None:
        self._uploads = uploads
        self._clock = clock

    def told(self, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        """The endpoint that tells a fault as a refusal."""

        async def endpoint(request: Request) -> Response:
            try:
                return await answer(request, request.scope["principal"])
            except (PeerFault, HostFault) as fault:
                return self._refusal(fault)

        return endpoint

    def _refusal(self, fault: Fault) -> Response:
        default = 503 if isinstance(fault, HostFault) else 400
        headers = dict(_TUS)
        if fault.id == "range-beyond":
            headers["content-range"] = f"bytes */{fault.values['length']}"
        if fault.id == "upload-version":
            headers["tus-version"] = VERSION
        body = {"now": stamp(self._clock.now()), **fault.values, "id": fault.id}
        return JSONResponse(body, status_code=_STATUS.get(fault.id, default), headers=headers)

    async def options(self, _request: Request, _who: Principal) -> Response:
        headers = {
            "tus-version": VERSION,
            "tus-extension": "creation,checksum,termination",
            "tus-checksum-algorithm": ",".join(CHECKSUMS),
            "tus-max-size": str(BLOB),
        }
        return Response(status_code=204, headers=_TUS | headers)

    async def begin(self, request: Request, who: Principal) -> Response:
        _tus(request)
        length = _number(request, "upload-length")
        sha256 = _metadata(request.headers.get("upload-metadata", "")).get("sha256", "")
        standing = await run_in_threadpool(self._uploads.begin, who, sha256, length)
        location = {"location": f"{UPLOADS}/{standing.id}"}
        return Response(status_code=201, headers=_TUS | location | _standing(standing))

    async def standing(self, request: Request, who: Principal) -> Response:
        _tus(request)
        standing = await run_in_threadpool(self._uploads.standing, who, request.path_params["upload"])
        return Response(status_code=200, headers=_TUS | _standing(standing))

    async def add(self, request: Request, who: Principal) -> Response:
        _tus(request)
        if request.headers.get("content-type") != PIECE_TYPE:
            raise PeerFault("upload-type")
        offset = _number(request, "upload-offset")
        body = await request.body()
        if checksum := request.headers.get("upload-checksum"):
            _check(checksum, body)
        standing = await run_in_threadpool(self._uploads.add, who, request.path_params["upload"], offset, body)
        return Response(status_code=204, headers=_TUS | _standing(standing))

    async def give_up(self, request: Request, who: Principal) -> Response:
        _tus(request)
        await run_in_threadpool(self._uploads.give_up, who, request.path_params["upload"])
        return Response(status_code=204, headers=_TUS)

    async def read(self, request: Request, who: Principal) -> Response:
        """RFC 9110, sections 13 and 14: one range, and If-Range with the strong tag. Other ranges get the whole."""
        sha256 = request.path_params["sha256"]
        reader = await run_in_threadpool(self._uploads.read, who, sha256)
        tag = f'"{sha256}"'
        headers = {
            "accept-ranges": "bytes",
            "etag": tag,
            "cache-control": "private, no-store",
            "content-disposition": "attachment",
            "x-content-type-options": "nosniff",
        }
        try:
            asked = request.headers.get("range", "") if request.headers.get("if-range", tag) == tag else ""
            part = _range(asked, reader.length)
            known = [each.strip() for each in request.headers.get("if-none-match", "").split(",")]
            if not asked and tag in known:
                reader.close()
                return Response(status_code=304, headers=headers)
        except PeerFault:
            reader.close()
            raise
        first, last = part or (0, reader.length - 1)
        headers["content-length"] = str(last - first + 1)
        if part:
            headers["content-range"] = f"bytes {first}-{last}/{reader.length}"
        pieces = iter(()) if request.method == "HEAD" else _pieces(reader, first, last)
        if request.method == "HEAD":
            reader.close()
        return StreamingResponse(pieces, 206 if part else 200, headers, media_type=OCTETS)


def _pieces(reader: BlobReader, first: int, last: int) -> Iterator[bytes]:
    with reader:
        yield from reader.pieces(first, last)


def _standing(standing: Standing) -> dict[str, str]:
    return {"upload-offset": str(standing.offset), "upload-length": str(standing.length)}


def _tus(request: Request) -> None:
    if request.headers.get("tus-resumable") != VERSION:
        raise PeerFault("upload-version", version=VERSION)


def _number(request: Request, name: str) -> int:
    text = request.headers.get(name, "")
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise PeerFault("upload-malformed")
    return int(text)


def _metadata(header: str) -> Mapping[str, str]:
    """`Upload-Metadata`: keys and base64 values, by commas."""
    values = {}
    try:
        for pair in filter(None, (part.strip() for part in header.split(","))):
            key, _, encoded = pair.partition(" ")
            values[key] = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as err:
        raise PeerFault("upload-malformed") from err
    return values


def _check(checksum: str, body: bytes) -> None:
    name, _, encoded = checksum.partition(" ")
    if name not in CHECKSUMS:
        raise PeerFault("upload-malformed")
    try:
        wanted = base64.b64decode(encoded, validate=True)
    except binascii.Error as err:
        raise PeerFault("upload-malformed") from err
    if not hmac.compare_digest(hashlib.new(name, body, usedforsecurity=False).digest(), wanted):
        raise PeerFault("upload-checksum")


def _range(header: str, length: int) -> tuple[int, int] | None:
    """The one range of a `Range` header as first and last byte; None for the whole. PeerFault `range-beyond`."""
    unit, _, spec = header.partition("=")
    first, dash, last = spec.strip().partition("-")
    if unit.strip().lower() != "bytes" or not dash or "," in spec:
        return None
    if not all(part.isascii() and (part.isdigit() or not part) and len(part) < 16 for part in (first, last)):
        return None
    if not first:
        if not last or int(last) == 0:
            raise PeerFault("range-beyond", length=length)
        return max(0, length - int(last)), length - 1
    if int(first) >= length:
        raise PeerFault("range-beyond", length=length)
    end = min(int(last), length - 1) if last else length - 1
    return (int(first), end) if int(first) <= end else None
