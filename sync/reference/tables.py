"""How a table that ships with the program is read: UTF-8, first row the column names."""

import csv
from importlib.resources import files


def rows(file_name: str) -> list[dict[str, str]]:
    """Every row of one of this package's .csv files."""
    text = (files(__package__) / file_name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
