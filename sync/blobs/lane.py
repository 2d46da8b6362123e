"""The lane of contents: sends what waits after the changes, a piece at a time, and fetches what a person opens.

A piece is as large as the link carries in about a second, so that a slow line is never blocked for long and a cut costs
little. What the center refuses is put off, longer each time, and holds up nothing else.
"""

import asyncio
import base64
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol

from desktop_app.domain.clock import Clock
from desktop_app.domain.faults import HostFault, PeerFault
from desktop_app.domain.limits import UPLOAD_PIECE
from sync.blobs.desk import Attachments
from sync.blobs.partial import Partial
from sync.blobs.tus import BLOBS, PIECE_TYPE, UPLOADS, VERSION
from sync.blobs.waiting import Waiting

LEAST_PIECE = 64 * 1024
FIRST_PIECE = 512 * 1024
BRISK, SLOW = 0.5, 2.0
"""Seconds for one piece below which the next is larger, and above which it is smaller."""
PATIENCE = 60.0
FIRST_DELAY, LONGEST_DELAY = 5.0, 600.0


class Center(Protocol):
    """What is needed of a `CenterClient`."""

    async def exchange(
        self, method: str, target: str, body: bytes = b"", headers: Mapping[str, str] | None = None, *, seconds: float
    ) -> Any:
        """`status_code`, `headers` and `content`; a PeerFault with the id of a refusal, or a LinkFault."""
        ...


Ask = Callable[[Coroutine[Any, Any, Any]], Coroutine[Any, Any, Any]]
"""Runs a request so that it ends when the link does."""


