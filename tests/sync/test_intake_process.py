"""Pushes are taken in by a process of their own, and the center goes on as if it had done it itself."""

import os
import signal
import subprocess
import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sync_province import HUIDONG, Province

from desktop_app.center.intake_command import starter
from desktop_app.domain.faults import PeerFault
from sync.center.intake_process import IntakeProcess
from sync.center.intake_worker import IntakeStore
from sync.log.write import Write
from sync.store.engine import reading
from sync.store.store import Touched
from sync.store.tables import change, feed
from sync.store.turns import Turns
from sync.terminal.records import Records

pytestmark = pytest.mark.processes


@pytest.fixture
def process(province: Province) -> Iterator[IntakeProcess]:
    made = IntakeProcess(province.center, province.key.seed, province.database, starter(province.folder))
    yield made
    made.close()


def _push(process: IntakeProcess, terminal: Records) -> None:
    while (batch := terminal.next_batch()) is not None:
        terminal.acknowledge(process.receive(terminal.device, batch))


def _own_chain(province: Province) -> list[int]:
    with reading(province.center.engine) as connection:
        mine = sa.select(change.c.seq).where(change.c.terminal == province.center.device).order_by(change.c.position)
        return list(connection.execute(mine).scalars())


def test_what_the_process_takes_in_is_read_and_heard_of_at_the_center(
    province: Province, process: IntakeProcess
) -> None:
    terminal = province.terminal(HUIDONG)
    meeting = province.meeting(terminal)
    member = province.sign_in(terminal, meeting, "1")
    heard: set[tuple[str, str]] = set()

    def note(touched: Touched) -> None:
        heard.update(touched)

    province.center.subscribe(note)
    _push(process, terminal)
    assert terminal.status().pending == 0
    assert province.center.get("sign_in", member) is not None
    assert heard == {("meeting", meeting), ("sign_in", member)}
    reader = province.terminal(HUIDONG)
    assert province.pull(reader) == 2


def test_a_refusal_comes_through_as_it_is(province: Province, process: IntakeProcess) -> None:
    terminal = province.terminal(HUIDONG)
    province.meeting(terminal)
    batch = terminal.next_batch() or b""
    with pytest.raises(PeerFault, match="message-unreadable"):
        process.receive(terminal.device, b"garbage")
    _push(process, terminal)
    province.meeting(terminal)
    second = terminal.next_batch() or b""
    province.meeting(terminal)
    terminal.acknowledge(process.receive(terminal.device, second))
    third = terminal.next_batch() or b""
    assert process.receive(terminal.device, batch), "what is here already is answered as it was"
    terminal.acknowledge(process.receive(terminal.device, third))
    with pytest.raises(PeerFault, match="device-unknown"):
        process.receive(province.key.id, batch)


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_a_killed_process_begins_again_and_what_it_was_at_is_taken_in_once(
    province: Province, process: IntakeProcess
) -> None:
    terminal = province.terminal(HUIDONG)
    meeting = province.meeting(terminal)
    _push(process, terminal)
    before = process.pid
    os.kill(before, signal.SIGKILL)
    members = [province.sign_in(terminal, meeting, str(number)) for number in range(3)]
    _push(process, terminal)
    assert process.pid not in (0, before)
    assert {row["pk"] for row in province.center.list("sign_in")} == set(members)


def test_without_the_process_the_center_takes_the_push_in_itself(province: Province) -> None:
    def cannot() -> "subprocess.Popen[bytes]":
        raise OSError("no more processes")

    terminal = province.terminal(HUIDONG)
    meeting = province.meeting(terminal)
    _push(IntakeProcess(province.center, province.key.seed, province.database, cannot), terminal)
    assert province.center.get("meeting", meeting) is not None


def test_two_programs_write_the_centers_own_chain_one_after_the_other(province: Province) -> None:
    """The intake revokes, stamps and disputes in the center's name; no place is given twice, no cursor goes back."""
    beside = IntakeStore.open(
        province.folder / "center",
        identity=province.identity,
        clock=province.clock,
        devices=province.devices.get,
        database=province.database,
    )
    terminal = province.terminal(HUIDONG)
    try:
        for number in range(4):
            for store in (province.center, beside):
                store.append(Write("unit", f"{number}", {"name": store.STORE_FILE}), actor=province.actor)
            province.meeting(terminal)
            terminal.acknowledge(beside.receive(terminal.device, terminal.next_batch() or b""))
    finally:
        beside.close()
    assert _own_chain(province) == list(range(1, 9))
    with reading(province.center.engine) as connection:
        stamps = connection.execute(
            sa.select(change.c.received_ms).join(feed, feed.c.change_id == change.c.change_id).order_by(feed.c.cursor)
        ).scalars()
        told = list(stamps)
    assert told == sorted(told)
    assert len(told) == 12


def test_a_meetings_command_goes_before_all_pushes_that_wait() -> None:
    turns, order = Turns(), []
    arrived = threading.Semaphore(0)

    def push(number: int) -> None:
        arrived.release()
        with turns.second():
            order.append(f"push {number}")

    def command() -> None:
        with turns:
            order.append("command")

    pushing = [threading.Thread(target=push, args=(number,)) for number in range(5)]
    commanding = threading.Thread(target=command)
    with turns:
        commanding.start()
        while not turns.waiting:
            pass
        for thread in pushing:
            thread.start()
            arrived.acquire()
    for thread in (commanding, *pushing):
        thread.join(20)
    assert order[0] == "command"
    assert len(order) == 6
