"""What the shell's view models know and do, on real records, without a window."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from office_stage import (
    BROKEN,
    CLERK,
    GD,
    HZ,
    TITLE,
    ShownRecords,
    Terminal,
    conflict,
    link,
    receipt,
    status,
    waiting,
)
from pytestqt.qtbot import QtBot

from desktop_app.domain.faults import PeerFault
from desktop_app.domain.ids import PersonId
from desktop_app.domain.meetings import MeetingKind
from ui.models.app_model import Stage
from ui.models.diagnostics_model import DiagnosticsModel, Layer
from ui.models.enrol_model import EnrolModel
from ui.models.home_model import HomeModel, Loading
from ui.models.link import LinkLight
from ui.models.pages import Page
from ui.models.sync_model import Carried, Filter, SyncModel
from ui.models.sync_rows import RowState, differences
from ui.models.unlock_model import UnlockModel
from ui.services import AgendaDraft, DeviceState, EnrolRequest


@pytest.fixture
def terminal(tmp_path: Path, qtbot: QtBot) -> Iterator[Terminal]:
    made = Terminal(tmp_path / "store")
    yield made
    made.close()


@pytest.fixture
def home(terminal: Terminal) -> Iterator[HomeModel]:
    model = HomeModel(terminal.services, terminal.app)
    yield model
    model.close()


def told(signal: Any) -> list[Any]:
    seen: list[Any] = []
    signal.connect(seen.append)
    return seen


class TestHome:
    def test_the_next_meeting_is_the_first_of_today_that_is_not_over(self, terminal: Terminal, home: HomeModel) -> None:
        first = terminal.day()
        home.load()
        assert home.state is Loading.READY
        assert home.next is not None
        assert (home.next.meeting, home.next.title, home.next.code) == (first, TITLE, "2026-0117")
        assert [card.title for card in home.others] == ["国是学堂第 25 期：数字化助力县域发展", "市县联络员周例会"]
        assert home.coming is not None
        assert home.coming.title == "乡村养老服务对口协商会"

    def test_the_chain_names_one_site_per_level_and_our_own_among_them(
        self, terminal: Terminal, home: HomeModel
    ) -> None:
        terminal.day()
        home.load()
        assert home.next is not None
        assert [(place.name, place.here) for place in home.next.chain] == [
            ("广东省", False),
            ("惠州市", False),
            ("惠东县", True),
        ]

    def test_what_is_scheduled_is_there_and_on_its_way(self, terminal: Terminal, home: HomeModel) -> None:
        made = told(home.scheduled)
        start = terminal.clock.now() + timedelta(hours=1)
        end = start + timedelta(hours=1)
        home.schedule("座谈会", "remote_consult", start, end, [GD, HZ], [AgendaDraft("发言")])
        written = terminal.store.get("meeting", made[0])
        assert written is not None
        assert written["invited"] == [GD, HZ]
        assert [row["title"] for row in terminal.store.list("agenda_item", meeting=made[0])] == ["发言"]
        assert terminal.sync.pokes == 1
        assert [card.title for card in home.meetings] == ["座谈会"]

    def test_a_meeting_that_ends_before_it_starts_is_refused_and_not_written(
        self, terminal: Terminal, home: HomeModel
    ) -> None:
        refused = told(home.schedule_failed)
        start = terminal.clock.now()
        home.schedule("座谈会", MeetingKind.REMOTE_CONSULT, start, start - timedelta(hours=1), [], [])
        assert refused[0].id == "meeting-ends-before-start"
        assert terminal.store.list("meeting") == []

    def test_join_asks_for_the_next_meeting(self, terminal: Terminal, home: HomeModel) -> None:
        first = terminal.day()
        home.load()
        asked: list[tuple[str, str]] = []
        home.joining.connect(lambda meeting, title: asked.append((meeting, title)))
        home.join()
        assert asked == [(first, TITLE)]

    def test_without_a_meeting_join_says_so(self, home: HomeModel) -> None:
        failed = told(home.failed)
        home.join()
        assert failed[0].id == "no-meeting"

    def test_a_meeting_from_elsewhere_appears_by_itself(
        self, terminal: Terminal, home: HomeModel, qtbot: QtBot
    ) -> None:
        home.load()
        terminal.meeting("新的会议", MeetingKind.REMOTE_CONSULT, timedelta(hours=1))
        qtbot.waitUntil(lambda: [card.title for card in home.meetings] == ["新的会议"])

    def test_a_device_that_fails_makes_the_verdict_and_the_banner(self, terminal: Terminal, home: HomeModel) -> None:
        terminal.devices.reports = BROKEN
        home.test_devices()
        assert (home.verdict.state, home.verdict.count) == (DeviceState.FAILED, 2)
        assert terminal.app.banner is not None
        assert terminal.app.banner.fault is not None
        assert terminal.app.banner.fault.id == "microphone-missing"

    def test_a_site_is_found_by_initials_name_or_code_and_the_nearest_come_first(self, home: HomeModel) -> None:
        home.load_units()
        assert home.find_units("")[0].unit_path == HZ
        assert {unit.name for unit in home.find_units("bl")} >= {"博罗县政协"}
        assert [unit.name for unit in home.find_units("441322")] == ["博罗县政协"]


class TestLink:
    def test_a_lost_link_is_a_banner_with_its_hour_and_goes_when_it_is_back(
        self, terminal: Terminal, qtbot: QtBot
    ) -> None:
        app = terminal.app
        app.tell_link(link("online"))
        qtbot.waitUntil(lambda: app.online)
        assert app.banner is None
        terminal.clock.move(60)
        app.tell_link(link("offline", "center-silent"))
        qtbot.waitUntil(lambda: app.banner is not None)
        assert app.banner is not None
        assert (app.banner.kind, app.banner.since) == ("offline", terminal.clock.now())
        app.tell_link(link("online"))
        qtbot.waitUntil(lambda: app.banner is None)

    def test_a_center_that_refuses_is_told_apart_from_silence(self, terminal: Terminal, qtbot: QtBot) -> None:
        terminal.app.tell_link(link("refused", "device-revoked"))
        qtbot.waitUntil(lambda: terminal.app.link.light is LinkLight.REFUSED)
        assert terminal.app.link_fault is not None
        assert terminal.app.link_fault.id == "device-revoked"

    def test_somebody_else_at_the_centers_address_is_no_mere_silence(self, terminal: Terminal, qtbot: QtBot) -> None:
        terminal.app.tell_link(link("unreachable", "center-certificate"))
        qtbot.waitUntil(lambda: terminal.app.link.light is LinkLight.REFUSED)


class TestSeat:
    def test_the_first_unlock_sets_a_pin_and_every_change_is_that_persons(self, terminal: Terminal) -> None:
        terminal.app.receive(terminal.services)
        unlock = UnlockModel(terminal.services, terminal.app)
        unlock.load()
        second = terminal.people.known[1]
        unlock.choose(second.person)
        unlock.set_pin("246813", "246813")
        assert terminal.people.pins == {second.person: "246813"}
        assert terminal.app.stage is Stage.OPEN
        assert terminal.store.person == second.person

    def test_a_wrong_pin_says_how_many_tries_are_left(self, terminal: Terminal) -> None:
        terminal.app.receive(terminal.services)
        unlock = UnlockModel(terminal.services, terminal.app)
        unlock.load()
        unlock.unlock("000000")
        assert unlock.fault is not None
        assert (unlock.fault.id, unlock.fault.values) == ("pin-wrong", {"left": 3})
        assert terminal.app.stage is Stage.LOCKED

    def test_a_locked_seat_writes_nothing(self, terminal: Terminal) -> None:
        terminal.app.receive(terminal.services)
        terminal.app.unlocked(terminal.people.known[0])
        assert terminal.store.person == CLERK
        terminal.app.lock()
        assert terminal.store.person == PersonId("")

    @pytest.mark.parametrize(
        ("code", "name", "pin", "fault"),
        [
            ("7KMQ2XRP9HTD", "记录员01", "135790", "code-incomplete"),
            ("7KMQ-2XRP-9HTD-VB0I", "记录员01", "135790", "code-symbols"),
            ("7KMQ-2XRP-9HTD-VBCD", " ", "135790", "name-missing"),
            ("7KMQ-2XRP-9HTD-VBCD", "记录员01", "1357", "pin-too-short"),
            ("7KMQ-2XRP-9HTD-VBCD", "记录员01", "111111", "pin-too-simple"),
        ],
    )
    def test_what_is_mistyped_is_told_before_anything_is_sent(
        self, terminal: Terminal, code: str, name: str, pin: str, fault: str
    ) -> None:
        sent: list[EnrolRequest] = []
        model = EnrolModel(sent.append, terminal.services.runner)
        model.submit("10.1.2.3:8443", code, name, pin, pin)
        assert model.fault is not None
        assert model.fault.id == fault
        assert sent == []

    def test_a_good_code_is_sent_once_with_the_address_as_a_url(self, terminal: Terminal) -> None:
        sent: list[EnrolRequest] = []
        model = EnrolModel(sent.append, terminal.services.runner)
        model.submit(" 10.1.2.3:8443 ", "7kmq 2xrp 9htd vbcd", "记录员01", "135790", "135790")
        assert sent == [EnrolRequest("https://10.1.2.3:8443", "7KMQ2XRP9HTDVBCD", "记录员01", "135790")]

    def test_what_the_center_says_to_a_code_is_shown(self, terminal: Terminal) -> None:
        def used(_request: EnrolRequest) -> None:
            raise PeerFault("activation-code-used")

        model = EnrolModel(used, terminal.services.runner)
        model.submit("10.1.2.3:8443", "7KMQ2XRP9HTDVBCD", "记录员01", "135790", "135790")
        assert model.fault is not None
        assert model.fault.id == "activation-code-used"
        assert not model.busy


class TestSync:
    def sync(self, terminal: Terminal, **shown: Any) -> SyncModel:
        terminal.services.records = ShownRecords(terminal.store, **{"receipts": [], **shown})  # type: ignore[assignment]  # records with a center behind them
        model = SyncModel(terminal.services, terminal.app)
        model.load()
        return model

    def test_the_queue_shows_what_needs_a_person_first_and_what_arrived_last(self, terminal: Terminal) -> None:
        meeting = terminal.day()
        model = self.sync(
            terminal,
            conflicts=[conflict("opinion", "text", meeting, "甲", "乙")],
            pending=[*waiting("minutes", meeting, 3), *waiting("sign_in", meeting, 2)],
            receipts=[receipt(7, 5, minutes=4, sign_in=1)],
        )
        assert [(row.state, row.entity, row.count) for row in model.rows] == [
            (RowState.CONFLICT, "opinion", 1),
            (RowState.WAITING, "minutes", 3),
            (RowState.WAITING, "sign_in", 2),
            (RowState.DELIVERED, "minutes", 5),
        ]
        model.choose_filter(Filter.RECEIPTS)
        assert [row.receipt for row in model.rows] == [7]
        assert model.picture.delivered_today == 5
        model.close()

    def test_a_persons_choice_is_written_as_a_decision(self, terminal: Terminal) -> None:
        meeting = terminal.day()
        model = self.sync(terminal, conflicts=[conflict("opinion", "text", meeting, "甲", "乙")])
        shown = model.conflict
        assert shown is not None
        assert [side.here for side in shown.sides] == [True, False]
        model.take(shown, shown.sides[1])
        settled = terminal.services.records.settled  # type: ignore[attr-defined]  # of ShownRecords
        assert [(write.entity, write.pk, dict(write.fields)) for write in settled] == [
            ("opinion", "o1", {"text": "乙"})
        ]
        assert terminal.sync.pokes == 1
        model.close()

    def test_both_texts_can_be_kept_and_a_code_cannot(self, terminal: Terminal) -> None:
        meeting = terminal.day()
        rows = [conflict("opinion", "text", meeting, "甲", "乙"), conflict("meeting", "kind", meeting, "a", "b")]
        model = self.sync(terminal, conflicts=rows)
        text, kind = model.picture.conflicts
        assert (text.can_keep_both, kind.can_keep_both) == (True, False)
        model.keep_both(text)
        settled = terminal.services.records.settled  # type: ignore[attr-defined]  # of ShownRecords
        assert dict(settled[0].fields) == {"text": "甲\n乙"}
        model.close()

    def test_real_records_wait_until_they_are_receipted(self, terminal: Terminal) -> None:
        terminal.meeting("座谈会", MeetingKind.REMOTE_CONSULT, timedelta(hours=1))
        model = SyncModel(terminal.services, terminal.app)
        model.load()
        assert model.picture.waiting == 1
        assert [row.title for row in model.rows] == ["座谈会"]
        model.close()

    def test_a_sync_package_is_written_and_its_receipt_imported_by_hand(
        self, terminal: Terminal, tmp_path: Path
    ) -> None:
        model = self.sync(terminal)
        assert model.can_carry
        assert model.package_name == "441323-20261120-0918.silian-sync"
        model.pack(tmp_path / model.package_name)
        assert model.carried == Carried(model.package_name, 3, 1)
        faults = told(model.failed)
        model.take_receipts(tmp_path / "wrong.silian-receipt")
        assert [fault.id for fault in faults] == ["usb-other-terminal"]
        model.take_receipts(tmp_path / "a.silian-receipt")
        assert model.carried == Carried("a.silian-receipt", 3, receipt=True)
        assert terminal.sync.pokes == 1
        model.close()

    def test_files_whose_content_still_goes_are_counted(self, terminal: Terminal) -> None:
        model = self.sync(terminal, status=status(attachments=4, attachment_bytes=12_300_000))
        assert (model.picture.attachments, model.picture.attachment_bytes) == (4, 12_300_000)
        model.close()

    def test_differences_are_marked_on_both_sides(self) -> None:
        mine, theirs = differences("覆盖 8 个卫生院", "覆盖 11 个卫生院")
        assert [one.text for one in mine if one.differs] == ["8"]
        assert [one.text for one in theirs if one.differs] == ["11"]
        assert "".join(one.text for one in theirs) == "覆盖 11 个卫生院"


def test_the_chain_to_the_center_marks_the_broken_link(terminal: Terminal, qtbot: QtBot) -> None:
    model = DiagnosticsModel(terminal.services, terminal.app)
    model.check()
    terminal.app.tell_link(link("offline", "center-silent"))
    qtbot.waitUntil(lambda: dict(model.layers)[Layer.NETWORK] is DeviceState.FAILED)
    assert dict(model.layers)[Layer.MACHINE] is DeviceState.ADVICE
    assert model.worst is DeviceState.FAILED


def test_a_meeting_goes_on_behind_the_pages(terminal: Terminal) -> None:
    app = terminal.app
    app.enter_meeting("m", TITLE)
    app.go(Page.SYNC)
    assert (app.in_session, app.meeting_id) == (False, "m")
    assert app.return_to_meeting()
    app.leave_meeting()
    assert not app.return_to_meeting()


def test_what_the_store_counts_is_what_the_window_counts(terminal: Terminal, qtbot: QtBot) -> None:
    terminal.app.tell_sync(status(pending=4, conflicts=1))
    qtbot.waitUntil(lambda: terminal.app.sync.pending == 4)
    assert terminal.app.sync.conflicts == 1
