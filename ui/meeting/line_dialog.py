"""One line of text asked for: a reason, a caption, a message, a notice for the room's screen."""

from PySide6.QtWidgets import QLineEdit, QWidget

from ui.i18n import t
from ui.theme import font
from ui.widgets import Button, DangerButton, PrimaryButton, Text
from ui.widgets.dialog import Dialog


class LineDialog(Dialog):
    """`text` is the answer, in one line; with `may_be_empty` nothing need be written."""

    def __init__(
        self,
        title: str,
        why: str,
        verb: str,
        parent: QWidget | None,
        *,
        text: str = "",
        longest: int = 120,
        may_be_empty: bool = False,
        destroys: bool = False,
    ) -> None:
        super().__init__(title, parent)
        self._longest, self._may_be_empty = longest, may_be_empty
        self.body.addWidget(Text(why, "small", "ink2", wrap=True))
        self._edit = QLineEdit(text)
        self._edit.setFont(font("reading"))
        self._edit.setAccessibleName(title)
        self._edit.textChanged.connect(self._weigh)
        self._edit.returnPressed.connect(self._enter)
        self.body.addWidget(self._edit)
        self._count = Text("", "small", "ink3")
        self.body.addWidget(self._count)
        self._destroys = destroys
        cancel = Button(t("call.cancel"), clicked=self.reject)
        self.add_button(cancel, default=destroys)
        made = DangerButton(verb, clicked=self.accept) if destroys else PrimaryButton(verb, clicked=self.accept)
        self._ok = self.add_button(made)
        self._weigh()
        self._edit.setFocus()

    @property
    def text(self) -> str:
        return " ".join(self._edit.text().split())

    def _weigh(self) -> None:
        length = len(self.text)
        self._count.setText(t("host.letters", length, self._longest))
        self._count.set_tone("ink3" if length <= self._longest else "zhusha")
        self._ok.setEnabled((self._may_be_empty or length > 0) and length <= self._longest)

    def _enter(self) -> None:
        """Enter in the line does it, unless it destroys: then only the button does."""
        if self._ok.isEnabled() and not self._destroys:
            self.accept()
