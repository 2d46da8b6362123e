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


def button(widget: QWidget, text: str) -> QPushButton:
    """The button with this name, which is on the screen."""
    settle()
    every = widget.findChildren(QPushButton)
    found = [one for one in every if one.accessibleName() == text and one.isVisibleTo(widget)]
    assert found, f"no button {text}"
    return found[0]


def press(widget: QWidget, text: str) -> None:
    """That button, which can be pressed."""
    one = button(widget, text)
    assert one.isEnabled(), f"{text} cannot be pressed"
    one.click()
