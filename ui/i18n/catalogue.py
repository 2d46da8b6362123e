"""The sentences of one language, by key.

A sentence has places: `%1` to `%9` for values by position, `{name}` for the named values of a fault. English plurals
are written `%1 [site|sites]`: the bracket follows the number before it.
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_NARROW = str.maketrans("“”", '""')
"""The Chinese faces, which the English screens keep, draw curly quotation marks as wide as a character."""
_PLACE = re.compile(r"%([1-9])")
_NAMED = re.compile(r"\{([a-z_]+)\}")
_PLURAL = re.compile(r"(\d+)([^\[\]\d]*)\[([^|\]]*)\|([^\]]*)\]")


def read_catalogue(folder: Path) -> dict[str, str]:
    """Every `*.toml` of a language's folder as one flat mapping."""
    return {key: text for _, key, text in catalogue_lines(folder)}


def catalogue_lines(folder: Path) -> list[tuple[str, str, str]]:
    """(file, key, sentence) of every file in order; a test holds that no key is given twice."""
    return [
        (path.name, key, text if folder.name.startswith("zh") else text.translate(_NARROW))
        for path in sorted(folder.glob("*.toml"))
        for key, text in _flat(tomllib.loads(path.read_text(encoding="utf-8")))
    ]


def places(text: str) -> frozenset[str]:
    """The places of a sentence, for holding two languages beside each other."""
    return frozenset(_PLACE.findall(text)) | frozenset(_NAMED.findall(text))


def fill(text: str, *values: object) -> str:
    """Put values into `%1`, `%2` ... and settle the plurals."""

    def value(match: re.Match[str]) -> str:
        index = int(match[1]) - 1
        return str(values[index]) if index < len(values) else match[0]

    return _plural(_PLACE.sub(value, text))


def fill_named(text: str, values: Mapping[str, Any]) -> str:
    """Put named values into `{name}`; what is missing shows as a dash, never as a raw place."""
    return _plural(_NAMED.sub(lambda match: str(values.get(match[1], "—")), text))


def _plural(text: str) -> str:
    return _PLURAL.sub(lambda match: f"{match[1]}{match[2]}{match[3] if match[1] == '1' else match[4]}", text)


def _flat(table: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    entries: list[tuple[str, str]] = []
    for key, value in table.items():
        name = f"{prefix}{key}"
        entries += _flat(value, f"{name}.") if isinstance(value, Mapping) else [(name, str(value))]
    return entries
