"""The hall in which the days are played: one center, real terminals behind forwarders, and a seat for everybody else.

Devices, codes and meetings are put into the center's folder before it is opened; from then on everything goes the way
it goes in a province.
"""

import csv
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from desktop_app.days.crowd import Crowd, Door
from desktop_app.demo.cast import CAST, HOST, Player
from desktop_app.demo.processes import Child, Company
from desktop_app.demo.room import Room
from desktop_app.demo.setting import LOOPBACK, Scene
from desktop_app.domain.clock import SystemClock
from desktop_app.domain.ids import MeetingId, UnitPath
from desktop_app.domain.principal import Role
from desktop_app.simulate.center import Plan, Seating, enrol, opened_center, schedule

PROVINCE, CITY, COUNTY, NEIGHBOUR = CAST[0], CAST[1], HOST, CAST[3]
FAR_CABLE = "127.0.1.9"
"""The address of the line that ten sites lose together."""
MEMBERS = 24
SURNAMES = "陈黄李张林吴刘郑曾叶杨邓何罗钟蔡许谢廖朱梁冯赖彭"
SECTORS = ("农业界", "经济界", "教育界", "医药卫生界", "工商联", "科学技术界")


@dataclass(frozen=True, slots=True)
class Seats:
    """Who takes part in a day besides the real terminals, and whose line is the shared one."""

    plan: Plan
    simulated: tuple[UnitPath, ...]
    far: frozenset[UnitPath] = frozenset()


@dataclass
class Hall:
    """Made inside a `Company`, which ends every process of it."""

    company: Company
    folder: Path
    players: Sequence[Player]
    language: str = "zh_CN"
    rooms: dict[str, Room] = field(default_factory=dict)
    meetings: dict[str, MeetingId] = field(default_factory=dict)
    _seats: dict[str, Seats] = field(default_factory=dict)
    _seatings: dict[UnitPath, Seating] = field(default_factory=dict)
    _ca_pem: str = ""
    far_cable: Child | None = None

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.clock = SystemClock()
        self.scene = Scene(self.company, self.folder, self.players, language=self.language)

    def prepare(self, days: dict[str, Seats]) -> None:
        """Enrol everybody who is simulated, schedule the days' meetings, issue the codes; then open the center."""
        self._seats = days
        units = sorted({path for seats in days.values() for path in seats.simulated})
        with opened_center(self.scene.center_folder, self.scene.passphrase("center"), self.clock) as center:
            self._ca_pem = center.keys.authority.ca_pem
            self._seatings = {seating.unit_path: seating for seating in enrol(center, units, self.clock)}
            for day, seats in days.items():
                self.meetings[day] = schedule(center, seats.plan, self.clock)
            for player in self.players:
                roles = frozenset(Role(role) for role in player.roles)
                code = center.keys.codes.issue(player.unit_path, roles, self.clock.now(), timedelta(hours=1))
                self.scene.seats[player.code].activation = str(code)
        self.scene.open_center()
        self.scene.connect_cables()
        if any(seats.far for seats in days.values()):
            self.far_cable = self.scene.cable("far", FAR_CABLE)

    def open_terminals(self) -> None:
        """Power on every real terminal and enrol it."""
        for player in self.players:
            self.rooms[player.code] = Room(self.scene, player)
            self.rooms[player.code].start()
        for room in self.rooms.values():
            room.enrol()

    def room(self, player: Player) -> Room:
        return self.rooms[player.code]

    @property
    def roster(self) -> Path:
        """A list of 24 members of the county, as an office would hand it in."""
        path = self.folder / "roster.csv"
        if not path.exists():
            with path.open("w", encoding="utf-8", newline="") as sheet:
                rows = csv.writer(sheet)
                rows.writerow(("委员证号", "姓名", "界别"))
                for number, surname in enumerate(SURNAMES[:MEMBERS], 1):
                    sector = SECTORS[number % len(SECTORS)]
                    rows.writerow((f"{COUNTY.code}-15-{number:04}", f"{surname}委员{number:02}", sector))
        return path

    def crowd(self, day: str) -> AbstractContextManager[Crowd]:
        """The simulated sites of a day's meeting, none of them in it yet."""
        seats = self._seats[day]
        return Crowd(
            [self._seatings[path] for path in seats.simulated],
            self.meetings[day],
            lambda path: Door(
                f"https://{FAR_CABLE if path in seats.far else LOOPBACK}:{self.scene.port}", self._ca_pem
            ),
            self.clock,
        )

    @property
    def staffed(self) -> set[UnitPath]:
        """The units that have an operator."""
        return {*self._seatings, *(player.unit_path for player in self.players)}

    def far(self, day: str) -> frozenset[UnitPath]:
        """Whose line is the shared one."""
        return self._seats[day].far

    def cut(self, room: Room) -> float:
        """Swallow everything between a terminal and the center; the Unix time of it."""
        return self._tell(room.seat.cable, "cut")

    def mend(self, room: Room) -> float:
        return self._tell(room.seat.cable, "restore")

    def cut_far(self) -> float:
        """The same for the sites on the shared line."""
        return self._tell(self.far_cable, "cut")

    def mend_far(self) -> float:
        return self._tell(self.far_cable, "restore")

    def _tell(self, cable: Child | None, word: str) -> float:
        return float(cable.ask(word)["at"]) if cable is not None else time.time()

    def switch_off(self, room: Room) -> None:
        """End a terminal's program, as a person does who closes it."""
        process: Any = room.seat.process
        process.ask_to_end()
        process.wait(20)
