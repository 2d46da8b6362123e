"""The middle of the meeting: layout, what may be done with the selected site, and the grid."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.domain.clock import Clock
from media.meeting.model import FloorRequest, MeetingPhase
from media.meeting.stage import Layout
from media.peers.ladder import Step
from ui.i18n import language, t
from ui.meeting.acts import apply_right, tried
from ui.meeting.bars import Strip
from ui.meeting.preview_dialog import PreviewDialog
from ui.meeting.site_menu import SiteMenu
from ui.meeting.slide_pane import SlidePane
from ui.meeting.tiles import tile_of
from ui.models.hosting_model import HostingModel
from ui.models.meeting_model import MeetingModel
from ui.models.meeting_rights import Act, Right
from ui.models.meeting_rows import Mic, Presence, RosterRow
from ui.models.slide_model import SlideModel
from ui.picture.geometry import GridLayout
from ui.picture.grid import VideoGrid
from ui.picture.tile import Tile
from ui.theme import theme
from ui.widgets import Button, ElidedText, IconButton, MenuButton, Segmented, Text

PAGES = {Layout.GALLERY_2: 4, Layout.GALLERY_3: 9, Layout.GALLERY_4: 16}
"""Sites on one page of a gallery."""
LARGE_TILES = 9
"""With more other sites than that, tiles are small."""
CONTENT = "content"
"""材料: the slides large, and below them a strip of pictures that begins with the speaker's."""
STRIP_TILES = 6
NO_LIMIT = (1 << 24) - 1
"""Qt's own largest height of a widget."""


