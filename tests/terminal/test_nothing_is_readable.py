"""Whoever carries the disk away reads nothing: not a word of the minutes, not a member, not an operator."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop_app.domain.clock import SystemClock
from desktop_app.domain.ids import DeviceId, PersonId, UnitPath
from desktop_app.settings import load_settings
from desktop_app.terminal.app import Terminal, open_terminal
from sync.identity.authority import Authority
from sync.identity.device import DeviceIdentity, DeviceKey
from sync.identity.keystore import Stretch, open_keystore
from sync.identity.operators import PinBook
from ui.models.app_model import Stage

HUIDONG = UnitPath("100000/440000/441300/441323/")
SENTENCE = "建议把村口的老榕树列入古树名录"
GUEST, OPERATOR, TITLE = "欧阳闻笛", "司徒操作员", "古树保护专题协商"
TYPED = (SENTENCE, GUEST, OPERATOR, TITLE)
ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "gbk", "unicode_escape")


def forms(text: str) -> list[bytes]:
    """How a text may lie in a file; also the start of it, which is where a page may break off."""
    return [part.encode(encoding) for part in (text, text[:4]) for encoding in ENCODINGS]


def readable(folder: Path) -> list[str]:
    """Which of what was typed is found in which file."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            raw = path.read_bytes()
            found += [f"{path.name}: {text}" for text in TYPED if any(form in raw for form in forms(text))]
    return found


@pytest.fixture
def terminal(tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """An enrolled terminal that writes the most talkative log there is, and whose center cannot be reached."""
    folder = tmp_path / "terminal"
    monkeypatch.setenv("SILIAN_PASSPHRASE", "a passphrase for one test")
    keys = open_keystore(folder, passphrase="a passphrase for one test", stretch=Stretch(1, 64, 1))
    key, center = DeviceKey.generate(), DeviceKey.generate()
    person = {"pk": "p1", "name": OPERATOR, "unit_path": HUIDONG, "roles": ["host", "clerk"], "is_active": True}
    ca_pem = Authority.open(tmp_path / "center", open_keystore(tmp_path / "center", passphrase="of the center")).ca_pem
    identity = DeviceIdentity(
        key, HUIDONG, DeviceId(center.id), center.public, ca_pem, "https://127.0.0.1:9", operators=(person,)
    )
    identity.save(folder, keys)
    PinBook(folder, key, SystemClock()).set(PersonId("p1"), "2580")
    settings = load_settings(
        tmp_path / "settings.toml", {"SILIAN_TERMINAL_FOLDER": str(folder), "SILIAN_LOG_LEVEL": "debug"}
    )
    opened = open_terminal(settings)
    qtbot.addWidget(opened.window)
    opened.show()
    qtbot.waitUntil(lambda: opened.app.stage is Stage.LOCKED, timeout=15_000)
    level = logging.getLogger().level
    logging.getLogger().setLevel(logging.DEBUG)
    yield opened
    logging.getLogger().setLevel(level)
    opened.close()


def test_what_is_typed_signed_and_marked_is_in_no_byte_of_the_folder(
    terminal: Terminal, qtbot: QtBot, tmp_path: Path
) -> None:
    work = terminal.workplace
    assert work is not None
    qtbot.waitUntil(lambda: bool(work.unlock.operators), timeout=10_000)
    work.unlock.choose("p1")
    work.unlock.unlock("2580")
    qtbot.waitUntil(lambda: terminal.app.stage is Stage.OPEN, timeout=10_000)
    now = terminal.clock.now()
    with qtbot.waitSignal(work.home.scheduled, timeout=10_000) as scheduled:
        work.home.schedule(TITLE, "remote_consult", now, now.replace(year=now.year + 1), (), ())
    meeting = scheduled.args[0]
    work.open_sign_in(meeting)
    qtbot.waitUntil(lambda: work.signin.meeting == meeting, timeout=10_000)
    work.signin.sign_in_guest(GUEST)
    work.open_minutes(meeting)
    qtbot.waitUntil(lambda: work.minutes.loaded, timeout=10_000)
    block = work.minutes.add_block(member_name=GUEST)
    for character in SENTENCE:
        work.minutes.type(block, character)
    work.minutes.mark_opinion(block)
    qtbot.waitUntil(lambda: len(work.minutes.noted) == 1, timeout=10_000)
    records = work.services.records
    qtbot.waitUntil(lambda: bool(records.attendance(meeting)), timeout=10_000)
    assert records.attendance(meeting)[0]["member_name"] == GUEST
    logging.getLogger("silian.test").debug("the log is written")

    folder = tmp_path / "terminal"
    assert (folder / "store.db-wal").stat().st_size > 0
    assert readable(folder) == [], "while it runs, the write-ahead log included"
    terminal.close()
    assert readable(folder) == [], "and after it has ended"
    assert "the log is written" in (folder / "log" / "terminal.log").read_text("utf-8")
    (folder / "control.txt").write_text(SENTENCE, "gbk")
    assert readable(folder) == [f"control.txt: {SENTENCE}"], "the search itself finds what is there"
