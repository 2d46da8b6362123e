"""What is on the wire: it comes out as it went in, and whatever else arrives gets a stable id."""

import dataclasses
import os
import tracemalloc
from collections.abc import Callable
from functools import partial

import msgpack
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from pushes import push_of
from sync_province import HUIDONG, Province

from desktop_app.domain.faults import PeerFault
from desktop_app.domain.ids import uuid7
from sync.identity.device import DeviceKey
from sync.log.envelope import GENESIS, Change, change_hash, envelope, pack_id, payload_digest, unpack_id
from sync.log.payload import open_payload, seal_payload
from sync.replication.batch import read_batch
from sync.replication.packing import pack, unpack
from sync.replication.page import Page, pack_items, pack_page, read_page
from sync.replication.receipt import read_receipt, receipt_body
from sync.terminal.records import Write

ids = st.uuids().map(str)
texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20)
values = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**40), 2**40), texts, st.lists(texts, max_size=3), st.binary()
)
payloads = st.builds(
    seal_payload, st.dictionaries(texts, values, max_size=4), st.dictionaries(texts, st.tuples(ids, ids), max_size=2)
)
DEVICE = DeviceKey.generate()


@st.composite
def changes(draw: st.DrawFn, seq: int = 1) -> Change:
    salt, payload = draw(st.binary(min_size=16, max_size=16)), draw(payloads)
    erased = draw(st.booleans())
    return Change(
        draw(ids),
        DEVICE.id,
        draw(st.integers(1, 9)),
        seq,
        draw(st.integers(0, 2**62)),
        draw(texts),
        draw(st.one_of(ids, texts)),
        draw(texts),
        draw(st.integers(0, 99)),
        draw(st.one_of(ids, texts)),
        draw(st.sampled_from([DEVICE.id, "0" * 32])),
        draw(texts),
        draw(st.one_of(ids, texts)),
        salt,
        None if erased else payload,
        payload_digest(salt, payload),
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(changes(), min_size=1, max_size=4), st.binary(min_size=32, max_size=32))
def test_a_push_says_its_changes_and_their_chain_exactly(drawn: list[Change], prev: bytes) -> None:
    run = [dataclasses.replace(each, epoch=3, seq=7 + at) for at, each in enumerate(drawn)]
    running = prev
    for each in run:
        running = change_hash(each, running)
    batch = read_batch(push_of(run, prev, running, bytes(64)))
    assert [each for each, _ in batch.chain()] == run
    assert batch.last_seq == 6 + len(run)
    with pytest.raises(PeerFault, match="chain-broken"):
        dataclasses.replace(batch, head_hash=bytes(32)).chain()


@settings(max_examples=40, deadline=None)
@given(st.lists(changes(), max_size=3), st.integers(0, 2**40))
def test_a_page_says_its_changes_exactly(drawn: list[Change], since: int) -> None:
    told = [dataclasses.replace(each, received_ms=5, seq=at + 1) for at, each in enumerate(drawn)]
    page = Page(bytes(16), since, since + 9, True, 1, pack_items(told, DEVICE.id), bytes(64))
    read = read_page(pack_page(page))
    assert read == page
    kept = [each if each.payload is not None else dataclasses.replace(each, digest=b"") for each in told]
    assert read.changes() == kept
    for_others = Page(bytes(16), since, since, False, 1, pack_items(told, "f" * 32), b"").changes()
    assert all(each.salt == b"" for each in for_others), "another terminal's salt is nobody's business"


@given(changes())
def test_the_envelope_covers_every_field_but_what_the_receiver_adds(change: Change) -> None:
    for name in ("change_id", "terminal", "epoch", "seq", "hlc", "entity", "pk", "op", "schema_version", "person"):
        value = getattr(change, name)
        other = value + 1 if isinstance(value, int) else DeviceKey.generate().id if name == "terminal" else value + "x"
        assert envelope(dataclasses.replace(change, **{name: other}), GENESIS) != envelope(change, GENESIS)
    stamped = dataclasses.replace(change, received_ms=5, verdict="held", reason="x", payload=None)
    assert change_hash(stamped, GENESIS) == change_hash(change, GENESIS)


def test_the_envelope_is_fixed_for_good() -> None:
    change = Change(
        "01939c3e-7a00-7000-8000-000000000001",
        "00112233445566778899aabbccddeeff",
        1,
        2,
        109_051_904_000 << 16 | 3,
        "member",
        "441323",
        "put",
        1,
        "01939c3e-7a00-7000-8000-0000000000aa",
        "00112233445566778899aabbccddeeff",
        "100000/440000/",
        "",
        bytes(16),
        b"\x80",
        payload_digest(bytes(16), b"\x80"),
    )
    assert change_hash(change, GENESIS).hex() == "09ea7fd8953a9d91426b8f139ee9f92c037a2887a3493d1687479afd72347a9b"


