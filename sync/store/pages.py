"""The pages of a store's file one by one, without the database: what is left to do where the file cannot be opened.

Each page of an SQLCipher 4 file is encrypted and authenticated by itself, so that a page that opens is as it was
written, whatever became of the others; a write-ahead log holds pages in the same form. From the leaves of its tables
rows can be read although the pages that lead to them are gone. Only reads, and raises nothing: damage is passed over.

Formats: https://www.zetetic.net/sqlcipher/design and https://www.sqlite.org/fileformat2.html.
"""

import hashlib
import hmac
import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from sync.store.cipher import SALT_BYTES, salt_of

PAGE = 4096
IV, MAC = 16, 64
RESERVED = IV + MAC
USABLE = PAGE - RESERVED
WAL_HEADER, FRAME_HEADER = 32, 24
TABLE_LEAF = 13
"""The first byte of a page that holds rows of a table."""
LOOKED_AT = 64
"""Pages after which a file is known to be another device's."""
LARGEST_ROW = 8 * 1024 * 1024
LEAST_VALUES = 240
"""Of 256 byte values those that a page of ciphertext has at least: all of them but for an unheard-of chance."""
Row = tuple[Any, ...]


class PageCipher:
    """Opens the pages of the files under one key."""

    def __init__(self, key: bytes) -> None:
        salt = bytes(byte ^ 0x3A for byte in salt_of(key))
        self._key = key
        self._mac_key = hashlib.pbkdf2_hmac("sha512", key, salt, 2, 32)

    def open(self, number: int, raw: bytes) -> bytes | None:
        """A page of 4,096 bytes, its reserved end left out; None where it is not what was written."""
        first = SALT_BYTES if number == 1 else 0
        sealed, vector, mac = raw[first:USABLE], raw[USABLE : USABLE + IV], raw[USABLE + IV : PAGE]
        told = hmac.new(self._mac_key, sealed + vector + number.to_bytes(4, "little"), "sha512").digest()
        if len(raw) != PAGE or not hmac.compare_digest(told, mac):
            return None
        cipher = Cipher(algorithms.AES(self._key), modes.CBC(vector)).decryptor()
        return bytes(first) + cipher.update(sealed) + cipher.finalize()


class Pages:
    """The pages of a store's file that open, as its write-ahead log leaves them. For one thread."""

    def __init__(self, file: Path, key: bytes) -> None:
        """OSError where the file cannot be read at all."""
        self._cipher = PageCipher(key)
        self._log = file.with_name(f"{file.name}-wal")
        self._places: dict[int, int] = {}
        with suppress(OSError):
            self._places = _committed(self._log)
        self._file = file.open("rb")
        self._stored = self._file.seek(0, os.SEEK_END) // PAGE

    def close(self) -> None:
        self._file.close()

    def numbers(self) -> Iterator[int]:
        """Of all pages, whether they open or not."""
        yield from range(1, max([self._stored, *self._places]) + 1)

    def get(self, number: int) -> bytes | None:
        """A page, decrypted; None where it does not open."""
        try:
            return self._cipher.open(number, self.raw(number))
        except OSError:
            return None

    def raw(self, number: int) -> bytes:
        """As it stands there; short or empty behind the end."""
        place = self._places.get(number)
        if place is None:
            self._file.seek((number - 1) * PAGE)
            return self._file.read(PAGE)
        with self._log.open("rb") as log:
            log.seek(place)
            return log.read(PAGE)


def _committed(log: Path) -> dict[int, int]:
    """Where each page that was committed to the log lies in it last; what another run left is told by its salts."""
    places: dict[int, int] = {}
    waiting: dict[int, int] = {}
    with log.open("rb") as file:
        salts = file.read(WAL_HEADER)[16:24]
        at = WAL_HEADER
        while len(head := file.read(FRAME_HEADER)) == FRAME_HEADER and head[8:16] == salts:
            waiting[int.from_bytes(head[:4], "big")] = at + FRAME_HEADER
            if head[4:8] != bytes(4):
                places |= waiting
                waiting = {}
            at = file.seek(at + FRAME_HEADER + PAGE)
    return places


def is_foreign(file: Path, key: bytes) -> bool:
    """Whether a file whose beginning is not of this key is another device's, and not our own that was damaged."""
    try:
        pages = Pages(file, key)
    except OSError:
        return False
    try:
        for number in islice(pages.numbers(), LOOKED_AT):
            if pages.get(number) is not None or not _is_ciphertext(pages.raw(number)):
                return False
    finally:
        pages.close()
    return True


def _is_ciphertext(raw: bytes) -> bool:
    return len(raw) == PAGE and len(set(raw)) >= LEAST_VALUES


def rows_in(pages: Pages) -> Iterator[Row]:
    """Every row in a leaf of any table, as its columns stand in the file; an alias of the row's number is None."""
    for number in pages.numbers():
        page = pages.get(number)
        head = 100 if number == 1 else 0
        if page is None or page[head] != TABLE_LEAF:
            continue
        for cell in range(int.from_bytes(page[head + 3 : head + 5], "big")):
            at = int.from_bytes(page[head + 8 + 2 * cell : head + 10 + 2 * cell], "big")
            row = _row(pages, page, at)
            if row is not None:
                yield row


def _row(pages: Pages, page: bytes, at: int) -> Row | None:
    try:
        length, at = _number(page, at)
        _, at = _number(page, at)
        payload = _payload(pages, page, at, length)
        return None if payload is None else tuple(_columns(payload))
    except (IndexError, ValueError):
        return None


def _payload(pages: Pages, page: bytes, at: int, length: int) -> bytes | None:
    """A row's bytes, with those on pages of overflow; None where one of these is gone."""
    if length > LARGEST_ROW:
        return None
    most = USABLE - 35
    if length <= most:
        return page[at : at + length] if at + length <= USABLE else None
    least = (USABLE - 12) * 32 // 255 - 23
    here = least + (length - least) % (USABLE - 4)
    here = here if here <= most else least
    parts, following = [page[at : at + here]], int.from_bytes(page[at + here : at + here + 4], "big")
    missing = length - here
    while missing > 0:
        more = pages.get(following)
        if more is None:
            return None
        parts.append(more[4 : 4 + min(missing, USABLE - 4)])
        missing -= len(parts[-1])
        following = int.from_bytes(more[:4], "big")
    return b"".join(parts)


def _columns(payload: bytes) -> Iterator[Any]:
    head, at = _number(payload, 0)
    kinds = []
    while at < head:
        kind, at = _number(payload, at)
        kinds.append(kind)
    at = head
    for kind in kinds:
        if kind >= 12:
            size = (kind - 12) // 2
            raw = payload[at : at + size]
            if len(raw) != size:
                raise ValueError("the row is cut off")
            yield raw.decode() if kind % 2 else raw
        elif kind in _INTEGERS:
            size = _INTEGERS[kind]
            yield int.from_bytes(payload[at : at + size], "big", signed=True)
        elif kind in (0, 8, 9):
            size = 0
            yield None if kind == 0 else kind - 8
        else:
            raise ValueError("no column of a store is of this kind")
        at += size


_INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}


def _number(raw: bytes, at: int) -> tuple[int, int]:
    """A number of up to 9 bytes, 7 bits each and 8 in the last, and what follows it."""
    value = 0
    for place in range(8):
        byte = raw[at + place]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + place + 1
    return value << 8 | raw[at + 8], at + 9
