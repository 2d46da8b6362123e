"""The scenes of signing in, readiness, schedule and reports, for the pictures and the geometry test."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from drawn import HD
from office_stage import BL, GD, HZ

from desktop_app.domain.clock import stamp, unix_ms
from desktop_app.domain.ids import UnitPath, uuid7
from desktop_app.domain.meetings import MeetingKind
from sync.log.write import Write
from sync.meetings.desk import SignInDesk
from sync.meetings.lines import LineMinute, write_minute
from ui.models.pages import Page
from ui.services import DeviceKind, DoorView

UNITS: dict[str, UnitPath] = {}
"""Scenes at another terminal than 惠东县's."""


class ShownDoor:
    """A door that is always at one address."""

    def __init__(self) -> None:
        self.open_now = False

    def open(self, _meeting: str, _title: str, _place: str) -> DoorView:
        self.open_now = True
        return self.shown

    def view(self) -> DoorView | None:
        return self.shown if self.open_now else None

    def close(self) -> None:
        self.open_now = False

    shown = DoorView("http://192.168.10.21:8460/s/Qm3vT9kLx2Pw7aZc", 24)


class ShownCards:
    """A camera before which nobody holds a card."""

    def start(self, _read: Any, _failed: Any) -> None: ...

    def stop(self) -> None: ...


def people_sign_in(scene: Any, count: int = 17) -> str:
    """A meeting that has begun, with members here, late, gone and on leave."""
    terminal = scene.terminal
    meeting: str = terminal.day()
    desk = SignInDesk(terminal.store, meeting, HD, terminal.clock)
    path = Path(terminal.services.folder) / "roster.csv"
    sectors = ("农业界", "经济界", "教育界", "医药卫生界", "工商联", "特邀人士")
    lines = [f"441323-15-{n:04},委员{n:02},{sectors[n % 6]}" for n in range(1, 25)]
    path.write_text("\n".join(["委员证号,姓名,界别", *lines]), encoding="utf-8")
    from sync.meetings.roster_import import import_roster

    import_roster(terminal.store, path, unit_path=HD, meeting=meeting)
    start = terminal.clock.now() + timedelta(minutes=12)
    terminal.store.write(Write("meeting", meeting, {"actual_start": stamp(start), "state": "open"}, meeting))
    members = sorted(terminal.store.list("member"), key=lambda row: str(row["member_no"]))
    for number, row in enumerate(members[:count]):
        terminal.clock.move(75)
        if number in (4, 11):
            desk.excuse(row["pk"], "official")
        else:
            desk.sign_in(row["pk"], "qr" if number % 3 else "manual")
    terminal.clock.move(26 * 60)
    desk.leave(members[2]["pk"])
    return meeting


def whole_province(scene: Any, meeting: str) -> None:
    """What other rooms have signed, as the pull would bring it."""
    terminal = scene.terminal
    writes = []
    for place, (site, expected) in enumerate(((HZ, 14), (BL, 12), (GD, 9))):
        for number in range(expected):
            member = f"m-{place}-{number}"
            fields = {"meeting": meeting, "member": member, "member_name": f"委员{number}", "site": site}
            writes.append(Write("roster_entry", f"r-{member}", {**fields, "capacity": "attend"}, meeting))
            if number % 5:
                signed = {**fields, "status": "present", "method": "qr", "signed_at": stamp(terminal.clock.now())}
                writes.append(Write("sign_in", uuid7(unix_ms(terminal.clock.now())), signed, meeting))
    terminal.store.write(*writes)


def _signin(scene: Any, *, door: bool = True) -> None:
    scene.terminal.services.door, scene.terminal.services.cards = ShownDoor(), ShownCards()
    meeting = people_sign_in(scene)
    scene.furnish()
    scene.tell("online")
    scene.work.open_sign_in(meeting)
    if door:
        scene.work.signin.open_door()


def _signin_closed(scene: Any) -> None:
    _signin(scene, door=False)
    scene.work.signin.door.scan(True)
    scene.tell("offline", pending=21)
    scene.work.signin.sign_in(scene.work.signin.attendees[0].member)


def _signin_whole(scene: Any) -> None:
    meeting = people_sign_in(scene)
    whole_province(scene, meeting)
    scene.furnish()
    scene.tell("online")
    scene.work.open_sign_in(meeting)
    from ui.meeting.signin_view import SignInView

    scene.window.findChild(SignInView).show_scope(whole=True)


def _signin_room(scene: Any) -> None:
    from ui.meeting.qr_window import QrWindow

    _signin(scene)
    scene.kept_window = window = QrWindow(scene.work.signin)
    window.resize(1920, 1080)
    window.show()


def _home_test_due(scene: Any) -> None:
    scene.terminal.devices.reports = scene.terminal.devices.reports[:3]
    from office_stage import FINE

    scene.terminal.devices.reports = FINE
    scene.terminal.day()
    scene.furnish()
    scene.tell("online")


