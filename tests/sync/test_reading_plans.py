"""What is done with every push, pull and look at a screen costs the same in a large store as in a small one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from sync_province import BOLUO, HUIDONG, PROVINCE, Province

from desktop_app.domain.principal import Principal
from sync.log.write import Write
from sync.store.store import Store

GROWING = ("change", "feed", "record", "receipt")
WHOLE = ("SELECT", "UPDATE", "DELETE", "INSERT")


@contextmanager
def _heard(store: Store) -> Iterator[list[str]]:
    """Every statement that the store's connections run, with its values."""
    said: list[str] = []
    traced = []

    def hear(connection: object, *_asked: object) -> None:
        connection.set_trace_callback(said.append)  # type: ignore[attr-defined]
        traced.append(connection)

    sa.event.listen(store.engine, "checkout", hear)
    try:
        yield said
    finally:
        sa.event.remove(store.engine, "checkout", hear)
        for each in traced:
            each.set_trace_callback(None)  # type: ignore[attr-defined]


def _looked_through(store: Store, act: Callable[[], object]) -> set[str]:
    """The plans of this act that look through a whole table."""
    store._lane.close()  # so that it borrows a connection again, which is heard
    with _heard(store) as said:
        act()
    asked = {each for each in said if each.startswith(WHOLE)}
    assert asked
    found = set()
    with store.engine.connect() as connection:
        for each in asked:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {each}")
            whole = [row[3] for row in plan if row[3].split()[:2] in [["SCAN", table] for table in GROWING]]
            found |= {f"{step}: {each}" for step in whole if "LIMIT" not in each}
    return found


@pytest.mark.parametrize("act", ["push", "pull", "nothing new", "the quarantine", "what was touched"])
def test_no_act_of_every_day_looks_through_a_whole_table_at_the_center(province: Province, act: str) -> None:
    host, guest = province.terminal(HUIDONG), province.terminal(BOLUO)
    meeting = province.meeting(host, BOLUO)
    province.sync(host, guest)
    province.sign_in(guest, meeting, "1")
    host.write(Write("opinion", "o", {"meeting": meeting, "site": HUIDONG, "text": "话", "state": "noted"}))
    guest.write(Write("opinion", "o", {"text": "别人的话"}))
    principal = Principal(guest.device, guest.unit_path)
    acts: dict[str, Callable[[], object]] = {
        "push": lambda: [province.push(each) for each in (guest, host)],
        "pull": lambda: province.pull(guest),
        "nothing new": lambda: province.center.page(principal, 9, 100, own_head=(1, 1)),
        "the quarantine": lambda: province.center.quarantined(PROVINCE),
        "what was touched": lambda: province.center.meetings_touched(["sign_in", "speech"], 3),
    }
    assert _looked_through(province.center, acts[act]) == set()


@pytest.mark.parametrize("act", ["status", "the quarantine", "write", "push", "pull"])
def test_no_act_of_every_day_looks_through_a_whole_table_at_a_terminal(province: Province, act: str) -> None:
    host = province.terminal(HUIDONG)
    meeting = province.meeting(host)
    province.sync(host)
    province.center.append(Write("agenda_item", "a", {"meeting": meeting, "title": "一"}), actor=province.actor)
    province.sign_in(host, meeting, "1")
    acts: dict[str, Callable[[], object]] = {
        "status": host.status,
        "the quarantine": host.quarantine,
        "write": lambda: province.sign_in(host, meeting, "2"),
        "push": lambda: province.push(host),
        "pull": lambda: province.pull(host),
    }
    assert _looked_through(host, acts[act]) == set()


def test_a_store_is_opened_without_looking_for_what_is_held_in_the_whole_log(province: Province) -> None:
    said: list[str] = []

    def hear(connection: object, *_asked: object) -> None:
        connection.set_trace_callback(said.append)  # type: ignore[attr-defined]

    identity = province.enrol(HUIDONG)
    province.open_terminal(identity).close()
    province.center.close()
    sa.event.listen(sa.engine.Engine, "connect", hear)
    try:
        host = province.open_terminal(identity)
        center = province.open_center()
    finally:
        sa.event.remove(sa.engine.Engine, "connect", hear)
    for store in (host, center):
        with store.engine.connect() as connection:
            held = [each for each in said if each.startswith("SELECT") and "verdict = 'held'" in each]
            assert held
            for each in held:
                plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {each}")]
                assert any("change_quarantine" in step for step in plan), each
