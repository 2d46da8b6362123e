"""Day d: the province runs a lecture for 120 sites with roll call, sites that drop, and a question from far away."""

import time

from desktop_app.days.crowd import Crowd
from desktop_app.days.day import Day
from desktop_app.days.hall import CITY, COUNTY, PROVINCE, Seats
from desktop_app.demo.room import Room
from desktop_app.domain.ids import UnitPath
from desktop_app.domain.limits import SITES as MOST
from desktop_app.domain.meetings import MeetingKind
from desktop_app.simulate.center import Plan
from desktop_app.simulate.meeting import places

SITES = 120
FAR = 10
UNSTAFFED = ("0750-1234567", "0751-1234567")
"""Telephones of sites where nobody is at the terminal yet."""
ASKING = 87
"""The asking site's place in the list of 120."""
CALLS, SHORT_CALLS = 24, 4
JOIN_SECONDS, SHORT_JOIN_SECONDS = 10.0, 6.0
AGENDA = (("点名", 0), ("主讲", 0), ("提问", 180))
WAIT = 90.0


def seats(real: tuple[UnitPath, ...]) -> Seats:
    """The province, and the county as site 87; ten sites of the end of the list share a line."""
    others = [path for path in places(MOST) if path not in real]
    simulated = others[: SITES - len(real)]
    invited = [*[path for path in real if path not in (PROVINCE.unit_path, COUNTY.unit_path)], *simulated]
    invited.insert(ASKING - 2, COUNTY.unit_path)
    title = "国是学堂：全省县级政协远程听讲"
    plan = Plan(title, MeetingKind.GUOSHI_LECTURE, PROVINCE.unit_path, tuple(invited), AGENDA)
    return Seats(plan, tuple(simulated), frozenset(simulated[-FAR:]))


