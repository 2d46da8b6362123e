"""The agenda tree beside the minutes: items with their state, and below them who spoke when. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from desktop_app.domain.clock import moment
from sync.documents.minutes import Block

LOOSE = ""
"""The agenda item of what belongs to none."""


@dataclass(frozen=True, slots=True)
class OutlineBlock:
    """One block of the tree."""

    block: str
    member_name: str
    site_name: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class OutlineItem:
    """One agenda item with its blocks; `state` is planned, current or done. `number` is 0 for what belongs to none."""

    item: str
    number: int
    title: str
    state: str
    started_at: datetime | None
    blocks: tuple[OutlineBlock, ...]

    @property
    def speakers(self) -> int:
        """How many people have words here."""
        return len({block.member_name for block in self.blocks if block.member_name})


def time_of(text: object) -> datetime | None:
    """A stored time; None where it is none."""
    try:
        return moment(str(text)) if text else None
    except ValueError:
        return None


def outline(
    items: Sequence[Mapping[str, Any]], blocks: Sequence[Block], name_of: Callable[[str], str]
) -> list[OutlineItem]:
    """Every item in order; before them, what belongs to no item, where there is such a block or no item at all."""
    known = {str(item["pk"]) for item in items}
    placed: dict[str, list[OutlineBlock]] = {}
    for block in blocks:
        place = block.agenda_item if block.agenda_item in known else LOOSE
        shown = OutlineBlock(block.id, block.member_name, name_of(block.site), time_of(block.at))
        placed.setdefault(place, []).append(shown)
    tree = []
    if LOOSE in placed or not items:
        tree.append(OutlineItem(LOOSE, 0, "", "current", None, tuple(placed.get(LOOSE, ()))))
    for item in sorted(items, key=lambda item: int(item.get("item_no") or 0)):
        pk = str(item["pk"])
        tree.append(
            OutlineItem(
                pk,
                int(item.get("item_no") or 0),
                str(item.get("title") or ""),
                str(item.get("state") or "planned"),
                time_of(item.get("started_at")),
                tuple(placed.get(pk, ())),
            )
        )
    return tree
