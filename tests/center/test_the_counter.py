"""A terminal's own way to the center's counter: signed by device and person, over the center's real application."""

import asyncio
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from desktop_app.domain.faults import Fault
from desktop_app.domain.ids import PersonId
from desktop_app.domain.principal import Actor, Role
from sync.identity.device import DeviceIdentity
from sync.identity.requests import RequestSigner
from sync.log.write import Write
from sync.replication.client import CenterClient, LinkFault
from sync.terminal import counter as module
from sync.terminal.counter import Counter, PersonSigner

from .asking import HUIDONG, OpenCenter

GUARD = PersonId("0190a8f0-0000-7000-8000-0000000051aa")
CLERK = PersonId("0190a8f0-0000-7000-8000-0000000052aa")


def at_once(request: Coroutine[Any, Any, bytes]) -> Future[bytes]:
    """Runs a request to its end, as the sync thread does."""
    done: Future[bytes] = Future()
    try:
        done.set_result(asyncio.run(request))
    except Fault as fault:
        done.set_exception(fault)
    return done


class Desk:
    """A county's terminal at which somebody unlocked."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.center = OpenCenter(folder)
        enrolled = self.center.enrolled(HUIDONG, GUARD)
        self.identity: DeviceIdentity = replace(enrolled, center_url="https://center.invalid")
        for person, role in ((GUARD, Role.SECURITY), (CLERK, Role.CLERK)):
            fields = {"unit_path": HUIDONG, "name": role.value, "roles": [role], "is_active": True}
            actor = Actor(PersonId(""), self.center.center.keys.identity.device)
            self.center.center.store.append(Write("operator", person, fields), actor=actor)
        app = self.center.center.app

        def client(*given: Any) -> CenterClient:
            return CenterClient(*given, transport=httpx.ASGITransport(app=app))

        monkeypatch.setattr(module, "CenterClient", client)
        self.acting: Any = SimpleNamespace(person=GUARD)
        signer = PersonSigner(RequestSigner(self.identity), self.acting)
        main = client(self.identity.center_url, "", signer, self.center.clock)
        self.counter = Counter(self.identity, signer, main, self.center.clock)
        self.counter.ask = at_once


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    made = Desk(tmp_path, monkeypatch)
    yield made
    made.center.close()


def test_devices_and_codes_are_read_given_and_withdrawn(desk: Desk) -> None:
    [device] = desk.counter.devices()
    assert (device.device, device.unit_path, device.heard_at) == (desk.identity.device, HUIDONG, desk.center.clock.at)
    code, until = desk.counter.issue(HUIDONG, ["clerk"])
    assert until > desk.center.clock.at
    [given] = desk.counter.codes()
    assert (given.locator, given.roles, given.used_by) == (code[:4], ("clerk",), "")
    desk.counter.withdraw(given.locator)
    assert desk.counter.codes() == []


def test_a_terminal_is_revoked_by_the_person_who_unlocked_and_by_nobody_else(desk: Desk) -> None:
    other = desk.center.enrolled(HUIDONG, "0190a8f0-0000-7000-8000-0000000053aa")
    desk.acting.person = CLERK
    with pytest.raises(Fault, match="role-not-allowed"):
        desk.counter.revoke(other.device)
    desk.acting.person = GUARD
    desk.counter.revoke(other.device)
    assert {one.device: one.revoked_at is None for one in desk.counter.devices()}[other.device] is False


def test_the_quarantine_is_the_clerks_and_an_unknown_change_is_told(desk: Desk) -> None:
    with pytest.raises(Fault, match="role-not-allowed"):
        desk.counter.quarantine()
    desk.acting.person = CLERK
    assert desk.counter.quarantine() == []
    with pytest.raises(Fault, match="change-unknown"):
        desk.counter.judge_again("0190a8f0-0000-7000-8000-0000000000ff")


def test_without_the_sync_thread_nothing_is_asked(desk: Desk) -> None:
    desk.counter.ask = None
    with pytest.raises(LinkFault):
        desk.counter.devices()