class Stage(QWidget):
    """Grid and its head."""

    selected = Signal(str)

    def __init__(
        self,
        model: MeetingModel,
        clock: Clock,
        hosting: HostingModel,
        slides: SlideModel | None = None,
        choose_slides: Callable[[], object] | None = None,
    ) -> None:
        super().__init__()
        self._model, self._hosting = model, hosting
        self._told_layout: Layout | None = None
        self._layout = GridLayout.EQUAL
        self._large = ""
        self._made: dict[str, tuple[tuple[RosterRow, FloorRequest | None, bool, bool], Tile]] = {}
        k = theme()
        column = QVBoxLayout(self)
        column.setContentsMargins(k.px(14), k.px(12), k.px(14), k.px(14))
        column.setSpacing(k.px(10))
        head = QHBoxLayout()
        head.setSpacing(k.px(10))
        self._large_letters = k.text_size.factor > 1
        plain = self._large_letters or language() != "zh_CN"
        modes: list[tuple[str, str]] = [(GridLayout.EQUAL, t("call.equal")), (GridLayout.SPEAKER, t("call.speaker"))]
        modes += [(CONTENT, t("slide.mode"))] if slides is not None else []
        icons: dict[str, str] = {GridLayout.EQUAL: "view-grid-outline", GridLayout.SPEAKER: "account-voice"}
        self._modes = Segmented(
            modes, GridLayout.EQUAL, self._choose, icons=None if plain else {**icons, CONTENT: "presentation"}
        )
        head.addWidget(self._modes)
        self._back = IconButton("chevron-left", t("call.page-back"), clicked=lambda: self.grid.turn_page(-1))
        self._pages = Text("", "small", "ink2")
        self._next = IconButton("chevron-right", t("call.page-next"), clicked=lambda: self.grid.turn_page(1))
        for part in (self._back, self._pages, self._next):
            head.addWidget(part)
        head.addStretch(1)
        self._chosen = ElidedText("", "small", "ink2")
        head.addWidget(self._chosen)
        self._air = Button(t("host.broadcast"), "broadcast", size="small", clicked=self.ask_air)
        self._mute = Button(t("call.mute"), "microphone-off", size="small", clicked=self.toggle_mute)
        self.menu = SiteMenu(hosting, self.chosen, self)
        self._more = MenuButton(t("host.more"), "dots-horizontal", self.menu, size="small")
        for button in (self._air, self._mute, self._more):
            head.addWidget(button)
            if plain:
                button.drop_icon()
        column.addLayout(head)
        self.pane = SlidePane(slides, ("Ctrl+PgUp", "Ctrl+PgDn"), choose_slides) if slides is not None else None
        self._shows_content = False
        if self.pane is not None:
            self.pane.hide()
            column.addWidget(self.pane, 1)
        self.grid = VideoGrid(model.source, clock, model.painted)
        self.grid.setAccessibleName(t("call.picture"))
        self.grid.selected.connect(self._select)
        self.grid.activated.connect(lambda _path: self._enlarge())
        self.grid.page_changed.connect(self._show_page)
        column.addWidget(self.grid, 1)
        self._caption = Strip("subtitles-outline", "neutral", lines=2)
        column.addWidget(self._caption)
        self._show_page(0, 1)
        self.refresh()

    def refresh(self) -> None:
        """Take up what the model says now."""
        model = self._model
        self._follow_layout()
        self.grid.set_empty_text(t("call.no-site"))
        rows = model.tiles if model.in_meeting else []
        if self._shows_content:  # the strip begins with whoever is to be seen
            rows = sorted(rows, key=lambda row: row.unit_path != model.large)
        self.grid.set_tiles([self._tile(row) for row in rows])
        self.grid.set_layout(
            GridLayout.EQUAL if self._shows_content else self._layout, self._large or str(model.large or "")
        )
        caption = model.state.caption
        self._caption.setVisible(caption is not None)
        if caption is not None:
            self._caption.set_text(caption.text, t("host.caption-strip", model.name_of(caption.unit_path)))
        self._refresh_head()

    def _follow_layout(self) -> None:
        """The chair's choice of a layout holds on every screen, until somebody here chooses another."""
        told = self._model.state.layout
        if told is self._told_layout:
            return
        first, self._told_layout = self._told_layout is None, told
        if first and told is Layout.SPEAKER:
            return  # nobody has chosen yet
        self._show_content(told is Layout.CONTENT)
        self.grid.set_page_size(STRIP_TILES if self._shows_content else PAGES.get(told))
        if self._shows_content:
            self._modes.set_current(CONTENT)
            return
        self._layout = GridLayout.EQUAL if told in PAGES else GridLayout.SPEAKER
        self._modes.set_current(self._layout)
        if self._layout is GridLayout.EQUAL:
            self._large = ""

    def _tile(self, row: RosterRow) -> Tile:
        """The tile of a row; made anew only where something of it changed."""
        # A picture that the line left out says nothing of its camera.
        turn = self._model.speaking if row.speaking else None
        flowing = self._model.media_up and self._model.line < Step.PAUSED
        begun = self._model.state.phase is not MeetingPhase.SCHEDULED
        how = (row, turn, flowing, begun)
        made = self._made.get(row.unit_path)
        if made is None or made[0] != how:
            tile = tile_of(row, turn, flowing=flowing, begun=begun)
            if self._model.sites_total > LARGE_TILES + 1 or self._shows_content:
                tile = replace(tile, name=row.short_name)
            made = self._made[row.unit_path] = (how, tile)
        return made[1]

    def _choose(self, key: str) -> None:
        if key == CONTENT:
            self.show_slides()
        else:
            self.set_layout(GridLayout(key))

    def show_slides(self) -> None:
        """材料 (Alt+3)."""
        if self.pane is not None:
            self._show_content(True)
            self.grid.set_page_size(STRIP_TILES)
            self._modes.set_current(CONTENT)
            self.refresh()

    def _show_content(self, shown: bool) -> None:
        """The slides take the middle and the pictures a strip below them; or the pictures take all of it again."""
        if self.pane is None or shown is self._shows_content:
            return
        self._shows_content = shown
        self._made.clear()
        k = theme()
        self.pane.setVisible(shown)
        self.grid.setMinimumHeight(k.px(104 if shown else 180))
        self.grid.setMaximumHeight(k.px(124) if shown else NO_LIMIT)

    def turn_on(self) -> None:
        """The next page of the slides (Ctrl+PgDn)."""
        if self.pane is not None and self._shows_content:
            self.pane.turn_on()

    def turn_back(self) -> None:
        """The page before (Ctrl+PgUp)."""
        if self.pane is not None and self._shows_content:
            self.pane.turn_back()

    def set_layout(self, layout: GridLayout) -> None:
        """均分 or 主讲."""
        if self._shows_content:
            self._show_content(False)
            self.grid.set_page_size(PAGES.get(self._model.state.layout))
        self._layout = layout
        if layout is GridLayout.EQUAL:
            self._large = ""
        self._modes.set_current(layout)
        self.refresh()

    def select(self, unit_path: str) -> None:
        self.grid.select(unit_path)

    def _enlarge(self) -> None:
        self._large = self.grid.selection if self._layout is GridLayout.EQUAL else ""
        self.set_layout(GridLayout.SPEAKER if self._layout is GridLayout.EQUAL else GridLayout.EQUAL)

    def _select(self, unit_path: str) -> None:
        tiles = self.grid.tiles
        place = next((n for n, tile in enumerate(tiles, 1) if tile.unit_path == unit_path), 0)
        said = t("say.place", tiles[place - 1].spoken, place, len(tiles)) if place else t("call.picture")
        self.grid.setAccessibleName(said)
        self._refresh_head()
        self.selected.emit(unit_path)

    def _show_page(self, page: int, pages: int) -> None:
        for part in (self._back, self._pages, self._next):
            part.setVisible(pages > 1)
        self._pages.setText(f"{page + 1} / {pages}")
        self._back.setEnabled(page > 0)
        self._next.setEnabled(page + 1 < pages)

    def _refresh_head(self) -> None:
        model = self._model
        row = self.chosen()
        self._chosen.setVisible(row is not None and not self._large_letters)
        for part in (self._air, self._mute, self._more):
            part.setVisible(row is not None)
        if self._large_letters:  # the menu has it too
            self._mute.hide()
        if row is None:
            return
        self._chosen.set_text(t("call.selected", row.name))
        aired = model.state.broadcast == row.unit_path
        self._air.set_text(t("host.broadcast-off") if aired else t("host.broadcast"))
        here = row.presence is Presence.HERE
        apply_right(self._air, model.right(Act.BROADCAST) if here else Right(False, "why.site-away", (row.name,)))
        right = model.right_to_mute(row.unit_path)
        locked = row.mic is Mic.LOCKED and row.presence is Presence.HERE
        self._mute.set_text(t("call.unmute") if locked else t("call.mute"))
        self._mute.setEnabled(right.allowed)
        self._mute.setToolTip("" if right.allowed else t(right.reason, *right.values))

    def chosen(self) -> RosterRow | None:
        """The site that is selected."""
        return next((one for one in self._model.roster if one.unit_path == self.grid.selection), None)

    def ask_air(self) -> None:
        """播出该会场 (Ctrl+B), after a look at its picture; or back, where it is on air by that."""
        row = self.chosen()
        if row is None or not self._air.isEnabled():
            return
        if self._model.state.broadcast == row.unit_path:
            tried(self._model, lambda: self._hosting.broadcast(None))()
            return
        dialog = PreviewDialog(self._model, row, self)
        if dialog.exec():
            tried(self._model, lambda: self._hosting.broadcast(row.unit_path))()
        dialog.deleteLater()

    def toggle_mute(self) -> None:
        """静音 of the selected site, and back."""
        row = self.chosen()
        if row is not None and self._mute.isEnabled():
            tried(self._model, lambda: self._model.mute(row.unit_path, row.mic is not Mic.LOCKED))()

    def open_menu(self) -> None:
        """The further acts on the selected site."""
        if self._more.isVisible():
            self._more.open_menu()