class ProvinceDay(Day):
    """FEATURES, section A, d."""

    letter = "d"

    def play(self) -> None:
        self.province, self.county, self.city = (self.hall.room(one) for one in (PROVINCE, COUNTY, CITY))
        self.meeting = self.hall.meetings[self.letter]
        with self.hall.crowd(self.letter) as crowd:
            self._board()
            self._unstaffed()
            self._join(crowd)
            self._electronic(crowd)
            self._voice(crowd)
            self._drop(crowd)
            self._question(crowd)
            self._end(crowd)

    @property
    def _listening(self) -> list[Room]:
        return [room for room in self.hall.rooms.values() if room is not self.province]

    def _board(self) -> None:
        with self.step(
            "1", f"the board shows a tile for each of the {SITES - 1} others, who is not ready first"
        ) as step:
            board = [f"ready.sites == {SITES - 1}"]
            step.took(self.province.do("ready.open", meeting=self.meeting, until=board, within=WAIT), 5)
            step.also_at_least("sites that are not ready", len(self.ask(self.province, "ready.problems")), 1)

    def _unstaffed(self) -> None:
        free = [path for path in places(MOST) if path not in self.hall.staffed]
        wanted = dict(zip(free, UNSTAFFED, strict=False))
        self.province.do("ready.open", meeting="")
        for unit_path, phone in wanted.items():
            self.province.do("ready.contact", unit_path=unit_path, name="值班室", phone=phone)
        with self.step("2", "sites without an operator are listed, each with a telephone number") as step:
            listed = [f"ready.unstaffed has {unit_path}" for unit_path in wanted]
            step.took(self.province.do(until=listed, within=WAIT), 5)
            told = self.ask(self.province, "ready.unstaffed")
            right = sum(told.get(unit_path) == phone for unit_path, phone in wanted.items())
            step.also_equal("the right numbers beside them", right, len(UNSTAFFED))

    def _join(self, crowd: Crowd) -> None:
        with self.step("", f"{SITES} sites come in, none refused") as step:
            opened = ["meeting.phase == open", f"meeting.chair == {PROVINCE.unit_path}"]
            self.province.do("home.join", meeting=self.meeting, until=opened, within=WAIT)
            over = SHORT_JOIN_SECONDS if self.short else JOIN_SECONDS
            crowd.begin(over)
            for room in self._listening:
                listening = ["lecture.listening == true", "meeting.large_moves == true"]
                room.begin("home.join", meeting=self.meeting, until=listening, within=WAIT)
            for room in self._listening:
                room.finish(WAIT)
            self.province.do(until=f"meeting.sites == {SITES}", within=90)
            crowd.came_in(WAIT)
            step.took(self.province.came_at - self.province.began_at)
            refused = len(crowd.refused)
            step.also_none("refusals while they came in", refused, strict=not self.short, why=crowd.refusals)

    def _electronic(self, crowd: Crowd) -> None:
        """In the long form ten lines are dead at the call, and the time runs out for them."""
        dead = 0 if self.short else FAR
        with self.step("3", f"electronic roll call, {dead} sites dead: every answer or time-out") as step:
            if dead:
                self.hall.cut_far()
            for room in self._listening:
                room.begin(until="rollcall.stage == running", within=WAIT)
            self.province.do("rollcall.start", manner="electronic", until="rollcall.stage != idle")
            began = self.province.began_at
            for room in self._listening:
                room.finish(WAIT)
                room.do("meeting.answer")
            self.province.do(until="rollcall.stage == finished", within=90)
            step.took(self.province.came_at - began, 60)
            answered = SITES - 1 - dead
            step.also_equal("sites that answered", self.ask(self.province, "rollcall.answered"), answered)
            step.also_equal("sites counted as not connected", self.ask(self.province, "rollcall.offline"), dead)
            if dead:
                self.hall.mend_far()
            self.province.do(until=f"meeting.sites == {SITES}", within=WAIT)
        with self.step("5", "the tally by city is exported") as step:
            written = self.hall.folder / "rollcall.xlsx"
            until = 'rollcall.written != ""'
            step.took(self.province.do("rollcall.export", path=str(written), until=until, within=WAIT), 5)
            step.also_at_least("cities in the tally", self.ask(self.province, "rollcall.cities"), 20)

    def _voice(self, crowd: Crowd) -> None:
        with self.step("4", "voice roll call: a key until picture and microphone are there, the slowest") as step:
            self.province.do("rollcall.start", manner="voice", until='rollcall.current != ""', within=WAIT)
            keys = []
            for _ in range(SHORT_CALLS if self.short else CALLS):
                called = self.ask(self.province, "rollcall.current")
                following = [f"rollcall.current != {called}", 'rollcall.current != ""']
                self.province.do("rollcall.present", until=following, within=WAIT)
                pressed = self.province.began_at
                now = UnitPath(self.ask(self.province, "rollcall.current"))
                keys.append(self._everywhere(crowd, now) - pressed)
            for room in (self.county, self.city):
                keys.append(self._call(crowd, room))
            step.took(max(keys), 1)
            step.also_at_least("sites called by voice", len(keys), SHORT_CALLS + 2)
        with self.step("4", "paused, and gone on with") as step:
            self.province.do("rollcall.pause", until="rollcall.stage == paused")
            step.took(
                self.province.do("rollcall.resume", until=["rollcall.stage == running", 'rollcall.current != ""']), 1
            )
            self.province.do("rollcall.finish", until="rollcall.stage == finished")

    def _everywhere(self, crowd: Crowd, site: UnitPath) -> float:
        """When the last of all sites had this one on air and large."""
        crowd.saw(lambda one: site in one.state.sites_on_air and one.state.called_site == site, WAIT, "the called site")
        return time.time()

    def _call(self, crowd: Crowd, room: Room) -> float:
        """A site with a real camera: its picture moves on the province's screen, its microphone is open."""
        path = room.player.unit_path
        room.begin(until="meeting.mic == open", within=WAIT)
        shown = [f"meeting.large == {path}", "meeting.large_moves == true"]
        self.province.do("rollcall.call", site=path, until=shown, within=WAIT)
        room.finish(WAIT)
        self._everywhere(crowd, path)
        return max(self.province.came_at, room.came_at) - self.province.began_at

    def _drop(self, crowd: Crowd) -> None:
        far = [site for site in crowd.sites if site.unit_path in self.hall.far(self.letter)]
        near = [site for site in crowd.sites if site not in far]
        with self.step("6", f"{FAR} sites drop: shown") as step:
            faults = len(crowd.refused)
            cut = self.hall.cut_far()
            self.province.do(until=f"meeting.sites == {SITES - FAR}", within=WAIT)
            step.took(self.province.came_at - cut, 5)
            disturbed = sum(not site.is_in for site in near)
            step.also_none("others disturbed by it", disturbed, strict=not self.short)
            self.county.do(until=["meeting.control == true", "meeting.large_moves == true"], within=WAIT)
        with self.step("6", "each is back, receive-only") as step:
            back = self.hall.mend_far()
            crowd.saw(lambda site: site.is_in and site.unit_path not in site.state.sites_on_air, WAIT, "back")
            self.province.do(until=f"meeting.sites == {SITES}", within=WAIT)
            step.took(self.province.came_at - back, 10)
            refused = len(crowd.refused) - faults
            step.also_none("sites that were refused on the way back", refused, strict=not self.short)

    def _question(self, crowd: Crowd) -> None:
        path = COUNTY.unit_path
        with self.step("7", f"a question from site {ASKING} is in the queue") as step:
            self.county.do("signin.open", meeting=self.meeting, until=f"signin.meeting == {self.meeting}")
            self.county.do("signin.import", path=str(self.hall.roster), until="signin.expected >= 1", within=WAIT)
            self.county.do("signin.enter", count=3, until="signin.present == 3")
            self.county.do("app.return", until="app.in_session == true")
            self.county.do("meeting.load_people", until="meeting.people >= 1")
            self.province.begin(until="meeting.queue == 1", within=WAIT)
            self.county.do("lecture.ask", text="教师队伍怎样稳住？")
            self.province.finish(WAIT)
            step.took(self.province.came_at - self.county.began_at, 1)
        with self.step("7", "its picture is previewed at the province, on no other screen") as step:
            step.took(self.province.do("preview.open", site=path, until="preview.frames >= 1", within=WAIT), 1)
            step.also_equal("sites that see it before", sum(one.state.broadcast == path for one in crowd.sites), 0)
        with self.step("7", "switched: the picture is on every screen") as step:
            shown = [f"meeting.large == {path}", "meeting.large_moves == true"]
            self.city.begin(until=shown, within=WAIT)
            self.province.do("preview.air", until=[f"meeting.broadcast == {path}", *shown], within=WAIT)
            pressed = self.province.began_at
            seen = crowd.saw(lambda one: one.state.broadcast == path, WAIT, "the asking site")
            self.city.finish(WAIT)
            step.took(max(seen, self.city.came_at, self.province.came_at) - pressed, 1)
        with self.step("7", "the member may speak: the room's microphone is open") as step:
            self.county.begin(until="lecture.mic == open", within=WAIT)
            self.province.do("meeting.grant_first", until=f"meeting.speaking == {path}")
            self.county.finish(WAIT)
            step.took(self.county.came_at - self.province.began_at, 1)
        self.province.do("meeting.release", until='meeting.speaking == ""')

    def _end(self, crowd: Crowd) -> None:
        with self.step("8", "the end is everywhere") as step:
            self.province.do("meeting.end", until="meeting.in == false", within=WAIT)
            seen = crowd.saw(lambda site: site.state.phase.value == "ended", WAIT, "the end")
            step.took(seen - self.province.began_at, 2)
            ended = self.province.began_at
        with self.step("8", "the report is there: sites, people, outages") as step:
            self.province.do("report.open", meeting=self.meeting)
            full = [f"report.sites == {SITES}", "report.present >= 3", "report.outage_seconds >= 1"]
            self.province.do(until=full, within=90)
            step.took(self.province.came_at - ended, 60)
        if not self.short:
            self._again()

    def _again(self) -> None:
        with self.step("8", "the program was closed: the report is still there") as step:
            self.hall.switch_off(self.province)
            began = time.time()
            self.province.start()
            self.unlock(self.province)
            self.province.do("report.open", meeting=self.meeting, until=f"report.sites == {SITES}", within=60)
            step.took(self.province.came_at - began, 60)
