"""The center's side of enrolment: what it keeps, and what strangers cannot do to it."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from enrolling import CHEAP, HUIDONG, Center, question

from desktop_app.domain.faults import Fault, OperatorError
from desktop_app.domain.principal import Role
from sync.identity import enrolment_desk
from sync.identity.activation import ActivationCode, CodeBook
from sync.identity.authority import SERVER_NAME, Authority, tls_context
from sync.identity.device import DeviceKey
from sync.identity.keystore import open_keystore
from sync.identity.registry import Device, Registry
from sync.identity.requests import RequestSigner


def test_the_code_and_what_opens_it_are_nowhere_in_the_centers_files(center: Center, tmp_path: Path) -> None:
    code = center.code()
    secret = code.replace("-", "")
    row = center.registry.code(secret[:4])
    assert row is not None
    stretched = ActivationCode.read(code).stretched(row.salt)
    everything = b"".join(path.read_bytes() for path in (tmp_path / "center").rglob("*") if path.is_file())
    for form in (code.encode(), secret.encode(), secret[4:].encode(), stretched):
        assert form not in everything


MALFORMED = (
    b"",
    b"[]",
    b"{}",
    b"[" * 8000,
    b'{"version":1}',
    b'{"version":1,"locator":"0000","device_key":"","nonce":""}',
    b'{"version":1,"locator":["2","3","4","5"],"device_key":1,"nonce":2}',
    b'{"version":1,"locator":"2345","device_key":"AAAA","nonce":"AAAA"}',
    b"\xff" * 100,
    b"x" * 9000,
)


def test_a_malformed_question_gets_a_stable_id_and_changes_nothing(center: Center) -> None:
    with httpx.Client(verify=tls_context(center.authority.ca_pem), trust_env=False) as client:
        for body in MALFORMED:
            for path in ("/v1/enrolments/hello", "/v1/enrolments"):
                answer = client.post(center.url + path, content=body, extensions={"sni_hostname": SERVER_NAME})
                assert answer.status_code in (400, 413)
                assert answer.json()["id"] in ("enrolment-malformed", "body-too-large")
    assert center.registry.devices() == []


def test_a_proof_without_the_code_is_refused_and_counted(center: Center) -> None:
    code, key = center.code(), DeviceKey.generate()
    common = question(code, key)
    assert center.desk.hello(common)["tries_left"] == 4
    left = []
    for _ in range(5):
        body = json.dumps(common | {"proof": base64.b64encode(bytes(32)).decode()}).encode()
        signer = RequestSigner.for_key(key, center.key.id)
        headers = signer.headers("POST", "/v1/enrolments", body, now=center.clock.at)
        with pytest.raises(OperatorError, match="activation-code-wrong") as caught:
            center.desk.enrol("/v1/enrolments", "", headers, body)
        left.append(caught.value.values["tries"])
    assert left == [3, 2, 1, 0, 0]
    assert center.registry.devices() == []


def test_strangers_together_cannot_keep_the_desk_busy(center: Center, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enrolment_desk, "BURST", 3.0)
    center.desk._allowance = 3.0
    with httpx.Client(verify=tls_context(center.authority.ca_pem), trust_env=False) as client:

        def ask() -> int:
            return client.post(
                center.url + "/v1/enrolments/hello", content=b"{}", extensions={"sni_hostname": SERVER_NAME}
            ).status_code

        assert [ask() for _ in range(4)] == [400, 400, 400, 429]
        center.clock.elapsed += 1
        assert ask() == 400


def test_the_center_keeps_its_authority_and_says_when_it_is_damaged(tmp_path: Path) -> None:
    keys = open_keystore(tmp_path, passphrase="center phrase", stretch=CHEAP)
    pem = Authority.open(tmp_path, keys).ca_pem
    assert Authority.open(tmp_path, keys).ca_pem == pem
    keys.delete("authority-key")
    with pytest.raises(Fault, match="authority-damaged"):
        Authority.open(tmp_path, keys)
    assert b"PRIVATE" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def test_a_registry_is_shared_by_two_programs(tmp_path: Path) -> None:
    key = DeviceKey.generate()
    center, command = (Registry(tmp_path, key.derive("store")) for _ in range(2))
    now = datetime(2026, 11, 20, tzinfo=UTC)
    code = CodeBook(command, key).issue(HUIDONG, frozenset({Role.CLERK}), now)
    row = center.code(code.locator)
    assert row is not None
    assert CodeBook(center, key).key_of(row) == code.stretched(row.salt)
    center.close()
    command.close()


def test_a_full_disk_at_the_center_uses_up_no_code(tmp_path: Path) -> None:
    key = DeviceKey.generate()
    registry = Registry(tmp_path, key.derive("store"))
    now = datetime(2026, 11, 20, tzinfo=UTC)
    code = CodeBook(registry, key).issue(HUIDONG, frozenset({Role.CLERK}), now)
    pages = registry._db.execute("PRAGMA page_count").fetchone()[0]
    registry._db.execute(f"PRAGMA max_page_count = {pages}")
    device = Device(key.id, key.public, HUIDONG, "a name of some length" * 1000, now)
    with pytest.raises(Fault, match="disk-full"):
        registry.enrol(code.locator, device)
    registry._db.execute("PRAGMA max_page_count = 100000")
    assert registry.devices() == []
    assert registry.enrol(code.locator, device) == key.id
    registry.close()
