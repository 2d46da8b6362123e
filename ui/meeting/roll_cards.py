"""The parts of the roll-call page beside the board: how far it is, who did not answer, and the sum by city."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QWidget

from media.meeting.roll_call import RollManner
from ui.i18n import t
from ui.meeting.bars import ShareBar
from ui.models.roll_model import RollCallModel, RollStage
from ui.models.roll_rows import MISSING, Answer, CityTally, RollTally, RollTile
from ui.theme import theme
from ui.widgets import Button, Card, Chip, Divider, LevelMark, LinkButton, ScrollColumn, Text, clear, flush
from ui.widgets.labels import ElidedText

LISTED = 40


class ProgressCard(Card):
    """点名进度: a bar, and each answer counted."""

    def __init__(self) -> None:
        super().__init__(t("roll.progress"))
        self._bar = ShareBar(10)
        self.body.addWidget(self._bar)
        row = QHBoxLayout()
        flush(row, 6)
        self._present = Chip("", "check", "shilv")
        self._missing = Chip("", "phone-missed-outline", "zheshi")
        self._offline = Chip("", "lan-disconnect", "zheshi")
        for chip in (self._present, self._missing):
            row.addWidget(chip)
        row.addStretch(1)
        self.body.addLayout(row)
        self.body.addWidget(self._offline)
        self._shown: RollTally | None = None

    def show_tally(self, tally: RollTally) -> None:
        if tally == self._shown:
            return
        self._shown = tally
        self.set_note(f"{tally.done} / {tally.total}")
        whole = tally.total or 1
        self._bar.show_shares([(tally.present / whole, "shilv"), (tally.missing / whole, "zheshi")])
        self._present.set_state(t("roll.count-present", tally.present), "check", "shilv", quiet=True)
        quiet = tally.no_answer == 0
        self._missing.set_state(t("roll.count-missing", tally.no_answer), "phone-missed-outline", "zheshi", quiet=quiet)
        quiet = tally.offline == 0
        self._offline.setVisible(not quiet)
        self._offline.set_state(t("roll.count-offline", tally.offline), "lan-disconnect", "zheshi", quiet=quiet)


class MissingCard(Card):
    """未应答: each with its reason and 再呼."""

    def __init__(self, model: RollCallModel) -> None:
        super().__init__(t("roll.missing"), "0")
        self._model = model
        self._key: object = None
        self._all = LinkButton(t("roll.again-all"), "phone-outline", size="small", clicked=model.again_first)
        self.head.addWidget(self._all)
        self.body.setSpacing(0)
        self.refresh()

    def refresh(self) -> None:
        model = self._model
        tiles = [tile for tile in model.tiles if tile.answer in MISSING]
        may = model.right.allowed and model.stage is RollStage.RUNNING and model.manner is RollManner.VOICE
        if self.parentWidget() is not None or not tiles:
            self.setVisible(bool(tiles))
        self._all.setVisible(may)
        key = (tiles, may)
        if key == self._key:
            return
        self._key = key
        self.set_note(t("roll.sites-count", len(tiles)))
        while self.body.count() > 1:
            item = self.body.takeAt(1)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for place, tile in enumerate(tiles[:LISTED]):
            self.body.addWidget(self._row(tile, may=may, last=place == min(len(tiles), LISTED) - 1))

    def _row(self, tile: RollTile, *, may: bool, last: bool) -> QFrame:
        k = theme()
        frame = QFrame()
        frame.setProperty("role", "row")
        frame.setProperty("last", "true" if last else "false")
        line = QHBoxLayout(frame)
        line.setContentsMargins(0, k.px(6), 0, k.px(6))
        line.setSpacing(k.px(9))
        line.addWidget(LevelMark(tile.level, 14))
        line.addWidget(ElidedText(self._model.plain_name(tile), "body", bold=True), 1)
        why = "roll.offline" if tile.answer is Answer.OFFLINE else "roll.nobody"
        line.addWidget(Text(t(why), "small", "zheshi"))
        if may:
            path = tile.unit_path
            call = Button(t("roll.call"), size="small", clicked=lambda: self._model.call(path))
            call.setAccessibleName(t("roll.call-whom", tile.name))
            line.addWidget(call)
        return frame


class CityList(ScrollColumn):
    """按市汇总: a row for each city with its counties."""

    def __init__(self) -> None:
        super().__init__()
        self._key: object = None
        self._card = Card()
        self.column.addWidget(self._card)
        self.column.addStretch(1)

    def show_cities(self, cities: list[CityTally]) -> None:
        if cities == self._key:
            return
        self._key = list(cities)
        clear(self._card.body)
        table = QWidget()
        grid = QGridLayout(table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme().px(24))
        grid.setVerticalSpacing(theme().px(7))
        labels = ("roll.city", "roll.expected", "roll.present", "roll.no-answer", "roll.offline", "roll.waiting")
        for column, key in enumerate(labels):
            head = Text(t(key), "small", "ink3", bold=True)
            grid.addWidget(head, 0, column, self._side(column))
        for row, one in enumerate(cities):
            at = 2 * row + 1
            grid.addWidget(Divider(), at, 0, 1, len(labels))
            whole = one.tally
            grid.addWidget(Text(one.name, "body", bold=True), at + 1, 0)
            for column, number in enumerate(
                (whole.total, whole.present, whole.no_answer, whole.offline, whole.waiting), 1
            ):
                tone = "zheshi" if column in (3, 4) and number else "ink" if number else "ink3"
                grid.addWidget(Text(str(number), "body", tone, bold=bool(number) and tone != "ink3"), at + 1, column,
                               self._side(column))  # fmt: skip
        grid.setColumnStretch(0, 1)
        self._card.body.addWidget(table)

    @staticmethod
    def _side(column: int) -> Qt.AlignmentFlag:
        return Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
