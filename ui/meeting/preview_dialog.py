"""播出 with a look first: the site's own picture, and a button that puts it on every screen. No mis-click airs."""

from PySide6.QtWidgets import QWidget

from ui.i18n import t
from ui.meeting.tiles import tile_of
from ui.models.meeting_model import MeetingModel
from ui.models.meeting_rows import RosterRow
from ui.picture.grid import VideoGrid
from ui.theme import theme
from ui.widgets import Button, PrimaryButton, Text
from ui.widgets.dialog import Dialog


class PreviewDialog(Dialog):
    """Enter puts it on air, Esc does not."""

    def __init__(self, model: MeetingModel, row: RosterRow, parent: QWidget | None) -> None:
        super().__init__(t("host.preview-title", row.name), parent, 620)
        self.body.addWidget(Text(t("host.preview-why"), "small", "ink2", wrap=True))
        grid = VideoGrid(model.preview_source, model.clock)
        grid.setFixedHeight(theme().px(372))
        grid.setAccessibleName(row.name)
        turn = model.speaking if row.speaking else None
        grid.set_tiles([tile_of(row, turn, flowing=model.media_up)])
        self.body.addWidget(grid)
        self.add_button(Button(t("call.cancel"), clicked=self.reject))
        air = PrimaryButton(t("host.broadcast"), "broadcast", clicked=self.accept)
        self.add_button(air, default=True)
        air.setFocus()
