"""What may be attached: office documents, pictures, sound, film and plain text, told by content and not by name.

The list says what is allowed; everything else is not: programs, scripts, web pages, macros, archives. This keeps out
mistakes and the ordinary ways to smuggle a program in. It is no search for viruses.
"""

import io
import struct
import zipfile
from dataclasses import dataclass
from typing import Protocol

HEAD = 64 * 1024
DIRECTORY = 4 * 1024 * 1024
"""The largest directory of a zip file that is opened."""
_END = struct.Struct("<4s4H2LH")
OCTETS = "application/octet-stream"
_OOXML = "application/vnd.openxmlformats-officedocument."


class Content(Protocol):
    """A file or a blob to look into."""

    def seek(self, offset: int, whence: int = 0, /) -> int: ...
    def read(self, size: int = -1, /) -> bytes | None: ...


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of content that is allowed, and the endings that a file of it may have."""

    mime: str
    endings: frozenset[str]


def _kind(mime: str, *endings: str) -> Kind:
    return Kind(mime, frozenset(endings))


PDF = _kind("application/pdf", "pdf")
OFD = _kind("application/ofd", "ofd")
DOCX = _kind(_OOXML + "wordprocessingml.document", "docx")
XLSX = _kind(_OOXML + "spreadsheetml.sheet", "xlsx")
PPTX = _kind(_OOXML + "presentationml.presentation", "pptx")
DOC = _kind("application/msword", "doc", "wps")
XLS = _kind("application/vnd.ms-excel", "xls", "et")
PPT = _kind("application/vnd.ms-powerpoint", "ppt", "dps")
TEXT = _kind("text/plain", "txt", "csv", "md")
MP4 = _kind("video/mp4", "mp4", "m4a", "m4v", "mov")
MATROSKA = _kind("video/x-matroska", "mkv", "webm", "mka")
OGG = _kind("application/ogg", "ogg", "oga", "opus", "ogv")
WAV = _kind("audio/wav", "wav")
MP3 = _kind("audio/mpeg", "mp3")
WEBP = _kind("image/webp", "webp")
_MAGIC = (
    (b"%PDF-", PDF),
    (b"\x89PNG\r\n\x1a\n", _kind("image/png", "png")),
    (b"\xff\xd8\xff", _kind("image/jpeg", "jpg", "jpeg")),
    (b"GIF87a", _kind("image/gif", "gif")),
    (b"GIF89a", _kind("image/gif", "gif")),
    (b"II*\x00", _kind("image/tiff", "tif", "tiff")),
    (b"MM\x00*", _kind("image/tiff", "tif", "tiff")),
    (b"\x1a\x45\xdf\xa3", MATROSKA),
    (b"OggS", OGG),
    (b"ID3", MP3),
    (b"\xff\xfb", MP3),
    (b"\xff\xf3", MP3),
)
_IN_ZIP = (("word/document.xml", DOCX), ("xl/workbook.xml", XLSX), ("ppt/presentation.xml", PPTX), ("OFD.xml", OFD))
_IN_OLE = (("WordDocument", DOC), ("Workbook", XLS), ("Book", XLS), ("PowerPoint Document", PPT))
ALLOWED = tuple(
    dict.fromkeys(
        (*(kind for _, kind in _MAGIC), *(k for _, k in _IN_ZIP), *(k for _, k in _IN_OLE), TEXT, MP4, WAV, WEBP)
    )
)


def kind_of(content: Content, length: int) -> Kind | None:
    """What the content is; None for what is not allowed. Reads no more than it must."""
    content.seek(0)
    head = _read(content, HEAD)
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head[4:8] == b"ftyp":
        return MP4
    if head.startswith(b"RIFF"):
        return {b"WAVE": WAV, b"WEBP": WEBP}.get(head[8:12])
    if head.startswith(b"PK\x03\x04"):
        return _in_zip(content, length)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _in_ole(content, head)
    return TEXT if _is_text(head, whole=length <= HEAD) else None


def fits(kind: Kind, file_name: str) -> bool:
    """Whether a file of this name may have this content: the name decides what opens it later."""
    _, dot, ending = file_name.rpartition(".")
    return bool(dot) and ending.lower() in kind.endings


def _in_zip(content: Content, length: int) -> Kind | None:
    """An office document by the parts it has; none with macros in it."""
    size = min(length, 65535 + _END.size)
    content.seek(length - size)
    tail = _read(content, size)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        return None
    _, _, _, _, entries, directory, begin, _ = _END.unpack_from(tail, at)
    if directory > DIRECTORY or entries == 0xFFFF or begin + directory > length:
        return None
    content.seek(begin)
    listed = _read(content, directory) + tail[at : at + _END.size]
    names = _names(listed, directory)
    if any(name.endswith(("vbaProject.bin", ".exe", ".dll", ".js", ".vbs")) for name in names):
        return None
    return next((kind for part, kind in _IN_ZIP if part in names), None)


def _names(listed: bytes, directory: int) -> frozenset[str]:
    """The names in a zip directory: a file that has nothing before its directory opens just so."""
    moved = bytearray(listed)
    moved[directory + 16 : directory + 20] = bytes(4)
    try:
        with zipfile.ZipFile(io.BytesIO(bytes(moved))) as archive:
            return frozenset(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, UnicodeDecodeError, struct.error):
        return frozenset()


def _in_ole(content: Content, head: bytes) -> Kind | None:
    """An old office document by the names in its directory, which is followed sector by sector."""
    if len(head) < 512:
        return None
    size = 1 << min(struct.unpack_from("<H", head, 30)[0], 12)
    sector = struct.unpack_from("<L", head, 48)[0]
    table = [at for at in struct.unpack_from("<109L", head, 76) if at < 0xFFFFFFFA]
    names: set[str] = set()
    for _ in range(64):
        if size < 512 or sector >= 0xFFFFFFFA:
            break
        content.seek((sector + 1) * size)
        entries = _read(content, size)
        for at in range(0, len(entries) - 127, 128):
            used = struct.unpack_from("<H", entries, at + 64)[0]
            names.add(entries[at : at + max(0, min(used, 64) - 2)].decode("utf-16-le", "replace"))
        per_sector = size // 4
        if sector // per_sector >= len(table):
            break
        content.seek((table[sector // per_sector] + 1) * size + sector % per_sector * 4)
        following = _read(content, 4)
        if len(following) < 4:
            break
        sector = struct.unpack("<L", following)[0]
    return next((kind for name, kind in _IN_OLE if name in names), None)


def _is_text(head: bytes, *, whole: bool) -> bool:
    """Plain words in UTF-8 or GB 18030; no markup, no script."""
    if not head or any(byte < 32 and byte not in b"\t\n\r\f" for byte in head):
        return False
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<", b"#!", b"@echo", b"MZ")):
        return False
    for encoding in ("utf-8", "gb18030"):
        for cut in (0,) if whole else (0, 1, 2, 3):
            try:
                head[: len(head) - cut].decode(encoding)
            except UnicodeDecodeError:
                continue
            return True
    return False


def _read(content: Content, size: int) -> bytes:
    """`size` bytes, or what there is."""
    read = bytearray()
    while len(read) < size and (piece := content.read(size - len(read))):
        read += piece
    return bytes(read)
