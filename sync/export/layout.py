"""The page of GB/T 9704-2012 in python-docx: A4, 22 lines of 28 characters, the official faces.

Measured with LibreOffice 7.4: a line pitch of 28.95 pt exact gives 22 lines (29 pt gives 21), a document grid of type
`lines` with the run spacing -0.25 pt gives 28 characters (`linesAndChars` with negative spacing breaks).
"""

import re
from enum import Enum

from docx import Document
from docx.document import Document as DocumentType
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Length, Mm, Pt, RGBColor
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from sync.export.wording import printable

PITCH = Pt(28.95)
BODY = 16
"""3号, in points."""
CHARACTER = 15.75
"""Width of one body character on the page: 16 pt less 0.25 pt."""
LINE = 28
"""Characters of a line."""
RED = RGBColor(0xE6, 0x00, 0x12)
PRINT_WIDTH = Mm(156)


class Face(Enum):
    """The four official faces, each with what a machine without it may use."""

    BODY = ("仿宋_GB2312", "仿宋;FangSong;STFangsong;FandolFang;Noto Serif CJK SC")
    TITLE = ("方正小标宋简体", "方正小标宋_GBK;华文中宋;STZhongsong;Noto Serif CJK SC")
    HEAD = ("黑体", "SimHei;Noto Sans CJK SC")
    SUBHEAD = ("楷体_GB2312", "楷体;KaiTi;STKaiti;AR PL UKai CN;Noto Serif CJK SC")
    NUMBER = ("宋体", "SimSun;Noto Serif CJK SC")

    @property
    def family(self) -> str:
        return self.value[0]