def _home_testing(scene: Any) -> None:
    from dataclasses import replace

    _home_test_due(scene)
    devices = scene.work.home.devices
    waiting = frozenset({DeviceKind.NETWORK, DeviceKind.STORAGE, DeviceKind.CLOCK})
    devices.verdict = replace(devices.verdict, running=True, waiting=waiting)
    devices.changed.emit()


def province(scene: Any, *, good: bool = False) -> str:
    """A provincial terminal, the evening before a lecture of 120 sites."""
    from random import Random

    from desktop_app.domain.ids import derived_id
    from sync.reference.units import units

    terminal, store = scene.terminal, scene.terminal.store
    meeting: str = terminal.day()
    paths = [unit.unit_path for unit in units().values() if unit.level > 1]
    store.write(Write("meeting", meeting, {"convener_unit": GD, "invited": paths[1:]}, meeting))
    chance = Random(7)
    worst = ("microphone", "camera", "network", "speaker")
    writes = []
    for number, path in enumerate(paths):
        lot = 0.5 if good else chance.random()
        if lot > 0.03:
            operator = {"unit_path": path, "name": f"操作员{number}", "roles": ["clerk"], "is_active": True}
            writes.append(Write("operator", derived_id("op", path), operator))
        if lot < 0.06:
            continue
        state = "failed" if lot < 0.10 else "advice" if lot < 0.16 else "ok"
        kind = worst[number % 4]
        fault = {"microphone": "microphone-missing", "camera": "camera-dark", "speaker": "tone-unheard"}.get(kind, "")
        check = {"kind": kind, "state": state, "detail": "", "fault": fault}
        minutes = 70 if 0.16 < lot < 0.20 else 6 + number % 20
        fields = {
            "unit_path": path,
            "at": stamp(terminal.clock.now() - timedelta(minutes=minutes)),
            "state": state,
            "checks": [json.dumps(check)] if state != "ok" else [],
            "up_kbps": 8_400,
            "down_kbps": 21_000,
            "delay_ms": 14,
            "person_name": f"操作员{number}",
        }
        writes.append(Write("self_test", derived_id("test", path), fields))
        phone = {"unit_path": path, "name": f"联络员{number:03}", "phone": f"0752-88{number:05}"}
        writes.append(Write("site_contact", path.rstrip("/").rpartition("/")[2], phone))
    store.write(*writes)
    return meeting


def _ready(scene: Any) -> None:
    province(scene)
    scene.furnish()
    scene.tell("online")
    scene.terminal.app.go(Page.READY)


def _ready_problems(scene: Any) -> None:
    from ui.models.readiness_model import Shown

    _ready(scene)
    scene.work.readiness.show(Shown.PROBLEMS)
    scene.tell("offline")


def _ready_empty(scene: Any) -> None:
    scene.furnish()
    scene.tell("online")
    scene.terminal.app.go(Page.READY)


def _ready_history(scene: Any) -> None:
    from ui.shell.readiness_page import ReadinessPage

    _ready(scene)
    scene.window.findChild(ReadinessPage).open_history()


def _ready_contact(scene: Any) -> None:
    from ui.shell.readiness_page import ReadinessPage

    _ready(scene)
    scene.window.findChild(ReadinessPage).edit_contact()


def _schedule_change(scene: Any) -> None:
    """Our own meeting, changed into the hours of another one."""
    terminal = scene.terminal
    terminal.day()
    start = timedelta(minutes=14)
    meeting = terminal.meeting("县域医疗对口协商会", MeetingKind.COUNTERPART_CONSULT, start, 1.5)
    scene.furnish()
    scene.tell("online")
    scene.work.schedule._soon.setInterval(0)
    card = next(card for card in scene.work.home.every if card.meeting == meeting)
    scene.window.acts.change(card)


def _meetings_busy(scene: Any) -> None:
    terminal = scene.terminal
    terminal.day()
    terminal.meeting("县域医疗对口协商会", MeetingKind.COUNTERPART_CONSULT, timedelta(minutes=14), 1.5)
    terminal.meeting("已取消的座谈会", MeetingKind.MEMBER_ROOM, timedelta(days=1), state="cancelled")
    scene.furnish()
    scene.tell("online")
    scene.terminal.app.go(Page.MEETING)


def _meetings_cancel(scene: Any) -> None:
    _meetings_busy(scene)
    scene.window.acts.cancel(next(card for card in scene.work.home.every if card.ours and not card.over))


INDEX = (
    '["a1", "主持人介绍主讲人和题目", 0]',
    '["a2", "主讲：县域医疗服务能力怎样提升", 750000]',
    '["a3", "委员提问和主讲人答疑", 3905000]',
)
"""Of a recording, as the center writes it."""


