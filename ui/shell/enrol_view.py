"""开通: language, the center's address, the 4x4 code, the person's name and PIN, on one page."""

from PySide6.QtCore import QEvent, QObject, QRegularExpression, Qt, Signal
from PySide6.QtGui import QKeyEvent, QRegularExpressionValidator
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QWidget

from ui.i18n import fault_text, language, t
from ui.models.enrol_model import GROUP, GROUPS, PIN_LENGTH, EnrolModel, clean_code
from ui.shell.front_views import FrontPage
from ui.theme import font, theme
from ui.widgets import Notice, PrimaryButton, Segmented, Text


class CodeField(QWidget):
    """Four fields that act as one: typing runs on, a pasted code fills all, Backspace goes back."""

    completed = Signal()

    def __init__(self) -> None:
        super().__init__()
        k = theme()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(k.px(8))
        self.groups: list[QLineEdit] = []
        for index in range(GROUPS):
            field = QLineEdit()
            field.setFont(font("title"))
            field.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            field.setMaxLength(64)
            field.setMinimumWidth(field.fontMetrics().horizontalAdvance("M" * GROUP) + k.px(22))
            field.setAccessibleName(t("enrol.code_group", index + 1, GROUPS))
            field.textEdited.connect(lambda text, index=index: self._typed(index, text))
            field.installEventFilter(self)
            self.groups.append(field)
            row.addWidget(field, 1)
        self.setAccessibleName(t("enrol.code"))

    @property
    def code(self) -> str:
        return "".join(clean_code(field.text()) for field in self.groups)

    def set_code(self, code: str) -> None:
        cleaned = clean_code(code)
        for index, field in enumerate(self.groups):
            field.setText(cleaned[index * GROUP : (index + 1) * GROUP])

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            index = self.groups.index(watched) if watched in self.groups else 0
            back = event.key() == Qt.Key.Key_Backspace and index and not self.groups[index].text()
            if back:
                self.groups[index - 1].setFocus()
                self.groups[index - 1].backspace()
                return True
        return super().eventFilter(watched, event)

    def _typed(self, index: int, text: str) -> None:
        rest = clean_code("".join(field.text() for field in self.groups[:index]) + text)
        if len(clean_code(text)) > GROUP:
            tail = "" if len(rest) >= GROUP * GROUPS else "".join(f.text() for f in self.groups[index + 1 :])
            self.set_code(rest + clean_code(tail))
            last = min(len(rest), GROUP * GROUPS - 1) // GROUP
            self.groups[last].setFocus()
        else:
            place = self.groups[index].cursorPosition()
            self.groups[index].setText(clean_code(text)[:GROUP])
            self.groups[index].setCursorPosition(place)
            if len(clean_code(text)) == GROUP and place >= GROUP and index + 1 < GROUPS:
                self.groups[index + 1].setFocus()
        if len(self.code) == GROUP * GROUPS:
            self.completed.emit()


def pin_field(name: str) -> QLineEdit:
    """Digits only, never shown."""
    field = QLineEdit()
    field.setFont(font("body"))
    field.setEchoMode(QLineEdit.EchoMode.Password)
    field.setMaxLength(PIN_LENGTH)
    field.setValidator(QRegularExpressionValidator(QRegularExpression("[0-9]*"), field))
    field.setInputMethodHints(Qt.InputMethodHint.ImhDigitsOnly | Qt.InputMethodHint.ImhHiddenText)
    field.setAccessibleName(name)
    return field


class EnrolView(FrontPage):
    """The enrolment page; what it says comes from the model."""

    def __init__(self, model: EnrolModel) -> None:
        super().__init__(560)
        k = theme()
        self._model = model
        head = QHBoxLayout()
        head.addWidget(Text(t("enrol.title"), "page"), 1)
        head.addWidget(Segmented([("zh_CN", "中文"), ("en", "English")], language(), model.choose_language))
        self.column.addLayout(head)
        self.column.addWidget(Text(t("enrol.intro"), "small", "ink2", wrap=True))
        grid = QGridLayout()
        grid.setHorizontalSpacing(k.px(14))
        grid.setVerticalSpacing(k.px(10))
        self.url = QLineEdit(model.url)
        self.url.setPlaceholderText(t("enrol.url_example"))
        self.code = CodeField()
        self.name = QLineEdit()
        self.name.setPlaceholderText(t("enrol.name_example"))
        self.pin = pin_field(t("enrol.pin"))
        self.again = pin_field(t("enrol.again"))
        for field in (self.url, self.name):
            field.setFont(font("body"))
        rows: list[tuple[str, QWidget]] = [
            ("enrol.url", self.url),
            ("enrol.code", self.code),
            ("enrol.name", self.name),
            ("enrol.pin", self.pin),
            ("enrol.again", self.again),
        ]
        for index, (key, row) in enumerate(rows):
            label = Text(t(key), "body", "ink2")
            label.setBuddy(row)
            row.setAccessibleName(t(key))
            grid.addWidget(label, index, 0)
            grid.addWidget(row, index, 1)
        grid.setColumnStretch(1, 1)
        self.column.addLayout(grid)
        self.column.addWidget(Text(t("enrol.pin_note"), "meta", "ink3", wrap=True))
        self.notice = Notice("", icon_name="alert-circle-outline", tone="zhusha")
        self.notice.hide()
        self.column.addWidget(self.notice)
        self.button = PrimaryButton(t("enrol.go"), "check", size="large", clicked=self.submit)
        self.column.addWidget(self.button)
        for field in (self.url, self.name, self.pin, self.again, *self.code.groups):
            field.returnPressed.connect(self.submit)
        model.changed.connect(self.refresh)
        self.refresh()
        (self.code.groups[0] if model.url else self.url).setFocus()

    def submit(self) -> None:
        self._model.submit(self.url.text(), self.code.code, self.name.text(), self.pin.text(), self.again.text())

    def refresh(self) -> None:
        model = self._model
        self.button.setEnabled(not model.busy)
        self.button.set_text(t("enrol.busy") if model.busy else t("enrol.go"))
        self.notice.setVisible(model.fault is not None)
        if model.fault is not None:
            self.notice.set_text(fault_text(model.fault))
