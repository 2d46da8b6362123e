"""A device's key, and the two places in which secrets may be kept."""

import json
from functools import partial
from pathlib import Path

import keyring.backend
import keyring.backends.fail
import keyring.backends.null
import keyring.errors
import pytest

from desktop_app.domain.faults import HostFault, OperatorError
from desktop_app.domain.ids import UnitPath, device_id
from sync.identity import keystore
from sync.identity.device import DeviceIdentity, DeviceKey, is_enrolled, verify
from sync.identity.keystore import Stretch, open_keystore

CHEAP = Stretch(1, 64, 1)
HUIDONG = UnitPath("100000/440000/441300/441323/")


class MemoryKeyring(keyring.backend.KeyringBackend):
    priority = 1  # type: ignore[assignment]  # keyring's own stub says a classproperty

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.held.pop((service, username), None) is None:
            raise keyring.errors.PasswordDeleteError(username)


def identity(key: DeviceKey) -> DeviceIdentity:
    center = DeviceKey.generate()
    return DeviceIdentity(key, HUIDONG, center.id, center.public, "PEM", "https://127.0.0.1:8443", ({"pk": "p1"},))


def test_a_key_names_its_device_and_only_it_can_sign_for_it() -> None:
    key, other = DeviceKey.generate(), DeviceKey.generate()
    assert key.id == device_id(key.public)
    assert verify(key.public, b"word", key.sign(b"word"))
    assert not verify(key.public, b"another", key.sign(b"word"))
    assert not verify(other.public, b"word", key.sign(b"word"))
    assert not verify(b"short", b"word", key.sign(b"word"))
    assert not verify(key.public, b"word", b"short")


def test_secrets_derived_for_two_purposes_differ_and_never_change() -> None:
    key = DeviceKey(bytes(range(32)))
    assert key.derive("hub") != key.derive("pin")
    assert key.derive("hub") == DeviceKey(bytes(range(32))).derive("hub")


def test_a_key_does_not_print_its_secret() -> None:
    key = DeviceKey.generate()
    assert key.seed.hex() not in repr(key) + repr(identity(key))


@pytest.mark.parametrize("way", ["keyring", "passphrase"])
def test_an_identity_survives_the_program(tmp_path: Path, way: str) -> None:
    ring = MemoryKeyring()
    by_phrase = partial(open_keystore, tmp_path, passphrase="a long phrase", stretch=CHEAP)
    opened = partial(open_keystore, tmp_path, backend=ring) if way == "keyring" else by_phrase
    kept = identity(DeviceKey.generate())
    kept.save(tmp_path, opened())
    again = opened()
    loaded = DeviceIdentity.load(tmp_path, again)
    assert (again.kind, loaded.device, loaded.center_key) == (way, kept.device, kept.center_key)
    assert loaded.operators == kept.operators
    assert is_enrolled(tmp_path)


def test_no_file_of_the_folder_holds_the_secret_in_plain_text(tmp_path: Path) -> None:
    import base64

    key = DeviceKey.generate()
    identity(key).save(tmp_path, open_keystore(tmp_path, passphrase="a long phrase", stretch=CHEAP))
    everything = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    for form in (key.seed, base64.b64encode(key.seed), key.seed.hex().encode(), b"a long phrase"):
        assert form not in everything


@pytest.mark.parametrize("backend", [keyring.backends.fail.Keyring(), keyring.backends.null.Keyring()])
def test_a_machine_without_a_keyring_says_so_and_takes_a_passphrase(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, backend: keyring.backend.KeyringBackend
) -> None:
    monkeypatch.setattr(keystore.keyring, "get_keyring", lambda: backend)
    with pytest.raises(HostFault, match="keyring-missing"):
        open_keystore(tmp_path)
    assert not list(tmp_path.iterdir())
    assert open_keystore(tmp_path, passphrase="a long phrase", stretch=CHEAP).kind == "passphrase"


class PlaintextKeyring(MemoryKeyring):
    """As keyrings.alt has it: it keeps secrets in a file that anybody can read."""


def test_of_a_chain_of_keyrings_only_one_that_keeps_secrets_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    good = MemoryKeyring()

    class Chain(MemoryKeyring):
        backends = (PlaintextKeyring(), keyring.backends.null.Keyring(), good)

    monkeypatch.setattr(keystore.keyring, "get_keyring", Chain)
    assert keystore.safe_backend() is good
    monkeypatch.setattr(Chain, "backends", (PlaintextKeyring(),))
    assert keystore.safe_backend() is None


def test_a_keyring_that_forgets_counts_as_none(tmp_path: Path) -> None:
    class Forgetful(MemoryKeyring):
        def set_password(self, service: str, username: str, password: str) -> None:
            pass

    with pytest.raises(HostFault, match="keyring-missing"):
        open_keystore(tmp_path, backend=Forgetful())


def test_a_wrong_or_missing_or_short_passphrase_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="passphrase-short"):
        open_keystore(tmp_path, passphrase="short", stretch=CHEAP)
    open_keystore(tmp_path, passphrase="a long phrase", stretch=CHEAP).write("x", b"1")
    with pytest.raises(OperatorError, match="passphrase-wrong"):
        open_keystore(tmp_path, passphrase="another phrase")
    with pytest.raises(HostFault, match="passphrase-needed"):
        open_keystore(tmp_path)
    assert open_keystore(tmp_path, passphrase="a long phrase").read("x") == b"1"


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b'{"kind":"passphrase","id":"a"}', b"\xff\xfe", b"[1]", b'{"kind":1}'],
)
def test_a_damaged_key_store_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / keystore.KEYSTORE_FILE).write_bytes(content)
    with pytest.raises(HostFault, match="keystore-damaged"):
        open_keystore(tmp_path, passphrase="a long phrase")


def test_a_key_store_cannot_ask_for_all_the_memory(tmp_path: Path) -> None:
    open_keystore(tmp_path, passphrase="a long phrase", stretch=CHEAP)
    file = tmp_path / keystore.KEYSTORE_FILE
    file.write_text(json.dumps(json.loads(file.read_text()) | {"memory": 1 << 31}))
    with pytest.raises(HostFault, match="keystore-damaged"):
        open_keystore(tmp_path, passphrase="a long phrase")


def test_an_identity_without_its_key_or_half_written_is_named(tmp_path: Path) -> None:
    keys = open_keystore(tmp_path, passphrase="a long phrase", stretch=CHEAP)
    with pytest.raises(HostFault, match="not-enrolled"):
        DeviceIdentity.load(tmp_path, keys)
    identity(DeviceKey.generate()).save(tmp_path, keys)
    keys.write("device-key", DeviceKey.generate().seed)
    with pytest.raises(HostFault, match="device-key-missing"):
        DeviceIdentity.load(tmp_path, keys)
    keys.delete("device-key")
    with pytest.raises(HostFault, match="device-key-missing"):
        DeviceIdentity.load(tmp_path, keys)
    (tmp_path / "identity.json").write_text("{")
    with pytest.raises(HostFault, match="identity-damaged"):
        DeviceIdentity.load(tmp_path, keys)
