"""The provincial center: one ASGI program over one store, put together here and nowhere else.

Records, enrolment and meeting control are mounted behind one gate (`authentication`). The media hub is a process of its
own beside it. What the center is, its keys and its authority are made at its first start.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from desktop_app.center.authentication import Authentication, refusal
from desktop_app.center.engines import media_engine, relay_desk
from desktop_app.center.keys import CenterKeys, open_keys
from desktop_app.center.meetings import CenterMeetings
from desktop_app.center.recordings import Recordings
from desktop_app.center.repair import acts, move_unit
from desktop_app.domain.clock import Clock, stamp, unix_ms
from desktop_app.domain.faults import Fault, HostFault
from desktop_app.domain.ids import DeviceId, PersonId, UnitPath, derived_id, uuid7
from desktop_app.domain.principal import Actor, Role, roles_fit
from desktop_app.domain.units import unit_code
from desktop_app.main import VERSION
from desktop_app.settings import Settings
from media.doors.routes import Doors
from media.engine.room import MediaEngine
from media.meeting.seals import CenterSigner
from sync.blobs.routes import routes as blob_routes
from sync.blobs.store import BlobStore, blob_key
from sync.blobs.uploads import MEBIBYTE, Quota, Uploads
from sync.center.contacts import KEEP_EVERY, Contacts
from sync.center.deeds import tell_deeds
from sync.center.docs import Desk as DocumentDesk
from sync.center.intake_process import IntakeProcess, Start
from sync.center.line import routes as line_routes
from sync.center.moves import UnitMove
from sync.center.numbering import Numbering
from sync.center.office import Office as Counter
from sync.center.orders import PURPOSE, Orders
from sync.center.routes import routes as record_routes
from sync.center.store import CenterStore
from sync.center.unit_routes import routes as unit_routes
from sync.identity.device import verify
from sync.identity.enrolment_desk import EnrolmentDesk
from sync.identity.keystore import KeyStore
from sync.identity.requests import RequestVerifier
from sync.log.audit import ENTITY as AUDIT
from sync.log.audit import AuditKind
from sync.log.write import Write
from sync.reference.units import units
from sync.usb.center import UsbOffice
from sync.usb.spool import Spool

log = logging.getLogger("silian.center")
INTAKE_AFTER = 3.0
"""Seconds after which it is started where no push has come: the sites of a meeting come back first."""
PACKAGES_EVERY = 0.5
"""Seconds between two looks for a sync package that was handed over."""


def media_signer(keys: CenterKeys) -> CenterSigner:
    """With this center's own key, and by its book of devices: a revoked device signs nothing any more."""

    def is_of_device(device: DeviceId, message: bytes, signature: bytes) -> bool:
        known = keys.registry.device(device)
        return known is not None and known.revoked_at is None and verify(known.public_key, message, signature)

    return CenterSigner(keys.identity.sign, is_of_device)


