"""A meeting in the states that its screens are drawn and tested in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from drawn import GD, NINE, NOW, busy_state, request, site

from desktop_app.domain.ids import MeetingId, UnitPath
from desktop_app.domain.meetings import MeetingMode
from media.meeting.inquiry import Inquiry, InquiryAnswer, Stance
from media.meeting.model import FloorPurpose, FloorRequest, FloorStatus, MeetingPhase, MeetingState
from media.meeting.roll_call import RollAnswer, RollCall, RollManner, RollPhase, RollStatus
from media.meeting.stage import Budget, Caption, Layout, Message, Slide
from sync.reference.units import units

XN = UnitPath("100000/440000/441400/441481/")
LC = UnitPath("100000/440000/441600/441622/")
TITLE = "提升县域医疗服务能力远程协商会"
LATE = "late"
EVERY = {unit.unit_path: unit.name for unit in units().values()}
PROVINCE = {path: name for path, name in EVERY.items() if path.startswith(GD) or path == "100000/"}
DEAD = (UnitPath("100000/440000/441600/441624/"), LC, UnitPath("100000/440000/441500/441523/"))
BUSY = busy_state(NINE, GD, XN, LC)
LOBBY = replace(
    BUSY, locked=True, lobby={LC: site(LC, "龙川县政协")}, sites={p: s for p, s in BUSY.sites.items() if p != LC}
)
SAID = (
    Message("1", XN, None, "听不清主会场的声音", NOW - timedelta(minutes=3)),
    Message("2", GD, XN, "请检查音量，或换用备用话筒", NOW - timedelta(minutes=2)),
)
FULL = replace(
    BUSY,
    recording_since=NOW - timedelta(minutes=42),
    messages=SAID,
    broadcast=XN,
    caption=Caption(GD, "省卫生健康委回应：编制周转池年底前出台", NOW),
    sites={path: replace(one, consent=True) for path, one in BUSY.sites.items()},
)
LONG = replace(
    BUSY,
    title="关于健全县域医共体人才共管机制、推动优质医疗资源下沉到基层的四级联动远程协商会",
    floor=(replace(BUSY.floor[0], member_name="阿卜杜热西提·麦合木提江"), *BUSY.floor[1:]),
)
BEFORE = MeetingState(MeetingId("m"), MeetingPhase.SCHEDULED, title=TITLE, host=GD, invited=tuple(NINE))
QUESTION = Inquiry(
    "q1",
    "是否同意先在惠东、博罗两县开展县域医共体编制周转池试点",
    tuple(sorted(path for path in NINE if path != GD)),
    NOW - timedelta(minutes=2),
    GD,
    answers=(
        InquiryAnswer(XN, Stance.AGREE, NOW),
        InquiryAnswer(sorted(NINE)[0], Stance.AGREE, NOW),
        InquiryAnswer(sorted(NINE)[4], Stance.OTHER, NOW, remark="建议先测算周转池的规模，再定试点县"),
        InquiryAnswer(sorted(NINE)[5], Stance.ABSTAIN, NOW),
    ),
)
ASKING = replace(BUSY, inquiries=(QUESTION,))
BUDGETED = replace(
    BUSY,
    budgets=(Budget(None, 3, 1200), Budget(None, 1, 600), Budget(XN, 0, 600)),
    floor=(BUSY.floor[0], replace(BUSY.floor[1], priority=9), *BUSY.floor[2:]),
)
QUESTIONED = replace(
    BUSY,
    mode=MeetingMode.LECTURE,
    floor=(
        replace(
            request(7, XN, "委员07", FloorStatus.ACCEPTED),
            purpose=FloorPurpose.QUESTION,
            place=1,
            sector="教育界",
            note="县一级数据人才不足，省里是否考虑建立市县共享的技术支持队伍？",
        ),
    ),
)
SLIDE = Slide("5" * 64, 2, 3, "县域数字化的三个着力点", GD, NOW)
LESSON = replace(BUSY, mode=MeetingMode.LECTURE, title="国是学堂第 25 期：数字化助力县域发展", floor=())


def question(number: int, status: FloorStatus, **more: Any) -> FloorRequest:
    """A question of a member of this room."""
    return request(number, XN, f"委员{number:02}", status, **more)


ASKED = replace(
    LESSON,
    floor=(
        question(2, FloorStatus.RELEASED),
        request(30, LC, "委员30", FloorStatus.ACCEPTED),
        question(19, FloorStatus.ACCEPTED),
    ),
)
GRANTED = replace(
    LESSON, floor=(question(7, FloorStatus.GRANTED, granted_at=NOW - timedelta(seconds=20), limit_seconds=180),)
)
LESSON_PAGE = replace(ASKED, slide=SLIDE, layout=Layout.CONTENT)
BUSY_PAGE = replace(BUSY, slide=SLIDE, layout=Layout.CONTENT)
LATE_PAGE = replace(LESSON_PAGE, slide=replace(SLIDE, title=LATE))
ELECTRONIC = RollCall(
    1, RollManner.ELECTRONIC, tuple(sorted(p for p in NINE if p != GD)), NOW, GD, closes_at=NOW + timedelta(seconds=52)
)


def late(state: MeetingState, seconds: int) -> MeetingState:
    """The same turn, begun so much earlier."""
    turn = state.floor[0]
    begun = (turn.granted_at or NOW) - timedelta(seconds=seconds)
    return replace(state, floor=(replace(turn, granted_at=begun), *state.floor[1:]))


def big_meeting(rolls: tuple[RollCall, ...] = ()) -> MeetingState:
    """All 145 sites; three are away."""
    state = busy_state(PROVINCE, GD, XN, None)
    sites = {
        path: replace(one, online=path not in DEAD, since=NOW - timedelta(minutes=2))
        for path, one in state.sites.items()
    }
    return replace(state, sites=sites, floor=(), roll_calls=rolls)


def roll_call(done: int, manner: RollManner = RollManner.VOICE, **more: Any) -> RollCall:
    """The first `done` sites have had their turn; those that are away did not answer."""
    paths = tuple(sorted(path for path in PROVINCE if path != GD))
    silent = set(paths[37:120:40])
    answers = []
    for path in paths[:done]:
        status = RollStatus.OFFLINE if path in DEAD else RollStatus.NO_ANSWER if path in silent else RollStatus.ANSWERED
        answers.append(RollAnswer(path, status, NOW - timedelta(seconds=4), recorded_by=GD))
    values: dict[str, Any] = {"opened_at": NOW - timedelta(minutes=5), "opened_by": GD, **more}
    if manner is RollManner.VOICE and done < len(paths) and values.get("phase") is not RollPhase.CLOSED:
        values["calling"], values["called"] = paths[done], paths[: done + 1]
    return RollCall(1, manner, paths, answers=tuple(answers), **values)
