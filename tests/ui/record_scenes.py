"""The pages of records and people in their states, for the pictures and for the test of clipped words."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from office_stage import HD, Counter, Terminal

from desktop_app.domain.clock import stamp
from desktop_app.domain.handling import ReplyClass
from desktop_app.domain.ids import PersonId
from sync.log.write import Write
from sync.meetings.followup import FollowUp
from sync.terminal.counter import EnrolledDevice, GivenCode
from ui.models.pages import Page
from ui.records.people_view import PeopleView

OPINIONS = (
    ("委员05", "支持县级医院开展固定路线巡回诊疗，市级统一保障车辆和药品"),
    ("委员03", "省级统筹固定“县管乡用”编制周转池，把人员留在乡镇卫生院"),
    ("委员08", "明确村医养老保障衔接的过渡期办法"),
    ("委员21", "农村快递共同配送站点用房问题"),
    ("委员33", "镇级养老服务中心医养结合补贴"),
    ("委员12", "县城夜间儿科门诊应当常设，不宜只在流感季节开放"),
    ("委员17", "把会场外的噪音再降一点"),
)


def register(terminal: Terminal) -> list[str]:
    """Seven opinions, one in each state; their keys in the order of `OPINIONS`."""
    meeting = terminal.day()
    desk = FollowUp(terminal.store, HD, terminal.clock)
    keys = []
    for member, text in OPINIONS:
        keys.append(desk.add(meeting=meeting, member_name=member, text=text))
        terminal.clock.move(1)
    look, done, waits, refused, clue, *_rest = keys

    def due(days: float) -> str:
        return stamp(terminal.clock.now() + timedelta(days=days))

    for number, key in enumerate(keys[:6], start=12):
        desk.confirm(key)
        terminal.store.write(Write("opinion", key, {"opinion_no": f"YJ-441323-2026-{number:03}"}, meeting))
    for key in (look, done, waits, refused, clue):
        desk.make_clue(key, title="列为民生类线索", content="", category="医疗卫生")
    for key, days in ((look, 60), (done, 30), (waits, -2)):
        desk.file_proposal(key, number="第0042号", main_unit="县卫健局", co_units=["县财政局"], due_on=due(days))
    desk.reply(look, reply_class=ReplyClass.B, text="已列入明年计划", duty_unit="县卫健局", due_on=due(9))
    desk.reply(done, reply_class=ReplyClass.A, text="已经落实", duty_unit="县委编办")
    desk.exclude(refused, reason="属于经营主体自主决定的事项")
    return keys


def _opinions(scene: Any, chosen: int = 0, state: str = "online") -> None:
    keys = register(scene.terminal)
    scene.furnish()
    scene.tell(state)
    scene.terminal.app.go(Page.OPINIONS)
    scene.work.opinions.select(keys[chosen])


def _opinions_empty(scene: Any) -> None:
    scene.furnish()
    scene.tell("online")
    scene.terminal.app.go(Page.OPINIONS)


def _opinions_not_found(scene: Any) -> None:
    _opinions(scene)
    scene.work.opinions.search("机场")


def _opinions_new(scene: Any) -> None:
    _opinions(scene)
    from ui.records.opinions_view import OpinionsView

    scene.window.findChild(OpinionsView).add()


def _opinions_refused(scene: Any) -> None:
    _opinions(scene, 1)
    scene.work.opinions.confirm(scene.work.opinions.chosen.pk)


GUARD = PersonId("01990000-0000-7000-8000-0000000000b1")


def guarded(scene: Any, tab: str = "people", state: str = "online") -> None:
    """The security officer of a county with six people, four terminals and three codes."""
    terminal = scene.terminal
    now = terminal.clock.now()
    guard = terminal.employ(GUARD, "安全员02", "security")
    for number, (name, *roles) in enumerate(
        (("记录员01", "clerk"), ("主持人02", "host", "clerk"), ("审计员03", "audit"), ("记录员04", "clerk")), start=1
    ):
        terminal.employ(PersonId(f"01990000-0000-7000-8000-00000000000{number}"), name, *roles)
    terminal.store.write(Write("operator", "01990000-0000-7000-8000-000000000004", {"is_active": False}))
    terminal.pins.set(PersonId("01990000-0000-7000-8000-000000000001"), "135790")
    day = timedelta(days=1)
    own = terminal.services.device
    terminal.services.counter = Counter(
        machines=[
            EnrolledDevice(own, HD, "HD-OFFICE-1", now - 60 * day, now - timedelta(seconds=8), None),
            EnrolledDevice("5c" * 16, HD, "HD-HALL-2", now - 60 * day, now - timedelta(minutes=14), None),
            EnrolledDevice("77" * 16, HD, "HD-NOTEBOOK-3", now - 40 * day, now - 9 * day, None),
            EnrolledDevice("9e" * 16, HD, "HD-OLD", now - 90 * day, now - 30 * day, now - 20 * day),
        ],
        given=[
            GivenCode("7KMQ", HD, ("clerk",), now + 2 * day, ""),
            GivenCode("M3XA", HD, ("host", "clerk"), now - day, "5c" * 16),
            GivenCode("P9TD", HD, ("clerk",), now - 3 * day, ""),
        ],
    )
    scene.furnish(unlock=False)
    scene.tell(state)
    terminal.app.unlocked(guard)
    scene.work.people.choose_tab(tab)


def _minutes_files(scene: Any) -> None:
    """Minutes with an opinion and three files: one at the center, one waiting, one that the center did not take."""
    terminal = scene.terminal
    meeting = terminal.day()
    scene.furnish()
    scene.tell("online", pending=3, attachments=2)
    minutes = scene.work.minutes
    scene.work.open_minutes(meeting)
    said = "山区群众到县医院平均要一个多小时。建议支持县级医院开展固定路线的巡回诊疗。"
    block = minutes.add_block(member_name="委员05", site=HD, text=said)
    minutes.mark_opinion(block)
    folder = Path(tempfile.mkdtemp())
    for name, length in (("调研照片汇编.pdf", 1_800_000), ("巡回诊疗路线图.pdf", 412_000), ("附表.pdf", 96_000)):
        (folder / name).write_bytes(b"%PDF-1.7" + name.encode() + bytes(length))
        minutes.files.attach([folder / name])
        terminal.clock.move(1)
    files = {one.file_name: one for one in minutes.files.files}
    terminal.blobs.note_sent(files["调研照片汇编.pdf"].sha256)
    terminal.blobs.note_refusal(files["附表.pdf"].sha256, "upload-quota")
    terminal.files.lane = SimpleNamespace(moving={files["巡回诊疗路线图.pdf"].sha256: 180_000})
    minutes.files.load()
    shutil.rmtree(folder)


def _people_selected(scene: Any) -> None:
    guarded(scene)
    scene.work.people.select("01990000-0000-7000-8000-000000000001")


def _people_add(scene: Any) -> None:
    guarded(scene)
    scene.window.findChild(PeopleView).add()


def _people_given(scene: Any) -> None:
    guarded(scene, "codes")
    scene.work.people.issue(HD, ["clerk"])


def _people_revoke(scene: Any) -> None:
    guarded(scene, "devices")
    scene.work.people.select("77" * 16)
    scene.window.findChild(PeopleView)._ask_revoke()


RECORD_SCENES: dict[str, Callable[[Any], None]] = {
    "opinions-look-back": _opinions,
    "opinions-reply": lambda scene: _opinions(scene, 2),
    "opinions-clue": lambda scene: _opinions(scene, 4, "offline"),
    "opinions-confirmed": lambda scene: _opinions(scene, 5),
    "opinions-noted": lambda scene: _opinions(scene, 6),
    "opinions-closed": lambda scene: _opinions(scene, 1),
    "opinions-excluded": lambda scene: _opinions(scene, 3),
    "opinions-refused": _opinions_refused,
    "opinions-empty": _opinions_empty,
    "opinions-not-found": _opinions_not_found,
    "opinions-new": _opinions_new,
    "minutes-files": _minutes_files,
    "people": _people_selected,
    "people-devices": lambda scene: guarded(scene, "devices"),
    "people-offline": lambda scene: guarded(scene, "devices", "offline"),
    "people-given": _people_given,
    "people-add": _people_add,
    "people-revoke": _people_revoke,
}
