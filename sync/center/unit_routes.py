"""`POST /v1/units/{code}/place`: an operator of the center moves a unit under another one. See `sync.center.moves`."""

import json
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from desktop_app.domain.clock import stamp
from desktop_app.domain.faults import Fault, HostFault, OperatorError, PeerFault
from desktop_app.domain.principal import Actor, Principal, Role
from sync.center.moves import UnitMove
from sync.center.store import CenterStore

BODY = 4 * 1024
GROUND = 500
"""Characters of the ground on which a unit is moved."""
_STATUS = {"role-not-allowed": 403, "unit-unknown": 404, "unit-move-meeting": 409}
Move = Callable[[str, str, str, Actor], UnitMove]
"""Moves the unit of a code under another one, on a ground, for somebody; the book of terminals follows."""


def routes(store: CenterStore, move: Move) -> list[Route]:
    async def place(request: Request) -> Response:
        who: Principal = request.scope["principal"]
        try:
            if Role.PROVINCIAL_OPERATOR not in who.roles or who.unit_path != store.unit_path:
                raise PeerFault("role-not-allowed")
            under, ground = _asked(await request.body())
            done = await run_in_threadpool(move, str(request.path_params["code"]), under, ground, who.actor)
        except Fault as fault:
            body = {"now": stamp(store.clock.now()), **fault.values, "id": fault.id}
            default = 503 if isinstance(fault, HostFault) else 400
            return JSONResponse(body, status_code=_STATUS.get(fault.id, default))
        return JSONResponse({"now": stamp(store.clock.now()), **as_json(done)})

    return [Route("/v1/units/{code}/place", place, methods=["POST"])]


def as_json(done: UnitMove) -> dict[str, object]:
    return {
        "code": done.code,
        "before": done.before,
        "unit_path": done.after,
        "units": done.units,
        "records": done.records,
    }


def _asked(raw: bytes) -> tuple[str, str]:
    if len(raw) > BODY:
        raise PeerFault("body-too-large", most=BODY)
    try:
        body = json.loads(raw)
        under, ground = str(body["under"]), str(body["ground"]).strip()
    except (ValueError, TypeError, KeyError, RecursionError) as err:
        raise PeerFault("query-malformed") from err
    if not ground or len(ground) > GROUND:
        raise OperatorError("unit-move-ground")
    return under, ground
