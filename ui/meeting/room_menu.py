"""大屏: what the operator puts on the room's screen, as a menu of the control bar, and the sentence of a notice."""

from collections.abc import Callable

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from ui.i18n import t
from ui.meeting.line_dialog import LineDialog
from ui.models.room_model import RoomContent, RoomModel
from ui.theme import font
from ui.theme.icons import icon

ICONS = {
    RoomContent.PICTURE: "monitor",
    RoomContent.MATERIAL: "presentation",
    RoomContent.SIGN_IN: "qrcode",
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
            action.setVisible(content is not RoomContent.SIGN_IN or (model.door is not None and model.door.possible))
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
        dialog = LineDialog(
            t("host.notice-title"), t("host.notice-why"), t("host.notice-show"), self._owner, text=self._model.notice
        )
        if dialog.exec():
            self._model.show(RoomContent.NOTICE, dialog.text)
        dialog.deleteLater()
