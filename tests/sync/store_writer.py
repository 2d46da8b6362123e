"""A program that writes records and says which it was told are saved, until somebody kills it."""

import sys
from pathlib import Path

from desktop_app.domain.clock import SystemClock
from desktop_app.domain.ids import DeviceId, PersonId, UnitPath, uuid7
from desktop_app.domain.principal import Actor
from sync.center.store import CenterStore
from sync.identity.device import DeviceIdentity, DeviceKey
from sync.terminal.records import Records, Write


def main(kind: str, folder: Path, seed: str) -> None:
    key = DeviceKey(bytes.fromhex(seed))
    identity = DeviceIdentity.of_center(key, unit_path=UnitPath("100000/440000/"), ca_pem="", url="")
    clock = SystemClock()
    if kind == "terminal":
        records = Records.open(folder, identity=identity, clock=clock)
        records.act_as(PersonId("p"))
        write = records.write
    else:
        center = CenterStore.open(folder, identity=identity, clock=clock, devices=lambda _device: None)
        actor = Actor(PersonId(""), DeviceId(key.id))

        def write(*writes: Write) -> list[str]:
            return center.append(*writes, actor=actor)

    number = 0
    while True:
        number += 1
        rows = [Write("opinion", uuid7(number), {"meeting": "m", "text": f"{number}.{at}" * 50}) for at in range(3)]
        print(" ".join(write(*rows)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
