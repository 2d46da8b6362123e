"""Every sentence that the meeting's screens ask for is there, in both languages."""

import re
from pathlib import Path

import pytest

from ui.i18n.catalogue import read_catalogue

ROOT = Path(__file__).parents[2]
_ASKED = re.compile(r"""\bt\(\s*"([a-z0-9_.-]+)"|"((?:why|news)\.[a-z-]+)\"""")
_FAULTS = re.compile(r"(?:OperatorError|HostFault)\(\s*\"([a-z-]+)\"")
SOURCES = [path for part in ("meeting", "records", "models") for path in (ROOT / "ui" / part).glob("*.py")]


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_nothing_on_these_screens_shows_a_bare_key(language: str) -> None:
    sentences = read_catalogue(ROOT / "ui" / "i18n" / language)
    texts = [source.read_text("utf-8") for source in SOURCES]
    asked = {key or other for text in texts for key, other in _ASKED.findall(text)}
    asked |= {f"fault.{fault}" for text in texts for fault in _FAULTS.findall(text)}
    assert len(asked) > 150
    assert sorted(key for key in asked if key not in sentences) == []


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_every_wrong_row_of_a_roster_is_told_in_words(language: str) -> None:
    sentences = read_catalogue(ROOT / "ui" / "i18n" / language)
    rows = re.findall(r'"row-([a-z-]+)"', (ROOT / "sync" / "meetings" / "roster.py").read_text("utf-8"))
    assert sorted(row for row in rows if f"row.{row}" not in sentences) == []
