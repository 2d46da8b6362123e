"""A center of its own for a simulation: a process of this program, with simulated terminals in its book.

The folder is prepared while no center has it open: devices of this process are enrolled, and one meeting is scheduled.
Then the center runs as it always does, over TLS and with its media hub, and may be killed and started again.
"""

import json
import os
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from desktop_app.center.app import Center
from desktop_app.domain.clock import Clock, stamp, unix_ms
from desktop_app.domain.faults import HostFault
from desktop_app.domain.ids import MeetingId, PersonId, UnitPath, uuid7
from desktop_app.domain.meetings import MeetingKind
from desktop_app.domain.principal import Actor, Role
from desktop_app.platform import end_process, program
from desktop_app.settings import ENV_PASSPHRASE, load_settings
from sync.identity.device import DeviceIdentity, DeviceKey
from sync.identity.keystore import Stretch, open_keystore
from sync.identity.registry import Device
from sync.log.write import Write

START_SECONDS = 30.0
PORTS = 30
"""UDP ports of the hub: nobody here sends media."""


class SimulatedCenter:
    """One center in one folder. Use as a context: what it started is ended, the folder is left."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.url = ""
        self.ca_pem = ""
        self._clock = clock
        self._passphrase = secrets.token_urlsafe(16)
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0
        first = _free_udp_port()
        self._media_ports = f"{first}-{first + PORTS}"

    def __enter__(self) -> "SimulatedCenter":
        return self

    def __exit__(self, *error: object) -> None:
        self.kill()
        try:
            hub = int(json.loads((self.folder / "hub.json").read_text("utf-8"))["pid"])
        except (OSError, ValueError, KeyError):
            return
        end_process(hub, at_once=True)

    def prepare(
        self, units: Sequence[UnitPath], kind: MeetingKind, agenda: Sequence[str], meetings: int = 1
    ) -> tuple[list["Seating"], list[MeetingId]]:
        """Enrol one device per unit, the first of them the host with an operator, and schedule the meetings."""
        plan = Plan("模拟会议", kind, units[0], tuple(units[1:]), tuple((title, 0) for title in agenda))
        with opened_center(self.folder, self._passphrase, self._clock) as center:
            self.ca_pem = center.keys.authority.ca_pem
            seatings = enrol(center, units, self._clock, host=units[0])
            return seatings, [schedule(center, plan, self._clock) for _ in range(meetings)]

    def start(self) -> float:
        """Run it; the seconds until it answers. HostFault `simulation-center-down` where it does not."""
        began = time.monotonic()
        ready = self.folder / "ready.json"
        ready.unlink(missing_ok=True)
        options = ["--folder", str(self.folder), "--port", str(self._port), "--media-ports", self._media_ports]
        with (self.folder / "center.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*program(), "center", *options, "--announce", str(ready)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, ENV_PASSPHRASE: self._passphrase},
            )
        while not ready.exists():
            if self._process.poll() is not None or time.monotonic() - began > START_SECONDS:
                raise HostFault("simulation-center-down", log=str(self.folder / "center.log"))
            time.sleep(0.02)
        announced = json.loads(ready.read_text("utf-8"))
        self.url = str(announced["url"])
        self._port = int(self.url.rpartition(":")[2])
        return time.monotonic() - began

    def memory_mib(self) -> float:
        """What the center and its intake process hold in memory; 0 where the system does not tell."""
        pid = self._process.pid if self._process else 0
        return round(sum(_resident_kib(each) for each in (pid, *_intakes(pid))) / 1024, 1)

    def kill(self) -> None:
        """As a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@dataclass(frozen=True, slots=True)
class Seating:
    """Who sits at one simulated terminal."""

    identity: DeviceIdentity
    person: PersonId

    @property
    def unit_path(self) -> UnitPath:
        return self.identity.unit_path


@dataclass(frozen=True, slots=True)
class Plan:
    """One meeting that begins now; an item of its agenda is a title and how many seconds a turn has (0: no limit)."""

    title: str
    kind: MeetingKind
    host: UnitPath
    invited: tuple[UnitPath, ...]
    agenda: tuple[tuple[str, int], ...]


@contextmanager
def opened_center(folder: Path, passphrase: str, clock: Clock) -> Iterator[Center]:
    """A center's stores, while no process runs it."""
    folder.mkdir(parents=True, exist_ok=True)
    keystore = open_keystore(folder, passphrase=passphrase, stretch=Stretch(1, 64, 1))
    center = Center.open(
        folder, keystore, load_settings(folder / "none.toml", {}, {"center.folder": str(folder)}), clock
    )
    try:
        yield center
    finally:
        center.close()


def enrol(center: Center, units: Sequence[UnitPath], clock: Clock, host: UnitPath | None = None) -> list[Seating]:
    """A device of this process and an operator for every unit; the host's may host."""
    now, own, seatings, writes = clock.now(), center.keys.identity, [], []
    for unit in units:
        key = DeviceKey.generate()
        center.keys.registry.add(Device(key.id, key.public, unit, "simulated", now))
        person = PersonId(uuid7(unix_ms(now)))
        roles = [Role.HOST.value] if unit == host else [Role.CLERK.value]
        operator = {"unit_path": unit, "name": "模拟操作员", "roles": roles, "is_active": True}
        writes.append(Write("operator", person, operator))
        identity = DeviceIdentity(key, unit, own.device, own.public_key, center.keys.authority.ca_pem, "")
        seatings.append(Seating(identity, person))
    center.store.append(*writes, actor=Actor(PersonId(""), own.device))
    return seatings


def schedule(center: Center, plan: Plan, clock: Clock) -> MeetingId:
    """Put the meeting into the center's records."""
    now = clock.now()
    meeting = MeetingId(uuid7(unix_ms(now)))
    fields = {
        "title": plan.title,
        "kind": plan.kind.value,
        "convener_unit": plan.host,
        "invited": list(plan.invited),
        "planned_start": stamp(now),
        "planned_end": stamp(now + timedelta(hours=2)),
        "state": "planned",
    }
    items = [
        {"meeting": meeting, "item_no": number, "item_type": "SPEECH", "title": title, "state": "planned"}
        | ({"limit_sec": limit} if limit else {})
        for number, (title, limit) in enumerate(plan.agenda, start=1)
    ]
    center.store.append(
        Write("meeting", meeting, fields, meeting),
        *(Write("agenda_item", uuid7(unix_ms(now)), item, meeting) for item in items),
        actor=Actor(PersonId(""), center.keys.identity.device),
    )
    return meeting


def _resident_kib(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text("ascii")
    except OSError:
        return 0
    line = next((each for each in status.splitlines() if each.startswith("VmRSS:")), "VmRSS: 0")
    return int(line.split()[1])


def _intakes(center: int) -> list[int]:
    """The processes that take in pushes for this center, where the system tells."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text("ascii", "replace").rpartition(")")[2].split()[1])
            if parent == center and b"intake" in (folder / "cmdline").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except (OSError, ValueError, IndexError):
            continue
    return found


def _free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return min(int(probe.getsockname()[1]), 65_000)
