"""What dies in the middle of a session, and what the others notice of it."""

import os
import signal
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from desktop_app.demo.cast import HOST
from desktop_app.demo.room import Room
from desktop_app.platform import end_process, is_alive
from sync.identity.device import DeviceIdentity
from sync.identity.keystore import open_keystore
from sync.store import cipher
from tests.processes.rooms import CITY, Session

pytestmark = [pytest.mark.processes, pytest.mark.timeout(100)]
SENTENCE = "夜间儿科门诊由县医院与中心镇卫生院轮流开设，药品统一配送，转诊通道二十四小时有人接听。"


def _seen(room: Room, other: str, samples: list[dict[str, Any]]) -> int:
    """Pictures of the other room that were painted between the first and the last of these samples."""
    return int(samples[-1]["painted"].get(other, 0) - samples[0]["painted"].get(other, 0))


def _heard(samples: list[dict[str, Any]], other: str) -> int:
    return int(samples[-1]["audio"][other]["decoded"] - samples[0]["audio"][other]["decoded"])


def _opened(store: Path, passphrase: str) -> Any:
    """A running program's encrypted store, read beside it with the folder's own key."""
    keys = open_keystore(store.parent, passphrase=passphrase)
    return cipher.connect(store, DeviceIdentity.load(store.parent, keys).store_key)


def _written(room: Room) -> set[str]:
    """The ids of every change in a terminal's store that it wrote itself."""
    with closing(_opened(room.seat.folder / "store.db", room.scene.passphrase(room.player.code))) as store:
        own = "SELECT change_id FROM changes_seen WHERE terminal_id = (SELECT terminal FROM origin)"
        return {row[0] for row in store.execute(own)}


def _at_center(session: Session) -> list[str]:
    with closing(_opened(session.scene.center_store, session.scene.passphrase("center"))) as store:
        return [row[0] for row in store.execute("SELECT change_id FROM changes_seen")]


def test_sound_and_picture_go_on_while_the_center_is_dead_and_nothing_is_forgotten(session: Session) -> None:
    host, city = session.rooms
    host.do("meeting.point_agenda", number=3, until="meeting.agenda == 3")
    center = session.scene.center
    assert center is not None
    os.killpg(center.pid, signal.SIGKILL)
    host.do(until=["app.link == offline", "meeting.control == false"], within=8)
    before = city.next_samples(4)
    assert _seen(city, HOST.unit_path, before) >= 30
    assert _heard(before, HOST.unit_path) >= 100
    host.do("signin.open", until="signin.expected >= 30")
    host.do("signin.enter", count=2, until=["signin.present == 2", "app.pending >= 2"])
    hub = session.scene.hub_pid
    session.scene.start_center()
    for room in session.rooms:
        room.do(until=["app.link == online", "meeting.control == true", "meeting.sites == 2"], within=15)
    host.do("app.return", until=["app.pending == 0", "meeting.moving == 1"], within=15)
    city.do(until=["meeting.agenda == 3", f"meeting.chair == {HOST.unit_path}", "meeting.moving == 1"])
    assert session.scene.hub_pid == hub
    held = _at_center(session)
    assert _written(host) | _written(city) <= set(held)
    assert len(held) == len(set(held))


def test_a_dead_hub_is_replaced_and_every_room_is_seen_and_heard_again_by_itself(session: Session) -> None:
    hub = session.scene.hub_pid
    assert hub is not None
    end_process(hub, at_once=True)
    for room, other in ((session.host, CITY), (session.city, HOST)):
        room.do(until="meeting.restarts >= 1", within=15)
        room.do(until=["meeting.media == true", "meeting.moving == 1", "meeting.control == true"], within=15)
        assert _seen(room, other.unit_path, room.next_samples(2)) > 0
    assert _heard(session.city.next_samples(3), HOST.unit_path) > 50
    assert session.scene.hub_pid != hub
    assert not is_alive(hub)


def test_a_terminal_killed_in_mid_sentence_loses_five_seconds_of_typing_at_most(session: Session) -> None:
    host = session.host
    host.do("minutes.open", until="minutes.loaded == true")
    host.do("minutes.write", text=SENTENCE, until=["minutes.typing == 0", "minutes.unsaved == false"])
    host.do(until="app.pending == 0")
    acknowledged = set(_at_center(session))
    long = "".join(f"第{number}条，{SENTENCE}" for number in range(1, 9))
    host.do("minutes.write", text=long)
    host.do(until="minutes.typing <= 200", within=20)
    typed = host.wait_line(lambda line: line["kind"] == "sample" and line.get("typed", 0) > 0, 5)["typed"]
    killed_at = time.monotonic()
    assert host.seat.process is not None
    host.seat.process.kill()
    session.city.begin(until="meeting.sites == 1", within=10)
    host.start()
    session.city.finish(10)
    host.unlock()
    host.do("minutes.open", until="minutes.loaded == true")
    text = host.wait_line(lambda line: line["kind"] == "sample" and "typed" in line, 5)["typed"]
    per_second = 2 / 0.06
    assert text >= typed - 5 * per_second
    assert text > len(SENTENCE)
    host.begin_join(2)
    host.finish(30)
    session.city.do(until=["meeting.sites == 2", "meeting.moving == 1"], within=15)
    assert time.monotonic() - killed_at < 40
    host.do(until="app.pending == 0")
    held = _at_center(session)
    assert acknowledged <= set(held)
    assert _written(host) <= set(held)
    assert len(held) == len(set(held))
