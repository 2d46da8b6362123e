"""Whatever a terminal sends gets a stable id; nothing of it is applied by halves, and nobody else notices."""

import dataclasses
import os
from collections.abc import Callable
from typing import Any

import httpx
import msgpack
import pytest
import zstandard
from pushes import push_of
from sync_province import BOLUO, HUIDONG, HUIZHOU, Province

from desktop_app.domain.clock import unix_ms
from desktop_app.domain.ids import uuid7
from desktop_app.domain.limits import REQUEST_BODY
from sync.entities import SCHEMA_VERSION
from sync.log.envelope import GENESIS, Change, Op, change_hash, payload_digest
from sync.log.signing import head_message
from sync.terminal.records import Records

Forge = Callable[["Forger"], bytes]


@dataclasses.dataclass
class Forger:
    """A terminal whose program is another one: it signs what it likes."""

    province: Province
    records: Records
    other: Records
    meeting: str

    def change(self, **fields: Any) -> Change:
        """The first change of its chain; `said` is its payload's fields, `payload` the bytes themselves."""
        said = fields.pop("said", {"meeting": self.meeting, "text": "一句"})
        payload = fields.pop("payload", None) or msgpack.packb({"fields": said, "base_clocks": {}})
        salt = bytes(16)
        hlc = unix_ms(self.province.clock.now()) << 16
        made = Change(
            uuid7(unix_ms(self.province.clock.now())),
            self.records.device,
            1,
            1,
            hlc,
            "opinion",
            "o1",
            Op.PUT.value,
            SCHEMA_VERSION,
            self.records.person,
            self.records.device,
            self.records.unit_path,
            self.meeting,
            salt,
            payload,
            payload_digest(salt, payload),
        )
        return dataclasses.replace(made, **fields)

    def batch(self, *changes: Change) -> bytes:
        running = GENESIS
        for each in changes:
            running = change_hash(each, running)
        last = changes[-1]
        message = head_message(self.records.device, last.epoch, last.seq, running)
        return push_of(changes, GENESIS, running, self.records.identity.sign(message))

    def own(self) -> bytes:
        """An honest push of another store of this device."""
        return self.batch(self.change())


REFUSED: dict[str, tuple[str, Forge]] = {
    "nothing": ("message-unreadable", lambda _forger: b""),
    "garbage": ("message-unreadable", lambda _forger: os.urandom(4096)),
    "cut short": ("message-", lambda forger: forger.own()[:-7]),
    "longer than a request may be": ("body-too-large", lambda _forger: bytes(REQUEST_BODY + 1)),
    "a bomb": ("message-too-large", lambda _forger: zstandard.compress(bytes(1 << 30))),
    "a number instead of a list": ("batch-malformed", lambda _forger: zstandard.compress(msgpack.packb(7))),
    "nested without end": ("", lambda _forger: zstandard.compress(b"\x91" * 100_000 + b"\xc0")),
    "a broken chain": ("chain-broken", lambda forger: _swapped(forger)),
    "a change too much": ("batch-malformed", lambda forger: _too_many(forger)),
    "another terminal's push": ("device-mismatch", lambda forger: forger.other.next_batch() or b""),
    "signed by somebody else": ("signature-bad", lambda forger: _signed_by_another(forger)),
    "a zero in a name": ("batch-malformed", lambda forger: forger.batch(forger.change(pk="a\0b"))),
    "a name without end": ("batch-malformed", lambda forger: forger.batch(forger.change(pk="x" * 9000))),
}
"""What is refused as a whole."""
KEPT: dict[str, tuple[str, str, Forge]] = {
    "an unknown kind of record": ("held", "entity-unknown", lambda forger: _one(forger, entity="nothing_known")),
    "a newer schema": ("held", "schema-newer", lambda forger: _one(forger, schema_version=SCHEMA_VERSION + 1)),
    "an unknown operation": ("held", "op-unknown", lambda forger: _one(forger, op="transmute")),
    "a payload that is none": ("refused", "payload-unreadable", lambda forger: _one(forger, payload=b"\xc1\xff")),
    "a payload nested without end": (
        "refused",
        "payload-unreadable",
        lambda forger: _one(forger, payload=b"\x91" * 90_000 + b"\xc0"),
    ),
    "no Yjs update": (
        "refused",
        "update-unreadable",
        lambda forger: _one(forger, entity="minutes", op="update", said={"update": b"no update"}),
    ),
    "an update that is no bytes": (
        "refused",
        "update-unreadable",
        lambda forger: _one(forger, entity="minutes", op="update", said={"update": "text"}),
    ),
    "a field of another kind": ("refused", "value-invalid", lambda forger: _one(forger, said={"text": 7})),
    "a map in a field": ("refused", "payload-unreadable", lambda forger: _one(forger, said={"text": {"a": 1}})),
    "a zero in a text": ("refused", "value-invalid", lambda forger: _one(forger, said={"text": "a\0b"})),
    "a zero in a list": ("refused", "value-invalid", lambda forger: _one(forger, said={"later": ["a\0b"]})),
    "a number that is none": ("refused", "value-invalid", lambda forger: _one(forger, said={"later": float("nan")})),
    "a number without end": ("refused", "value-invalid", lambda forger: _one(forger, said={"later": float("inf")})),
}
"""What is stored and acknowledged, and not applied."""


