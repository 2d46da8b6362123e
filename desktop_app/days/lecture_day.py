"""Day b: members follow a lecture in the county room; they sign in, ask, and leave with a clear account."""

import time

from desktop_app.days.crowd import Crowd
from desktop_app.days.day import Day
from desktop_app.days.hall import COUNTY, MEMBERS, PROVINCE, Seats
from desktop_app.days.phone import sign_in_by_phone
from desktop_app.days.slides import write_slides
from desktop_app.demo.room import Room
from desktop_app.domain.ids import UnitPath
from desktop_app.domain.meetings import MeetingKind
from desktop_app.simulate.center import Plan
from desktop_app.simulate.meeting import places

SITES = 8
PAGES = 5
AGENDA = (("主讲", 0), ("提问", 180))
QUESTION = "基层怎样用好远程心电？"
WAIT = 90.0


def seats(real: tuple[UnitPath, ...]) -> Seats:
    """The province lectures; a few rooms more than the real ones listen."""
    simulated = tuple([path for path in places(40) if path not in real][: SITES - len(real)])
    invited = tuple(path for path in (*real, *simulated) if path != PROVINCE.unit_path)
    title = "国是学堂第 25 期：数字化助力县域发展"
    return Seats(Plan(title, MeetingKind.GUOSHI_LECTURE, PROVINCE.unit_path, invited, AGENDA), simulated)