class RecordsOffice:
    """The records, as the enrolment desk needs them: an `Office`."""

    def __init__(self, store: CenterStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def unit(self, unit_path: UnitPath) -> Mapping[str, Any] | None:
        return self._store.get("unit", unit_code(unit_path))

    def operator(self, person: PersonId) -> Mapping[str, Any] | None:
        """A person's account, with the place where its unit is now."""
        row = self._store.get("operator", person)
        return row if row is None else row | {"unit_path": self._store.place_of(UnitPath(str(row["unit_path"] or "")))}

    def operators(self, unit_path: UnitPath) -> Sequence[Mapping[str, Any]]:
        return self._store.list("operator", unit_path=unit_path, is_active=True)

    def admit(self, unit_path: UnitPath, name: str, roles: frozenset[Role], device: DeviceId) -> str:
        """One person of one name per unit: a second terminal of the unit finds the same one.

        Somebody of that name who may not hold these roles besides their own (`roles_fit`) is another person.
        """
        named = (row for row in self.operators(unit_path) if row["name"] == name)
        known = next((row for row in named if roles_fit(roles | frozenset(row["roles"] or ()))), None)
        held = frozenset(known["roles"] or ()) if known else frozenset()
        pk = str(known["pk"]) if known else uuid7(unix_ms(self._clock.now()))
        if known is None:
            fields: dict[str, Any] = {"unit_path": unit_path, "name": name, "is_active": True}
        else:
            fields = {}
        if known is None or not roles <= held:
            fields["roles"] = sorted(held | roles)
        writes = [Write("operator", pk, fields)] if fields else []
        event = derived_id("enrolled", device, pk)
        if self._store.get(AUDIT, event) is None:
            told = {"unit_path": unit_path, "kind": AuditKind.ENROLLED.value, "at": stamp(self._clock.now())}
            writes.append(Write(AUDIT, event, {**told, "subject": pk, "subject_name": name, "machine": device}))
        if writes:
            self._store.append(*writes, actor=Actor(PersonId(""), self._store.device))
        return pk


def seed_units(store: CenterStore) -> int:
    """Write the units of the reference data that the records do not have yet; how many those were.

    A unit that is there is left as it is: the center may have renamed it since.
    """
    held = {row["pk"] for row in store.list("unit")}
    missing = [Write("unit", unit.code, unit.fields()) for unit in units().values() if unit.code not in held]
    if missing:
        store.append(*missing, actor=Actor(PersonId(""), store.device))
    return len(missing)


def center_uploads(store: CenterStore, keystore: KeyStore, settings: Settings, clock: Clock) -> Uploads:
    """The attachments and recordings of a center's folder."""
    quota = Quota(settings.center.blob_quota * MEBIBYTE, settings.center.blob_reserve * MEBIBYTE)
    return Uploads(store.engine, BlobStore(store.folder, blob_key(keystore)), clock, quota)


class Center:
    """One center, from its open store to its last answer; `app` is what a server serves."""

    def __init__(
        self,
        store: CenterStore,
        keys: CenterKeys,
        engine: MediaEngine,
        meetings: CenterMeetings,
        uploads: Uploads,
        clock: Clock,
        intake: IntakeProcess | None = None,
    ) -> None:
        self._intake = intake
        self._receive = store.receive if intake is None else intake.receive
        self._store, self._keys, self._engine, self._meetings, self._clock = store, keys, engine, meetings, clock
        self._uploads = uploads
        self._documents = DocumentDesk(store, clock, self._receive)
        self._usb = UsbOffice(store, uploads, keys.identity, keys.registry.device, clock)
        self._spool = Spool(store.folder)
        self._orders = Orders(store.folder, keys.identity.key.derive(PURPOSE), clock)
        self._doors = Doors(meetings.server, engine, keys.identity.key.derive("doors"), clock)
        office = RecordsOffice(store, clock)
        self._desk = EnrolmentDesk(
            keys.registry,
            keys.codes,
            key=keys.identity.key,
            ca_pem=keys.authority.ca_pem,
            office=office,
            clock=clock,
        )
        self._contacts = Contacts(keys.registry)
        self._numbering = Numbering(store, clock)
        self._counter = Counter(store, keys.registry, keys.codes, self._contacts, clock)
        self.verifier = RequestVerifier(
            center=keys.identity.device,
            device=keys.registry.device,
            operator=office.operator,
            started=clock.now(),
            heard=self._contacts.note,
        )
        self.app = Starlette(
            routes=self.routes(),
            middleware=[
                Middleware(Authentication, verifier=self.verifier, clock=clock, was_revoked=keys.registry.was_revoked)
            ],
            exception_handlers={Fault: self._on_fault},
            lifespan=self._lifespan,
        )

    @classmethod
    def open(
        cls, folder: Path, keystore: KeyStore, settings: Settings, clock: Clock, intake: Start | None = None
    ) -> "Center":
        """Open the folder's store and put the center together; nothing listens and no hub is started yet.

        `intake` starts the process that takes in pushes; without it they are taken in here.

        HostFault `store-in-use` when another center has this folder, and what `CenterStore` and `open_keys` say.
        """
        keys = open_keys(folder, keystore, settings)
        store = keys.open_store(folder, settings, clock)
        try:
            keys.registry.relocate(store.place_of)  # the center may have died when a unit was moved
            added = seed_units(store)
            if added:
                log.info("%d units of the reference data were written into the records", added)
            uploads = center_uploads(store, keystore, settings, clock)
            uploads.tidy()
            engine = media_engine(folder, settings.center, keys.identity.key, clock)
            meetings = CenterMeetings(
                store,
                engine,
                media_signer(keys),
                clock,
                relays=relay_desk(settings.center, keys.identity.key),
                recordings=Recordings(
                    store,
                    uploads,
                    keys.identity.key,
                    clock,
                    folder=settings.center.recordings,
                    retention=settings.center.recording_retention,
                ),
                grace_seconds=settings.center.chair_grace,
                revoked=keys.registry.revoked,
            )
        except BaseException:
            store.close()
            raise
        process = IntakeProcess(store, keys.identity.key.seed, settings.center.database, intake) if intake else None
        return cls(store, keys, engine, meetings, uploads, clock, process)

    def routes(self) -> list[BaseRoute]:
        """Every route there is; what is not in `authentication.OPEN` is behind the gate."""
        return [
            Route("/healthz", self._healthz, methods=["GET"]),
            Route("/readyz", self._readyz, methods=["GET"]),
            *self._desk.routes(),
            *record_routes(self._store, self._receive),
            *unit_routes(self._store, self._move_unit),
            *blob_routes(self._uploads, self._clock),
            *line_routes(self._clock),
            *self._documents.routes(),
            *self._counter.routes(),
            *self._meetings.routes(),
            *self._doors.routes(),
        ]

    @property
    def keys(self) -> CenterKeys:
        return self._keys

    @property
    def store(self) -> CenterStore:
        return self._store

    @contextlib.asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        await self._engine.open()
        try:
            async with self._meetings.running(), self._doors.running():
                forever = (self._open_intake, self._take_in_packages, self._keep_contacts, self._numbering.run)
                chores = {asyncio.create_task(each()) for each in forever}
                try:
                    yield
                finally:
                    for chore in chores:
                        chore.cancel()
                    await asyncio.wait(chores)
        finally:
            if self._intake is not None:
                await run_in_threadpool(self._intake.close)
            await self._engine.close()

    async def _open_intake(self) -> None:
        """Have the process ready before the first push; where it cannot be had, the push says so in the log."""
        if self._intake is not None:
            await asyncio.sleep(INTAKE_AFTER)
            with contextlib.suppress(OSError):
                await run_in_threadpool(self._intake.open)

    def _move_unit(self, code: str, under: str, ground: str, actor: Actor) -> UnitMove:
        return move_unit(self._store, self._keys, code, under, ground, actor)

    async def _take_in_packages(self) -> None:
        """Import what `silian center import` hands over while this center runs, and do what it is ordered to."""
        await run_in_threadpool(self._spool.clear)
        await run_in_threadpool(self._orders.clear)
        ordered = acts(self._store, self._keys)
        while True:
            try:
                await run_in_threadpool(self._spool.serve, self._usb.take_in)
                await run_in_threadpool(self._orders.serve, ordered)
                await run_in_threadpool(tell_deeds, self._store, self._keys.registry)
            except Exception:
                log.exception("a sync package or an order met a bug; a package is left where it lies")
                await asyncio.sleep(100 * PACKAGES_EVERY)
            await asyncio.sleep(PACKAGES_EVERY)

    async def _keep_contacts(self) -> None:
        """When each terminal was last heard of outlives this center."""
        while True:
            await asyncio.sleep(KEEP_EVERY)
            await run_in_threadpool(self._try_to_keep)

    def _try_to_keep(self) -> None:
        try:
            self._contacts.keep()
        except HostFault as fault:
            log.error("when terminals were heard of was not kept: %s", fault)

    def close(self) -> None:
        """Let go of the store. The hub runs on."""
        self._try_to_keep()
        self._uploads.close()
        self._store.close()
        self._keys.registry.close()

    async def _healthz(self, _: Request) -> JSONResponse:
        return JSONResponse({"now": stamp(self._clock.now()), "center": self._keys.identity.device, "version": VERSION})

    async def _readyz(self, _: Request) -> JSONResponse:
        """200 when records and media both work, else 503 with what does not."""
        parts = {"records": await run_in_threadpool(self._reads), "media": self._engine.connected}
        status = 200 if all(parts.values()) else 503
        return JSONResponse({"now": stamp(self._clock.now()), "ready": status == 200, **parts}, status_code=status)

    def _reads(self) -> bool:
        try:
            return self._store.get("unit", unit_code(self._keys.identity.unit_path)) is not None
        except HostFault as fault:
            log.error("the store does not answer: %s", fault)
            return False

    async def _on_fault(self, request: Request, err: Exception) -> Response:
        """A fault that a route let through: its id, and nothing of where it came from."""
        if not isinstance(err, Fault):
            raise err
        if isinstance(err, HostFault):
            log.error("%s: %s", request.url.path, err)
        status = 503 if isinstance(err, HostFault) else 400
        return Response(refusal(err, self._clock), status, media_type="application/json")
