"""共享屏幕: screens and windows with small pictures; what will be seen is seen before."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon, QImage, QPainter, QPixmap
from PySide6.QtWidgets import QListView, QListWidget, QListWidgetItem, QWidget

from media.content.screens import Shareable
from ui.i18n import t
from ui.models.share_model import ShareModel
from ui.theme import font, theme
from ui.theme.icons import icon
from ui.widgets import Button, PrimaryButton, Text
from ui.widgets.dialog import Dialog

What = Qt.ItemDataRole.UserRole
PICTURE = QSize(220, 124)


class ShareDialog(Dialog):
    """Enter shares what is chosen, Esc nothing."""

    def __init__(self, model: ShareModel, parent: QWidget | None = None) -> None:
        super().__init__(t("share.title"), parent, 800)
        k = theme()
        self._model = model
        self.body.addWidget(Text(t("share.why"), "small", "ink2", wrap=True))
        self.list = QListWidget()
        self.list.setViewMode(QListView.ViewMode.IconMode)
        self.list.setResizeMode(QListView.ResizeMode.Adjust)
        self.list.setMovement(QListView.Movement.Static)
        self.list.setIconSize(QSize(k.px(PICTURE.width()), k.px(PICTURE.height())))
        self.list.setGridSize(QSize(k.px(PICTURE.width() + 20), k.px(PICTURE.height() + 44)))
        self.list.setUniformItemSizes(True)
        self.list.setViewportMargins(k.px(8), k.px(10), k.px(4), k.px(4))
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setFont(font("small"))
        self.list.setMinimumHeight(k.px(360))
        self.list.setAccessibleName(t("share.title"))
        self.list.itemActivated.connect(lambda _item: self._share())
        self.list.currentItemChanged.connect(lambda *_: self._weigh())
        self.body.addWidget(self.list, 1)
        self._state = Text(t("share.looking"), "small", "ink3")
        self.body.addWidget(self._state)
        self.add_button(Button(t("call.cancel"), clicked=self.reject))
        self.go = PrimaryButton(t("share.go"), "monitor-share", clicked=self._share)
        self.add_button(self.go, default=True)
        model.found.connect(self.show_found)
        self.finished.connect(self.deleteLater)
        self._weigh()
        model.look()

    def show_found(self, found: list[tuple[Shareable, QImage | None]]) -> None:
        """Fill the list; the first screen is chosen."""
        self._state.hide()
        self.list.clear()
        for what, picture in found:
            item = QListWidgetItem(what.title)
            item.setIcon(_framed(picture) if picture is not None else icon("monitor", "ink3"))
            item.setToolTip(what.title)
            item.setData(What, what)
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self.list.setFocus()

    def _weigh(self) -> None:
        self.go.setEnabled(self.list.currentItem() is not None)

    def _share(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self._model.begin(item.data(What))
            self.accept()


def _framed(picture: QImage) -> QIcon:
    """All pictures are as large, whatever their shape."""

    k = theme()
    ground = QPixmap(k.px(PICTURE.width()), k.px(PICTURE.height()))
    ground.fill(k.color("sunken"))
    painter = QPainter(ground)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    size = picture.size().scaled(ground.size(), Qt.AspectRatioMode.KeepAspectRatio)
    painter.drawImage(
        (ground.width() - size.width()) // 2,
        (ground.height() - size.height()) // 2,
        picture.scaled(size, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation),
    )
    painter.end()
    return QIcon(ground)
