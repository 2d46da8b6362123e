"""Where these services read: either end's store, the terminal's `Records` or the center's."""

from typing import Any, Protocol

Row = dict[str, Any]
Rows = list[Row]


class RecordSource(Protocol):
    """The reading half of a store."""

    def get(self, entity: str, pk: str) -> Row | None: ...

    def list(self, entity: str, **equal: Any) -> Rows: ...

    def attendance(self, meeting: str) -> Rows: ...


class RecordWriter(RecordSource, Protocol):
    """A terminal's store: each call of `write` is one transaction, on the disk when it returns."""

    def write(self, *writes: Any) -> "list[str]": ...

    def retract(self, entity: str, pk: str, *, meeting: str) -> str: ...
