"""A center is upgraded while terminals of the earlier version go on: its tables are brought over, and nobody waits."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
import sqlalchemy as sa
from sync_province import BOLUO, HUIDONG, HUIZHOU, Province, opened_file
from test_lanes import site, until
from test_snapshot_and_healing import compare

from desktop_app.domain.ids import derived_id
from sync.entities import ENTITIES, Entity, Merge, Reach, Type
from sync.store.postgres import database_engine
from sync.store.schema import HEADS
from sync.terminal.records import Write

LATER_TABLES = ("blob", "blob_holder", "upload", "live_update")
FIRST = "0001"
BRIEFING = Entity("briefing", Merge.FIELDS, Reach.MEETING, {"meeting": Type.TEXT, "text": Type.TEXT})


def _made_by_an_earlier_version(province: Province) -> None:
    """Take from the center's closed store what later versions added to it."""
    statements = [f"DROP TABLE {name}" for name in LATER_TABLES]
    statements += ["DELETE FROM alembic_version", f"INSERT INTO alembic_version VALUES ('{FIRST}')"]
    if province.database:
        engine = database_engine(province.database)
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(sa.text(statement))
        engine.dispose()
        return
    with closing(opened_file(province.center)) as connection:
        for statement in statements:
            connection.execute(statement)


@contextmanager
def _later_version(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is done in here is done by a program that knows a further kind of record, and a further field."""
    with monkeypatch.context() as later:
        later.setitem(ENTITIES, BRIEFING.name, BRIEFING)
        later.setitem(ENTITIES["meeting"].fields, "mood", Type.TEXT)
        yield


async def test_a_center_is_migrated_while_terminals_write_and_nothing_of_theirs_is_lost(province: Province) -> None:
    host, city = province.terminal(HUIDONG), province.terminal(HUIZHOU)
    meeting = province.meeting(host, HUIZHOU)
    province.sign_in(host, meeting, "before")
    province.sync(host, city)
    async with site(province, host), site(province, city):
        province.center.close()
        _made_by_an_earlier_version(province)
        province.sign_in(host, meeting, "meanwhile")
        province.sign_in(city, meeting, "meanwhile too")
        center = province.open_center()
        await until(lambda: len(center.attendance(meeting)) == 3, "what was written meanwhile")
        await until(lambda: len(host.attendance(meeting)) == len(city.attendance(meeting)) == 3, "each to read it")
    with center.engine.connect() as connection:
        assert set(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars()) == HEADS
        assert set(LATER_TABLES) <= set(sa.inspect(connection).get_table_names())
    proof = center.prove(province.key.public, lambda _device: None)
    assert proof.receipted == proof.changes == 4
    assert compare(province, host) == compare(province, city) == []


async def test_an_earlier_terminal_goes_on_with_a_later_center_and_shows_what_it_holds_once_it_is_upgraded(
    province: Province, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, other = province.terminal(HUIDONG), province.terminal(BOLUO)
    meeting = province.meeting(host, BOLUO)
    province.sync(host, other)
    briefing = Write(BRIEFING.name, derived_id("b"), {"meeting": meeting, "text": "通报"})
    with _later_version(monkeypatch):
        center = province.center
        center.append(briefing, Write("meeting", meeting, {"mood": "热烈"}), actor=province.actor)
    async with site(province, host), site(province, other):
        await until(lambda: len(host.quarantine()) == len(other.quarantine()) == 1, "it to be held at both")
        province.sign_in(host, meeting, "1")
        await until(lambda: len(other.attendance(meeting)) == 1, "the work to go on")
    for terminal in (host, other):
        (held,) = terminal.quarantine()
        assert (held["entity"], held["verdict"], held["reason"]) == (BRIEFING.name, "held", "schema-newer")
        assert terminal.status().quarantined == 1
        assert terminal.status().pending == 0
    host.write(Write("meeting", meeting, {"title": "改名"}))
    province.sync(host, other)
    assert (other.get("meeting", meeting) or {})["mood"] == "热烈", "what it does not know is kept and passed on"
    other.close()
    with _later_version(monkeypatch):
        upgraded = province.open_terminal(other.identity)  # type: ignore[arg-type]
        assert upgraded.quarantine() == []
        assert [row["text"] for row in upgraded.list(BRIEFING.name)] == ["通报"]
        assert compare(province, upgraded) == []
