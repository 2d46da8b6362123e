"""The pages of the shell in their states: what the gallery draws and `test_shell_geometry` measures."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from office_stage import (
    BL,
    BROKEN,
    CLERK,
    HD,
    TITLE,
    Counter,
    Terminal,
    conflict,
    receipt,
    status,
    waiting,
)
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QWidget
from record_scenes import RECORD_SCENES
from scenes_readiness import SCENES as READINESS_SCENES
from scenes_readiness import UNITS

from desktop_app.domain.clock import unix_ms
from desktop_app.domain.faults import HostFault, OperatorError
from desktop_app.domain.ids import PersonId, UnitPath, uuid7
from sync.log.audit import AuditKind
from sync.log.write import Write
from sync.terminal.audit import LastVisit
from sync.terminal.counter import HeldChange
from ui.models.app_model import Look
from ui.models.cautions import Rebuilt
from ui.models.enrol_model import EnrolModel
from ui.models.pages import Page
from ui.models.sync_model import Carried
from ui.services import DeviceKind
from ui.shell.conflict_card import ConflictCard
from ui.shell.window import MainWindow
from ui.theme import Scheme, TextSize, theme

LONG = "山区群众到县医院平均要一个多小时。建议支持县级医院开展固定路线的巡回诊疗，{}远程心电已覆盖 {}，使用率还不高。"


class Scene:
    """A terminal with its window, opened into the office unless told otherwise."""

    def __init__(self, folder: Path, look: Look, unit: UnitPath = HD, **shown: Any) -> None:
        from ui.models.workplace import Workplace

        self.terminal = Terminal(folder, look=look, unit=unit, **shown)
        self.window = MainWindow(self.terminal.app)
        self._make = Workplace

    def furnish(self, *, unlock: bool = True) -> None:
        self.work = self._make(self.terminal.services, self.terminal.app)
        self.window.receive(self.work)
        if unlock:
            self.terminal.app.unlocked(self.terminal.people.known[0])

    def tell(self, state: str, **numbers: Any) -> None:
        self.terminal.app._take_link(state, "")
        self.terminal.app.tell_sync(status(**numbers))

    def close(self) -> None:
        self.window.close()
        self.window.deleteLater()
        self.terminal.close()


def _home(scene: Scene) -> None:
    scene.terminal.day()
    scene.furnish()
    scene.tell("online")


def _home_busy(scene: Scene) -> None:
    scene.terminal.day()
    scene.terminal.devices.reports = BROKEN
    scene.furnish()
    scene.tell("offline", pending=27, conflicts=1, quarantined=1)


def _home_empty(scene: Scene) -> None:
    scene.furnish()
    scene.tell("online", pending=3)


def _home_in_meeting(scene: Scene) -> None:
    first = scene.terminal.day()
    scene.furnish()
    scene.tell("online")
    scene.terminal.app.enter_meeting(first, TITLE)
    scene.terminal.app.go(Page.HOME)


def _meetings(scene: Scene) -> None:
    _home(scene)
    scene.terminal.app.go(Page.MEETING)


def _sync_clear(scene: Scene) -> None:
    scene.furnish()
    scene.tell("online")
    scene.terminal.app.go(Page.SYNC)


def _sync_busy(scene: Scene, state: str = "online") -> None:
    meeting = scene.terminal.day()
    mine, theirs = (
        LONG.format("车辆和药品由市级统一保障。", "8 个卫生院"),
        LONG.format("所需经费列入县级预算。", "11 个卫生院"),
    )
    scene.terminal.records._shown.update(
        pending=[*waiting("minutes", meeting, 24), *waiting("sign_in", meeting, 2)],
        conflicts=[conflict("opinion", "text", meeting, mine, theirs)],
        quarantine=[
            {"change_id": "q", "entity": "member", "meeting": "", "verdict": "refused", "reason": "field-invalid"}
        ],
        receipts=[
            receipt(214, 4, opinion=2, minutes=9),
            receipt(213, 31, sign_in=38),
            receipt(93, 60 * 70, minutes=112, sign_in=24, opinion=6),
        ],
        status=status(pending=26, conflicts=1, quarantined=1),
    )
    scene.furnish()
    scene.tell(state, pending=26, conflicts=1, quarantined=1)
    scene.terminal.app.go(Page.SYNC)
    scene.work.sync.load()


def _sync_carried(scene: Scene) -> None:
    numbers = {"attachments": 4, "attachment_bytes": 12_300_000, "pending": 3}
    scene.terminal.records._shown.update(status=status(**numbers), receipts=[receipt(214, 4, opinion=2, minutes=9)])
    scene.furnish()
    scene.tell("offline", **numbers)
    scene.terminal.app.go(Page.SYNC)
    scene.work.sync.carried = Carried(scene.work.sync.package_name, 3, 1)
    scene.work.sync.load()


def _sync_receipt(scene: Scene) -> None:
    _sync_busy(scene, "offline")
    scene.work.sync.select("receipt:214")


def _sync_parts(scene: Scene) -> None:
    _sync_busy(scene)
    card = scene.window.findChild(ConflictCard)
    assert card is not None
    card.choose_parts()
    assert card.chooser is not None
    card.chooser.rows[0]._choose("theirs")


def _sync_warned(scene: Scene) -> None:
    """A clerk's bad day: little disk, a clock days off, a damaged store, and the center refuses."""
    scene.furnish()
    scene.terminal.app.tell_rebuilt(Rebuilt(7, "store.db.damaged-20261120-091806"))
    scene.tell("refused", disk_low_mib=310, clock_off_seconds=3 * 86_400 + 7_300)
    scene.terminal.app._take_link("refused", "chain-broken")
    scene.terminal.app.go(Page.SYNC)