class LectureDay(Day):
    """FEATURES, section A, b."""

    letter = "b"

    def play(self) -> None:
        self.county, self.province = self.hall.room(COUNTY), self.hall.room(PROVINCE)
        self.meeting = self.hall.meetings[self.letter]
        self.signed = 0
        self._roster()
        self._signing_in()
        with self.hall.crowd(self.letter) as crowd:
            self._join(crowd)
            self._slides()
            self._question()
            self._afterwards(crowd)

    @property
    def _rooms(self) -> list[Room]:
        return list(self.hall.rooms.values())

    def _roster(self) -> None:
        with self.step("1", "the roster opens with all who are expected") as step:
            self.county.do(until=f"home.known has {self.meeting}", within=WAIT)
            self.county.do("signin.open", meeting=self.meeting, until=f"signin.meeting == {self.meeting}")
            self.county.do("signin.import", path=str(self.hall.roster), until=f"signin.expected == {MEMBERS}")
            opened = self.county.do("signin.open", meeting=self.meeting, until=f"signin.expected == {MEMBERS}")
            step.took(opened, 5)
            step.also_equal("members expected", self.ask(self.county, "signin.expected"), MEMBERS)

    def _signing_in(self) -> None:
        for how, text in (
            ("name", "陈委员01"),
            ("pinyin initials", "hwy02"),
            ("card number", f"{COUNTY.code}-15-0003"),
        ):
            with self.step("1", f"a member signs in by {how}") as step:
                step.took(self._sign(text), 5)
        with self.step("1", "a member's card is held before the camera") as step:
            self.signed += 1
            card = f"{COUNTY.code}-15-0005"
            step.took(self.county.do("signin.card", text=card, until=f"signin.present == {self.signed}"), 5)
        with self.step("1", "a member signs in by phone at the room's QR code") as step:
            self.county.do("signin.open_door", until='signin.door != ""', within=WAIT)
            address = str(self.ask(self.county, "signin.door"))
            self.signed += 1
            self.county.begin(until=f"signin.present == {self.signed}", within=WAIT)
            began = time.time()
            sign_in_by_phone(address, "吴委员06")
            self.county.finish(WAIT)
            step.took(self.county.came_at - began, 5)
        with self.step("1", "a member signs in without a network") as step:
            self.hall.cut(self.county)
            self.county.do(until="app.link == offline", within=WAIT)
            step.took(self._sign("张委员04"), 5)
            self.hall.mend(self.county)
            self.county.do(until=["app.link == online", "app.pending == 0"], within=60)
        with self.step("2", "signing twice: told when it was before") as step:
            again = ['signin.already != ""', f"signin.present == {self.signed}"]
            step.took(self.county.do("signin.find", text="陈委员01", until=again), 5)
        with self.step("2", "leaving early: one tap, and the time attended is known") as step:
            step.took(self.county.do("signin.leave", text="黄委员02", until="signin.left == 1"), 5)
        self.county.do("signin.search", text="", until=f"signin.hits == {MEMBERS}")
        self.county.do("signin.enter", count=4, until=f"signin.present == {self.signed + 4}")
        self.signed += 4

    def _sign(self, text: str) -> float:
        self.signed += 1
        return self.county.do("signin.find", text=text, until=f"signin.present == {self.signed}", within=WAIT)

    def _join(self, crowd: Crowd) -> None:
        with self.step("3", "the room is in, its microphone locked with the reason beside it") as step:
            opened = ["meeting.phase == open", f"meeting.chair == {PROVINCE.unit_path}"]
            self.province.do("home.join", meeting=self.meeting, until=opened, within=WAIT)
            crowd.begin(1)
            listening = ["lecture.listening == true", "lecture.mic == locked", "meeting.large_moves == true"]
            took = self.county.do("home.join", meeting=self.meeting, until=listening, within=WAIT)
            crowd.came_in(WAIT)
            step.took(took, 3)

    def _slides(self) -> None:
        slides = write_slides(self.hall.folder / "slides.pdf", PAGES)
        with self.step("3", "slides placed ahead are in the county") as step:
            self.province.do("slides.place", path=str(slides), until="slides.here == 1", within=WAIT)
            placed = self.province.began_at
            self.county.do(until="slides.here == 1", within=90)
            step.took(self.county.came_at - placed)
            self.county.begin(until="slides.shown == 1", within=WAIT)
            self.province.do("slides.present", until="slides.page == 1", within=WAIT)
            self.county.finish(WAIT)
        with self.step("3", "slides lag the speaker, the slowest page") as step:
            slowest = 0.0
            for page in range(2, PAGES + 1):
                self.county.begin(until=f"slides.shown == {page}", within=WAIT)
                self.province.do("slides.turn", step=1, until=f"slides.page == {page}", within=WAIT)
                self.county.finish(WAIT)
                slowest = max(slowest, self.county.came_at - self.province.began_at)
            step.took(slowest, 2)

    def _question(self) -> None:
        with self.step("4", "the clerk queues a member with name and sector: in the lecturer's queue") as step:
            self.county.do("meeting.load_people", until="meeting.people >= 1")
            self.province.begin(until="meeting.queue == 1", within=WAIT)
            self.county.do("lecture.ask", name="陈委员01", text=QUESTION, until="lecture.questions has waiting")
            self.province.finish(WAIT)
            step.took(self.province.came_at - self.county.began_at, 1)
        with self.step("4", "granted: the room's microphone opens and the caption shows that person") as step:
            self.county.begin(until="lecture.mic == open", within=WAIT)
            captioned = [f'room.caption has "{part}"' for part in ("陈委员01", COUNTY.name, "经济界")]
            self.province.do("meeting.grant_first", until=captioned, within=WAIT)
            self.county.finish(WAIT)
            step.took(max(self.province.came_at, self.county.came_at) - self.province.began_at, 1)
        self.province.do("meeting.release", until='meeting.speaking == ""')
        with self.step("4", "the turn over: locked again") as step:
            step.took(self.county.do(until="lecture.mic == locked", within=WAIT), 1)

    def _afterwards(self, crowd: Crowd) -> None:
        with self.step("5", "one duty event per member who came") as step:
            self.county.begin(until="meeting.in == false", within=WAIT)
            self.province.do("meeting.end", until="meeting.in == false", within=WAIT)
            ended = self.province.began_at
            self.county.finish(WAIT)
            done = [f"records.duties == {self.signed}", "app.pending == 0"]
            self.county.do(until=done, within=90)
            step.took(self.county.came_at - ended, 60)
            self.province.do(until=f"records.sign_ins == {self.signed}", within=WAIT)
            step.also_equal("signatures at the province and duty events", self.signed, self._count())
        crowd.saw(lambda site: site.state.phase.value == "ended", WAIT, "the end")

    def _count(self) -> int:
        counts = {self.ask(self.province, "records.sign_ins"), self.ask(self.county, "records.duties")}
        return int(counts.pop()) if len(counts) == 1 else -1
