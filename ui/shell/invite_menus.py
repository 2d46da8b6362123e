"""Whom to invite, many at once: by level, by city, by a sheet; and nobody any more."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMenu, QWidget

from desktop_app.domain.ids import UnitPath
from desktop_app.domain.units import Level
from ui.i18n import t
from ui.models.places import place_name
from ui.models.schedule_model import ScheduleModel
from ui.theme import font
from ui.widgets import Button, MenuButton
from ui.widgets.card import flush


class InviteMenus(QWidget):
    """`add` is called with unit paths, `clear` with nothing."""

    def __init__(
        self, model: ScheduleModel, add: Callable[[Sequence[UnitPath]], object], clear: Callable[[], object]
    ) -> None:
        super().__init__()
        self._model, self._add = model, add
        row = QHBoxLayout(self)
        flush(row, 6)
        self.levels = MenuButton(t("schedule.by_level"), size="small")
        self.cities = MenuButton(t("schedule.by_city"), size="small")
        self.sheet = Button(t("schedule.by_sheet"), "table-arrow-up", size="small", clicked=self.choose_sheet)
        self.none = Button(t("schedule.nobody"), size="small", clicked=clear)
        for one in (self.levels, self.cities, self.sheet, self.none):
            row.addWidget(one)
        row.addStretch(1)
        model.units_loaded.connect(self.fill)
        if model.units:
            self.fill()

    def fill(self) -> None:
        """The menus, once the units are known."""
        levels = QMenu(self)
        levels.setFont(font("body"))
        for level in (Level.CITY, Level.COUNTY):
            paths = self._model.of_level(level)
            act = levels.addAction(t("schedule.level_all", t(f"level.{int(level)}"), len(paths)))
            act.triggered.connect(lambda _on=False, paths=paths: self._add(paths))
        self.levels.set_menu(levels)
        cities = QMenu(self)
        cities.setFont(font("body"))
        for city in self._model.cities():
            act = cities.addAction(t("schedule.city_all", place_name(city.unit_path)))
            path = city.unit_path
            act.triggered.connect(lambda _on=False, path=path: self._add(self._model.of_city(path)))
        self.cities.set_menu(cities)

    def choose_sheet(self) -> None:
        """A file with a list of units."""
        path, _ = QFileDialog.getOpenFileName(self, t("schedule.sheet_title"), "", t("sign.import-kinds"))
        if path:
            self._model.read_sheet(Path(path))
