"""大屏: what the operator puts on the room's screen, as a menu of the control bar, and the sentence of a notice."""

from collections.abc import Callable

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QPlainTextEdit, QWidget

from ui.i18n import t
from ui.models.room_model import RoomContent, RoomModel
from ui.theme import font, theme
from ui.theme.icons import icon
from ui.widgets import Button, PrimaryButton, Text
from ui.widgets.dialog import Dialog

NOTICE_LENGTH = 120
ICONS = {
    RoomContent.PICTURE: "monitor",
    RoomContent.PLATE: "card-account-details-outline",
    RoomContent.NOTICE: "bullhorn-outline",
    RoomContent.HIDDEN: "eye-off-outline",
}


class RoomMenu(QMenu):
    """画面, 桌签, 公告, 隐藏, and a preview for who has no second screen at hand."""

    def __init__(self, model: RoomModel, preview: Callable[[], object], parent: QWidget) -> None:
        super().__init__(parent)
        self._model, self._owner = model, parent
        self.setFont(font("body"))
        self.setAccessibleName(t("host.room"))
        group = QActionGroup(self)
        self._actions: dict[RoomContent, QAction] = {}
        for content in RoomContent:
            action = QAction(icon(ICONS[content], "ink2"), t(f"host.room-{content.value}"), self)
            action.setCheckable(True)
            action.triggered.connect(lambda _checked=False, content=content: self.choose(content))
            group.addAction(action)
            self.addAction(action)
            self._actions[content] = action
        self.addSeparator()
        show = QAction(icon("picture-in-picture-bottom-right", "ink2"), t("host.room-preview"), self)
        show.triggered.connect(lambda _checked=False: preview())
        self.addAction(show)
        model.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        for content, action in self._actions.items():
            action.setChecked(content is self._model.content)

    def choose(self, content: RoomContent) -> None:
        """Put it on the room's screen; a notice is written first."""
        if content is RoomContent.NOTICE:
            self.ask_notice()
        else:
            self._model.show(content)
        self.refresh()

    def ask_notice(self) -> None:
        """公告 (F9)."""
        dialog = NoticeDialog(self._model.notice, self._owner)
        if dialog.exec():
            self._model.show(RoomContent.NOTICE, dialog.text)
        dialog.deleteLater()


class NoticeDialog(Dialog):
    """One sentence for everybody in the room."""

    def __init__(self, text: str, parent: QWidget | None) -> None:
        super().__init__(t("host.notice-title"), parent)
        self.body.addWidget(Text(t("host.notice-why"), "small", "ink2", wrap=True))
        self._edit = QPlainTextEdit(text)
        self._edit.setFont(font("reading"))
        self._edit.setAccessibleName(t("host.notice-title"))
        self._edit.setTabChangesFocus(True)
        self._edit.setFixedHeight(theme().px(120))
        self._edit.textChanged.connect(self._weigh)
        self.body.addWidget(self._edit)
        self._count = Text("", "small", "ink3")
        self.body.addWidget(self._count)
        self.add_button(Button(t("call.cancel"), clicked=self.reject))
        self._show = PrimaryButton(t("host.notice-show"), clicked=self.accept)
        self.add_button(self._show, default=True)
        self._weigh()
        self._edit.setFocus()

    @property
    def text(self) -> str:
        return " ".join(self._edit.toPlainText().split())

    def _weigh(self) -> None:
        length = len(self.text)
        self._count.setText(t("host.letters", length, NOTICE_LENGTH))
        self._count.set_tone("ink3" if length <= NOTICE_LENGTH else "zhusha")
        self._show.setEnabled(0 < length <= NOTICE_LENGTH)
