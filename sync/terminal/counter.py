"""What a terminal's people ask of the center besides the lanes: devices, activation codes, and a second look.

Each request names the person who unlocked. Nothing of it is kept here, so it needs the network: LinkFault without it.
"""

import json
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from desktop_app.domain.clock import Clock, moment
from desktop_app.domain.faults import PeerFault
from desktop_app.domain.ids import PersonId
from sync.identity.device import DeviceIdentity
from sync.identity.requests import RequestSigner
from sync.replication.client import CenterClient, LinkFault

PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class EnrolledDevice:
    """One terminal as the center knows it."""

    device: str
    unit_path: str
    label: str
    enrolled_at: datetime
    heard_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class GivenCode:
    """One activation code that was given out. Its first four symbols are all that is ever told again."""

    locator: str
    unit_path: str
    roles: tuple[str, ...]
    expires_at: datetime
    used_by: str


@dataclass(frozen=True, slots=True)
class HeldChange:
    """One change that the center holds or refuses, without its content."""

    change_id: str
    unit_path: str
    person_name: str
    entity: str
    meeting: str
    verdict: str
    reason: str
    received_at: datetime


class Acting(Protocol):
    """Whoever unlocked the terminal."""

    @property
    def person(self) -> PersonId: ...


class PersonSigner:
    """Signs requests in the name of whoever unlocked."""

    def __init__(self, signer: RequestSigner, records: Acting) -> None:
        self._signer, self._records = signer, records

    def headers(self, method: str, target: str, body: bytes = b"", *, now: datetime) -> dict[str, str]:
        return self._signer.headers(method, target, body, now=now, person=self._records.person)


Ask = Callable[[Coroutine[Any, Any, bytes]], Future[bytes]]
"""Runs a request on the sync thread; LinkFault where there is none."""


class Counter:
    """Blocking; thread-safe. PeerFault with the center's own id, LinkFault where it does not answer."""

    def __init__(self, identity: DeviceIdentity, signer: PersonSigner, main: CenterClient, clock: Clock) -> None:
        self._identity, self._signer, self._main, self._clock = identity, signer, main, clock
        self.ask: Ask | None = None
        """Set while the sync thread runs."""

    def devices(self) -> list[EnrolledDevice]:
        """The terminals of the own subtree."""
        return [_device(row) for row in self._get("/v1/devices", "devices")]

    def revoke(self, device: str) -> None:
        """Refuse a terminal from its next request on, for good."""
        self._send("POST", f"/v1/devices/{device}/revocation", {})

    def codes(self) -> list[GivenCode]:
        return [_code(row) for row in self._get("/v1/activation-codes", "codes")]

    def issue(self, unit_path: str, roles: list[str]) -> tuple[str, datetime]:
        """A new code and until when it can be used."""
        told = self._send("POST", "/v1/activation-codes", {"unit_path": unit_path, "roles": roles})
        return str(told["code"]), moment(told["expires_at"])

    def open_door(self, meeting: str, role: str, unit_path: str, minutes: int) -> tuple[str, str, datetime]:
        """A key for other people's software: the path of its door, the token, and until when it opens it."""
        asked = {"role": role, "unit_path": unit_path, "minutes": minutes}
        told = self._send("POST", f"/v1/meetings/{meeting}/doors", asked)
        return str(told["url"]), str(told["token"]), moment(told["until"])

    def withdraw(self, locator: str) -> None:
        self._send("DELETE", f"/v1/activation-codes/{locator}")

    def quarantine(self) -> list[HeldChange]:
        """What the center holds or refuses of the own subtree."""
        return [_held(row) for row in self._get("/v1/quarantine", "changes")]

    def judge_again(self, change_id: str) -> tuple[str, str]:
        """Have the center look at a change again: (verdict, reason)."""
        told = self._send("POST", f"/v1/quarantine/{change_id}", {})
        return str(told["verdict"]), str(told["reason"])

    def _get(self, target: str, name: str) -> list[dict[str, Any]]:
        return list(self._send("GET", target)[name])

    def _send(self, method: str, target: str, asked: dict[str, Any] | None = None) -> dict[str, Any]:
        body = json.dumps(asked).encode() if asked is not None else b""
        if self.ask is None:
            raise LinkFault("link-silent", address=self._identity.center_url)
        raw = self.ask(self._exchange(method, target, body)).result(PATIENCE * 2)
        try:
            told = json.loads(raw)
            if not isinstance(told, dict):
                raise TypeError("not an object")
        except (ValueError, TypeError) as err:
            raise PeerFault("center-not-silian", address=self._identity.center_url) from err
        return told

    async def _exchange(self, method: str, target: str, body: bytes) -> bytes:
        client = CenterClient(self._identity.center_url, self._identity.ca_pem, self._signer, self._clock)
        client.clock_offset = self._main.clock_offset
        try:
            return (await client.exchange(method, target, body, seconds=PATIENCE)).content
        finally:
            await client.close()


def _time(told: Any) -> datetime | None:
    return moment(told) if told else None


def _device(row: dict[str, Any]) -> EnrolledDevice:
    return EnrolledDevice(
        str(row["device"]),
        str(row["unit_path"]),
        str(row["label"]),
        moment(row["enrolled_at"]),
        _time(row.get("heard_at")),
        _time(row.get("revoked_at")),
    )


def _code(row: dict[str, Any]) -> GivenCode:
    roles = tuple(str(role) for role in row["roles"])
    return GivenCode(
        str(row["locator"]), str(row["unit_path"]), roles, moment(row["expires_at"]), str(row.get("used_by") or "")
    )


def _held(row: dict[str, Any]) -> HeldChange:
    return HeldChange(
        str(row["change_id"]),
        str(row["unit_path"]),
        str(row["person_name"]),
        str(row["entity"]),
        str(row["meeting"]),
        str(row["verdict"]),
        str(row["reason"]),
        datetime.fromtimestamp(int(row["received_ms"]) / 1000, UTC),
    )
