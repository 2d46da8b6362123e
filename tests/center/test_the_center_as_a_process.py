"""`silian center` and its commands as a person starts them, each a process of its own."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from desktop_app.domain.clock import SystemClock
from desktop_app.domain.faults import Fault
from desktop_app.platform import end_process, is_alive
from sync.identity.authority import SERVER_NAME, tls_context
from sync.identity.device import DeviceIdentity
from sync.identity.enrolment import enrol
from sync.identity.keystore import Stretch, open_keystore
from sync.identity.link_check import look_at_center
from sync.identity.requests import RequestSigner

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(os.name != "posix", reason="ends process groups as a POSIX machine does"),
]
SILIAN = [sys.executable, "-m", "desktop_app.main"]


def wait_for(found: Callable[[], object], seconds: float = 20.0) -> object:
    """The first true answer; the test fails when there is none in time."""
    end = time.monotonic() + seconds
    while not (answer := found()):
        if time.monotonic() > end:
            pytest.fail("waited in vain")
        time.sleep(0.03)
    return answer


class Machine:
    """The center's machine: a folder, an environment, and what runs on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ = {
            **os.environ,
            "SILIAN_PASSPHRASE": "a phrase for the test",
            "SILIAN_SETTINGS": str(folder / "settings.toml"),
            "LC_ALL": "C.UTF-8",
        }
        self.running: list[subprocess.Popen[bytes]] = []
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            first = min(probe.getsockname()[1], 65000)
        self.media = f"{first}-{first + 20}"

    def start(self, port: int = 0) -> dict[str, Any]:
        ready = self.folder / "ready.json"
        ready.unlink(missing_ok=True)
        options = ["--folder", str(self.center), "--port", str(port), "--media-ports", self.media]
        log = (self.folder / "center.log").open("ab")
        with log:
            process = subprocess.Popen(
                [*SILIAN, "center", *options, "--announce", str(ready)],
                env=self.environ,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.running.append(process)
        wait_for(lambda: ready.exists() or process.poll() is not None)
        announced: dict[str, Any] = json.loads(ready.read_text())
        return announced

    def run(self, *words: str, code: int = 0) -> str:
        done = subprocess.run(
            [*SILIAN, "center", *words, "--folder", str(self.center)], env=self.environ, capture_output=True, text=True
        )
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    @property
    def center(self) -> Path:
        return self.folder / "center"

    @property
    def hub(self) -> int:
        try:
            return int(json.loads((self.center / "hub.json").read_text())["pid"])
        except FileNotFoundError:
            return 0

    def kill_center(self) -> None:
        """The whole process group, as a machine's supervisor would."""
        os.killpg(self.running[-1].pid, signal.SIGKILL)
        self.running[-1].wait()

    def clear(self) -> None:
        for process in self.running:
            if process.poll() is None:
                process.kill()
                process.wait()
        if self.hub:
            end_process(self.hub, at_once=True)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    machine = Machine(tmp_path)
    yield machine
    machine.clear()


def ready(url: str, identity: DeviceIdentity) -> bool:
    with httpx.Client(verify=tls_context(identity.ca_pem), trust_env=False) as client:
        try:
            return client.get(f"{url}/readyz", extensions={"sni_hostname": SERVER_NAME}).status_code == 200
        except httpx.TransportError:
            return False


def pull(url: str, identity: DeviceIdentity) -> httpx.Response:
    target = "/v1/changes?since=0&limit=1&wait=0"
    headers = RequestSigner(identity).headers("GET", target, now=datetime.now(UTC))
    with httpx.Client(verify=tls_context(identity.ca_pem), trust_env=False) as client:
        return client.get(url + target, headers=headers, extensions={"sni_hostname": SERVER_NAME})


def test_a_center_lives_gives_out_codes_dies_and_comes_back_to_its_hub(machine: Machine, tmp_path: Path) -> None:
    first = machine.start()
    url = first["url"]
    code = machine.run("code", "--unit", "441323", "--role", "host").split()[-1]
    keys = open_keystore(tmp_path / "terminal", passphrase="another phrase", stretch=Stretch(1, 64, 1))
    identity = enrol(url, code, tmp_path / "terminal", keys=keys, person_name="惠东操作员").identity
    assert identity.unit_path == "100000/440000/441300/441323/"
    assert identity.operators[0]["roles"] == ["host"]
    assert pull(url, identity).status_code == 200
    wait_for(lambda: ready(url, identity))
    hub = machine.hub

    machine.kill_center()
    assert is_alive(hub)
    with pytest.raises(Fault, match="center-unreachable"):
        look_at_center(url, identity.ca_pem, SystemClock())

    again = machine.start(first["port"])
    assert again["device"] == first["device"]
    wait_for(lambda: ready(url, identity))
    assert machine.hub == hub
    assert pull(url, identity).status_code == 200

    assert "store-in-use" in machine.run("run", "--port", "0", code=1)
    assert "address-in-use" in machine.run("run", "--port", str(first["port"]), code=1)

    machine.run("backup", "--plain", "--to", str(tmp_path / "backup" / "center.db"))
    with sqlite3.connect(tmp_path / "backup" / "center.db") as backup:
        assert backup.execute("SELECT count(*) FROM changes_seen").fetchone()[0] >= 146
    assert (tmp_path / "backup" / "center.identity.db").exists()
    machine.run("backup", "--to", str(tmp_path / "sealed" / "center.db"))
    for name in ("center.db", "center.identity.db"):
        assert b"SQLite format" not in (tmp_path / "sealed" / name).read_bytes(), "encrypted unless a person says not"
    assert "backup-exists" in machine.run("backup", "--to", str(tmp_path / "backup" / "center.db"), code=1)

    assert "in force" in machine.run("devices")
    machine.run("revoke", "--device", identity.device)
    refused = pull(url, identity)
    assert (refused.status_code, refused.json()["id"]) == (403, "device-revoked")
    assert "device-not-listed" in machine.run("revoke", "--device", identity.device, code=1)

    machine.running[-1].terminate()
    assert machine.running[-1].wait(10) == 0
    assert is_alive(hub)


def test_a_hub_that_the_system_runs_is_found_by_the_center_and_not_doubled(machine: Machine, tmp_path: Path) -> None:
    machine.environ["SILIAN_CENTER_HUB"] = "service"
    options = ["--service", "--folder", str(machine.center), "--media-ports", machine.media]
    with (tmp_path / "hub.log").open("ab") as log:
        service = subprocess.Popen([*SILIAN, "hub", *options], env=machine.environ, stdout=log, stderr=log)
    machine.running.append(service)
    wait_for(lambda: machine.hub or service.poll() is not None)
    assert machine.hub == service.pid
    announced = machine.start()
    ca_pem = (machine.center / "ca.pem").read_text()
    with httpx.Client(verify=tls_context(ca_pem), trust_env=False) as client:

        def is_ready() -> bool:
            answer = client.get(f"{announced['url']}/readyz", extensions={"sni_hostname": SERVER_NAME})
            return answer.status_code == 200

        wait_for(is_ready)
    assert machine.hub == service.pid


def test_a_mistyped_folder_does_not_become_a_new_center(machine: Machine) -> None:
    assert "center-missing" in machine.run("code", "--unit", "441323", code=1)
    assert "center-missing" in machine.run("backup", "--to", str(machine.folder / "x.db"), code=1)
    assert not (machine.center / "identity.json").exists()


def test_a_center_without_keyring_or_passphrase_says_what_to_do(machine: Machine) -> None:
    machine.environ.pop("SILIAN_PASSPHRASE")
    machine.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    told = machine.run("run", "--port", "0", code=1)
    assert "keyring-missing" in told
    assert "passphrase" in told
    assert "SILIAN_PASSPHRASE" in told
    assert not list(machine.center.glob("*.pem"))
