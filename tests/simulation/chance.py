"""One seed for all that a program leaves to chance, and one thread for all that it does."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any
from unittest import mock

from pycrdt import Doc
from starlette import responses

from desktop_app.domain import ids
from sync.blobs import lane as blob_lane
from sync.blobs import routes as blob_routes
from sync.center import routes as center_routes
from sync.documents import minutes
from sync.documents.minutes import MinutesDocument
from sync.entities import ENTITIES
from sync.store.journal import Journal

PIECES = {"FIRST_PIECE": 4_096, "LEAST_PIECE": 2_048, "UPLOAD_PIECE": 8_192}
"""So small that a content of some kilobytes is cut in the middle."""


class InOrder:
    """A set that is looked through in the order in which it was filled, in every run alike."""

    def __init__(self) -> None:
        self._items: dict[Any, None] = {}

    def add(self, item: Any) -> None:
        self._items[item] = None

    def discard(self, item: Any) -> None:
        self._items.pop(item, None)

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self._items))


@contextmanager
def seeded(rng: Random) -> Iterator[None]:
    """Every salt, id and key of the program comes from `rng`, and nothing runs on another thread."""

    def document() -> Any:
        return Doc(client_id=rng.getrandbits(31))

    async def here(func: Callable[..., Any], *args: Any, **named: Any) -> Any:
        await asyncio.sleep(0)
        return func(*args, **named)

    async def one_by_one(items: Iterable[Any]) -> AsyncIterator[Any]:
        for each in items:
            yield each

    with (
        mock.patch.object(secrets, "token_hex", lambda count: rng.randbytes(count).hex()),
        mock.patch.object(Journal.__init__, "__defaults__", (rng.randbytes,)),
        mock.patch.object(ids.uuid7, "__defaults__", (rng.randbytes,)),
        mock.patch.object(center_routes, "run_in_threadpool", here),
        mock.patch.object(blob_routes, "run_in_threadpool", here),
        mock.patch.object(responses, "iterate_in_threadpool", one_by_one),
        mock.patch.multiple(blob_lane, **PIECES),
        mock.patch.object(minutes, "Doc", document),
        mock.patch.dict(MinutesDocument.__init__.__kwdefaults__, random_bytes=rng.randbytes, now_ms=lambda: 0),
        mock.patch.dict(ENTITIES),
    ):
        yield
