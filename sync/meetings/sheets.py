"""A spreadsheet from outside as rows of clean text: .xlsx, or .csv in UTF-8, UTF-16 or GBK.

Whatever the file holds, only OperatorError or HostFault is raised, and memory stays bounded.
"""

import csv
import io
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from desktop_app.domain.faults import HostFault, OperatorError
from desktop_app.domain.limits import ROSTER_FILE

COLUMNS = 60
RAW_ROWS = 120_000
"""Rows looked at, blank ones included: a sheet formatted down to its last row is mostly blank."""
UNPACKED = 400 * 1024 * 1024
CELL = 500
"""Characters of one cell that are kept; nothing in a roster is longer."""

OLE = b"\xd0\xcf\x11\xe0"
"""An .xls of before 2007, or an .xlsx with a password."""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row that is not blank, with its number as the spreadsheet program shows it."""

    number: int
    cells: tuple[str, ...]


def read_sheets(path: Path) -> Iterator[tuple[str, Iterator[SheetRow]]]:
    """Every sheet of the file, in order: its name, and its rows from the top."""
    data = _read(path)
    suffix = path.suffix.lower()
    if data.startswith(OLE):
        raise OperatorError("roster-old-format", file=path.name)
    if data.startswith(b"PK\x03\x04"):
        yield from _workbook(data, path.name)
    elif suffix in (".csv", ".txt", ".tsv"):
        yield path.stem, _separated(data, path.name)
    else:
        raise OperatorError("roster-wrong-file", file=path.name)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(ROSTER_FILE + 1)
    except FileNotFoundError as err:
        raise OperatorError("roster-not-found", file=path.name) from err
    except OSError as err:
        raise HostFault("file-unreadable", file=path.name, reason=err.strerror or "") from err
    if len(data) > ROSTER_FILE:
        raise OperatorError("roster-too-big", file=path.name, limit_mb=ROSTER_FILE // 1024 // 1024)
    if not data.strip():
        raise OperatorError("roster-empty", file=path.name)
    return data


def _workbook(data: bytes, name: str) -> Iterator[tuple[str, Iterator[SheetRow]]]:
    import openpyxl  # 0.2 s that the start of the program need not pay

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > UNPACKED:
                raise OperatorError("roster-too-big", file=name, limit_mb=UNPACKED // 1024 // 1024)
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    except OperatorError:
        raise
    except Exception as err:  # openpyxl leaks KeyError, ValueError, XML and zip errors on a damaged file
        raise OperatorError("roster-wrong-file", file=name) from err
    try:
        for sheet in book.worksheets:
            yield sheet.title, _sheet_rows(sheet, name)
    finally:
        book.close()


def _sheet_rows(sheet: Any, name: str) -> Iterator[SheetRow]:
    try:
        cells_of = sheet.iter_rows(max_row=RAW_ROWS, max_col=COLUMNS, values_only=True)
        for number, values in enumerate(cells_of, start=1):
            cells = tuple(clean(value) for value in values)
            if any(cells):
                yield SheetRow(number, cells)
    except Exception as err:  # a damaged sheet is found out only while its rows are read
        raise OperatorError("roster-wrong-file", file=name) from err


def _separated(data: bytes, name: str) -> Iterator[SheetRow]:
    text = _decode(data, name)
    head = text[: text.find("\n")] if "\n" in text else text
    separator = max(",\t;", key=head.count)
    try:
        for values in (reader := csv.reader(io.StringIO(text, newline=""), delimiter=separator)):
            cells = tuple(clean(value) for value in values[:COLUMNS])
            if any(cells):
                yield SheetRow(reader.line_num, cells)
    except csv.Error as err:
        raise OperatorError("roster-wrong-file", file=name) from err


def _decode(data: bytes, name: str) -> str:
    for encoding in ["utf-16"] if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ["utf-8-sig", "gb18030"]:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise OperatorError("roster-encoding", file=name)


def clean(value: object) -> str:
    """A cell as one line of plain text: numbers without `.0`, dates as ISO, no control or zero-width characters."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime) and value.time() == datetime.min.time():
        return value.date().isoformat()
    if isinstance(value, datetime | date):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    text = str(value)[:CELL]
    text = "".join(" " if character.isspace() else character for character in text)
    return "".join(character for character in text if unicodedata.category(character) not in ("Cc", "Cf")).strip()
