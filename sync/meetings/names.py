"""Chinese names: their pinyin, the initials they are searched by, and the order of surname strokes (姓氏笔画).

Official lists are ordered by strokes and never by pinyin.
"""

import json
from functools import cache
from importlib.resources import files

from sync.reference.tables import rows


@cache
def _surnames() -> dict[str, str]:
    """Readings that a surname has and the same character elsewhere has not."""
    return {row["surname"]: row["pinyin"] for row in rows("surnames.csv")}


def pinyin_of(name: str) -> str:
    """Syllables apart, without tones: 曾委员06 is `zeng wei yuan 06`; what is not Chinese stays, in lower case."""
    # A dictionary of 40,000 entries: loaded only where a sheet came without pinyin.
    from pypinyin import lazy_pinyin

    name = name.strip()
    for length in (2, 1):
        surname = _surnames().get(name[:length]) if len(name) >= length else None
        if surname is not None:
            return " ".join([surname, *lazy_pinyin(name[length:])]).strip().lower()
    return " ".join(lazy_pinyin(name)).strip().lower()


def initials_of(pinyin: str) -> str:
    """`zeng wei yuan 06` is `zwy06`: the first letter of each syllable, digits whole."""
    return "".join(word if word.isdigit() else word[0] for word in pinyin.lower().split())


@cache
def _strokes() -> tuple[int, str]:
    table = json.loads((files("sync.reference") / "strokes.json").read_text(encoding="utf-8"))
    return int(table["first"], 16), "".join(table["strokes"])


def strokes_of(character: str) -> int:
    """Strokes of one character of the CJK block U+4E00 to U+9FFF; 0 for any other."""
    first, counts = _strokes()
    place = ord(character) - first
    return ord(counts[place]) - 64 if 0 <= place < len(counts) else 0


def surname_strokes(name: str) -> int:
    """Strokes of the first character; 0 where it is not Chinese."""
    return strokes_of(name[0]) if name else 0


StrokeKey = tuple[int, tuple[tuple[int, str], ...]]


def stroke_key(name: str, known_surname_strokes: int = 0) -> StrokeKey:
    """Sort key of an official list: surname strokes first (the sheet's own count wins), then character by character.

    Names that are not Chinese come last.
    """
    characters = tuple((strokes_of(character), character) for character in name)
    first = known_surname_strokes or (characters[0][0] if characters else 0)
    return (first or 99, characters)
