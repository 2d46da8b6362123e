"""What a unit's officers ask the center over HTTP: its devices and activation codes, and what it holds back.

Authentication came before: `scope["principal"]` says who asks. Devices and codes are the security officer's, within
the own subtree; the quarantine is for whoever works there. What is done is an audit event of the unit it concerns.
"""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from desktop_app.domain.clock import Clock, stamp, unix_ms
from desktop_app.domain.faults import Fault, HostFault, OperatorError, PeerFault
from desktop_app.domain.ids import DeviceId, UnitPath, uuid7
from desktop_app.domain.principal import Principal, Role, may_work, roles_fit
from desktop_app.domain.units import Level, governs, level_of, unit_code
from sync.center.contacts import Contacts
from sync.center.store import CenterStore
from sync.identity.activation import CodeBook
from sync.identity.registry import CodeRow, Device, Registry
from sync.log.audit import ENTITY, AuditKind
from sync.log.write import Write

BODY = 4 * 1024
LIFETIME = timedelta(days=3)
_STATUS = {"role-not-allowed": 403, "out-of-scope": 403, "device-not-listed": 404, "change-unknown": 404}
_STATUS |= {"code-not-listed": 404, "unit-unknown": 404}


class Office:
    """The counter of one center."""

    def __init__(
        self, store: CenterStore, registry: Registry, codes: CodeBook, contacts: Contacts, clock: Clock
    ) -> None:
        self._store, self._registry, self._codes = store, registry, codes
        self._contacts, self._clock = contacts, clock

    def routes(self) -> list[Route]:
        """The routes of the counter, for the center's one application."""
        return [
            Route("/v1/devices", self._on(self._devices), methods=["GET"]),
            Route("/v1/devices/{device}/revocation", self._on(self._revoke), methods=["POST"]),
            Route("/v1/activation-codes", self._on(self._list_codes), methods=["GET"]),
            Route("/v1/activation-codes", self._on(self._issue), methods=["POST"]),
            Route("/v1/activation-codes/{locator}", self._on(self._withdraw), methods=["DELETE"]),
            Route("/v1/quarantine", self._on(self._quarantine), methods=["GET"]),
            Route("/v1/quarantine/{change}", self._on(self._judge), methods=["POST"]),
        ]

    def _on(self, act: Callable[[Principal, dict[str, Any], dict[str, Any]], Any]) -> Callable[..., Any]:
        async def answer(request: Request) -> Response:
            principal: Principal = request.scope["principal"]
            try:
                asked = _asked(await request.body()) if request.method == "POST" else {}
                told = await run_in_threadpool(act, principal, dict(request.path_params), asked)
            except Fault as fault:
                return self._refusal(fault)
            return JSONResponse({"now": stamp(self._clock.now()), **told})

        return answer

    def _refusal(self, fault: Fault) -> JSONResponse:
        body = {"now": stamp(self._clock.now()), **fault.values, "id": fault.id}
        default = 503 if isinstance(fault, HostFault) else 400
        return JSONResponse(body, status_code=_STATUS.get(fault.id, default))

    # Devices and codes

    def _devices(self, who: Principal, _path: dict[str, Any], _asked: dict[str, Any]) -> dict[str, Any]:
        _check_guard(who)
        heard = self._contacts.all()
        center = self._store.device
        mine = [
            each
            for each in self._registry.devices()
            if each.device != center and governs(who.unit_path, each.unit_path)
        ]
        return {"devices": [_device(each, heard.get(each.device)) for each in mine]}

    def _revoke(self, who: Principal, path: dict[str, Any], _asked: dict[str, Any]) -> dict[str, Any]:
        """From its next request on it is refused, for good."""
        _check_guard(who)
        device = DeviceId(str(path["device"]))
        held = self._registry.device(device)
        if held is None or device == self._store.device or not governs(who.unit_path, held.unit_path):
            raise OperatorError("device-not-listed", device=device[:8])
        if self._registry.revoke(device, self._clock.now()):
            self._tell(who, AuditKind.DEVICE_REVOKED, held.unit_path, machine=device, name=held.label)
        return {"device": device}

    def _list_codes(self, who: Principal, _path: dict[str, Any], _asked: dict[str, Any]) -> dict[str, Any]:
        """What was given out; never the code itself, which only the one who asked for it has seen."""
        _check_guard(who)
        return {"codes": [_code(each) for each in self._registry.codes() if governs(who.unit_path, each.unit_path)]}

    def _issue(self, who: Principal, _path: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
        """A new code for one terminal of a unit; this answer is the only time that it is told."""
        _check_guard(who)
        unit = UnitPath(str(asked.get("unit_path") or ""))
        if not unit or self._store.get("unit", unit_code(unit)) is None:
            raise OperatorError("unit-unknown", code=unit_code(unit))
        if not governs(who.unit_path, unit):
            raise PeerFault("out-of-scope")
        roles = _roles(asked.get("roles"), unit)
        now = self._clock.now()
        code = self._codes.issue(unit, roles, now, LIFETIME)
        self._tell(who, AuditKind.CODE_ISSUED, unit, name=code.locator)
        return {"code": str(code), "expires_at": stamp(now + LIFETIME)}

    def _withdraw(self, who: Principal, path: dict[str, Any], _asked: dict[str, Any]) -> dict[str, Any]:
        _check_guard(who)
        locator = str(path["locator"])
        row = self._registry.code(locator)
        if row is None or not governs(who.unit_path, row.unit_path) or not self._registry.withdraw(locator):
            raise OperatorError("code-not-listed")
        self._tell(who, AuditKind.CODE_WITHDRAWN, row.unit_path, name=locator)
        return {"locator": locator}

    # The quarantine

    def _quarantine(self, who: Principal, _path: dict[str, Any], _asked: dict[str, Any]) -> dict[str, Any]:
        _check_worker(who)
        listed = self._store.quarantined(who.unit_path)
        names = {row["pk"]: str(row.get("name") or "") for row in self._store.list("operator")} if listed else {}
        return {
            "changes": [
                {
                    "change_id": each.change_id,
                    "unit_path": each.unit_path,
                    "person_name": names.get(each.person, ""),
                    "entity": each.entity,
                    "meeting": each.meeting,
                    "verdict": each.verdict,
                    "reason": each.reason,
                    "at_ms": each.at_ms,
                    "received_ms": each.received_ms,
                }
                for each in listed
            ]
        }

    def _judge(self, who: Principal, path: dict[str, Any], _asked: dict[str, Any]) -> dict[str, Any]:
        """Look at a change again by the same rules; what they say now."""
        _check_worker(who)
        verdict, reason = self._store.judge_again(str(path["change"]), who.unit_path)
        self._tell(who, AuditKind.JUDGED_AGAIN, who.unit_path, name=str(path["change"])[-12:])
        return {"verdict": verdict, "reason": reason}

    def _tell(self, who: Principal, kind: AuditKind, unit: UnitPath, *, name: str = "", machine: str = "") -> None:
        """An audit event of the unit that it concerns, by whoever asked."""
        now = self._clock.now()
        fields = {
            "unit_path": unit,
            "kind": kind.value,
            "at": stamp(now),
            "subject_name": name,
            "machine": machine or who.device,
        }
        self._store.append(Write(ENTITY, uuid7(unix_ms(now)), fields), actor=who.actor)


def _asked(raw: bytes) -> dict[str, Any]:
    if len(raw) > BODY:
        raise PeerFault("body-too-large", most=BODY)
    if not raw:
        return {}
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as err:
        raise PeerFault("query-malformed") from err
    if not isinstance(body, dict):
        raise PeerFault("query-malformed")
    return body


def _check_guard(who: Principal) -> None:
    if not who.person or Role.SECURITY not in who.roles:
        raise PeerFault("role-not-allowed")


def _check_worker(who: Principal) -> None:
    if not who.person or not may_work(who.roles):
        raise PeerFault("role-not-allowed")


def _roles(asked: Any, unit: UnitPath) -> frozenset[Role]:
    known = {role.value for role in Role}
    if not isinstance(asked, list) or not asked or any(role not in known for role in asked):
        raise PeerFault("query-malformed")
    roles = frozenset(Role(role) for role in asked)
    if not roles_fit(roles):
        raise PeerFault("roles-not-separate")
    if Role.PROVINCIAL_OPERATOR in roles and level_of(unit) > Level.PROVINCE:
        raise PeerFault("role-not-allowed")
    return roles


def _device(each: Device, heard: Any) -> dict[str, Any]:
    return {
        "device": each.device,
        "unit_path": each.unit_path,
        "label": each.label,
        "enrolled_at": stamp(each.enrolled_at),
        "heard_at": stamp(heard) if heard is not None else "",
        "revoked_at": stamp(each.revoked_at) if each.revoked_at is not None else "",
    }


def _code(each: CodeRow) -> dict[str, Any]:
    return {
        "locator": each.locator,
        "unit_path": each.unit_path,
        "roles": sorted(each.roles),
        "issued_at": stamp(each.issued_at),
        "expires_at": stamp(each.expires_at),
        "used_by": each.used_by or "",
    }
