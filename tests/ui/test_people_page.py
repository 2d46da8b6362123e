"""人员与终端: the security officer looks after people and terminals; nobody else does, and no record is shown."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from office_stage import CLERK, HD, Counter, Terminal
from pytestqt.qtbot import QtBot
from record_scenes import GUARD, guarded
from seen import press, settle, words

from desktop_app.domain.faults import Fault, OperatorError, PeerFault
from desktop_app.domain.ids import PersonId
from desktop_app.domain.principal import Role
from desktop_app.terminal.services import TerminalOperators
from sync.identity.device import DeviceIdentity
from ui.models.app_model import Stage
from ui.models.pages import Page
from ui.models.workplace import Workplace
from ui.records.people_dialogs import CodeDialog, PersonDialog
from ui.records.people_view import PeopleView
from ui.shell.window import MainWindow
from ui.widgets.dialog import Dialog

HOST = PersonId("01990000-0000-7000-8000-000000000002")


class Guarded:
    """The page of a county's security officer; what `record_scenes.guarded` needs of a scene."""

    def __init__(self, folder: Path, qtbot: QtBot) -> None:
        self.terminal = Terminal(folder)
        self.window = MainWindow(self.terminal.app)
        qtbot.addWidget(self.window)
        guarded(self)
        self.window.show()
        self.model = self.work.people
        self.faults: list[Fault] = []
        self.model.failed.connect(self.faults.append)
        view = self.window.findChild(PeopleView)
        assert view is not None
        self.view: PeopleView = view

    def furnish(self, *, unlock: bool = True) -> None:
        self.work = Workplace(self.terminal.services, self.terminal.app)
        self.window.receive(self.work)

    def tell(self, state: str) -> None:
        self.terminal.app._take_link(state, "")

    @property
    def counter(self) -> Counter:
        counter = self.terminal.services.counter
        assert isinstance(counter, Counter)
        return counter

    def kinds(self) -> list[str]:
        return [str(row["kind"]) for row in self.terminal.store.list("audit_event")]

    def roles(self, person: str) -> list[str]:
        return list((self.terminal.store.get("operator", person) or {})["roles"])

    def close(self) -> None:
        self.work.close()
        self.terminal.close()


@pytest.fixture
def page(tmp_path: Path, qtbot: QtBot) -> Iterator[Guarded]:
    made = Guarded(tmp_path, qtbot)
    yield made
    made.close()


def asked(page: Guarded) -> Dialog:
    """The dialog that asks before something that cannot be taken back."""
    settle()
    return next(one for one in page.view.findChildren(Dialog) if one.isVisible())


def test_a_security_officer_comes_straight_to_the_page_and_sees_no_work(page: Guarded) -> None:
    assert page.terminal.app.page is Page.PEOPLE
    assert page.terminal.app.pages == (Page.SYNC, Page.PEOPLE, Page.DIAGNOSTICS, Page.SETTINGS)
    for beyond in (Page.MINUTES, Page.OPINIONS, Page.MEETING, Page.AUDIT):
        page.terminal.app.go(beyond)
        assert page.terminal.app.page is Page.PEOPLE
    listed = {cells[0]: cells for cells in map(page.model.account_cells, page.model.accounts)}
    assert listed["记录员01"][3] == "已设置"
    assert listed["记录员04"][5] == "已停用"


@pytest.mark.parametrize("role", ["clerk", "host", "audit"])
def test_nobody_else_adds_changes_or_sees_accounts(page: Guarded, role: str) -> None:
    other = page.terminal.employ(PersonId("01990000-0000-7000-8000-0000000000d1"), "别人", role)
    page.terminal.app.unlocked(other)
    assert page.model.accounts == ()
    assert page.model.devices == ()
    assert Page.PEOPLE not in page.terminal.app.pages
    desk = page.terminal.services.people
    assert desk is not None
    for act in (
        desk.accounts,
        lambda: desk.add(HD, "新人", frozenset({Role.CLERK})),
        lambda: desk.set_roles(HOST, frozenset({Role.CLERK})),
        lambda: desk.set_active(HOST, False),
        lambda: desk.reset_pin(CLERK),
    ):
        with pytest.raises(OperatorError, match="role-not-allowed"):
            act()


def test_a_person_is_added_with_roles_that_fit_together(page: Guarded) -> None:
    page.view.add()
    dialog = page.view.findChild(PersonDialog)
    assert dialog is not None
    dialog.submit()
    assert "姓名" in words(dialog)
    dialog.name.setText("记录员09")
    boxes = dialog.roles.boxes
    boxes[Role.AUDIT].setChecked(True)
    assert not boxes[Role.CLERK].isEnabled(), "who watches does no work"
    boxes[Role.AUDIT].setChecked(False)
    assert not boxes[Role.PROVINCIAL_OPERATOR].isEnabled(), "not in a county"
    boxes[Role.CLERK].setChecked(True)
    dialog.unit.setCurrentIndex(dialog.unit.findData(str(HD)))
    dialog.submit()
    assert not dialog.isVisible()
    assert "记录员09" in {one.name for one in page.model.accounts}
    assert "account_added" in page.kinds()


