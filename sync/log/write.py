"""What a caller wants written: one record's fields."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Write:
    """Fields of one record. `meeting` is found from the record where it is left empty."""

    entity: str
    pk: str
    fields: Mapping[str, Any]
    meeting: str = ""
