"""What stands on a part of a screen, and the press of a button on it by its name."""

from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget


def settle() -> None:
    """Let what was asked for come to the screen."""
    for _ in range(4):
        QApplication.processEvents()


def words(widget: QWidget) -> str:
    """All its lines."""
    settle()
    return "\n".join(one.text() for one in widget.findChildren(QLabel) if one.isVisibleTo(widget))


def press(widget: QWidget, text: str) -> None:
    """The button with this name, which is there and can be pressed."""
    settle()
    every = widget.findChildren(QPushButton)
    found = [one for one in every if one.accessibleName() == text and one.isVisibleTo(widget) and one.isEnabled()]
    assert found, f"no button {text}"
    found[0].click()
