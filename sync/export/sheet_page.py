"""A page of a spreadsheet on A4: banners, bordered rows, and cells that no program takes for formulas."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from sync.export.wording import printable

_THIN = Side(style="thin", color="FF7C8D97")
BORDER = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
HEAD = PatternFill("solid", fgColor="FFE2EBF4")
CENTER = Alignment(horizontal="center", vertical="center", wrap_text=True)
LEFT = Alignment(horizontal="left", vertical="center", wrap_text=True)


class SheetPage:
    """Fills a worksheet from the top; `widths` are those of its columns, in characters."""

    def __init__(self, page: Worksheet, widths: Sequence[int]) -> None:
        self._page, self._columns = page, len(widths)
        self._at = 1
        self._header = 1
        for place, width in enumerate(widths, start=1):
            page.column_dimensions[get_column_letter(place)].width = width

    def banner(self, text: str, size: int = 11, height: int = 20, *, bold: bool = False) -> None:
        """One line over all columns."""
        self._page.merge_cells(start_row=self._at, end_row=self._at, start_column=1, end_column=self._columns)
        cell = self._page.cell(self._at, 1)
        put(cell, text)
        cell.font = Font(name="黑体" if bold else "宋体", size=size)
        cell.alignment = CENTER if size > 11 else LEFT
        self._page.row_dimensions[self._at].height = height
        self._at += 1

    def head(self, labels: Sequence[str]) -> None:
        """The header row: it stays in sight, and is printed on every page."""
        self._header = self._at
        self.row(labels, head=True)
        self._page.freeze_panes = self._page.cell(self._at, 1)

    def row(self, values: Sequence[Any], *, head: bool = False) -> None:
        for column, value in enumerate(values, start=1):
            cell = self._page.cell(self._at, column)
            put(cell, value)
            cell.border = BORDER
            cell.font = Font(name="黑体" if head else "宋体", size=11)
            cell.alignment = CENTER if head or isinstance(value, int) else LEFT
            if head:
                cell.fill = HEAD
        self._at += 1

    def on_paper(self) -> None:
        """A4 across, as wide as the sheet, numbered."""
        on_paper(self._page, self._header)


def on_paper(page: Worksheet, header: int) -> None:
    """A4 across, as wide as the sheet, numbered; the rows up to `header` on every page."""
    page.page_setup.paperSize = page.PAPERSIZE_A4
    page.page_setup.orientation = page.ORIENTATION_LANDSCAPE
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    page.print_title_rows = f"1:{header}"
    page.print_options.horizontalCentered = True
    page.oddFooter.center.text = "— &P —"


def put(cell: Cell, value: Any) -> None:
    """A number or a time as such; anything else as text that no spreadsheet program takes for a formula."""
    if isinstance(value, str):
        cell.value = printable(value).replace("\n", " ")
        cell.data_type = "s"
        if cell.value[:1] in ("=", "+", "-", "@", "\t", "\r"):
            # Typed over in the program, it still stays text.
            cell.quotePrefix = True
            cell.number_format = "@"
    else:
        cell.value = value
        if isinstance(value, datetime):
            cell.number_format = "yyyy-mm-dd hh:mm:ss"
