"""`summary.json` is worked out from the stores and recordings that a run left, and from nothing else."""

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from desktop_app.demo.summary import born_ms, canonical_hash, main, summarise
from desktop_app.domain.clock import SystemClock, stamp
from desktop_app.domain.ids import DeviceId, PersonId, UnitPath, derived_id, uuid7
from sync.documents.minutes import MinutesDocument
from sync.identity.device import DeviceIdentity, DeviceKey
from sync.terminal.records import Records, Write

HOST, CITY = UnitPath("100000/440000/441300/441323/"), UnitPath("100000/440000/441300/")
MEETING = "0190f3c2-7d5a-7c11-8b1f-2f6d1f0a9c01"
CLOCK = SystemClock()


@dataclass
class Left:
    """What a run left behind, to be spoilt by a test."""

    folder: Path
    devices: dict[str, str]

    def summary(self) -> dict[str, Any]:
        return summarise(self.folder)

    def change(self, store: str, statement: str) -> None:
        with closing(sqlite3.connect(self.folder / store)) as connection, connection:
            connection.execute(statement)


def _records(folder: Path, unit: UnitPath) -> Records:
    center = DeviceKey.generate()
    identity = DeviceIdentity(DeviceKey.generate(), unit, DeviceId(center.id), center.public, "", "https://127.0.0.1")
    records = Records.open(folder, identity=identity, clock=CLOCK)
    records.act_as(PersonId(uuid7(1)))
    return records


def _write_a_day(records: Records, members: int) -> None:
    records.write(
        Write(
            "meeting", MEETING, {"title": "协商会", "convener_unit": HOST, "invited": [CITY], "state": "open"}, MEETING
        )
    )
    for number in range(members):
        fields = {"meeting": MEETING, "member": f"m{number}", "member_name": "委员", "site": HOST}
        signed = {"status": "present", "method": "manual", "signed_at": stamp(CLOCK.now())}
        records.write(Write("sign_in", uuid7(number + 1), {**fields, **signed}, MEETING))
    minutes = derived_id("minutes", MEETING, HOST)
    records.write(Write("minutes", minutes, {"meeting": MEETING, "unit_path": HOST, "title": "纪要"}, MEETING))
    document = MinutesDocument()
    for text in ("建议开设夜间门诊。", "市里派医生带班。"):
        document.add_block(text=text)
        update = document.take_update()
        assert update is not None
        records.save_update(minutes, update, meeting=MEETING)


@pytest.fixture
def left(tmp_path: Path) -> Left:
    folder = tmp_path / "out"
    (folder / "screenshots").mkdir(parents=True)
    (folder / "exports").mkdir()
    (folder / "exports" / "签到表.xlsx").write_bytes(b"x")
    (folder / "exports" / "empty.docx").write_bytes(b"")
    host, city = _records(tmp_path / "host", HOST), _records(tmp_path / "city", CITY)
    _write_a_day(host, 3)
    host.backup_plain(folder / "host.db")
    city.backup_plain(folder / "city.db")
    devices = {HOST: str(host.device), CITY: str(city.device)}
    host.close()
    city.close()
    shutil.copy(folder / "host.db", folder / "center.db")
    terminals = []
    for name, path in (("host", HOST), ("city", CITY)):
        line = {"kind": "enrolled", "device": devices[path], "monotonic": 0.0, "unix": 0.0}
        (folder / f"{name}.jsonl").write_text(json.dumps(line) + "\n{broken", "utf-8")
        terminals.append({"unit_path": path, "level": 4, "store": f"{name}.db", "recording": f"{name}.jsonl"})
    now = CLOCK.now().timestamp()
    cuts = [{"unit_path": HOST, "began": now - 60, "ended": now + 60}]
    run = {"center": "center.db", "terminals": terminals, "cuts": cuts}
    (folder / "run.json").write_text(json.dumps(run), "utf-8")
    return Left(folder, devices)


def test_changes_that_all_arrived_are_neither_missing_nor_double(left: Left) -> None:
    sync = left.summary()["sync"]
    assert sync["local_changes"] == sync["center_changes"] == 7
    assert (sync["missing"], sync["duplicates"]) == (0, 0)