def _home_disk_low(scene: Scene) -> None:
    _home(scene)
    scene.tell("online", disk_low_mib=310)


def _diagnostics_warned(scene: Scene) -> None:
    _sync_warned(scene)
    scene.terminal.app.go(Page.DIAGNOSTICS)


def _sync_province(scene: Scene) -> None:
    """An operator of the province sees what the center holds back, and why."""
    at = scene.terminal.clock.now()
    held = [
        HeldChange("c1", HD, "记录员01", "sign_in", "", "refused", "out-of-scope", at - timedelta(minutes=12)),
        HeldChange("c2", BL, "记录员04", "opinion", "", "held", "meeting-awaited", at - timedelta(minutes=40)),
    ]
    scene.terminal.services.counter = Counter(held)
    scene.furnish(unlock=False)
    person = PersonId("01990000-0000-7000-8000-0000000000c1")
    scene.terminal.app.unlocked(scene.terminal.employ(person, "省操作员01", "provincial_operator"))
    scene.tell("online")
    scene.terminal.app.go(Page.SYNC)


def _diagnostics(scene: Scene) -> None:
    scene.furnish()
    scene.tell("offline")
    scene.terminal.app.go(Page.DIAGNOSTICS)


def _settings(scene: Scene) -> None:
    scene.furnish()
    scene.tell("online")
    scene.terminal.app.go(Page.SETTINGS)


def _settings_away(scene: Scene) -> None:
    scene.terminal.room_devices.pull_out(DeviceKind.MICROPHONE)
    scene.terminal.room_devices.found[DeviceKind.CAMERA].clear()
    _settings(scene)


def _told(scene: Scene) -> None:
    _home(scene)
    scene.window.tell(HostFault("microphone-missing"))


