"""A small PDF for the lecture: pages of 16 by 9 with their number on them, made by hand (ISO 32000-1, 7.5)."""

from pathlib import Path

WIDTH, HEIGHT = 960, 540


def write_slides(path: Path, pages: int) -> Path:
    """A PDF of so many pages."""
    first_page = 4
    kids = " ".join(f"{first_page + 2 * number} 0 R" for number in range(pages))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number in range(1, pages + 1):
        content = f"0.12 0.29 0.47 rg 0 0 {WIDTH} {HEIGHT} re f 1 g BT /F1 220 Tf 400 190 Td ({number}) Tj ET"
        objects += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] /Contents {len(objects) + 2} 0 R"
            " /Resources << /Font << /F1 3 0 R >> >> >>",
            f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
        ]
    text, places = "%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(text))
        text += f"{number} 0 obj\n{one}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    trailer = f"trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{len(text)}\n%%EOF\n"
    path.write_text(f"{text}xref\n0 {size}\n0000000000 65535 f \n{table}{trailer}", "ascii")
    return path