def test_a_change_that_the_center_does_not_have_is_missing_by_name(left: Left) -> None:
    left.change("center.db", "DELETE FROM change WHERE seq = 3")
    sync = left.summary()["sync"]
    assert sync["missing"] == len(sync["missing_ids"]) == 1
    assert sync["center_changes"] == 6


def test_a_change_that_the_center_has_twice_is_a_duplicate(left: Left) -> None:
    twice = "CREATE VIEW changes_seen AS SELECT change_id, terminal AS terminal_id, epoch, seq FROM change"
    left.change("center.db", "DROP VIEW changes_seen")
    left.change("center.db", f"{twice} UNION ALL SELECT change_id, terminal, epoch + 1, seq FROM change WHERE seq = 2")
    sync = left.summary()["sync"]
    assert sync["duplicates"] == 1
    assert sync["missing"] == 0


def test_the_same_place_of_a_chain_taken_by_two_changes_is_a_duplicate_too(left: Left) -> None:
    view = (
        "CREATE VIEW changes_seen AS SELECT change_id, terminal AS terminal_id, epoch, min(seq, 6) AS seq FROM change"
    )
    left.change("center.db", "DROP VIEW changes_seen")
    left.change("center.db", view)
    assert left.summary()["sync"]["duplicates"] == 1


def test_a_terminal_that_never_said_who_it_is_leaves_the_sync_unknown(left: Left) -> None:
    (left.folder / "city.jsonl").write_text("", "utf-8")
    assert left.summary()["sync"]["local_changes"] is None
    assert left.summary()["sync"]["missing"] is None


def test_minutes_that_are_the_same_at_both_ends_have_one_hash(left: Left) -> None:
    minutes = left.summary()["minutes"]
    assert minutes["terminal_sha256"] == minutes["center_sha256"] is not None


def test_one_update_that_is_missing_makes_another_hash(left: Left) -> None:
    left.change("center.db", "DELETE FROM change WHERE op = 'update' AND seq = 7")
    minutes = left.summary()["minutes"]
    assert minutes["terminal_sha256"] != minutes["center_sha256"]


def test_people_who_signed_in_are_counted_at_the_center(left: Left) -> None:
    assert left.summary()["sign_ins"] == 3
    one = "SELECT min(pk) FROM record WHERE entity = 'sign_in'"
    left.change("center.db", f"UPDATE record SET retracted = 1 WHERE entity = 'sign_in' AND pk = ({one})")
    assert left.summary()["sign_ins"] == 2


def test_what_was_written_while_the_cable_was_cut_is_told_by_the_ids_themselves(left: Left) -> None:
    offline = left.summary()["offline"]
    assert offline["changes_written"] == 7
    assert offline["seconds"] == 120
    run = json.loads((left.folder / "run.json").read_text("utf-8"))
    run["cuts"][0] |= {"began": 1.0, "ended": 2.0}
    (left.folder / "run.json").write_text(json.dumps(run), "utf-8")
    assert left.summary()["offline"]["changes_written"] == 0


def test_what_nobody_recorded_is_null(left: Left) -> None:
    summary = left.summary()
    assert [site["video_fps"] for site in summary["sites"]] == [None, None]
    assert summary["offline"]["media_back_s"] is None


def test_an_empty_export_is_no_export(left: Left) -> None:
    assert left.summary()["exports"] == ["exports/签到表.xlsx"]


def test_the_stores_are_only_read(left: Left) -> None:
    before = {path: path.read_bytes() for path in left.folder.glob("*.db")}
    assert main([str(left.folder)]) == 0
    assert {path: path.read_bytes() for path in left.folder.glob("*.db")} == before
    assert json.loads((left.folder / "summary.json").read_text("utf-8"))["sign_ins"] == 3


def test_the_hash_does_not_depend_on_how_json_is_written() -> None:
    assert canonical_hash([{"b": 1, "a": "水"}]) == canonical_hash([{"a": "水", "b": 1}])
    assert canonical_hash([]) == "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"


def test_a_change_tells_when_it_was_born() -> None:
    assert born_ms(uuid7(1_700_000_000_123)) == 1_700_000_000_123