def _audit(scene: Scene) -> None:
    terminal = scene.terminal
    first = terminal.day()
    clerk = terminal.employ(CLERK, "记录员01", "clerk")
    auditor = terminal.employ(PersonId("01990000-0000-7000-8000-0000000000a1"), "审计员03", "audit")
    note, move = terminal.book.note, terminal.clock.move
    note(AuditKind.UNLOCKED, subject=clerk.person, subject_name=clerk.name)
    for member in range(12):
        move(7)
        signature = {"meeting": first, "member": str(member), "member_name": "委员", "site": HD, "status": "present"}
        terminal.store.write(Write("sign_in", uuid7(unix_ms(terminal.clock.now())), signature))
    note(AuditKind.EXPORTED, detail="sign_in_list", meeting=first)
    note(AuditKind.LOCKED, subject=clerk.person, subject_name=clerk.name)
    for kind in (AuditKind.PIN_WRONG, AuditKind.PIN_WRONG, AuditKind.LOCKED_OUT):
        move(4)
        note(kind, subject="01990000-0000-7000-8000-000000000002", subject_name="主持人02")
    scene.furnish(unlock=False)
    terminal.app.unlocked(auditor, LastVisit(terminal.clock.now() - timedelta(days=1), 2))
    scene.tell("online")


def _starting(_scene: Scene) -> None:
    pass


def _failed(scene: Scene) -> None:
    scene.window.again = lambda: None
    scene.window.log = scene.terminal.services.folder / "terminal.log"
    scene.window.log.touch()
    scene.terminal.app.fail(HostFault("store-in-use", folder="~/.local/share/silian/terminal"))


def _enrol(scene: Scene, fault: bool = True) -> None:
    model = EnrolModel(lambda _request: None, scene.terminal.services.runner, url="10.1.2.3:8443")
    model.fault = OperatorError("activation-code-wrong", tries=4) if fault else None
    scene.window.ask_enrolment(model)
    view = scene.window._front
    view.code.set_code("7KMQ-2XRP-9HTD-VB")  # type: ignore[union-attr]  # the front is the enrolment
    view.name.setText("记录员01")  # type: ignore[union-attr]  # the front is the enrolment


def _unlock(scene: Scene) -> None:
    scene.furnish(unlock=False)


def _unlock_first(scene: Scene) -> None:
    scene.furnish(unlock=False)
    scene.work.unlock.choose(scene.terminal.people.known[1].person)
    scene.work.unlock.set_pin("123", "123")


def _schedule(scene: Scene) -> None:
    _home(scene)
    scene.window.schedule()


def _shortcuts(scene: Scene) -> None:
    _home(scene)
    scene.window._show_shortcuts()


SCENES: dict[str, Callable[[Scene], None]] = {
    "starting": _starting,
    "failed": _failed,
    "enrol": _enrol,
    "unlock": _unlock,
    "unlock-first": _unlock_first,
    "home": _home,
    "home-busy": _home_busy,
    "home-empty": _home_empty,
    "home-in-meeting": _home_in_meeting,
    "home-told": _told,
    "meetings": _meetings,
    "sync-busy": _sync_busy,
    "sync-clear": _sync_clear,
    "sync-carried": _sync_carried,
    "sync-receipt": _sync_receipt,
    "sync-parts": _sync_parts,
    "sync-warned": _sync_warned,
    "sync-province": _sync_province,
    "home-disk-low": _home_disk_low,
    "diagnostics-warned": _diagnostics_warned,
    "audit": _audit,
    "diagnostics": _diagnostics,
    "settings": _settings,
    "settings-away": _settings_away,
    "schedule": _schedule,
    "shortcuts": _shortcuts,
    **READINESS_SCENES,
}


SCENES |= RECORD_SCENES


@contextmanager
def opened(name: str, look: Look, size: tuple[int, int]) -> Iterator[Scene]:
    """A scene on the screen, laid out."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme().choose(Scheme(look.scheme), TextSize(look.text_size))
    with tempfile.TemporaryDirectory() as folder:
        shown = {"receipts": []} if name.startswith("sync") else {}
        scene = Scene(Path(folder), look, UNITS.get(name, HD), **shown)
        scene.window.resize(*size)
        scene.window.show()
        SCENES[name](scene)
        for _ in range(6):
            app.processEvents()
        try:
            yield scene
        finally:
            scene.close()
            app.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def shown_windows(scene: Scene) -> list[QWidget]:
    """The window, and a dialog over it."""
    dialogs = [one for one in QApplication.topLevelWidgets() if one.isVisible() and one is not scene.window]
    return [scene.window, *dialogs]
