"""The scene of a run: a center with its hub, a cable and an activation code for every terminal, all on loopback."""

import json
import os
import secrets
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from desktop_app.demo.cast import Player
from desktop_app.demo.processes import Child, Company, part
from desktop_app.demo.warden import announced_pid
from desktop_app.domain.faults import HostFault
from desktop_app.platform import end_process, is_alive, program

LOOPBACK = "127.0.0.1"
MEDIA_PORTS = 64
CENTER_SECONDS = 60.0
CODE_SECONDS = 20.0
PIN = "135790"


def has_display() -> bool:
    """Whether windows can be shown to anybody."""
    if sys.platform == "win32":
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def free_tcp_port() -> int:
    """A TCP port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def free_udp_range(addresses: Sequence[str], count: int = MEDIA_PORTS) -> tuple[int, int]:
    """The ends of a run of UDP ports that are free on all these addresses; HostFault "ports-taken"."""
    for _ in range(100):
        first = 30_000 + 2 * secrets.randbelow(14_000)
        with ExitStack() as stack:
            try:
                for address in addresses:
                    for port in range(first, first + count):
                        stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)).bind((address, port))
            except OSError:
                continue
            return first, first + count - 1
    raise HostFault("ports-taken", address=LOOPBACK)


@dataclass(slots=True)
class Seat:
    """One player's terminal in this run: its cable, its process and what it recorded."""

    player: Player
    folder: Path
    recording: Path
    output: Path
    activation: str = ""
    cable: Child | None = None
    process: Child | None = None
    read: int = 0

    def news(self) -> list[dict[str, Any]]:
        """Lines of the recording that were not read before."""
        if not self.recording.exists():
            return []
        with self.recording.open("rb") as recording:
            recording.seek(self.read)
            raw = recording.read()
        whole = raw[: raw.rfind(b"\n") + 1]
        self.read += len(whole)
        return [json.loads(line) for line in whole.splitlines()]