def _one(forger: Forger, **fields: Any) -> bytes:
    return forger.batch(forger.change(**fields))


def _swapped(forger: Forger) -> bytes:
    honest = forger.batch(forger.change())
    body = msgpack.unpackb(zstandard.decompress(honest, max_output_size=1 << 20))
    body[7][0][2] = "sign_in"
    return zstandard.compress(msgpack.packb(body))


def _too_many(forger: Forger) -> bytes:
    changes = [forger.change(change_id=uuid7(seq), seq=seq, pk=f"o{seq}") for seq in range(1, 1002)]
    return forger.batch(*changes)


def _signed_by_another(forger: Forger) -> bytes:
    change = forger.change()
    head = change_hash(change, GENESIS)
    message = head_message(forger.records.device, 1, 1, head)
    return push_of([change], GENESIS, head, forger.other.identity.sign(message))


@pytest.fixture
def forger(province: Province) -> Forger:
    host, bad, other = (province.terminal(path) for path in (HUIZHOU, HUIDONG, BOLUO))
    meeting = province.meeting(host, HUIDONG, BOLUO)
    province.sync(host)
    province.sync(other)
    province.sign_in(other, meeting, "1")
    return Forger(province, bad, other, meeting)


async def _post(forger: Forger, body: bytes) -> httpx.Response:
    transport = httpx.ASGITransport(app=forger.province.app())
    async with httpx.AsyncClient(transport=transport, base_url="http://center") as client:
        device = forger.records.device
        return await client.post(f"/v1/terminals/{device}/changes", content=body, headers={"test-device": device})


def _others_go_on(forger: Forger) -> None:
    forger.province.push(forger.other)
    assert len(forger.province.center.attendance(forger.meeting)) == 1
    reader = forger.province.terminal(HUIZHOU)
    forger.province.sync(reader)
    assert reader.quarantine() == []
    assert len(reader.list("sign_in", meeting=forger.meeting, status="present")) == 1
    assert forger.province.center.list("opinion", state="noted") == []
    assert len(forger.province.center.list("meeting", state="planned")) == 1


@pytest.mark.parametrize("what", sorted(REFUSED))
async def test_a_push_that_is_none_is_refused_and_nothing_of_it_is_kept(forger: Forger, what: str) -> None:
    fault, forge = REFUSED[what]
    answer = await _post(forger, forge(forger))
    assert 400 <= answer.status_code < 500
    assert answer.json()["id"].startswith(fault)
    center = forger.province.center
    assert center.list("opinion") == []
    assert center.position(forger.records.device).seq == 0
    _others_go_on(forger)
    assert (await _post(forger, forger.own())).status_code == 200, "its own honest work goes on"
    assert [row["text"] for row in center.list("opinion")] == ["一句"]


@pytest.mark.parametrize("what", sorted(KEPT))
async def test_a_change_that_cannot_be_used_is_kept_and_told_and_harms_nobody(forger: Forger, what: str) -> None:
    verdict, reason, forge = KEPT[what]
    answer = await _post(forger, forge(forger))
    assert answer.status_code == 200, answer.text
    receipts = msgpack.unpackb(answer.content)
    told = msgpack.unpackb(receipts[0][0])[8]
    assert told == [[1, verdict, reason]]
    assert forger.province.center.position(forger.records.device).seq == 1
    _others_go_on(forger)