class BlobLane:
    """Belongs to one event loop."""

    def __init__(self, attachments: Attachments, center: Center, clock: Clock) -> None:
        self._attachments = attachments
        self._center = center
        self._clock = clock
        self._piece = FIRST_PIECE
        self._current: Waiting | None = None
        self._offset: int | None = None
        self._delays: dict[str, tuple[float, float]] = {}
        """Per content that was refused: when it is tried again, and the delay after that."""
        self._ahead: tuple[tuple[str, int], asyncio.Future[bytes]] | None = None
        """The piece after the one under way."""
        self._fetching: dict[str, asyncio.Lock] = {}
        self._came: dict[str, int] = {}
        """How far what is being fetched has come."""

    @property
    def attachments(self) -> Attachments:
        return self._attachments

    @property
    def moving(self) -> dict[str, int]:
        """How many bytes of what is on the way are across, either way; from any thread."""
        sending, offset = self._current, self._offset
        return dict(self._came) | ({sending.sha256: offset} if sending is not None and offset is not None else {})

    def next_try(self) -> float | None:
        """In how many seconds something that was put off is due; None where nothing was."""
        if not self._delays:
            return None
        return max(0.0, min(due for due, _ in self._delays.values()) - self._clock.monotonic())

    async def step(self, ask: Ask) -> bool:
        """One request for what waits longest; False where nothing can be sent now. LinkFault where the link died."""
        if self._current is None:
            self._current = await asyncio.to_thread(self._next)
            self._offset = None
        blob = self._current
        if blob is None:
            return False
        try:
            if not blob.upload:
                await self._begin(blob, ask)
            elif self._offset is None:
                self._offset = await self._standing(blob, ask)
            else:
                self._offset = await self._send(blob, self._offset, ask)
            if self._offset == blob.length:
                await asyncio.to_thread(self._attachments.note_sent, blob.sha256)
                self._delays.pop(blob.sha256, None)
                self._current = None
        except PeerFault as fault:
            await self._put_off(blob, fault)
        except HostFault as fault:  # the content here is damaged or gone: the others are not
            if fault.id not in ("blob-damaged", "blob-missing"):
                raise
            await self._put_off(blob, fault)
        return True

    def _next(self) -> Waiting | None:
        now = self._clock.monotonic()
        listed = self._attachments.waiting()
        self._delays = {each.sha256: self._delays[each.sha256] for each in listed if each.sha256 in self._delays}
        return next((each for each in listed if self._delays.get(each.sha256, (now, 0.0))[0] <= now), None)

    async def _begin(self, blob: Waiting, ask: Ask) -> None:
        encoded = base64.b64encode(blob.sha256.encode()).decode()
        headers = _TUS | {"upload-length": str(blob.length), "upload-metadata": f"sha256 {encoded}"}
        answer = await ask(self._center.exchange("POST", UPLOADS, headers=headers, seconds=PATIENCE))
        location = str(answer.headers.get("location", ""))
        if not location.startswith(UPLOADS + "/"):
            raise PeerFault("center-not-silian")
        await self._note_upload(blob, location)
        self._offset = _offset(answer, blob.length)

    async def _standing(self, blob: Waiting, ask: Ask) -> int:
        answer = await ask(self._center.exchange("HEAD", blob.upload, headers=_TUS, seconds=PATIENCE))
        if answer.status_code in (404, 410):  # a HEAD's answer has no body that could say why
            raise PeerFault("upload-unknown")
        return _offset(answer, blob.length)

    async def _send(self, blob: Waiting, offset: int, ask: Ask) -> int:
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead[0] == (blob.sha256, offset):
            piece = (await ahead[1])[: self._piece]
        else:
            piece = await asyncio.to_thread(self._read, blob, offset)
        following = offset + len(piece)
        if following < blob.length:  # read while this one travels
            reading = asyncio.ensure_future(asyncio.to_thread(self._read, blob, following))
            reading.add_done_callback(_look_at)
            self._ahead = (blob.sha256, following), reading
        headers = _TUS | {"upload-offset": str(offset), "content-type": PIECE_TYPE}
        began = self._clock.monotonic()
        request = self._center.exchange("PATCH", blob.upload, piece, headers, seconds=PATIENCE)
        answer = await ask(request)
        took = self._clock.monotonic() - began
        if took < BRISK:
            self._piece = min(UPLOAD_PIECE, self._piece * 2)
        elif took > SLOW:
            self._piece = max(LEAST_PIECE, self._piece // 2)
        return _offset(answer, blob.length)

    def _read(self, blob: Waiting, offset: int) -> bytes:
        with self._attachments.store.open(blob.sha256) as content:
            return content.read_at(offset, self._piece)

    async def _note_upload(self, blob: Waiting, location: str) -> None:
        await asyncio.to_thread(self._attachments.note_upload, blob.sha256, location)
        self._current = Waiting(blob.sha256, blob.length, location, blob.reason, blob.file_name, blob.meeting)

    async def _put_off(self, blob: Waiting, fault: PeerFault | HostFault) -> None:
        self._offset = None
        if fault.id == "upload-offset":  # it stands elsewhere than we thought: ask
            return
        if fault.id == "upload-unknown" and blob.upload:  # given up at the center, or the center is a restored one
            await self._note_upload(blob, "")
            return
        self._current = None
        if fault.id in ("blob-mismatch", "blob-kind"):
            await asyncio.to_thread(self._attachments.note_upload, blob.sha256, "")
        delay = self._delays.get(blob.sha256, (0.0, FIRST_DELAY))[1]
        self._delays[blob.sha256] = (self._clock.monotonic() + delay, min(LONGEST_DELAY, delay * 2))
        await asyncio.to_thread(self._attachments.note_refusal, blob.sha256, fault.id)

    async def fetch(self, sha256: str, length: int) -> None:
        """Bring a content here, going on where an earlier attempt ended; it is what its name says when this returns.

        PeerFault `blob-unknown` (not at the center, or not in this unit's scope), `blob-mismatch`; LinkFault;
        HostFault `disk-full`, `disk-failing`.
        """
        store = self._attachments.store
        async with self._fetching.setdefault(sha256, asyncio.Lock()):
            if store.has(sha256):
                return
            partial = await asyncio.to_thread(store.partial, f"get-{sha256}", sha256, length)
            try:
                while not partial.complete:
                    self._came[sha256] = partial.offset
                    await asyncio.to_thread(partial.append, await self._range(sha256, partial))
                await asyncio.to_thread(store.keep, partial)
            except PeerFault as fault:
                if fault.id == "blob-mismatch":
                    partial.discard()
                raise
            finally:
                self._came.pop(sha256, None)
                partial.close()
            await asyncio.to_thread(self._attachments.note_fetched, sha256, length)

    async def _range(self, sha256: str, partial: Partial) -> bytes:
        last = min(partial.offset + UPLOAD_PIECE, partial.length) - 1
        headers = {"range": f"bytes={partial.offset}-{last}", "if-range": f'"{sha256}"'}
        answer = await self._center.exchange("GET", f"{BLOBS}/{sha256}", headers=headers, seconds=PATIENCE)
        told = str(answer.headers.get("content-range", ""))
        if answer.status_code != 206 or told != f"bytes {partial.offset}-{last}/{partial.length}":
            raise PeerFault("blob-mismatch")
        content = bytes(answer.content)
        if len(content) != last - partial.offset + 1:
            raise PeerFault("blob-mismatch")
        return content


_TUS = {"tus-resumable": VERSION}


def _look_at(read: "asyncio.Future[bytes]") -> None:
    """A piece that was read in vain is no unheard failure: it is read again when it is wanted."""
    if not read.cancelled():
        read.exception()


def _offset(answer: Any, length: int) -> int:
    text = str(answer.headers.get("upload-offset", ""))
    if not text.isascii() or not text.isdigit() or len(text) > 15 or int(text) > length:
        raise PeerFault("center-not-silian")
    return int(text)
