"""What a device is."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The value is the name of its setting, `media.<kind>`."""

    CAMERA = "camera"
    MICROPHONE = "microphone"
    SPEAKER = "speaker"


@dataclass(frozen=True, slots=True)
class Device:
    """`id` is what a setting keeps and what opens it; `name` is for people."""

    kind: Kind
    id: str
    name: str


Found = tuple[Device, ...]


def of_kind(found: Found, kind: Kind) -> Found:
    return tuple(each for each in found if each.kind is kind)
