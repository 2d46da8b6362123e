"""Positions in a text: Qt counts UTF-16 code units, pycrdt counts UTF-8 bytes. Mapped here and nowhere else."""


def utf16_length(text: str) -> int:
    """Code units: two for a character beyond the Basic Multilingual Plane."""
    return len(text) + sum(character > "\uffff" for character in text)


def byte_length(text: str) -> int:
    return len(text.encode())


def bytes_before(text: str, position: int) -> int:
    """The byte offset of a UTF-16 position: within a surrogate pair the character's start, past the text its end."""
    units = 0
    for index, character in enumerate(text):
        units += 2 if character > "\uffff" else 1
        if units > position:
            return byte_length(text[:index])
    return byte_length(text)


def units_before(text: str, offset: int) -> int:
    """The UTF-16 position of a byte offset; inside a character it is the character's start."""
    return utf16_length(text.encode()[:offset].decode(errors="ignore"))


def clean(text: str) -> str:
    """The text without halves of surrogate pairs, which no UTF-8 can hold: each becomes U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
