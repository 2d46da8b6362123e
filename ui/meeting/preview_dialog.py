"""A look first: the site's own picture, and a button that puts it on every screen. No mis-click airs."""

from PySide6.QtWidgets import QWidget

from ui.i18n import t
from ui.meeting.tiles import tile_of
from ui.models.meeting_model import MeetingModel
from ui.models.meeting_rows import QueueRow, RosterRow
from ui.picture.grid import VideoGrid
from ui.theme import theme
from ui.widgets import Button, PrimaryButton, Text
from ui.widgets.dialog import Dialog


class PreviewDialog(Dialog):
    """Enter puts it on air, Esc does not. With `asks` it is a member's question that is about to be granted."""

    def __init__(
        self, model: MeetingModel, row: RosterRow, parent: QWidget | None, asks: QueueRow | None = None
    ) -> None:
        title = t("host.preview-title", row.name) if asks is None else t("queue.preview-title", asks.member_name)
        super().__init__(title, parent, 620)
        self.body.addWidget(
            Text(t("host.preview-why" if asks is None else "queue.preview-why"), "small", "ink2", wrap=True)
        )
        if asks is not None:
            said = " · ".join(part for part in (row.name, asks.member_name, asks.sector) if part)
            self.body.addWidget(Text(said, "body", bold=True, wrap=True))
            if asks.note:
                self.body.addWidget(Text(asks.note, "body", wrap=True))
        grid = VideoGrid(model.preview_source, model.clock)
        high = 372 if asks is None else 340 if theme().text_size.factor == 1 else 250
        grid.setFixedHeight(theme().px(high))
        grid.setAccessibleName(row.name)
        turn = model.speaking if row.speaking else None
        grid.set_tiles([tile_of(row, turn, flowing=model.media_up)])
        self.body.addWidget(grid)
        self.add_button(Button(t("call.cancel"), clicked=self.reject))
        words = t("host.broadcast" if asks is None else "queue.preview-go")
        air = PrimaryButton(words, "broadcast" if asks is None else "account-voice", clicked=self.accept)
        self.add_button(air, default=True)
        air.setFocus()