def new_page() -> DocumentType:
    """An empty document on the official page."""
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.header_distance, section.footer_distance = Mm(15), Mm(22)
    grid = section._sectPr.find(qn("w:docGrid"))
    if grid is None:
        grid = OxmlElement("w:docGrid")
        section._sectPr.append(grid)
    grid.set(qn("w:type"), "lines")
    grid.set(qn("w:linePitch"), "579")
    normal = document.styles["Normal"]
    set_face(normal.element.get_or_add_rPr(), Face.BODY)
    normal.font.size = Pt(BODY)
    normal.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
    normal.paragraph_format.line_spacing = PITCH
    normal.paragraph_format.space_after = normal.paragraph_format.space_before = Pt(0)
    for level in (1, 2):
        style = document.styles.add_style(f"Official {level}", WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = normal
        style.paragraph_format.keep_with_next = True
        outline = OxmlElement("w:outlineLvl")
        outline.set(qn("w:val"), str(level - 1))
        style.element.get_or_add_pPr().append(outline)
    _substitutes(document)
    _page_numbers(document)
    return document


def set_face(properties: object, face: Face) -> None:
    """One face for Chinese and Latin text alike (w:rFonts)."""
    fonts = properties.find(qn("w:rFonts"))  # type: ignore[attr-defined]  # lxml elements have no types
    if fonts is None:
        fonts = OxmlElement("w:rFonts")
        properties.insert(0, fonts)  # type: ignore[attr-defined]  # as above
    for script in ("ascii", "hAnsi", "eastAsia", "cs"):
        fonts.set(qn(f"w:{script}"), face.family)


def write(
    paragraph: Paragraph, text: str, face: Face = Face.BODY, size: float = BODY, color: RGBColor | None = None
) -> Run:
    """Append text in a face; body text is set 0.25 pt closer, so that 28 characters fit a line."""
    run = paragraph.add_run(printable(text))
    run.font.size = Pt(size)
    if color is not None:
        run.font.color.rgb = color
    properties = run._r.get_or_add_rPr()
    set_face(properties, face)
    if size == BODY:
        spacing = OxmlElement("w:spacing")
        spacing.set(qn("w:val"), "-5")
        properties.append(spacing)
    return run


def indent(paragraph: Paragraph, first: float = 2, hanging: float = 0) -> Paragraph:
    """Indent in characters: the first line by `first`, every other line by `hanging`."""
    properties = paragraph._p.get_or_add_pPr()
    element = properties.find(qn("w:ind"))
    if element is None:
        element = OxmlElement("w:ind")
        properties.append(element)
    twips = CHARACTER * 20
    if hanging:
        element.set(qn("w:leftChars"), str(round(hanging * 100)))
        element.set(qn("w:left"), str(round(hanging * twips)))
        element.set(qn("w:hangingChars"), str(round((hanging - first) * 100)))
        element.set(qn("w:hanging"), str(round((hanging - first) * twips)))
    else:
        element.set(qn("w:firstLineChars"), str(round(first * 100)))
        element.set(qn("w:firstLine"), str(round(first * twips)))
    return paragraph


def off_grid(paragraph: Paragraph, line: Length | None = None) -> Paragraph:
    """Take a paragraph out of the 22 lines, with an exact height of its own."""
    snap = OxmlElement("w:snapToGrid")
    snap.set(qn("w:val"), "0")
    paragraph._p.get_or_add_pPr().append(snap)
    if line is not None:
        paragraph.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
        paragraph.paragraph_format.line_spacing = line
    return paragraph


def rule_below(paragraph: Paragraph, eighths: int, color: str = "000000", space: int = 1) -> None:
    """A rule as wide as the print area under a paragraph; 8 eighths of a point are about 0.35 mm."""
    borders = OxmlElement("w:pBdr")
    bottom = OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", str(eighths)), ("space", str(space)), ("color", color)):
        bottom.set(qn(f"w:{name}"), value)
    borders.append(bottom)
    paragraph._p.get_or_add_pPr().append(borders)


def _page_numbers(document: DocumentType) -> None:
    """— 1 — in 4号宋体: on the right of odd pages and the left of even ones, one character in."""
    document.settings.odd_and_even_pages_header_footer = True
    section = document.sections[0]
    for footer, side in (
        (section.footer, WD_ALIGN_PARAGRAPH.RIGHT),
        (section.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT),
    ):
        footer.is_linked_to_previous = False
        paragraph = off_grid(footer.paragraphs[0], Pt(16))
        paragraph.alignment = side
        if side is WD_ALIGN_PARAGRAPH.RIGHT:
            paragraph.paragraph_format.right_indent = Pt(14)
        else:
            paragraph.paragraph_format.left_indent = Pt(14)
        write(paragraph, "— ", Face.NUMBER, 14)
        for kind in ("begin", None, "end"):
            run = write(paragraph, "", Face.NUMBER, 14)
            if kind is None:
                code = OxmlElement("w:instrText")
                code.set(qn("xml:space"), "preserve")
                code.text = " PAGE "
                run._r.append(code)
            else:
                mark = OxmlElement("w:fldChar")
                mark.set(qn("w:fldCharType"), kind)
                run._r.append(mark)
        write(paragraph, " —", Face.NUMBER, 14)


def _substitutes(document: DocumentType) -> None:
    """Name the substitutes of every face in the font table, so that a machine without them takes the nearest."""
    entries = "".join(
        f'<w:font w:name="{face.family}"><w:altName w:val="{face.value[1]}"/><w:charset w:val="86"/></w:font>'
        for face in Face
    )
    for part in document.part.package.iter_parts():
        if str(part.partname) == "/word/fontTable.xml":
            table = part.blob.decode("utf-8")
            part._blob = re.sub(r"</w:fonts>", entries + "</w:fonts>", table).encode("utf-8")


_PARAGRAPH_ORDER = (
    *("pStyle", "keepNext", "keepLines", "pageBreakBefore", "widowControl", "numPr", "pBdr", "shd", "tabs"),
    *("wordWrap", "autoSpaceDE", "autoSpaceDN", "snapToGrid", "spacing", "ind", "contextualSpacing", "jc"),
    *("textAlignment", "outlineLvl", "rPr", "sectPr"),
)
_RUN_ORDER = (
    *("rStyle", "rFonts", "b", "bCs", "i", "iCs", "color", "spacing", "w", "kern", "position", "sz", "szCs"),
    *("highlight", "u", "lang"),
)


def in_schema_order(document: DocumentType) -> None:
    """Put the properties into the order that the schema wants; a strict reader refuses them in any other."""
    section = document.sections[0]
    roots = (document.element, document.styles.element, section.footer._element, section.even_page_footer._element)
    for root in roots:
        for tag, order in (("w:pPr", _PARAGRAPH_ORDER), ("w:rPr", _RUN_ORDER)):
            ranks = {qn(f"w:{name}"): rank for rank, name in enumerate(order)}
            for properties in root.iter(qn(tag)):
                children = sorted(properties, key=lambda child: ranks.get(child.tag, len(ranks)))
                for child in children:
                    properties.append(child)
