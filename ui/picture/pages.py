"""Pages of PDF files as pictures, made on a thread of their own at the size they are shown at. No disk is touched.

PDFium may be used by one thread at a time, so there is one thread for it in the program. The few files and pages that
were used last are kept. A file comes from outside: whatever is wrong with it is a Fault, never anything else.
"""

import logging
import weakref
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pypdfium2
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QImage

from desktop_app.domain.faults import Fault, PeerFault

log = logging.getLogger(__name__)
FILES = 2
"""Files kept open."""
CACHE = 96 * 1024 * 1024
"""Bytes of pictures kept."""
LOOK_MS = 4
SIDE = 4096
"""The longest side of a picture."""


@dataclass(frozen=True, slots=True)
class PageKey:
    """One page of one file (its SHA-256) to fit into a box of device pixels."""

    document: str
    page: int
    width: int
    height: int


ON_PAGES_THREAD = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pages")
"""The one thread of the program on which PDFium is used, whoever needs it; it begins with the first page."""


class _Shelf:
    """The files that are open. Belongs to the pages' thread, and knows nothing of Qt's objects."""

    def __init__(self, read: Callable[[str], bytes]) -> None:
        self._read = read
        self._open: OrderedDict[str, pypdfium2.PdfDocument] = OrderedDict()

    def picture(self, key: PageKey) -> QImage | Fault:
        try:
            return render(self._file(key.document), key)
        except Fault as fault:
            return fault
        except Exception as err:
            log.exception("a page could not be made", exc_info=err)
            return PeerFault("slides-unreadable")

    def count(self, document: str) -> int | Fault:
        try:
            return len(self._file(document))
        except Fault as fault:
            return fault
        except Exception as err:
            log.exception("a file could not be opened", exc_info=err)
            return PeerFault("slides-unreadable")

    def close(self, kept: int = 0) -> None:
        while len(self._open) > kept:
            self._open.popitem(last=False)[1].close()

    def _file(self, document: str) -> pypdfium2.PdfDocument:
        known = self._open.get(document)
        if known is None:
            content = self._read(document)
            try:
                known = pypdfium2.PdfDocument(content)
            except pypdfium2.PdfiumError as err:
                raise PeerFault("slides-unreadable") from err
            self._open[document] = known
            self.close(FILES)
        self._open.move_to_end(document)
        return known


class Pages(QObject):
    """Lives on the Qt thread. `made(key)` tells that a picture is there, `failed(document, fault)` that none can be.

    The other thread touches no object of Qt's: while something is under way a timer here looks for what it left.
    """

    made = Signal(object)
    failed = Signal(str, object)

    def __init__(self, read: Callable[[str], bytes], parent: QObject | None = None) -> None:
        """`read` gives a file's content by its SHA-256; it is called on the other thread and may raise Fault."""
        super().__init__(parent)
        self._shelf = _Shelf(read)
        weakref.finalize(self, ON_PAGES_THREAD.submit, self._shelf.close).atexit = False  # for one never closed
        self._pictures: OrderedDict[PageKey, QImage] = OrderedDict()
        self._under_way: dict[Any, Future[Any]] = {}
        self._closed = False
        self._looking = QTimer(self, interval=LOOK_MS)
        self._looking.timeout.connect(self._look)

    def picture(self, key: PageKey) -> QImage | None:
        """The page at this size, if it was made."""
        found = self._pictures.get(key)
        if found is not None:
            self._pictures.move_to_end(key)
        return found

    def any_size(self, document: str, page: int) -> QImage | None:
        """The page at any size, for the moment until the right one is made."""
        keys = [key for key in self._pictures if (key.document, key.page) == (document, page)]
        return self._pictures[max(keys, key=lambda key: key.width)] if keys else None

    def make(self, key: PageKey) -> None:
        """Make a picture, unless it is there or under way."""
        if self._closed or key in self._pictures or key in self._under_way or min(key.width, key.height) < 1:
            return
        self._begin(key, ON_PAGES_THREAD.submit(self._shelf.picture, key))

    def count(self, document: str, done: Callable[[int], object], failed: Callable[[Fault], object]) -> None:
        """How many pages a file has; one of the two is called on the Qt thread."""
        if not self._closed:
            self._begin((done, failed), ON_PAGES_THREAD.submit(self._shelf.count, document))

    def close(self) -> None:
        """Drop what was not begun, wait for what was, and close the files."""
        if self._closed:
            return
        self._closed = True
        self._looking.stop()
        for answer in self._under_way.values():
            answer.cancel()
        ON_PAGES_THREAD.submit(self._shelf.close).result()

    def _begin(self, asked: Any, answer: Future[Any]) -> None:
        self._under_way[asked] = answer
        self._looking.start()

    def _look(self) -> None:
        for asked in [asked for asked, answer in self._under_way.items() if answer.done()]:
            answer = self._under_way.pop(asked).result()
            if isinstance(asked, PageKey):
                self._take(asked, answer)
            else:
                done, failed = asked
                failed(answer) if isinstance(answer, Fault) else done(answer)
        if not self._under_way:
            self._looking.stop()

    def _take(self, key: PageKey, answer: QImage | Fault) -> None:
        if isinstance(answer, Fault):
            self.failed.emit(key.document, answer)
            return
        self._pictures[key] = answer
        while sum(one.sizeInBytes() for one in self._pictures.values()) > CACHE and len(self._pictures) > 1:
            self._pictures.popitem(last=False)
        self.made.emit(key)


def render(document: pypdfium2.PdfDocument, key: PageKey) -> QImage:
    """A page as large as its box allows, on white. PeerFault `slides-unreadable`."""
    try:
        if not 1 <= key.page <= len(document):
            raise PeerFault("slides-unreadable")
        page = document[key.page - 1]
        try:
            wide, high = page.get_size()
            scale = min(min(key.width, SIDE) / max(wide, 1.0), min(key.height, SIDE) / max(high, 1.0))
            bitmap = page.render(scale=scale, prefer_bgrx=True)
        finally:
            page.close()
    except pypdfium2.PdfiumError as err:
        raise PeerFault("slides-unreadable") from err
    try:
        shown = QImage(bytes(bitmap.buffer), bitmap.width, bitmap.height, bitmap.stride, QImage.Format.Format_RGB32)
        return shown.copy()
    finally:
        bitmap.close()
