"""A unit's name in the language of the screen."""

import re

from desktop_app.domain.units import Level
from sync.reference.units import unit_at
from ui.i18n import language

NATIONAL, NATIONAL_NAME = "National", "National CPPCC"


def place_name(path: str) -> str:
    """惠东县政协 / Huidong County CPPCC; the path itself for a place outside the tree."""
    unit = unit_at(path)
    if unit is None:
        return path
    if language().startswith("zh"):
        return unit.name
    return NATIONAL_NAME if unit.level is Level.NATIONAL else unit.english_name


def told_name(path: str, told: str) -> str:
    """What the records call a site; in another language than theirs, what the tree of units calls it."""
    if language() != "zh_CN" and unit_at(path) is not None:
        return place_name(path)
    return told


def short_place(path: str) -> str:
    """惠东县 / Huidong, for a chain of sites."""
    unit = unit_at(path)
    if unit is None:
        return path
    if language().startswith("zh"):
        return unit.name.removesuffix("政协")
    if unit.level is Level.NATIONAL:
        return NATIONAL
    return unit.pinyin.replace(" ", "").capitalize()


_COMMITTEE = ("政协", " CPPCC")
_AUTONOMOUS = re.compile("(.族)+自治县$")
_KINDS = ("市", "县", "区", " City", " County", " District", " Province")


def place_of(name: str) -> str:
    """兴宁市政协 is 兴宁市, and Xingning City CPPCC is Xingning City."""
    for ending in _COMMITTEE:
        name = name.removesuffix(ending)
    return name


def bare_place(name: str) -> str:
    """雷州市政协 is 雷州 on a tile; a name of one character keeps its kind (城区)."""
    place = _AUTONOMOUS.sub("", place_of(name))
    for kind in _KINDS:
        short = place.removesuffix(kind)
        if short != place and len(short) > 1:
            return short
    return place


def closeness(path: str, own: str) -> int:
    """How many codes two paths share from the root down."""
    shared = 0
    for one, other in zip(path.strip("/").split("/"), own.strip("/").split("/"), strict=False):
        if one != other:
            break
        shared += 1
    return shared
