"""Finding a unit among all of them, by what a clerk types. Pure."""

from collections.abc import Iterable

from desktop_app.domain.ids import UnitPath
from desktop_app.domain.units import unit_code
from ui.models.places import closeness, place_name
from ui.services import UnitChoice


def find_units(units: Iterable[UnitChoice], text: str, own: UnitPath) -> tuple[UnitChoice, ...]:
    """The units that a name, initials or a code begins with, the nearest first; all of them for no text."""
    wanted = text.strip().lower()
    near = sorted(units, key=lambda unit: -closeness(unit.unit_path, own))
    return tuple(
        unit
        for unit in near
        if not wanted
        or wanted in unit.name
        or unit.initials.startswith(wanted)
        or place_name(unit.unit_path).lower().startswith(wanted)
        or unit_code(unit.unit_path).startswith(wanted)
    )
