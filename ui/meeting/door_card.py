"""扫码签到 on the sign-in page: the QR code, its second screen, and the camera that reads members' cards."""

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ui.i18n import t
from ui.meeting.qr_window import QrWindow
from ui.models.signin_model import SignInModel
from ui.widgets import Button, Card, Chip, ElidedText, Text, flush
from ui.widgets.qr import QrCode

SHOWN = 40
"""Characters of a card that are repeated."""


class DoorCard(Card):
    """Closed: one button. Open: the code at the left, what to do at the right."""

    def __init__(self, model: SignInModel) -> None:
        super().__init__(t("door.title"), "-")
        self._model = model
        self._window: QrWindow | None = None
        self._no_screen = False
        self.set_note("")
        self._state = Chip(t("door.closed"), "qrcode", "neutral", quiet=True)
        self.head.addWidget(self._state)
        row = QHBoxLayout()
        flush(row, 14)
        self.code = QrCode(156)
        row.addWidget(self.code)
        words = QVBoxLayout()
        flush(words, 8)
        words.addWidget(Text(t("door.text"), "small", "ink2", wrap=True))
        self._changes = Text("", "small", "ink3", wrap=True)
        words.addWidget(self._changes)
        words.addStretch(1)
        self._room = Button(t("door.room"), "monitor-share", size="small", clicked=self.toggle_room)
        words.addWidget(self._room)
        row.addLayout(words, 1)
        self._open = QWidget()
        self._open.setLayout(row)
        self.body.addWidget(self._open)
        acts = QHBoxLayout()
        flush(acts, 8)
        self.toggle = Button(t("door.start"), "qrcode", size="small", clicked=self.toggle_door)
        self.toggle.setToolTip("Ctrl+Q")
        acts.addWidget(self.toggle)
        self.scan = Button(t("door.scan"), "card-account-details-outline", size="small", clicked=self.toggle_scan)
        acts.addWidget(self.scan)
        acts.addStretch(1)
        self.body.addLayout(acts)
        self._hint = ElidedText("", "small", "ink2")
        self.body.addWidget(self._hint)
        model.door.changed.connect(self.refresh)
        self.destroyed.connect(self._drop_window)
        self.refresh()

    def toggle_door(self) -> None:
        """Show the code, or close it."""
        if self._model.door.view is None:
            self._model.open_door()
        else:
            self._model.door.close()

    def toggle_scan(self) -> None:
        self._model.door.scan(not self._model.door.scanning)

    def toggle_room(self) -> None:
        """投到大屏, and back."""
        if self._window is not None and self._window.isVisible():
            self._window.close()
        else:
            self._window = self._window or QrWindow(self._model)
            self._no_screen = not self._window.show_on_second_screen(self)
        self.refresh()

    def refresh(self) -> None:
        """Take up what the model says now."""
        door, view = self._model.door, self._model.door.view
        self.setEnabled(bool(self._model.meeting))
        self._open.setVisible(view is not None)
        if view is not None:
            self.code.show_text(view.url, t("door.name", view.url.partition("/s/")[0]))
            self._changes.setText(t("door.no_screen") if self._no_screen else t("door.changes", view.seconds))
            self._state.set_state(view.url.partition("//")[2].partition("/")[0], "qrcode", "shilv", quiet=True)
        else:
            self._no_screen = False
            self._state.set_state(t("door.opening") if door.opening else t("door.closed"), "qrcode", quiet=True)
        self.toggle.setEnabled(door.possible and not door.opening)
        self.toggle.set_text(t("door.stop") if view is not None else t("door.start"))
        self.scan.set_text(t("door.scan_stop") if door.scanning else t("door.scan"))
        in_room = self._window is not None and self._window.isVisible()
        self._room.set_text(t("door.room_off") if in_room else t("door.room"))
        read = t("door.read", door.last_read[:SHOWN]) if door.last_read else t("door.scanning")
        self._hint.setVisible(door.scanning)
        self._hint.set_text(read)

    def _drop_window(self) -> None:
        if self._window is not None:
            self._window.close()
            self._window.deleteLater()
            self._window = None
