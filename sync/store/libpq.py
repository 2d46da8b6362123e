"""What is said to PostgreSQL below the statements of its driver: several in one message, and rows that it takes in
while their sender goes on with other work.

`send` returns when the rows are on their way. What became of them is asked by `settle`, before the next statement on
the same connection and before the commit at the latest: an error comes a statement later, and never goes unnoticed.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from psycopg import errors, pq
from psycopg.abc import Buffer, PQGen
from psycopg.copy import Writer
from psycopg.waiting import WAIT_R, WAIT_RW, WAIT_W

Driver = psycopg.Connection[Any]
_DONE = (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK)


class _Pieces(Writer):
    """Rows in the form in which they are sent."""

    def __init__(self) -> None:
        self.pieces: list[Buffer] = []

    def write(self, data: Buffer) -> None:
        self.pieces.append(data)


def say(driver: Driver, statements: str) -> None:
    """Statements without values, of whose rows nothing is wanted, in one message. The driver's errors."""
    driver.wait(_saying(driver.pgconn, statements.encode()))


def listen(driver: Driver) -> None:
    """Take in what the server has said unasked, without a word to it; the driver's error where it has hung up."""
    driver.pgconn.consume_input()
    driver.pgconn.consume_input()  # its last words were the first


def packed(driver: Driver, types: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[Buffer]:
    """Rows of columns of these types, as a binary COPY has them."""
    writer = _Pieces()
    with psycopg.Copy(driver.cursor(), binary=True, writer=writer) as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)
    return writer.pieces


def send(driver: Driver, statement: str, pieces: Sequence[Buffer]) -> None:
    """Begin a COPY and send all its rows; `settle` has to follow. The driver's errors."""
    driver.wait(_sending(driver.pgconn, statement.encode(), pieces))


def settle(driver: Driver) -> None:
    """Wait for the end of what was sent; the driver's error where the database did not take it."""
    driver.wait(_outcome(driver.pgconn))


def _saying(pgconn: pq.abc.PGconn, statements: bytes) -> PQGen[None]:
    pgconn.send_query(statements)
    yield from _flushing(pgconn)
    yield from _outcome(pgconn)


def _sending(pgconn: pq.abc.PGconn, statement: bytes, pieces: Sequence[Buffer]) -> PQGen[None]:
    pgconn.send_query(statement)
    yield from _flushing(pgconn)
    yield from _answered(pgconn)
    begun = pgconn.get_result()
    if begun is None or begun.status != pq.ExecStatus.COPY_IN:
        yield from _outcome(pgconn, begun)
        return
    for piece in pieces:
        while pgconn.put_copy_data(piece) == 0:
            yield WAIT_W
    while pgconn.put_copy_end() == 0:
        yield WAIT_W
    yield from _flushing(pgconn)


def _flushing(pgconn: pq.abc.PGconn) -> PQGen[None]:
    while pgconn.flush():
        if (yield WAIT_RW) & WAIT_R:
            pgconn.consume_input()


def _answered(pgconn: pq.abc.PGconn) -> PQGen[None]:
    while pgconn.is_busy():
        if (yield WAIT_R):
            pgconn.consume_input()


def _outcome(pgconn: pq.abc.PGconn, failed: "pq.abc.PGresult | None" = None) -> PQGen[None]:
    """Read all that the database has to say, and raise its error."""
    while True:
        yield from _answered(pgconn)
        result = pgconn.get_result()
        if result is None:
            break
        if result.status not in _DONE:
            failed = failed or result
    if failed is not None:
        raise errors.error_from_result(failed)
