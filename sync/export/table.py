"""A plain table that any office program opens: CSV in UTF-8 with a byte order mark, without formulas."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from sync.export.files import write_whole

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_table(path: Path, head: Sequence[str], rows: Iterable[Sequence[str]]) -> Path:
    """Write it whole or not at all; the path. HostFault as `write_whole`."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    raw = text.getvalue().encode("utf-8-sig")
    return write_whole(path, lambda file: file.write(raw))


def _harmless(cell: str) -> str:
    """A name that begins like a formula is a name."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell
