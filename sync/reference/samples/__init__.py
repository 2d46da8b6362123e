"""A made-up roster and agenda for the demonstration and the tests. Every name and number is invented."""

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from desktop_app.domain.ids import UnitPath
from desktop_app.domain.meetings import MeetingKind
from sync.reference.units import unit_of


@dataclass(frozen=True, slots=True)
class SampleItem:
    """One item of the sample agenda; the fields are those of the record `agenda_item`."""

    item_type: str
    title: str
    planned_min: int
    limit_sec: int
    warn_sec: int


@dataclass(frozen=True, slots=True)
class SampleAgenda:
    """A meeting that 惠东县 convenes with the province, its city and 博罗县."""

    title: str
    kind: MeetingKind
    convener: UnitPath
    invited: tuple[UnitPath, ...]
    total_min: int
    items: tuple[SampleItem, ...]


def sample_roster() -> Path:
    """惠东县's sample roster: 40 members, Chinese headers under a title row, .xlsx."""
    return Path(str(files(__package__) / "roster_441323.xlsx"))


def sample_agenda() -> SampleAgenda:
    """The sample agenda of six items."""
    text = (files(__package__) / "agenda_441323.toml").read_text(encoding="utf-8")
    sheet = tomllib.loads(text)
    return SampleAgenda(
        title=sheet["title"],
        kind=MeetingKind(sheet["kind"]),
        convener=unit_of(sheet["convener"]).unit_path,
        invited=tuple(unit_of(code).unit_path for code in sheet["invited"]),
        total_min=sheet["total_min"],
        items=tuple(
            SampleItem(item["type"], item["title"], item["minutes"], item.get("limit_sec", 0), item.get("warn_sec", 30))
            for item in sheet["item"]
        ),
    )
