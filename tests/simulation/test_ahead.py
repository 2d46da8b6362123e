"""What a clock that ran ahead had put on top is merged again, at its writer too, once the center has stamped it."""

from datetime import timedelta
from pathlib import Path

from desktop_app.domain.ids import PersonId
from desktop_app.domain.principal import Principal
from sync.center.store import CenterStore
from sync.identity.device import DeviceKey
from sync.log.write import Write
from sync.replication.page import pack_page
from sync.terminal.records import Records
from tests.simulation.killed import pull, push
from tests.simulation.machines import Identity, MachineClock
from tests.simulation.world import PROVINCE, UNITS


def test_a_lost_answer_and_a_clock_three_days_ahead_do_not_keep_an_older_word_on_top(tmp_path: Path) -> None:
    center_key = DeviceKey(bytes(32))
    people = [Identity(DeviceKey(bytes([n]) * 32), UNITS[0], center_key.id, center_key.public) for n in (1, 2)]
    known = {each.device: each for each in people}
    time = [0.0]
    clocks = [MachineClock(lambda: time[0]) for _ in range(3)]
    own = Identity(center_key, PROVINCE, center_key.id, center_key.public)
    center = CenterStore.open(tmp_path / "center", identity=own, clock=clocks[2], devices=known.get)
    ahead = Records.open(tmp_path / "ahead", identity=people[0], clock=clocks[0])
    right = Records.open(tmp_path / "right", identity=people[1], clock=clocks[1])
    for each in (ahead, right):
        each.act_as(PersonId("clerk"))
    ahead.write(Write("member", "m", {"unit_path": UNITS[0], "name": "始"}))
    push(ahead, center)
    pull(right, center)
    clocks[0].off = timedelta(days=3)
    time[0] += 60
    ahead.write(Write("member", "m", {"name": "三天以后"}))
    batch = ahead.next_batch() or b""
    answer = center.receive(ahead.device, batch)
    time[0] += 60
    right.write(Write("member", "m", {"name": "一分钟以后"}))
    push(right, center)
    at = ahead.pull_position()  # the page for which it had waited does not tell it what it pushed meanwhile
    asked = Principal(ahead.device, ahead.unit_path), at.cursor, 100
    own_head = (at.epoch, at.seq)
    page, _ = center.read_page(*asked, known_feed=at.feed, own_head=own_head, pushed_after=own_head)
    assert len(ahead.take_page(pack_page(page)).changes()) == 1
    ahead.acknowledge(answer)
    pull(right, center)
    for store in (center, ahead, right):
        assert (store.get("member", "m") or {})["name"] == "一分钟以后", store.device
        assert len(store.conflicts()) == 1
        store.close()
