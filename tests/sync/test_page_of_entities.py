"""`docs/protocol/entities.md` lists every kind of record with its fields, for who writes a client without this code."""

from pathlib import Path

from sync.center.admission import CENTER_FIELDS
from sync.entities import ENTITIES, SCHEMA_VERSION, Entity, Reach
from sync.merge.fold import OWNER_FIELDS

PAGE = Path(__file__).parents[2] / "docs" / "protocol" / "entities.md"


def line(entity: Entity) -> str:
    """The entity's row of the table, as the code has it."""
    seen = {Reach.EVERYONE: "everybody", Reach.MEETING: "its meeting", Reach.SUBTREE: "its unit"}[entity.reach]
    owner = OWNER_FIELDS.get(entity.name)
    by_center = CENTER_FIELDS.get(entity.name, frozenset())
    fields = [
        f"`{name}`{' (owner)' if name == owner else ''}{' (center)' if name in by_center else ''} {kind}"
        for name, kind in entity.fields.items()
    ]
    name = f"`{entity.name}`{' (center)' if entity.center_only else ''}"
    return f"| {name} | {entity.merge} | {seen} | {', '.join(fields)} |"


def test_the_page_says_of_every_entity_what_the_code_does() -> None:
    page = PAGE.read_text("utf-8")
    assert f"schema version {SCHEMA_VERSION}" in page
    rows = [each for each in page.splitlines() if each.startswith("| `")]
    assert rows == [line(each) for each in ENTITIES.values()]
