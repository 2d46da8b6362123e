"""Renders the meeting's screens in their states, to be looked at: `python tests/ui/screenshots_meeting.py OUT`."""

import os
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

sys.path.insert(0, str(Path(__file__).parent))

from drawn import (
    BL,
    GD,
    HD,
    HZ,
    NAMES,
    NINE,
    NOW,
    WALLS,
    DrawnSource,
    FakeLive,
    FakeRecords,
    HeldClock,
    busy_state,
    services_with,
)

from desktop_app.domain.clock import stamp
from desktop_app.domain.ids import MeetingId, UnitPath
from media.meeting.model import MeetingState
from sync.documents.live import Colleague
from sync.meetings.desk import SignInResult
from sync.meetings.roster import RosterFault, RowFault
from ui.i18n import language, set_language
from ui.meeting.meeting_view import MeetingView
from ui.meeting.signin_view import SignInView
from ui.models.app_model import AppModel, Look
from ui.models.meeting_model import MeetingModel
from ui.models.minutes_model import MinutesModel
from ui.models.signin_model import SignInModel
from ui.records.minutes_view import MinutesView
from ui.services import Services
from ui.shell.session_bar import SessionBar
from ui.theme import Scheme, start_theme

TITLE = "提升县域医疗服务能力远程协商会"
SIZES = ((1366, 768), (1440, 900))


def services(own: UnitPath, name: str, clock: HeldClock, live: dict[str, Any]) -> Services:
    """The parts a view model asks for, with a drawn meeting behind `open_live`."""

    def open_live(_meeting: MeetingId, listener: Any) -> Any:
        live["it"].listener = listener
        return live["it"]

    records = FakeRecords({"unit": [{"pk": p, "unit_path": p, "name": n, "initials": ""} for p, n in NINE.items()]})
    return services_with(records, clock, own, name, open_live)


def meeting_window(
    own: UnitPath, names: dict[UnitPath, str], state: MeetingState, size: tuple[int, int], **how: Any
) -> QWidget:
    """A window with the meeting in one state."""
    clock = HeldClock()
    live = FakeLive(None, clock)
    people = (3, 5, 5, 4, 4, 3, 4, 2, 3)
    for place, path in enumerate(names):
        if path not in how.get("dark", ()):
            live.sources[path if path != own else "local"] = DrawnSource(people[place], WALLS[place], clock.monotonic)
    parts = services(own, names[own], clock, {"it": live})
    model = MeetingModel(parts)
    window = QWidget()
    window.resize(*size)
    column = QVBoxLayout(window)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    app = AppModel(clock, Look(language=language()))
    app.services = parts
    column.addWidget(SessionBar(app, model, lambda: None))
    view = MeetingView(model)
    column.addWidget(view, 1)
    model.join(MeetingId("m"))
    model.take_link(True)
    model.take_state(state, None)
    if how.get("offline"):
        model.take_link(False)
        model.take_media(False)
    if how.get("select"):
        view.grid.select(how["select"])
    window.show()
    window._kept = (model, parts, app, view)  # type: ignore[attr-defined]
    return window


SECTORS = (
    "农业界",
    "经济界",
    "教育界",
    "医药卫生界",
    "工商联",
    "特邀人士",
    "社会科学界",
    "妇联",
    "文化艺术界",
    "科学技术界",
)


def roster_rows(count: int, signed: int) -> dict[str, list[dict[str, Any]]]:
    """Members, roster and signatures of 惠东县."""
    members, entries, signatures = [], [], []
    for n in range(1, count + 1):
        pk, name = f"p{n}", f"委员{n:02}"
        members.append(
            {
                "pk": pk, "unit_path": HD, "member_no": f"441323-15-{n:04}", "name": name, "pinyin": "wei yuan",
                "initials": f"wy{n:02}", "sector": SECTORS[n % len(SECTORS)], "post": "委员", "status": "active",
                "surname_strokes": 8,
            }
        )  # fmt: skip
        entries.append(
            {"pk": f"e{n}", "meeting": "m", "member": pk, "member_name": name, "site": HD, "capacity": "attend"}
        )
        if n % 5 and n <= signed:
            at = NOW - timedelta(minutes=60 - n)
            signatures.append(
                {
                    "pk": f"s{n}", "meeting": "m", "member": pk, "member_name": name, "site": HD, "method": "manual",
                    "status": "excused" if n % 7 == 0 else "present", "signed_at": stamp(at), "recorded_by": "op1",
                }
            )  # fmt: skip
    return {
        "member": members, "roster_entry": entries, "attendance": signatures,
        "meeting": [{"pk": "m", "title": TITLE, "planned_start": stamp(NOW), "actual_start": stamp(NOW)}],
        "operator": [{"pk": "op1", "name": "记录员01"}],
        "unit": [{"pk": p, "unit_path": p, "name": n, "initials": ""} for p, n in {**NINE, **NAMES}.items()],
    }  # fmt: skip


def signin_window(rows: dict[str, Any], size: tuple[int, int], text: str = "", state: str = "") -> QWidget:
    """The sign-in page in one state, beside a rail's width of nothing."""
    model = SignInModel(services_with(FakeRecords(rows), HeldClock(), HD, "惠东县政协"))
    model.open("m")
    view = SignInView(model)
    model.search(text)
    if state == "duplicate":
        model._acted(SignInResult("p2", "委员02", rows["attendance"][1]))
    if state == "faults":
        model._import_failed(
            RosterFault(
                [
                    RowFault(4, "row-number-duplicate", {"number": "441323-15-0002", "first": 3}),
                    RowFault(9, "row-name-missing"),
                    RowFault(17, "row-unit-unknown", {"code": "441399"}),
                ]
            )
        )
    return in_shell(view, model, size)


