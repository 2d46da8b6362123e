"""The meeting, the lecture, the roll call and the minutes in the real window over a real store, in their states.

What a center would say is said by hand; the pictures are drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from drawn import BL, GD, HD, HZ, NINE, WALLS, DrawnPage, DrawnSource, FakeLive, busy_state, request
from office_stage import TITLE
from scenes_readiness import people_sign_in

from desktop_app.domain.faults import HostFault, OperatorError
from desktop_app.domain.ids import MeetingId, UnitPath
from desktop_app.domain.meetings import MeetingMode
from media.content.screens import Shareable
from media.engine.content import content_of
from media.engine.trouble import Trouble
from media.meeting.health import Health
from media.meeting.model import FloorStatus, MeetingPhase, MeetingState
from media.meeting.roll_call import RollAnswer, RollCall, RollManner, RollPhase, RollStatus
from media.meeting.stage import SCREEN, Layout, Slide
from ui.meeting.roster_panel import RosterPanel
from ui.models.pages import Page

SITES = {HD: "惠东县政协", HZ: "惠州市政协", BL: "博罗县政协", **NINE}
LC = UnitPath("100000/440000/441600/441622/")
XN = UnitPath("100000/440000/441400/441481/")
DARK = sorted(NINE)[3]
SPEECH = "建议由省级统筹，把县域医共体内人员“县管乡用”的编制周转池固定下来。"


def enter(scene: Any, chair: UnitPath = HD, speaker: UnitPath = XN, *, dark: bool = False) -> MeetingState:
    """Sit in a running meeting of twelve; its state."""
    terminal = scene.terminal
    live = FakeLive(None, terminal.clock)
    for place, path in enumerate(SITES):
        if not dark and path != LC:
            source = DrawnSource(2 + place % 4, WALLS[place % 9], terminal.clock.monotonic)
            live.sources[path if path != HD else "local"] = source

    def open_live(_meeting: MeetingId, listener: Any) -> FakeLive:
        live.listener = listener
        return live

    terminal.services.open_live = open_live
    first = people_sign_in(scene)
    terminal.clock.move(1)
    scene.furnish()
    scene.tell("online")
    scene.work.home.join(first)
    meeting = scene.work.meeting
    meeting.take_link(True)
    meeting.take_media(True)
    now = terminal.clock.now()
    base = busy_state(SITES, chair, speaker, LC)
    sites = {path: replace(one, since=now - timedelta(minutes=12)) for path, one in base.sites.items()}
    agenda = tuple(
        replace(one, started_at=now - timedelta(minutes=9) if one.started_at else None) for one in base.agenda
    )
    floor = tuple(
        replace(
            turn,
            requested_at=now - timedelta(minutes=2),
            granted_at=now - timedelta(seconds=258) if turn.granted_at else None,
        )
        for turn in base.floor
    )
    return replace(
        base, meeting_id=MeetingId(first), title=TITLE, sites=sites, agenda=agenda, floor=floor, opened_at=now
    )


def _show(scene: Any, state: MeetingState) -> None:
    scene.work.meeting.take_state(state, None)


def _meeting(scene: Any) -> None:
    _show(scene, enter(scene))


def _meeting_empty(scene: Any) -> None:
    state = enter(scene, dark=True)
    alone = {HD: state.sites[HD]}
    _show(scene, replace(state, sites=alone, floor=(), agenda=(), agenda_at=0))


def _meeting_waiting(scene: Any) -> None:
    """Before the host has opened."""
    state = enter(scene, chair=GD, dark=True)
    _show(scene, replace(state, phase=MeetingPhase.SCHEDULED, sites={}, floor=(), chair=None, agenda_at=0))


def _meeting_limited(scene: Any) -> None:
    """One site floods and is limited, another one has neither sound nor picture."""
    state = enter(scene)
    live = scene.work.meeting._live
    del live.sources[DARK]
    _show(scene, state)
    live.healths = {
        BL: Health(delay_ms=38, fps=24, kbps=1240, jitter_ms=4, trouble=Trouble.FLOOD),
        DARK: Health(trouble=Trouble.ABSENT),
    }
    scene.work.meeting.tick()
    panel = scene.window.findChild(RosterPanel)
    panel.select(BL)
    panel.selected.emit(BL)


def _meeting_limited_own(scene: Any) -> None:
    """This room, which does not conduct, is limited itself: the longest sentence of that."""
    _show(scene, enter(scene, chair=GD))
    live = scene.work.meeting._live
    live.healths = {}
    scene.work.meeting.tick()
    live.healths = {HD: Health(trouble=Trouble.KEYFRAMES)}
    scene.work.meeting.tick()


def _sharing(scene: Any) -> None:
    """This room, which holds the chair, shows everybody a window."""
    state = enter(scene)
    scene.work.share.what = Shareable("履职报告 2026.xlsx", 7)
    now = scene.terminal.clock.now()
    shown = Slide(SCREEN, 1, 1, "履职报告 2026.xlsx", HD, now)
    _show(scene, replace(state, slide=shown, layout=Layout.CONTENT))


def _shared(scene: Any) -> None:
    """Another room does."""
    state = enter(scene)
    now = scene.terminal.clock.now()
    scene.work.meeting._live.sources[content_of(XN)] = DrawnPage(scene.terminal.clock.monotonic)
    shown = Slide(SCREEN, 1, 1, "县域医共体编制台账", XN, now)
    _show(scene, replace(state, slide=shown, layout=Layout.CONTENT))


def _cut(scene: Any) -> None:
    scene.work.meeting.take_link(False)
    scene.work.meeting.take_media(False)
    scene.tell("offline", pending=3)
    scene.terminal.clock.move(40)
    scene.work.meeting.tick()


def _meeting_offline(scene: Any) -> None:
    _show(scene, enter(scene))
    _cut(scene)


def _meeting_refused(scene: Any) -> None:
    _show(scene, enter(scene, chair=GD))
    scene.work.meeting.take_fault(HostFault("microphone-missing"))


def _lesson(scene: Any, speaker: UnitPath = XN) -> MeetingState:
    state = enter(scene, chair=GD, speaker=speaker)
    title = "国是学堂第 25 期：数字化助力县域发展"
    return replace(state, mode=MeetingMode.LECTURE, title=title, host=GD, chair=GD, floor=())


def _lecture(scene: Any) -> None:
    state = _lesson(scene)
    asked = tuple(
        replace(request(number, HD, f"委员{number:02}", status), requested_at=scene.terminal.clock.now())
        for number, status in ((7, FloorStatus.RELEASED), (11, FloorStatus.ACCEPTED))
    )
    _show(scene, replace(state, floor=asked))


def _lecture_empty(scene: Any) -> None:
    state = _lesson(scene)
    _show(scene, replace(state, sites={HD: state.sites[HD]}, chair=None))


def _lecture_offline(scene: Any) -> None:
    _show(scene, _lesson(scene))
    _cut(scene)


def _lecture_error(scene: Any) -> None:
    _show(scene, _lesson(scene))
    scene.work.meeting.take_fault(HostFault("speaker-missing"))


def _rolled(scene: Any, done: int, **more: Any) -> None:
    state = enter(scene)
    now = scene.terminal.clock.now()
    paths = tuple(sorted(path for path in SITES if path != HD))
    answers = tuple(
        RollAnswer(path, RollStatus.OFFLINE if path == LC else RollStatus.ANSWERED, now, recorded_by=HD)
        for path in paths[:done]
    )
    values: dict[str, Any] = {"opened_at": now - timedelta(minutes=1), "opened_by": HD, **more}
    if done < len(paths) and values.get("phase") is None:
        values |= {"calling": paths[done], "called": paths[: done + 1]}
    roll = RollCall(1, RollManner.VOICE, paths, answers=answers, **{k: v for k, v in values.items() if v is not None})
    _show(scene, replace(state, floor=(), roll_calls=(roll,)))
    scene.terminal.app.go(Page.ROLL_CALL)


def _roll(scene: Any) -> None:
    _rolled(scene, 5)


def _roll_finished(scene: Any) -> None:
    _rolled(scene, 11, phase=RollPhase.CLOSED, closed_at=scene.terminal.clock.now())


def _roll_empty(scene: Any) -> None:
    _show(scene, replace(enter(scene), floor=()))
    scene.terminal.app.go(Page.ROLL_CALL)


def _roll_offline(scene: Any) -> None:
    _rolled(scene, 5)
    _cut(scene)


def _roll_error(scene: Any) -> None:
    _rolled(scene, 5)
    scene.work.roll_call._fail(OperatorError("roll-call-none"))


def _minutes(scene: Any, state: str = "online") -> None:
    first = people_sign_in(scene)
    scene.furnish()
    scene.tell("online")
    scene.work.open_minutes(first)
    minutes = scene.work.minutes
    minutes.add_block("p0", "主持人", HD, text="请各会场围绕议题发言。")
    block = minutes.add_block("p3", "委员03", HD)
    minutes.type(block, SPEECH + "山区群众到县医院平均要一个多小时，建议支持县级医院开展固定路线的巡回诊疗。")
    minutes.mark_opinion(block, SPEECH)
    minutes.save_now()
    if state != "online":
        scene.tell(state, pending=4)


def _minutes_offline(scene: Any) -> None:
    _minutes(scene, "offline")


def _minutes_empty(scene: Any) -> None:
    scene.furnish()
    scene.tell("online")
    scene.terminal.app.go(Page.MINUTES)


def _minutes_unsaved(scene: Any) -> None:
    """The disk took no more."""
    _minutes(scene)
    keeper = scene.work.minutes._keeper
    keeper.fault = HostFault("disk-full")
    scene.work.minutes.changed.emit()


def _signin_offline(scene: Any) -> None:
    first = people_sign_in(scene)
    scene.furnish()
    scene.tell("offline", pending=17)
    scene.work.open_sign_in(first)


def _signin_empty(scene: Any) -> None:
    first = scene.terminal.day()
    scene.furnish()
    scene.tell("online")
    scene.work.open_sign_in(first)


def _signin_error(scene: Any) -> None:
    _signin_empty(scene)
    path = scene.terminal.services.folder / "roster.csv"
    path.write_text("委员证号,姓名,界别\n441323-15-0001,,农业界\n441323-15-0002,李委员02,\n", "utf-8")
    scene.work.signin.import_roster(path)


def _home_offline(scene: Any) -> None:
    scene.terminal.day()
    scene.furnish()
    scene.tell("offline", pending=3)


SESSION_SCENES: dict[str, Callable[[Any], None]] = {
    "home-offline": _home_offline,
    "meeting-busy": _meeting,
    "meeting-limited": _meeting_limited,
    "meeting-limited-own": _meeting_limited_own,
    "meeting-sharing": _sharing,
    "meeting-shared-screen": _shared,
    "meeting-empty": _meeting_empty,
    "meeting-waiting": _meeting_waiting,
    "meeting-offline": _meeting_offline,
    "meeting-error": _meeting_refused,
    "lecture-busy": _lecture,
    "lecture-empty": _lecture_empty,
    "lecture-offline": _lecture_offline,
    "lecture-error": _lecture_error,
    "roll-busy": _roll,
    "roll-finished": _roll_finished,
    "roll-empty": _roll_empty,
    "roll-offline": _roll_offline,
    "roll-error": _roll_error,
    "minutes-busy": _minutes,
    "minutes-offline": _minutes_offline,
    "minutes-empty": _minutes_empty,
    "minutes-error": _minutes_unsaved,
    "signin-offline": _signin_offline,
    "signin-empty": _signin_empty,
    "signin-error": _signin_error,
}
