"""Opens a file with whatever program the system has for it."""

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices


def open_file(path: Path) -> bool:
    """Whether the system took it."""
    return QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
