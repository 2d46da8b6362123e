"""口令: the page that stands before everything else on a machine without a keyring."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit

from ui.i18n import fault_text, language, t
from ui.models.passphrase_model import PassphraseModel
from ui.shell.front_views import FrontPage
from ui.theme import font
from ui.widgets import Notice, PrimaryButton, Segmented, Text


class PassphraseView(FrontPage):
    """What it is for, one field or two, one button."""

    def __init__(self, model: PassphraseModel) -> None:
        super().__init__(520)
        self._model = model
        head = QHBoxLayout()
        head.addWidget(Text(t("passphrase.choose" if model.choosing else "passphrase.title"), "page"), 1)
        head.addWidget(Segmented([("zh_CN", "中文"), ("en", "English")], language(), model.language_chosen.emit))
        self.column.addLayout(head)
        self.column.addWidget(Text(t("passphrase.why"), "small", "ink2", wrap=True))
        self.text = _field(t("passphrase.new" if model.choosing else "passphrase.text"))
        self.again = _field(t("passphrase.again"))
        self.column.addWidget(self.text)
        self.column.addWidget(self.again)
        self.again.setVisible(model.choosing)
        self.notice = Notice("", icon_name="alert-circle-outline", tone="zheshi")
        self.column.addWidget(self.notice)
        self.button = PrimaryButton(t("passphrase.go"), "lock-open-variant-outline", size="large", clicked=self.submit)
        self.column.addWidget(self.button)
        self.text.returnPressed.connect(self.submit)
        self.again.returnPressed.connect(self.submit)
        model.changed.connect(self.refresh)
        self.refresh()
        self.text.setFocus()

    def submit(self) -> None:
        self._model.submit(self.text.text(), self.again.text())

    def refresh(self) -> None:
        model = self._model
        self.button.setEnabled(not model.busy)
        # That a passphrase is needed is what the page itself says; anything else is news.
        self.notice.setVisible(model.fault.id != "passphrase-needed")
        self.notice.set_text(fault_text(model.fault))


def _field(name: str) -> QLineEdit:
    field = QLineEdit()
    field.setFont(font("body"))
    field.setEchoMode(QLineEdit.EchoMode.Password)
    field.setInputMethodHints(Qt.InputMethodHint.ImhHiddenText)
    field.setPlaceholderText(name)
    field.setAccessibleName(name)
    return field