@given(st.one_of(ids, texts))
def test_an_identifier_survives_packing(text: str) -> None:
    assert unpack_id(pack_id(text)) == text


def fault_of(act: Callable[[], object]) -> str:
    """The stable id an act ends with; empty where it succeeds. Anything but a PeerFault goes through."""
    try:
        act()
    except PeerFault as fault:
        return fault.id
    return ""


@given(st.binary(max_size=200))
def test_any_bytes_get_a_stable_id_or_are_read(raw: bytes) -> None:
    known = {"", "message-unreadable", "message-too-large", "batch-malformed", "page-malformed"}
    known |= {"receipt-unreadable", "payload-unreadable"}
    for read in (unpack, read_batch, read_page, read_receipt, open_payload):
        for attempt in (raw, zstandard.compress(raw)):
            assert fault_of(partial(read, attempt)) in known


wild = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.binary(max_size=40), st.text(max_size=9)),
    lambda inner: st.one_of(st.lists(inner, max_size=9), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=30,
)


@settings(max_examples=30, deadline=None)
@given(wild, st.lists(wild, min_size=13, max_size=13))
def test_any_shape_of_message_gets_a_stable_id(shape: object, item: list[object]) -> None:
    good = [1, bytes(16), 1, 1, bytes(32), bytes(32), bytes(64), [item]]
    for body in (shape, good):
        assert fault_of(lambda body=body: read_batch(pack(body)).chain()) in {"", "batch-malformed", "chain-broken"}
    items = msgpack.packb([[*item, b"", 1, None]])
    with pytest.raises(PeerFault, match="page-malformed"):
        read_page(pack([1, bytes(16), 0, 1, False, 1, items, bytes(64)])).changes()


def test_a_bomb_is_put_out_before_it_unfolds() -> None:
    bomb = zstandard.ZstdCompressor().compress(bytes(300 * 1024 * 1024))
    assert len(bomb) < 100_000
    tracemalloc.start()
    with pytest.raises(PeerFault, match="message-too-large"):
        unpack(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 64 * 1024 * 1024


def test_a_receipt_reads_back_and_a_changed_one_does_not_verify(province: Province) -> None:
    terminal = province.terminal(HUIDONG)
    province.meeting(terminal)
    answer = province.center.receive(terminal.device, terminal.next_batch() or b"")
    [[body, signature]] = msgpack.unpackb(answer)
    receipt = read_receipt(msgpack.packb([body, signature]))
    assert (receipt.first_seq, receipt.last_seq, receipt.changes) == (1, 1, 1)
    forged = receipt_body(9, terminal.device, 1, (1, 1), receipt.head_hash, receipt.received_ms, (), {})
    with pytest.raises(PeerFault, match="receipt-forged"):
        terminal.acknowledge(msgpack.packb([[forged, signature]]))
    assert terminal.status().pending == 1
    terminal.acknowledge(answer)
    assert terminal.status().pending == 0


def test_a_change_costs_few_bytes_on_the_wire(province: Province) -> None:
    terminal = province.terminal(HUIDONG)
    meeting = province.meeting(terminal)
    signature = {"meeting": meeting, "site": HUIDONG, "status": "present", "signed_at": "2026-11-20T07:00:00.000Z"}
    names = [f"委员{number}" for number in range(300)]
    signed = [Write("sign_in", uuid7(number), {**signature, "member_name": name}) for number, name in enumerate(names)]
    terminal.write(*signed)
    batch = terminal.next_batch() or b""
    assert len(batch) / 301 < 115, "a fifth of what the peer in the benchmark sends"


def test_an_erased_payload_leaves_the_chain_whole() -> None:
    salt, payload = os.urandom(16), seal_payload({"name": "张三"}, {})
    change = Change(
        "01939c3e-7a00-7000-8000-000000000001", DEVICE.id, 1, 1, 5, "member", "p", "put", 1, "q", DEVICE.id, "u/", "",
        salt, payload, payload_digest(salt, payload),
    )  # fmt: skip
    head = change_hash(change, GENESIS)
    erased = dataclasses.replace(change, payload=None)
    [(read, at)] = read_batch(push_of([erased], GENESIS, head, bytes(64))).chain()
    assert read.payload is None
    assert at == head
