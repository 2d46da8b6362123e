"""A unit's name in the language of the screen."""

from sync.reference.units import unit_at
from ui.i18n import language


def place_name(path: str) -> str:
    """惠东县政协 / Huidong County CPPCC; the path itself for a place outside the tree."""
    unit = unit_at(path)
    if unit is None:
        return path
    return unit.name if language().startswith("zh") else unit.english_name


def short_place(path: str) -> str:
    """惠东县 / Huidong, for a chain of sites."""
    unit = unit_at(path)
    if unit is None:
        return path
    if language().startswith("zh"):
        return unit.name.removesuffix("政协")
    return unit.pinyin.replace(" ", "").capitalize()
