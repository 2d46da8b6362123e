"""The cameras of this machine."""

import sys
from pathlib import Path

from media.devices.kinds import Device, Found, Kind


def cameras(root: Path = Path("/")) -> Found:
    """What V4L2 (DirectShow on Windows) has that brings pictures; on Linux by the link that udev gives each."""
    if sys.platform == "win32":
        import av

        listed = av.enumerate_input_devices("dshow")
        return tuple(
            Device(Kind.CAMERA, each.name, each.description) for each in listed if "video" in str(each.media_types)
        )
    links = {link.resolve().name: str(link) for link in sorted((root / "dev/v4l/by-id").glob("*"))}
    found = []
    for entry in sorted((root / "sys/class/video4linux").glob("video*"), key=lambda each: (len(each.name), each.name)):
        # The second node of a camera (index 1) brings its metadata, no pictures.
        if _read(entry / "index") in ("0", "") and (root / "dev" / entry.name).exists():
            path = links.get(entry.name, str(root / "dev" / entry.name))
            found.append(Device(Kind.CAMERA, path, _read(entry / "name") or entry.name))
    return tuple(found)


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace").strip()
    except OSError:
        return ""
