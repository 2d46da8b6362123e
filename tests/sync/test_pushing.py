"""Push after push: what waits is made while two are under way, and nothing is taken for received too early."""

import asyncio
from collections.abc import Callable

import pytest
from sync_province import HUIDONG, Province

from desktop_app.domain.faults import PeerFault
from sync.replication.batch import read_batch
from sync.replication.client import LinkFault
from sync.terminal import outbox, pushing
from sync.terminal.pushing import push_all
from sync.terminal.records import Records

LONGEST = 20.0


@pytest.fixture
def terminal(province: Province, monkeypatch: pytest.MonkeyPatch) -> Records:
    """Five changes, each of which is a push."""
    monkeypatch.setattr(outbox, "BATCH_BYTES", 1)
    made = province.terminal(HUIDONG)
    meeting = province.meeting(made)
    for member in range(4):
        province.sign_in(made, meeting, str(member))
    return made


class Line:
    """To the center; `on_push` is awaited with the number of each push that is under way."""

    def __init__(self, province: Province, records: Records) -> None:
        self._province, self._records = province, records
        self.sent: list[tuple[int, int]] = []
        self.waiting: list[int] = []
        """How many changes waited when each push set out."""
        self.kept = 0
        self.heard = asyncio.Event()
        self.on_push: Callable[[int], object] = lambda _number: None

    def note_kept(self) -> None:
        self.kept += 1
        self.heard.set()

    async def send(self, batch: bytes) -> bytes:
        opened = read_batch(batch)
        self.sent.append((opened.first_seq, opened.last_seq))
        self.waiting.append(self._records.status().pending)
        self.on_push(len(self.sent))
        return self._province.center.receive(self._records.device, batch)


async def test_the_receipt_of_one_push_is_kept_while_the_next_are_under_way(
    province: Province, terminal: Records
) -> None:
    line = Line(province, terminal)
    kept_before: list[int] = []

    async def send(batch: bytes) -> bytes:
        kept_before.append(line.kept)
        answer = await line.send(batch)
        async with asyncio.timeout(LONGEST):
            while line.kept < len(line.sent) - 2:
                line.heard.clear()
                await line.heard.wait()
        return answer

    assert await push_all(terminal, send, line.note_kept) == 5
    assert line.sent == [(seq, seq) for seq in range(1, 6)], "in order, each once"
    assert kept_before == [0, 0, 0, 1, 2], "the last receipts were not waited for"
    assert line.kept == 5
    assert terminal.status().pending == 0


async def test_two_pushes_are_under_way_where_the_center_is_quick_and_one_where_it_has_a_crowd(
    province: Province, terminal: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def most_under_way() -> int:
        line, under_way, most = Line(province, terminal), 0, 0

        async def send(batch: bytes) -> bytes:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            answer = await line.send(batch)
            await asyncio.sleep(0.05)
            under_way -= 1
            return answer

        assert await push_all(terminal, send) > 2
        return most

    assert await most_under_way() == 2
    monkeypatch.setattr(pushing, "QUICK_SECONDS", 0.01)
    meeting = terminal.list("meeting")[0]["pk"]
    for member in range(5, 9):
        province.sign_in(terminal, meeting, str(member))
    assert await most_under_way() == 1


async def test_a_push_that_overtook_the_one_before_it_is_sent_again_behind_it(
    province: Province, terminal: Records
) -> None:
    line = Line(province, terminal)
    third = asyncio.Event()
    refused: list[tuple[int, str]] = []

    async def send(batch: bytes) -> bytes:
        seq = read_batch(batch).first_seq
        if seq == 2 and not refused:
            async with asyncio.timeout(LONGEST):
                await third.wait()
        try:
            return await line.send(batch)
        except PeerFault as fault:
            refused.append((seq, fault.id))
            raise
        finally:
            if seq == 3:
                third.set()

    assert await push_all(terminal, send) == 5
    assert refused == [(3, "chain-gap")]
    assert [seq for seq, _ in line.sent] == [1, 3, 2, 3, 4, 5]
    assert terminal.status().pending == 0
    assert len(province.center.list("sign_in")) == 4


async def test_a_gap_that_no_overtaking_explains_is_told(province: Province, terminal: Records) -> None:
    line = Line(province, terminal)

    def fail(number: int) -> None:
        if number > 1:
            raise PeerFault("chain-gap", epoch=1, seq=0, head_hash="")

    line.on_push = fail
    with pytest.raises(PeerFault, match="chain-gap"):
        await push_all(terminal, line.send)
    assert terminal.status().pending == 4


async def test_a_push_that_does_not_come_through_leaves_what_was_answered_kept_and_is_sent_again(
    province: Province, terminal: Records
) -> None:
    line = Line(province, terminal)

    def fail(number: int) -> None:
        if number == 3:
            raise LinkFault("link-silent")

    line.on_push = fail
    with pytest.raises(LinkFault, match="link-silent"):
        await push_all(terminal, line.send)
    assert terminal.status().pending == 3
    assert province.center.position(terminal.device).seq == 2
    assert await push_all(terminal, line.send) == 3
    assert [seq for seq, _ in line.sent] == [1, 2, 3, 3, 4, 5]
    assert terminal.status().pending == 0
    assert len(province.center.list("sign_in")) == 4


async def test_a_forged_answer_stops_the_lane_though_the_next_push_is_under_way(
    province: Province, terminal: Records
) -> None:
    line = Line(province, terminal)

    async def send(batch: bytes) -> bytes:
        answer = await line.send(batch)
        return answer[:-1] + bytes([answer[-1] ^ 1]) if len(line.sent) == 2 else answer

    with pytest.raises(Exception, match="receipt-forged"):
        await push_all(terminal, send)
    assert terminal.status().pending == 4, "what the forged answer said was not believed"
    assert await push_all(terminal, line.send) == 4
    assert terminal.status().pending == 0


async def test_what_is_written_meanwhile_goes_with_the_next_push(province: Province, terminal: Records) -> None:
    line = Line(province, terminal)
    meeting = terminal.list("meeting")[0]["pk"]
    line.on_push = lambda number: province.sign_in(terminal, meeting, "late") if number == 5 else None
    assert await push_all(terminal, line.send) == 6
    assert len(province.center.list("sign_in")) == 5
    assert terminal.status().pending == 0
