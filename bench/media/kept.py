"""What was measured before: `bench-out/media.json`."""

import json
from collections.abc import Mapping

from bench.rows import OUT, Row

NAME = "media"
FIELDS = ("row", "ours", "peer", "goal", "holds")


def kept_rows() -> list[Row]:
    """What is in the file."""
    try:
        found: list[Mapping[str, object]] = json.loads((OUT / f"{NAME}.json").read_text("utf-8"))
        return [Row(*(each[field] for field in FIELDS)) for each in found]  # type: ignore[arg-type]  # as `keep` wrote them
    except (OSError, ValueError, KeyError):
        return []
