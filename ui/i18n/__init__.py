"""What the interface says, in Simplified Chinese first and English complete.

`t("home.starts", 12)` gives the sentence of the language in force; `fault_text(fault)` gives a fault's sentence: what
happened, what is safe, what to do. A key that is missing shows itself, so that it is seen, and a test holds both
catalogues to the same keys and places.
"""

from functools import lru_cache
from pathlib import Path

from desktop_app.domain.faults import Fault
from ui.i18n.catalogue import fill, fill_named, read_catalogue

LANGUAGES = ("zh_CN", "en")

_language = "zh_CN"


@lru_cache(maxsize=4)
def catalogue(language: str) -> dict[str, str]:
    """All sentences of a language."""
    return read_catalogue(Path(__file__).parent / language)


def set_language(language: str) -> None:
    """Take up a language of `LANGUAGES`; the window builds its views anew after it."""
    global _language
    if language not in LANGUAGES:
        raise ValueError(f"no language {language}")
    _language = language


def language() -> str:
    """The language in force."""
    return _language


def t(key: str, *values: object) -> str:
    """The sentence of a key with its values in place."""
    return fill(catalogue(_language).get(key, key), *values)


def has(key: str) -> bool:
    """Whether the language in force has this key."""
    return key in catalogue(_language)


def fault_text(fault: Fault) -> str:
    """The sentence for a fault, in at most two sentences; one without a sentence of its own names its id."""
    text = catalogue(_language).get(f"fault.{fault.id}")
    if text is None:
        return fill_named(catalogue(_language)["fault.unnamed"], {"id": fault.id})
    return fill_named(text, fault.values)
