"""A terminal's own changes have their receive stamp from the receipt that covers them, whatever becomes of either."""

from contextlib import closing

import pytest
import sqlalchemy as sa
from sync_province import HUIDONG, Province, opened_file

from sync.store.engine import reading
from sync.store.rows import SELECT_CHANGES, change_of
from sync.store.store import Store
from sync.store.tables import change
from sync.terminal.records import Records

pytestmark = pytest.mark.one_file


def _stamps(store: Store) -> dict[str, int | None]:
    with reading(store.engine) as connection:
        each = [change_of(tuple(row)) for row in connection.execute(SELECT_CHANGES)]
    return {one.change_id: one.received_ms for one in each}


def _written(terminal: Records) -> int:
    """Rows that have a stamp of their own."""
    with reading(terminal.engine) as connection:
        return connection.execute(sa.select(sa.func.count(change.c.received_ms))).scalar_one()


def test_a_receipt_stamps_all_that_it_covers_without_a_row_being_written_again(province: Province) -> None:
    terminal = province.terminal(HUIDONG)
    meeting = province.meeting(terminal)
    for member in "abc":
        province.sign_in(terminal, meeting, member)
    assert set(_stamps(terminal).values()) == {None}
    province.push(terminal)
    province.clock.go_on(minutes=1)
    province.sign_in(terminal, meeting, "d")
    province.push(terminal)
    assert _stamps(terminal) == _stamps(province.center)
    assert len(set(_stamps(terminal).values())) == 2
    assert _written(terminal) == 0


def test_a_stamp_stays_where_another_receipt_takes_its_place(province: Province) -> None:
    terminal = province.terminal(HUIDONG)
    meeting = province.meeting(terminal)
    province.sign_in(terminal, meeting, "a")
    province.push(terminal)
    first = _stamps(terminal)
    number = terminal.receipts()[0].number
    with closing(opened_file(province.center, "center.db")) as center:  # put back: it gives the number anew
        for table in ("receipt", "change", "feed", "record"):
            center.execute(f"DELETE FROM {table}")
        center.execute("DELETE FROM origin WHERE terminal = ?", (terminal.device,))
        center.commit()
    province.clock.go_on(minutes=1)
    terminal.go_on_from(1, 0, bytes(32))
    province.sign_in(terminal, meeting, "b")
    later = set(_stamps(terminal)) - set(first)
    terminal.acknowledge(province.center.receive(terminal.device, terminal.next_batch() or b""))
    assert terminal.receipts()[0].number == number
    stamps = _stamps(terminal)
    assert {change_id: stamps[change_id] for change_id in first} == first
    assert all((stamps[change_id] or 0) > max(stamp or 0 for stamp in first.values()) for change_id in later)


def test_a_stamp_moves_along_into_a_new_epoch(province: Province) -> None:
    terminal = province.terminal(HUIDONG)
    meeting = province.meeting(terminal)
    province.sign_in(terminal, meeting, "a")
    province.push(terminal)
    before = _stamps(terminal)
    province.sign_in(terminal, meeting, "b")
    terminal.go_on_from(1, 1, b"x" * 32)  # the center's chain is another one: what waits goes into a new epoch
    assert terminal.status().pending == 1
    terminal.go_on_from(1, 0, b"x" * 32)  # and it has lost all that it had receipted: that is sent once more
    assert terminal.status().pending == 3
    after = _stamps(terminal)
    assert {change_id: after[change_id] for change_id in before} == before
    assert [stamp for change_id, stamp in after.items() if change_id not in before] == [None]
    terminal.prove(province.key.public, lambda _device: None)
