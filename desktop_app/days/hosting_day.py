"""Day a: a county hosts a session of four levels, from power-on to the receipt."""

import json
import time
from pathlib import Path

from desktop_app.days.crowd import Crowd
from desktop_app.days.day import Day
from desktop_app.days.hall import CITY, COUNTY, MEMBERS, PROVINCE, Seats
from desktop_app.demo.room import Room
from desktop_app.domain.ids import UnitPath
from desktop_app.domain.meetings import MeetingKind
from desktop_app.simulate.center import Plan
from desktop_app.simulate.meeting import places

SITES = 12
LONG_TURN, SHORT_TURN = 183, 33
"""Seconds: a turn that is warned at 3 minutes after 3 s, and one that is warned at 30 s after 3 s."""
AGENDA = (("主持人说明议题", 0), ("市县会场发言", LONG_TURN), ("省直部门回应", SHORT_TURN), ("主持人小结", 0))
NOTE = "建议县医院和中心镇卫生院轮流开设夜间儿科门诊，每周不少于五晚。"
OFFLINE_NOTE = "基层夜间急诊药品由县里统一配送，转诊绿色通道二十四小时有人接听。"
WAIT = 90.0


def seats(real: tuple[UnitPath, ...]) -> Seats:
    """Twelve sites: the nation, the province, cities and counties; the real terminals first."""
    others = [path for path in places(40) if path not in real]
    simulated = tuple([*others[:5], *others[-5:]][: SITES - len(real)])
    invited = tuple(path for path in (*real, *simulated) if path != COUNTY.unit_path)
    plan = Plan("提升县域医疗服务能力远程协商会", MeetingKind.REMOTE_CONSULT, COUNTY.unit_path, invited, AGENDA)
    return Seats(plan, simulated)