def test_what_does_not_go_is_said_in_a_sentence_and_nothing_changes(page: Guarded) -> None:
    model = page.model
    model.add(HD, "记录员01", ["clerk"])
    model.set_roles(HOST, [])
    model.set_roles(HOST, ["host", "audit"])
    model.set_roles(GUARD, ["clerk"])
    model.set_active(GUARD, False)
    model.add("100000/440000/", "外人", ["clerk"])
    model.revoke(page.terminal.services.device)
    assert [fault.id for fault in page.faults] == [
        "account-exists",
        "roles-missing",
        "roles-not-separate",
        "account-own",
        "account-own",
        "role-not-allowed",
        "device-own",
    ]
    assert page.roles(HOST) == ["host", "clerk"]
    assert page.counter.asked[-1] != ("revoke", page.terminal.services.device)


def test_the_last_security_officer_of_a_unit_stays(page: Guarded) -> None:
    second = page.terminal.employ(PersonId("01990000-0000-7000-8000-0000000000b2"), "安全员05", "security")
    page.model.load()
    page.model.set_active(second.person, False)
    assert page.faults == [], "there is another one"
    page.terminal.store.act_as(second.person)
    page.terminal.employ(second.person, second.name, "security")
    page.model.set_active(GUARD, False)
    page.model.set_active(second.person, False)
    assert [fault.id for fault in page.faults] == ["account-own"]


def test_disabling_asks_first_and_can_be_taken_back(page: Guarded) -> None:
    page.model.select(HOST)
    press(page.view, "停用")
    dialog = asked(page)
    assert "主持人02" in words(dialog)
    press(dialog, "取消")
    assert (page.terminal.store.get("operator", HOST) or {})["is_active"]
    press(page.view, "停用")
    press(asked(page), "停用")
    assert not (page.terminal.store.get("operator", HOST) or {})["is_active"]
    press(page.view, "重新启用")
    assert (page.terminal.store.get("operator", HOST) or {})["is_active"]
    assert {"account_disabled", "account_changed"} <= set(page.kinds())


def test_a_pin_is_reset_and_the_person_sets_a_new_one_on_coming_in(page: Guarded) -> None:
    terminal = page.terminal
    page.model.select(CLERK)
    press(page.view, "重置 PIN")
    press(asked(page), "重置 PIN")
    assert not terminal.pins.has(CLERK)
    identity = terminal.store.identity
    assert isinstance(identity, DeviceIdentity)
    desk = TerminalOperators(identity, terminal.store, terminal.pins, terminal.book)
    assert {one.person: one.has_pin for one in desk.operators()}[CLERK] is False
    with pytest.raises(OperatorError, match="pin-missing"):
        desk.unlock(CLERK, "135790")
    desk.set_pin(CLERK, "246810")
    desk.unlock(CLERK, "246810")
    assert "pin_reset" in page.kinds()


def test_a_terminal_that_is_silent_for_a_day_is_marked_and_a_stolen_one_is_revoked(page: Guarded) -> None:
    page.model.choose_tab("devices")
    cells = [page.model.device_cells(one) for one in page.model.devices]
    assert [line[4] for line in cells] == ["8 秒前", "14 分钟前", "9 天前", "30 天前"]
    assert [line[5] for line in cells] == ["在用", "在用", "一天以上没有联系", "已停用"]
    page.model.select("77" * 16)
    press(page.view, "停用终端")
    dialog = asked(page)
    assert "不能撤回" in words(dialog)
    press(dialog, "停用终端")
    assert ("revoke", "77" * 16) in page.counter.asked


def test_a_code_is_shown_once_until_it_was_written_down(page: Guarded) -> None:
    page.model.choose_tab("codes")
    states = [page.model.code_cells(one)[4] for one in page.model.codes]
    assert states == ["未使用", "已使用", "已过期"]
    page.view.issue()
    dialog = page.view.findChild(CodeDialog)
    assert dialog is not None
    dialog.roles.boxes[Role.CLERK].setChecked(True)
    dialog.unit.setCurrentIndex(dialog.unit.findData(str(HD)))
    dialog.submit()
    assert not dialog.isVisible()
    assert ("issue", str(HD), "clerk") in page.counter.asked
    assert "7KMQ-2XRP-9HTD-VB4N" in words(page.view)
    press(page.view, "已抄下")
    assert "7KMQ-2XRP-9HTD-VB4N" not in words(page.view)
    page.model.select("7KMQ")
    press(page.view, "收回")
    press(asked(page), "收回")
    assert ("withdraw", "7KMQ") in page.counter.asked


def test_without_the_center_people_are_managed_and_the_rest_says_as_of_when(page: Guarded) -> None:
    page.tell("offline")
    page.model.choose_tab("devices")
    assert "的名单" in words(page.view)
    assert len(page.model.devices) == 4
    page.model.add(HD, "记录员10", ["clerk"])
    assert "记录员10" in {one.name for one in page.model.accounts}


def test_a_center_that_refuses_says_why_on_the_page(page: Guarded) -> None:
    page.counter.fault = PeerFault("role-not-allowed")
    page.model.ask_center()
    page.model.choose_tab("devices")
    assert "不能这样做" in words(page.view)
    page.model.withdraw("7KMQ")
    assert [fault.id for fault in page.faults] == ["role-not-allowed"]


def test_what_the_officer_saw_is_gone_when_the_next_person_sits_down(page: Guarded) -> None:
    page.model.issue(HD, ["clerk"])
    page.terminal.app.lock()
    assert page.terminal.app.stage is Stage.LOCKED
    model = page.model
    assert (model.accounts, model.devices, model.codes, model.given) == ((), (), (), None)
