"""A simulated terminal: its store and its lanes while it runs, its disk for ever."""

import asyncio
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from desktop_app.domain.faults import HostFault
from desktop_app.domain.ids import DeviceId, PersonId
from sync.blobs.desk import Attachments
from sync.blobs.lane import BlobLane
from sync.blobs.store import BlobStore
from sync.documents.minutes import MinutesDocument
from sync.replication.client import CenterClient
from sync.terminal.lanes import Pace, SyncLoop
from sync.terminal.records import Records
from tests.simulation.chance import InOrder
from tests.simulation.machines import BLOB_KEY, Identity, Killed, Machine, MachineClock
from tests.simulation.network import Line
from tests.simulation.promises import check_saved

if TYPE_CHECKING:
    from tests.simulation.world import Province

PACE = Pace(heartbeat=20.0, answer=8.0, first_heads=120.0, heads=300.0, refused_retry=6.0, wait=20)


class HeaderSigner:
    """Names the device where the real one signs."""

    def __init__(self, device: DeviceId) -> None:
        self._device = device

    def headers(self, method: str, target: str, body: bytes = b"", *, now: object) -> dict[str, str]:
        return {"sim-device": self._device}


class Terminal(Machine):
    """See the module."""

    def __init__(self, province: "Province", folder: Path, identity: Identity, clock: MachineClock, line: Line) -> None:
        super().__init__(folder, province.templates[Records.STORE_FILE], Records.STORE_FILE)
        self._province = province
        self.identity, self.clock, self.line = identity, clock, line
        self.person = PersonId(f"clerk of {identity.unit_path}")
        self.store: Records | None = None
        self.attachments: Attachments | None = None
        self.blobs: BlobLane | None = None
        self.lanes: asyncio.Task[None] | None = None
        self.returned: set[str] = set()
        """What this terminal told a person is saved."""
        self.attached: set[str] = set()
        """The attachments of which it told a person that they are taken in."""
        self.fetching: set[asyncio.Task[None]] = set()
        self.documents: dict[str, MinutesDocument] = {}
        self.unit = identity.unit_path
        """Where its unit was when it was started last."""
        self.stick: list[bytes] = []
        """The pushes, and later the receipts, that somebody carries between it and the center."""

    def start(self, pace: Pace = PACE) -> None:
        """Switch it on, and its lanes; nothing where both run."""
        if self.store is None:
            try:
                with self.perils(Records):
                    self.store = self._opened()
            except Killed:
                self._province.counts["terminal died in its opening"] += 1
                return
            self.unit = self.store.unit_path
            self.store.act_as(self.person)
            self.attachments = Attachments(self.store, BlobStore(self.folder, BLOB_KEY), self.clock)
            self.watch(self.store)
            self._count_healing(self.store)
            check_saved(self)
        if self.lanes is None:
            self._start_lanes(self.store, pace)

    def _start_lanes(self, store: Records, pace: Pace) -> None:
        assert self.attachments is not None
        client = CenterClient("https://center", "", HeaderSigner(self.identity.device), self.clock, transport=self.line)
        self.blobs = BlobLane(self.attachments, client, self.clock)
        lanes = SyncLoop(
            store,
            client,
            clock=self.clock,
            jitter=Random(self._province.rng.random()),
            on_link=lambda _link: None,
            on_progress=lambda _status: None,
            pace=pace,
            blobs=self.blobs,
        )
        lanes._requests = InOrder()  # type: ignore[assignment]
        self.lanes = asyncio.get_running_loop().create_task(lanes.run())

    def _opened(self) -> Records:
        """As the program opens it: a damaged store is made anew."""
        try:
            return Records.open(self.folder, identity=self.identity, clock=self.clock)
        except HostFault as fault:
            if fault.id != "store-damaged":
                raise
        self._province.counts["store salvaged"] += 1
        self._province.restored = True
        self.returned.clear()
        return Records.salvage(self.folder, identity=self.identity, clock=self.clock)

    def _count_healing(self, records: Records) -> None:
        heal, province = records.heal, self._province

        def counted(*asked: Any) -> int:
            mended = heal(*asked)
            if not province.restored:
                province.unexplained += mended
            return mended

        records.heal = counted  # type: ignore[method-assign]

    def put_back(self) -> bool:
        """Exchange the dead terminal's disk for its last backup, with all that it had told since."""
        found = super().put_back()
        if found:
            self._province.restored = True
            self._province.counts["terminal restored"] += 1
            self.returned.clear()
            self.attached.clear()
        return found

    async def stop(self) -> None:
        """The power goes, if it has not gone yet."""
        if self.store is None:
            return
        self.keep_disk()
        self.luck = None
        await self.stop_lanes()
        self.bury(self.store)
        self.store = self.attachments = self.blobs = None
        self.documents.clear()

    async def stop_lanes(self) -> None:
        for fetch in tuple(self.fetching):
            fetch.cancel()
        task, self.lanes = self.lanes, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})
            if not task.cancelled():
                task.exception()