class HostingDay(Day):
    """FEATURES, section A, a."""

    letter = "a"
    outage = 60.0
    short_outage = 7.0

    def play(self) -> None:
        self.county, self.city = self.hall.room(COUNTY), self.hall.room(CITY)
        self.meeting = self.hall.meetings[self.letter]
        self._power_on()
        self._self_test()
        self._rest()
        with self.hall.crowd(self.letter) as crowd:
            self._sign_in()
            self._chair_and_joining(crowd)
            self._floor(crowd)
            self._timer()
            self._outage(crowd)
            self._end(crowd)

    @property
    def _guests(self) -> list[Room]:
        return [room for room in self.hall.rooms.values() if room is not self.county]

    def _power_on(self) -> None:
        with self.step("1", "power on: today's session is on the screen") as step:
            self.hall.switch_off(self.county)
            began = time.time()
            self.county.start()
            self.unlock(self.county)
            self.county.do(until=f"home.known has {self.meeting}", within=60)
            step.took(self.county.came_at - began, 60)

    def _self_test(self) -> None:
        province = self.hall.room(PROVINCE)
        with self.step("2", "self-test: camera, microphone, loudspeaker, line, disk, clock") as step:
            self.county.do(until="home.test_running == false", within=60)
            tested = ["home.test_running == false", "home.tested_wholly == true"]
            step.took(self.county.do("home.test", until=tested, within=60), 20)
        with self.step("2", "its result is on the province's board") as step:
            province.do("ready.open", meeting=self.meeting)
            province.do(until=f"ready.tested has {COUNTY.unit_path}", within=WAIT)
            step.took(max(0.0, province.came_at - self.county.came_at), 5)

    def _rest(self) -> None:
        """A terminal stands switched on for days: alone it must leave a cheap PC to others."""
        with self.step("2", "ready and left alone for ten seconds: processor its program takes") as step:
            step.took(self.county.idle(3.0 if self.short else 10.0), 1)

    def _sign_in(self) -> None:
        """Attendance, which the end of the day asks for; members of the city, who ask for the floor."""
        self.county.do("signin.open", meeting=self.meeting, until="signin.meeting != null")
        self.county.do("signin.import", path=str(self.hall.roster), until=f"signin.expected == {MEMBERS}", within=WAIT)
        self.county.do("signin.enter", count=6, until="signin.present == 6")
        self.city.do("signin.open", meeting=self.meeting, until="signin.meeting != null")
        self.city.do("signin.import", path=str(CITY.roster), until="signin.expected == 3", within=WAIT)

    def _chair_and_joining(self, crowd: Crowd) -> None:
        with self.step("3", "take the chair") as step:
            chair = [f"meeting.chair == {COUNTY.unit_path}", "meeting.phase == open"]
            step.took(self.county.do("home.join", meeting=self.meeting, until=chair, within=WAIT), 1)
        with self.step("4", "twelve sites join: first picture, the slowest") as step:
            crowd.begin(3)
            pictures = [f"meeting.pictures >= {len(self.hall.rooms) - 1}"]
            for room in self._guests:
                room.begin("home.join", meeting=self.meeting, until=pictures, within=WAIT)
            for room in self._guests:
                room.finish(WAIT)
            self.county.do(until=[*pictures, f"meeting.sites == {SITES}"], within=WAIT)
            crowd.came_in(WAIT)
            step.took(max(self.ask(room, "meeting.slowest_picture") for room in self._guests), 3)
            step.also_equal("sites in the meeting", self.ask(self.county, "meeting.sites"), SITES)
        with self.step("3", "a second taker is told who holds it") as step:
            told = f'meeting.told has "{COUNTY.name}"'
            step.took(self.city.do("meeting.try_chair", until=told), 1)
        with self.step("4", "the agenda is on all of them") as step:
            for room in self._guests:
                room.begin(until="meeting.agenda == 2", within=WAIT)
            self.county.do("meeting.point_agenda", number=2, until="meeting.agenda == 2")
            began = self.county.began_at
            seen = crowd.saw(lambda site: site.state.agenda_at == 2, WAIT, "the agenda")
            for room in self._guests:
                room.finish(WAIT)
            step.took(max([seen, *(room.came_at for room in self._guests)]) - began, 2)

    def _floor(self, crowd: Crowd) -> None:
        with self.step("5", "a city asks for the floor: in the chair's queue") as step:
            self.city.do("meeting.load_people", until="meeting.people == 3")
            step.took(self._ask("陈", 1), 1)
        with self.step("5", "grant: its microphone opens, all but the chair's close") as step:
            speaking = sorted((CITY.unit_path, COUNTY.unit_path))
            alone = f"meeting.mics_open == {json.dumps(speaking)}"
            for room in self._guests:
                room.begin(until=alone, within=WAIT)
            self.county.do("meeting.grant_first", until=alone)
            on_air = frozenset(speaking)
            seen = crowd.saw(lambda site: site.state.sites_on_air == on_air, WAIT, "the open microphone")
            for room in self._guests:
                room.finish(WAIT)
            self._granted_at = self.county.began_at
            last = max([seen, self.county.came_at, *(room.came_at for room in self._guests)])
            step.took(last - self._granted_at, 1)
        with self.step("5", "the room's caption names the member") as step:
            caption = ['room.caption has "陈委员01"', f'room.caption has "{CITY.name}"']
            step.took(self.county.do(until=caption), 1)

    def _ask(self, name: str, waiting: int) -> float:
        self.county.begin(until=f"meeting.queue == {waiting}", within=WAIT)
        self.city.do("meeting.ask_floor", name=name)
        self.county.finish(WAIT)
        return self.county.came_at - self.city.began_at

    def _timer(self) -> None:
        """The turn of 183 s is warned after 3 s; the next one, of 33 s, after 3 s too."""
        with self.step("5", "warned at 3 minutes on both screens: late by") as step:
            step.took(self._warned("warn-long", LONG_TURN - 180), 1)
        self.county.do("minutes.open", until="minutes.loaded == true", within=WAIT)
        self.county.do("minutes.write", text=NOTE, until=["minutes.typing == 0", "minutes.unsaved == false"])
        self.county.do("app.return", until="app.in_session == true")
        self._ask("黄", 1)
        self.county.do("meeting.release", until='meeting.speaking == ""')
        self.county.do("meeting.point_agenda", number=3, until="meeting.agenda == 3")
        self.county.do("meeting.grant_first", until=f"meeting.speaking == {CITY.unit_path}")
        self._granted_at = self.county.began_at
        with self.step("5", "warned at 30 seconds on both screens: late by") as step:
            step.took(self._warned("warn-short", SHORT_TURN - 30), 1)

    def _warned(self, stage: str, after: float) -> float:
        """How much later than it should the warning came, at the later of the operators' and the rooms' screens."""
        both = [f"meeting.turn == {stage}", f"room.turn == {stage}"]
        self.city.begin(until=both, within=WAIT)
        self.county.do(until=both, within=WAIT)
        self.city.finish(WAIT)
        return max(0.0, max(self.county.came_at, self.city.came_at) - self._granted_at - after)

    def _outage(self, crowd: Crowd) -> None:
        self.county.do("meeting.release", until='meeting.speaking == ""')
        self.county.do("meeting.point_agenda", number=2, until="meeting.agenda == 2")
        self._ask("陈", 1)
        self.county.do("meeting.grant_first", until=f"meeting.speaking == {CITY.unit_path}")
        self._ask("黄", 1)
        self.county.do("minutes.open", until="minutes.loaded == true", within=WAIT)
        with self.step("6", "the county's network goes: the banner") as step:
            cut = self.hall.cut(self.county)
            self.county.do(until=["app.banner == offline", "meeting.control == false"], within=WAIT)
            step.took(self.county.came_at - cut, 5)
        with self.step("6", "notes go on: written and kept") as step:
            blocks = int(self.ask(self.county, "minutes.blocks"))
            kept = [f"minutes.blocks == {blocks + 1}", "minutes.typing == 0", "minutes.unsaved == false"]
            step.took(self.county.do("minutes.write", text=OFFLINE_NOTE, until=kept, within=WAIT))
        time.sleep(max(0.0, cut + self.outage_seconds - time.time()))
        with self.step("6", "back: pictures both ways, and control") as step:
            spoken = crowd.sites[0].state.speaking
            self.county.do("app.return", until="app.in_session == true")
            others = f"meeting.moving >= {len(self.hall.rooms) - 1}"
            for room in self._guests:
                room.begin(until=others, within=60)
            back = self.hall.mend(self.county)
            self.county.do(until=["meeting.control == true", "meeting.media == true", others], within=60)
            for room in self._guests:
                room.finish(60)
            step.took(max(room.came_at for room in self.hall.rooms.values()) - back, 10)
            as_before = [
                f"meeting.chair == {COUNTY.unit_path}",
                "meeting.queue == 1",
                f"meeting.speaking == {CITY.unit_path}",
            ]
            self.county.do(until=as_before)
            told = float(self.ask(self.county, "meeting.spoken"))
            granted = spoken.granted_at.timestamp() if spoken is not None and spoken.granted_at is not None else 0.0
            step.also_seconds("the timer is off by", abs(self.county.came_at - granted - told), 2)

    def _end(self, crowd: Crowd) -> None:
        with self.step(
            "7", "the end: attendance, speeches and the minutes' draft are there, all of it received"
        ) as step:
            self.county.do("meeting.end", until="meeting.in == false", within=WAIT)
            ended = self.county.began_at
            received = ["app.pending == 0", "sync.receipts >= 1", "records.speeches >= 3", "records.sign_ins >= 6"]
            self.county.do("app.go", page="sync", until=received, within=100)
            step.took(self.county.came_at - ended, 30)
            step.also_equal("members in the attendance", self.ask(self.county, "signin.present"), 6)
            step.also_at_least("blocks of the minutes", self.ask(self.county, "minutes.blocks"), 2)
            step.also_at_least("speeches in the records", self.ask(self.county, "records.speeches"), 3)
        crowd.saw(lambda site: site.state.phase.value == "ended", WAIT, "the end")
        self.minutes_to(self.hall.folder / "minutes.docx")

    def minutes_to(self, path: Path) -> None:
        self.county.do("minutes.export", path=str(path), until="exports.written >= 1", within=WAIT)
