"""Many rows at a time come into a store's file as they were given."""

import gc
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from sync.store.driver import AT_A_TIME, Insert
from sync.store.engine import store_engine, uncollected, writing

NUMBERS = sa.Table(
    "numbers",
    sa.MetaData(),
    sa.Column("number", sa.BigInteger, primary_key=True),
    sa.Column("said", sa.Text, nullable=False),
    sa.Column("packed", sa.LargeBinary),
    sa.Column("even", sa.Boolean, nullable=False),
)


@pytest.mark.parametrize("count", [0, 1, AT_A_TIME - 1, AT_A_TIME, AT_A_TIME + 1, 2 * AT_A_TIME + 7])
def test_every_row_is_in_the_file_with_its_own_values(count: int, tmp_path: Path) -> None:
    rows = [(each, f"第{each}", None if each % 3 else each.to_bytes(8, "big"), each % 2 == 0) for each in range(count)]
    engine = store_engine(tmp_path / "numbers.db", bytes(32))
    NUMBERS.create(engine)
    with writing(engine) as connection:
        Insert(NUMBERS, ("number", "said", "packed", "even")).many(connection, rows)
    with engine.connect() as connection:
        assert [tuple(row) for row in connection.execute(sa.select(NUMBERS).order_by(NUMBERS.c.number))] == rows
    engine.dispose()


def test_no_garbage_is_looked_for_until_the_last_of_two_batches_ends() -> None:
    begun, end = threading.Event(), threading.Event()

    def batch() -> None:
        with uncollected():
            begun.set()
            end.wait(20)

    other = threading.Thread(target=batch)
    before = gc.isenabled()
    gc.enable()
    try:
        with uncollected():
            other.start()
            assert begun.wait(20)
        assert not gc.isenabled()
        end.set()
        other.join()
        assert gc.isenabled()
    finally:
        end.set()
        if not before:
            gc.disable()
