"""A window with nothing but a meeting in it, and the records of a county's members."""

from datetime import timedelta
from typing import Any

from drawn import (
    HD,
    NAMES,
    NINE,
    NOW,
    WALLS,
    DrawnSource,
    FakeLive,
    FakeRecords,
    HeldClock,
    services_with,
)
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop_app.domain.clock import stamp
from desktop_app.domain.ids import MeetingId, UnitPath
from media.meeting.model import MeetingState
from ui.i18n import language
from ui.meeting.meeting_view import MeetingView
from ui.models.app_model import AppModel, Look
from ui.models.meeting_model import MeetingModel
from ui.services import Services
from ui.shell.session_bar import SessionBar

TITLE = "提升县域医疗服务能力远程协商会"


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
    window._kept = (model, parts, app, view)  # type: ignore[attr-defined]  # lives as long as the window
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