def minutes_window(size: tuple[int, int], state: str = "") -> QWidget:
    """The minutes in one state."""
    rows = roster_rows(3, 0)
    if state != "none":
        rows["agenda_item"] = [
            {"pk": f"a{n}", "meeting": "m", "item_no": n, "title": title, "state": stage, "started_at": stamp(NOW)}
            for n, (title, stage) in enumerate(
                (
                    ("主持人说明议题", "done"),
                    ("市县会场发言", "current"),
                    ("省直部门回应", "planned"),
                    ("主持人小结", "planned"),
                ),
                1,
            )
        ]
    else:
        rows["meeting"] = []
    model = MinutesModel(services_with(FakeRecords(rows), HeldClock(), HD, "惠东县政协"))
    model.open("m" if state != "none" else "")
    if state == "":
        model.add_block("p0", "主持人", HD, agenda_item="a1", text="请各会场围绕议题发言。")
        first = model.add_block("p3", "委员03", HD, agenda_item="a2")
        model.type(
            first, "我们走访了 6 个乡镇卫生院，主要困难是留不住人。近三年新招的医生中，约三分之一在服务期满后离开。"
        )
        model.type(first, "建议由省级统筹，把县域医共体内人员“县管乡用”的编制周转池固定下来。")
        model.mark_opinion(first, "建议由省级统筹，把县域医共体内人员“县管乡用”的编制周转池固定下来。")
        model.confirm_opinion(model.noted[0]["pk"])
        second = model.add_block("p5", "委员05", BL, agenda_item="a2")
        model.type(
            second,
            "山区群众到县医院平均要一个多小时。建议支持县级医院开展固定路线的巡回诊疗，车辆和药品由市级统一保障。",
        )
        model.mark_opinion(second, "建议支持县级医院开展固定路线的巡回诊疗，车辆和药品由市级统一保障。")
        third = model.add_block("p8", "委员08", HZ, agenda_item="a2")
        model.type(third, "补充一点：村医的养老保障衔接问题反映比较集中，建议明确过渡期办法")
        model.save_now()
        rows["text_conflict"] = [
            {"pk": "k", "meeting": "m", "minutes": model.minutes, "block": second, "state": "open"}
        ]
        model._take_people_here(
            model.minutes,
            (
                Colleague("a", "", "记录员02", HD, first, 18),
                Colleague("b", "", "记录员03", HD, second, 30, lost=True),
            ),
        )
        view = MinutesView(model)
        model.people_here_changed.emit()
        return in_shell(view, model, size)
    return in_shell(MinutesView(model), model, size)


def in_shell(view: QWidget, kept: Any, size: tuple[int, int]) -> QWidget:
    """Below a top bar and beside a rail of the usual sizes, both left empty."""
    window = QWidget()
    window.resize(*size)
    grid = QVBoxLayout(window)
    grid.setContentsMargins(80, 56, 0, 0)
    grid.addWidget(view)
    window.show()
    window._kept = (view, kept)  # type: ignore[attr-defined]
    return window


def main() -> None:
    out = Path(sys.argv[1] if len(sys.argv) > 1 else "screenshots")
    only = sys.argv[2] if len(sys.argv) > 2 else ""
    out.mkdir(parents=True, exist_ok=True)
    app = QApplication([])
    xn = UnitPath("100000/440000/441400/441481/")
    lc = UnitPath("100000/440000/441600/441622/")
    wh = UnitPath("100000/440000/441400/441424/")
    shots = {
        "busy9-chair": lambda size: meeting_window(
            GD, NINE, busy_state(NINE, GD, xn, lc), size, dark=(lc, wh), select=xn
        ),
        "busy4-chair": lambda size: meeting_window(HD, NAMES, busy_state(NAMES, HD, BL, None), size),
        "busy4-branch": lambda size: meeting_window(BL, NAMES, busy_state(NAMES, HD, HZ, None), size),
        "offline4": lambda size: meeting_window(
            HD, NAMES, busy_state(NAMES, HD, BL, None), size, offline=True, dark=(GD, HZ, BL)
        ),
        "empty": lambda size: meeting_window(HD, NAMES, MeetingState(MeetingId("m")), size, dark=tuple(NAMES)),
        "signin-busy": lambda size: signin_window(roster_rows(42, 30), size, "wy1"),
        "signin-duplicate": lambda size: signin_window(roster_rows(42, 30), size, "", "duplicate"),
        "signin-none": lambda size: signin_window(roster_rows(42, 30), size, "zhx"),
        "signin-faults": lambda size: signin_window(roster_rows(42, 30), size, "", "faults"),
        "signin-empty": lambda size: signin_window({**roster_rows(3, 0), "roster_entry": []}, size),
        "minutes-busy": lambda size: minutes_window(size),
        "minutes-empty": lambda size: minutes_window(size, "empty"),
        "minutes-none": lambda size: minutes_window(size, "none"),
    }
    for scheme in (Scheme.LIGHT, Scheme.DARK):
        for lang in ("zh_CN", "en"):
            start_theme(app, scheme)
            set_language(lang)
            for name, make in shots.items():
                for size in SIZES:
                    title = f"{name}-{size[0]}-{lang}-{scheme.value}"
                    if only not in title:
                        continue
                    window = make(size)
                    for _ in range(12):
                        app.processEvents()

                        time.sleep(0.02)
                    window.grab().save(str(out / f"{title}.png"))
                    window.close()
                    window.deleteLater()


if __name__ == "__main__":
    main()
