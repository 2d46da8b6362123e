"""Mistakes in what a store and a disk keep. See `tests.simulation.mutants`."""

import dataclasses
from typing import Any

from sync.merge import projection
from sync.store import journal
from sync.store.engine import writing
from sync.store.journal import Head
from sync.store.store import Store
from tests.simulation.planted import mutant


@mutant("projection outside the transaction")
def _() -> None:
    flush, tell = projection.Projection.flush, Store._tell
    pending: list[Any] = []

    def later(self: projection.Projection) -> None:
        pending[:] = [self]

    def told(self: Store, touched: Any) -> None:
        if pending:
            one = pending.pop()
            if not getattr(self._engine, "dead", False):
                with writing(self._engine) as connection:
                    one._connection = connection
                    flush(one)
        tell(self, touched)

    projection.Projection.flush = later  # type: ignore[method-assign]
    Store._tell = told  # type: ignore[method-assign]


@mutant("a failed commit is taken for undone")
def _() -> None:
    Store._head_uncertain = property(lambda _self: False, lambda _self, _value: None)  # type: ignore[assignment]


@mutant("a restarted terminal forgets what waits")
def _() -> None:
    real = journal.load_head

    def forgetful(connection: Any, device: str) -> Head:
        head = real(connection, device)
        return dataclasses.replace(head, acknowledged=head.seq)

    import sync.store.store as stores

    stores.load_head = forgetful  # type: ignore[attr-defined]


@mutant("a receive stamp may go back")
def _() -> None:
    from sync.log.hlc import HybridClock

    HybridClock.stamp = lambda _self, now_ms: now_ms - now_ms % 3_600_000  # type: ignore[method-assign]


@mutant("what waits in a damaged store is not saved")
def _() -> None:
    from sync.terminal import salvage

    salvage.rows_in = lambda _pages: iter(())  # type: ignore[attr-defined]


@mutant("what a restored center lost of attachments is not offered again")
def _() -> None:
    from sync.blobs.desk import Attachments

    Attachments._offer_again = lambda _self: None  # type: ignore[method-assign]


@mutant("a piece that comes twice is added twice, and the whole is not looked at")
def _() -> None:
    from sync.blobs.partial import Partial
    from sync.blobs.uploads import Uploads

    real = Uploads.add
    Partial.check = lambda _self: None  # type: ignore[method-assign]

    def anywhere(self: Any, who: Any, upload_id: str, _offset: int, content: bytes) -> Any:
        standing = self.standing(who, upload_id)
        return real(self, who, upload_id, standing.offset, content[: standing.length - standing.offset])

    Uploads.add = anywhere  # type: ignore[method-assign]


@mutant("of many rows in one statement the last is lost")
def _() -> None:
    from sync.store.driver import AT_A_TIME, Insert

    real = Insert._into_file

    def short(self: Any, driver: Any, rows: Any) -> None:
        real(self, driver, [row for at, row in enumerate(rows, 1) if at % AT_A_TIME])

    Insert._into_file = short  # type: ignore[method-assign]


@mutant("how many rows there were is told by those that are left")
def _() -> None:
    def left(connection: Any) -> int:
        return int(connection.exec_driver_sql("SELECT coalesce(max(position), 0) FROM change").scalar())

    journal.rows_given = left


@mutant("a content is not taken while its attachment is held")
def _() -> None:
    from sync.blobs import uploads

    uploads.held_naming = lambda *_asked: iter(())


@mutant("a refused attachment lets go of its content")
def _() -> None:
    from sync.blobs import attachments

    attachments._in_quarantine = lambda *_asked: iter(())
