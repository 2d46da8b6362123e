"""会议材料: the files of a meeting, with what is on this machine; in a meeting also the way to show one."""

from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFileDialog, QListWidget, QListWidgetItem, QWidget

from desktop_app.domain.faults import Fault
from sync.meetings.material import Material
from ui.i18n import fault_text, t
from ui.meeting.acts import reason_of
from ui.models.material_model import MaterialModel
from ui.models.slide_model import SlideModel
from ui.theme import font, theme
from ui.theme.icons import icon
from ui.widgets import Button, Notice, PrimaryButton, Text
from ui.widgets.dialog import Dialog

MEGA = 1_000_000
FileRole = int(Qt.ItemDataRole.UserRole)


class MaterialDialog(Dialog):
    """With `slides` the chosen file can be shown (放映); without, files are only placed ahead."""

    def __init__(self, model: MaterialModel, parent: QWidget | None, slides: SlideModel | None = None) -> None:
        super().__init__(t("material.title"), parent, 620)
        k = theme()
        self._model, self._slides = model, slides
        self.body.addWidget(Text(t("material.why"), "small", "ink2", wrap=True))
        self._notice = Notice("", icon_name="alert-circle-outline", tone="zhusha")
        self._notice.hide()
        self.body.addWidget(self._notice)
        self._list = QListWidget()
        self._list.setFont(font("body"))
        self._list.setAccessibleName(t("material.files"))
        self._list.setMinimumHeight(k.px(220))
        self._list.setIconSize(QSize(k.px(18), k.px(18)))
        self._list.currentItemChanged.connect(lambda *_: self._weigh())
        self._list.itemActivated.connect(lambda _item: self._show())
        self.body.addWidget(self._list)
        self._state = Text("", "small", "ink2", wrap=True)
        self.body.addWidget(self._state)
        self._add = Button(t("material.add"), "plus", clicked=self.choose_file)
        self._remove = Button(t("material.remove"), "delete-outline", clicked=self._take_back)
        self.foot.insertWidget(0, self._remove)
        self.foot.insertWidget(0, self._add)
        self.add_button(Button(t("dialog.close"), clicked=self.reject), default=slides is None)
        self._go = PrimaryButton(t("material.show"), "presentation-play", clicked=self._show)
        if slides is not None:
            self.add_button(self._go, default=True)
        model.changed.connect(self.refresh)
        model.failed.connect(self._refused)
        self.finished.connect(lambda _how: model.close())
        self.finished.connect(self.deleteLater)
        model.load()
        self.refresh()
        self._list.setFocus()

    def refresh(self) -> None:
        """Take up what the model says now, without losing the choice."""
        kept = self._chosen()
        self._list.clear()
        for file in self._model.files:
            item = QListWidgetItem(_line(file))
            item.setIcon(
                icon("check-circle-outline" if file.here else "download-outline", "shilv" if file.here else "ink3")
            )
            item.setData(FileRole, file)
            self._list.addItem(item)
            if kept is not None and kept.attachment == file.attachment:
                self._list.setCurrentItem(item)
        if self._list.currentRow() < 0 and self._list.count():
            self._list.setCurrentRow(0)
        self._weigh()

    def choose_file(self) -> None:
        """添加文件: the system's own dialog."""
        path, _ = QFileDialog.getOpenFileName(self, t("material.add"), "", t("material.kinds"))
        if path:
            self._notice.hide()
            self._model.place(Path(path))

    def _weigh(self) -> None:
        model, file = self._model, self._chosen()
        self._add.setEnabled(not model.busy)
        self._remove.setEnabled(file is not None and not model.busy)
        reason = ""
        if model.busy:
            reason = t("material.busy")
        elif not model.files:
            reason = t("material.none") if model.known else t("material.reading")
        elif self._slides is not None and file is not None:
            if not file.is_slides:
                reason = t("material.no-pages")
            elif not file.here:
                reason = t("material.fetching")
            else:
                reason = reason_of(self._slides.right)
        self._state.setText(reason or t("material.how"))
        can = file is not None and file.is_slides and file.here and not model.busy
        self._go.setEnabled(bool(can) and self._slides is not None and self._slides.right.allowed)

    def _chosen(self) -> Material | None:
        item = self._list.currentItem()
        return item.data(FileRole) if item is not None else None

    def _show(self) -> None:
        file = self._chosen()
        if file is not None and self._slides is not None and self._go.isEnabled():
            self._slides.present(file)
            self.accept()

    def _take_back(self) -> None:
        file = self._chosen()
        if file is not None:
            self._model.take_back(file)

    def _refused(self, fault: Fault) -> None:
        self._notice.set_text(fault_text(fault))
        self._notice.show()


def _line(file: Material) -> str:
    size = t("material.size", f"{max(file.length / MEGA, 0.1):.1f}")
    return " · ".join((file.file_name, size, t("material.here" if file.here else "material.coming")))