def a_lecture_that_is_over(scene: Any) -> str:
    """With late members, an outage, speeches, a roll call and duty events."""
    meeting = people_sign_in(scene, 21)
    store, clock = scene.terminal.store, scene.terminal.clock
    whole_province(scene, meeting)
    now = clock.now()

    def at(minutes: float) -> str:
        return stamp(now + timedelta(minutes=minutes))

    writes = [Write("meeting", meeting, {"state": "ended", "actual_end": at(80)}, meeting)]
    for place, (site, name) in enumerate(((GD, "广东省政协"), (HZ, "惠州市政协"), (HD, "惠东县政协"))):
        stay = {"meeting": meeting, "site": site, "site_name": name, "joined_at": at(-40), "left_at": at(80)}
        writes.append(Write("site_stay", f"stay-{place}", {**stay, "drops": int(site == HD)}, meeting))
        answer = {"meeting": meeting, "round_no": 1, "manner": "voice", "called_at": at(2), "site": site}
        writes.append(Write("roll_call_answer", f"roll-{place}", {**answer, "status": "answered"}, meeting))
    outage = {"meeting": meeting, "site": HD, "started_at": at(20), "ended_at": at(23.5), "seconds": 210}
    writes.append(Write("outage", "outage", outage, meeting))
    minutes = [
        write_minute(number, LineMinute(340 if number > 3 else 60, 70 if number > 3 else 4)) for number in range(7)
    ]
    line = {"meeting": meeting, "site": HD, "started_at": at(18), "minutes": minutes, "limited": ["2 flood", "3 flood"]}
    line["concealed"] = ["4 21", "5 8"]
    writes.append(Write("line_history", "line", line, meeting))
    film = {"meeting": meeting, "started_at": at(1), "retention": "D10", "agenda": list(INDEX)}
    for site, told in (
        (HD, {"state": "kept", "seconds": 4732, "bytes": 84_300_000}),
        (HZ, {"state": "making", "progress": 62}),
    ):
        writes.append(Write("recording", f"film-{site}", {**film, "site": site, **told}, meeting))
    file = {"owner_kind": "recording", "owner_id": f"film-{HD}", "file_name": "2026-11-22 惠东县政协.webm"}
    file |= {"mime": "video/webm", "bytes": 84_300_000, "sha256": "ab" * 32, "meeting": meeting}
    writes.append(Write("attachment", "film-file", file, meeting))
    for number, row in enumerate(store.list("member")[:14]):
        if number < 3:
            turn = {"started_at": at(30 + 6 * number), "ended_at": at(34 + 6 * number), "seconds": 240}
            said = {"meeting": meeting, "speech_no": number + 1, "member_name": row["name"], "site": HD, **turn}
            writes.append(Write("speech", f"speech-{number}", {**said, "over_sec": 0 if number else 34}, meeting))
        duty = {"meeting": meeting, "member": row["pk"], "member_name": row["name"], "unit_path": HD}
        duty |= {"member_no": row["member_no"], "role": "speech" if number < 3 else "attend"}
        writes.append(
            Write("duty_event", f"d{number}", {**duty, "attended_min": 96, "attended_permille": 960}, meeting)
        )
    store.write(*writes)
    return meeting


def _report(scene: Any, part: str = "sites") -> None:
    from ui.shell.report_dialog import ReportDialog

    meeting = a_lecture_that_is_over(scene)
    scene.furnish()
    scene.tell("online")
    scene.terminal.app.go(Page.MEETING)
    scene.window.acts.report(next(card for card in scene.work.home.every if card.meeting == meeting))
    scene.window.findChild(ReportDialog).show_part(part)


def _report_duties(scene: Any) -> None:
    _report(scene, "duties")


def _report_lines(scene: Any) -> None:
    _report(scene, "lines")


def _report_films(scene: Any) -> None:
    from ui.shell.report_dialog import ReportDialog

    _report(scene, "films")
    scene.window.findChild(ReportDialog).table.selectRow(0)


SCENES: dict[str, Callable[[Any], None]] = {
    "signin": _signin,
    "signin-closed": _signin_closed,
    "signin-whole": _signin_whole,
    "signin-room": _signin_room,
    "home-test-due": _home_test_due,
    "home-testing": _home_testing,
    "ready": _ready,
    "ready-problems": _ready_problems,
    "ready-empty": _ready_empty,
    "ready-history": _ready_history,
    "ready-contact": _ready_contact,
    "schedule-change": _schedule_change,
    "meetings-busy": _meetings_busy,
    "meetings-cancel": _meetings_cancel,
    "report": _report,
    "report-duties": _report_duties,
    "report-lines": _report_lines,
    "report-films": _report_films,
}
UNITS |= {name: GD for name in SCENES if name.startswith("ready")}
