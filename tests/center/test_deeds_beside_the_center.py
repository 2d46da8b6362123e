"""`silian center code` and `revoke` work beside the center, and the audit log knows of them all the same."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop_app.main import main
from desktop_app.platform import account
from sync.center.deeds import tell_deeds
from sync.identity.registry import Registry

from .asking import HUIDONG, OpenCenter


@pytest.fixture
def center(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenCenter]:
    monkeypatch.setenv("SILIAN_SETTINGS", str(tmp_path / "none.toml"))
    monkeypatch.setenv("SILIAN_PASSPHRASE", "center phrase")
    opened = OpenCenter(tmp_path / "center")
    yield opened
    opened.close()


def trail(center: OpenCenter) -> list[tuple[str, ...]]:
    rows = sorted(center.center.store.list("audit_event"), key=lambda row: str(row["at"]))
    return [
        tuple(str(row[name]) for name in ("kind", "unit_path", "subject_name", "machine", "detail")) for row in rows
    ]


def command(center: OpenCenter, *words: str) -> int:
    return main(["center", *words, "--folder", str(center.center.store.folder)])


def test_a_code_and_a_revocation_at_the_command_line_stand_in_the_audit_log_of_their_unit(
    center: OpenCenter, capsys: pytest.CaptureFixture[str]
) -> None:
    stolen = center.enrolled()
    assert command(center, "code", "--unit", "441323", "--count", "2") == 0
    locators = [line.split()[-1][:4] for line in capsys.readouterr().out.splitlines()]
    assert command(center, "revoke", "--device", stolen.device) == 0
    assert command(center, "revoke", "--device", stolen.device) == 1, "it is revoked already"
    assert trail(center) == [], "the store is the running center's alone"

    async def until_told() -> None:
        looking = asyncio.create_task(center.center._take_in_packages())
        async with asyncio.timeout(20):
            while center.registry.deeds():  # noqa: ASYNC110  (the book tells nobody that it was emptied)
                await asyncio.sleep(0.05)
        looking.cancel()
        await asyncio.wait({looking})

    asyncio.run(until_told())
    told = trail(center)
    own = center.center.store.device
    assert {row for row in told if row[0] == "code_issued"} == {
        ("code_issued", HUIDONG, account(), own, locator) for locator in locators
    }
    [revoked] = [row for row in told if row[0] == "device_revoked"]
    assert revoked[:4] == ("device_revoked", HUIDONG, account(), stolen.device)
    assert len(told) == 3


def test_what_was_told_before_the_center_died_is_not_told_twice(
    center: OpenCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command(center, "code", "--unit", "441323") == 0
    with monkeypatch.context() as dying:
        dying.setattr(Registry, "forget_deeds", lambda _self, _pks: None)
        assert tell_deeds(center.center.store, center.registry) == 1
    assert tell_deeds(center.center.store, center.registry) == 1
    assert tell_deeds(center.center.store, center.registry) == 0
    assert len(trail(center)) == 1


def test_a_book_of_an_earlier_version_is_taken_over(tmp_path: Path) -> None:
    Registry(tmp_path, bytes(32)).close()
    registry = Registry(tmp_path, bytes(32))
    registry._db.executescript("DROP TABLE deed; PRAGMA user_version = 2;")
    registry.close()
    again = Registry(tmp_path, bytes(32))
    assert again.deeds() == []
    again.close()
