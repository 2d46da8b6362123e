"""A terminal and a center in one program that writes, sends and reads as fast as it can, until somebody kills it.

It says what it was told is saved (`saved ID`) and acknowledged (`acknowledged ID`), each after it was told.
"""

import sys
from itertools import count
from pathlib import Path

from desktop_app.domain.clock import SystemClock
from desktop_app.domain.faults import PeerFault
from desktop_app.domain.ids import PersonId, uuid7
from desktop_app.domain.principal import Principal
from sync.center.store import CenterStore
from sync.identity.device import DeviceKey
from sync.log.write import Write
from sync.terminal.records import Records
from tests.simulation.machines import Identity
from tests.simulation.world import PROVINCE, UNITS


def both(folder: Path) -> tuple[Records, CenterStore]:
    """The two stores of a folder, each with the key that it always has."""
    center_key, key = DeviceKey(bytes(32)), DeviceKey(b"\1" * 32)
    here = Identity(key, UNITS[0], center_key.id, center_key.public)
    above = Identity(center_key, PROVINCE, center_key.id, center_key.public)
    center = CenterStore.open(folder / "center", identity=above, clock=SystemClock(), devices={key.id: here}.get)
    records = Records.open(folder / "terminal", identity=here, clock=SystemClock())
    records.act_as(PersonId("clerk"))
    return records, center


def push(records: Records, center: CenterStore) -> None:
    """As the lane does it."""
    while (batch := records.next_batch()) is not None:
        try:
            answer = center.receive(records.device, batch)
        except PeerFault as fault:
            where = fault.values
            records.go_on_from(where["epoch"], where["seq"], bytes.fromhex(where["head_hash"]))
            continue
        records.acknowledge(answer)


def pull(records: Records, center: CenterStore) -> None:
    at, principal = records.pull_position(), Principal(records.device, records.unit_path)
    records.take_page(center.page(principal, at.cursor, 1000, known_feed=at.feed, own_head=(at.epoch, at.seq)))


def main(folder: Path) -> None:
    records, center = both(folder)
    meeting = "01939c3e-7a00-7000-8000-000000000001"
    if records.get("meeting", meeting) is None:
        fields = {"title": "会", "convener_unit": records.unit_path, "invited": [], "state": "planned"}
        records.write(Write("meeting", meeting, fields))
    for number in count():
        rows = [Write("opinion", uuid7(number), {"meeting": meeting, "text": f"{number}.{at}" * 50}) for at in range(3)]
        ids = records.write(*rows)
        print(*("saved " + each for each in ids), sep="\n", flush=True)
        push(records, center)
        print(*("acknowledged " + each for each in ids), sep="\n", flush=True)
        pull(records, center)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