@dataclass
class Scene:
    """Everything that runs. Made inside a `Company`, which ends it all."""

    company: Company
    folder: Path
    players: Sequence[Player]
    language: str = "zh_CN"
    media_ports: int = MEDIA_PORTS
    seats: dict[str, Seat] = field(default_factory=dict)
    center: Child | None = None
    warden: Child | None = None
    port: int = 0
    ports: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._secrets: dict[str, str] = {}
        for player in self.players:
            self.seats[player.code] = Seat(
                player,
                self.folder / player.code,
                self.folder / f"{player.code}.jsonl",
                self.folder / f"{player.code}.log",
            )

    def second_seat(self, player: Player) -> Seat:
        """Another program on a terminal's own folder, with a recording of its own."""
        first = self.seats[player.code]
        return Seat(player, first.folder, self.folder / f"{player.code}-2.jsonl", self.folder / f"{player.code}-2.log")

    @property
    def center_folder(self) -> Path:
        return self.folder / "center"

    @property
    def center_store(self) -> Path:
        return self.center_folder / "center.db"

    def passphrase(self, name: str) -> str:
        """What seals one process's keys, for this run alone."""
        return self._secrets.setdefault(name, secrets.token_urlsafe(24))

    def environment(self, name: str) -> dict[str, str]:
        """What one process is told besides its command: its own settings file, and a passphrase for this run alone."""
        return {"SILIAN_PASSPHRASE": self.passphrase(name), "SILIAN_SETTINGS": str(self.folder / f"{name}.toml")}

    def open_center(self) -> None:
        """Start the center on free ports and wait until it is ready."""
        self.port = free_tcp_port()
        addresses = [LOOPBACK, *(player.listen for player in self.players)]
        self.ports = free_udp_range(addresses, self.media_ports)
        self.warden = self.company.start("warden", part("warden"), output=self.folder / "warden.log", environment={})
        self.warden.say(json.dumps({"announced": str(self._hub_file)}))
        self.start_center()
        self.company.at_end(self.end_hub)

    def start_center(self) -> None:
        """Start the center's process, the first time or again after it died."""
        self.center = self.company.start(
            "center",
            [*program(), "center", *self._center_options()],
            output=self.folder / "center.log",
            environment={**self.environment("center"), "SILIAN_CENTER_MEDIA_PORTS": f"{self.ports[0]}-{self.ports[1]}"},
        )
        if self.warden is not None:
            self.warden.say(json.dumps({"pid": self.center.pid}))
        self.center.wait_line(lambda line: line.startswith('{"silian": "center"'), CENTER_SECONDS)

    def _center_options(self) -> list[str]:
        return ["--json", "--folder", str(self.center_folder), "--host", LOOPBACK, "--port", str(self.port)]

    @property
    def hub_pid(self) -> int | None:
        """The hub's process, as the center's folder names it."""
        return announced_pid(self._hub_file)

    @property
    def _hub_file(self) -> Path:
        return self.center_folder / "hub.json"

    def end_hub(self) -> None:
        """End the hub too: it outlives its center on purpose."""
        pid = self.hub_pid
        if pid is not None and is_alive(pid):
            end_process(pid, at_once=True)

    def issue_codes(self) -> None:
        """One activation code for every terminal, as an engineer would ask for them."""
        for seat in self.seats.values():
            seat.activation = self._issue(seat.player)

    def _issue(self, player: Player) -> str:
        roles = [word for role in player.roles for word in ("--role", role)]
        options = ["--json", "--folder", str(self.center_folder), "--unit", player.code, *roles]
        child = self.company.start(
            f"code {player.code}",
            [*program(), "center", "code", *options],
            output=self.folder / "codes.log",
            environment=self.environment("center"),
            secret=True,
        )
        told: dict[str, str] = json.loads(child.wait_line(lambda line: line.startswith("{"), CODE_SECONDS))
        return told["code"]

    def connect_cables(self) -> None:
        """A forwarder for every terminal."""
        first, last = self.ports
        for seat in self.seats.values():
            seat.cable = self.cable(seat.player.code, seat.player.listen, range(first, last + 1))

    def cable(self, name: str, listen: str, udp: Sequence[int] = ()) -> Child:
        """One forwarder to the center, which is told `cut` and `restore`."""
        cable = self.company.start(
            f"cable {name}", part("forwarder"), output=self.folder / "cables.log", environment={}
        )
        route = {"listen": listen, "target": LOOPBACK, "tcp": [self.port], "udp": list(udp)}
        answer = cable.ask(json.dumps(route))
        if "fault" in answer:
            raise HostFault(str(answer["fault"]), address=listen)
        return cable

    def open_terminal(self, seat: Seat, order: Mapping[str, Any]) -> Child:
        """Start a terminal that plays; `order` says what (see `desktop_app.terminal.storyteller`)."""
        player = seat.player
        environment = {
            **self.environment(player.code),
            "SILIAN_TERMINAL_FOLDER": str(seat.folder),
            "SILIAN_TERMINAL_CENTER": f"https://{player.listen}:{self.port}",
            "SILIAN_TERMINAL_IDLE_LOCK": "0",
            "SILIAN_TERMINAL_DOOR_ADDRESS": player.listen,
            "SILIAN_TERMINAL_DOOR_PORT": "0",
            "SILIAN_MEDIA_CAMERA": "none",
            "SILIAN_MEDIA_MICROPHONE": str(player.sound_file),
            "SILIAN_MEDIA_SPEAKER": "none",
            "SILIAN_MEDIA_GATHER": LOOPBACK,
            "SILIAN_UI_LANGUAGE": self.language,
            "SILIAN_UI_THEME": "light",
        }
        if not has_display():
            environment["QT_QPA_PLATFORM"] = "offscreen"
        if sys.platform != "win32":
            environment["TZ"] = "CST-8"  # the rooms are in Guangdong, wherever this machine is
        seat.process = self.company.start(
            f"terminal {player.code}", part("player"), output=seat.output, environment=environment
        )
        seat.process.say(
            json.dumps({"log": str(seat.recording), "language": self.language, **order}, ensure_ascii=False)
        )
        return seat.process

    def values(self, seat: Seat) -> dict[str, str]:
        """What `$name` stands for in a file of steps."""
        return {
            "url": f"https://{seat.player.listen}:{self.port}",
            "code": seat.activation,
            "operator": seat.player.operator,
            "pin": PIN,
            "unit": seat.player.unit_path,
            "roster": str(seat.player.roster),
        }


def wait_for(holds: Callable[[], bool], within: float, process: Child) -> None:
    """Wait until something holds; HostFault "demo-process-ended" or "demo-too-slow" otherwise."""
    deadline = time.monotonic() + within
    while not holds():
        if process.code is not None:
            raise HostFault("demo-process-ended", process=process.name, code=process.code, output=str(process.output))
        if time.monotonic() > deadline:
            raise HostFault("demo-too-slow", process=process.name, output=str(process.output))
        time.sleep(0.05)
