"""发言时长: minutes to speak for each level together and for single sites, with what is used and what is left."""

from functools import partial

from PySide6.QtWidgets import QGridLayout, QWidget

from desktop_app.domain.ids import UnitPath
from desktop_app.domain.units import Level
from ui.i18n import t
from ui.i18n.dates import duration_text
from ui.meeting.acts import tried
from ui.models.queue_model import BudgetRow, QueueModel
from ui.theme import theme
from ui.widgets import Button, LevelMark, PrimaryButton, Text
from ui.widgets.dialog import Dialog
from ui.widgets.number_field import NumberField

MOST_MINUTES = 600


class BudgetDialog(Dialog):
    """One line for each level, and for each site with a time of its own; `site` adds a line for one more."""

    def __init__(self, model: QueueModel, parent: QWidget | None, site: UnitPath | None = None) -> None:
        super().__init__(t("budget.title"), parent, 560)
        self._model = model
        k = theme()
        self.body.addWidget(Text(t("budget.why"), "small", "ink2", wrap=True))
        grid = QGridLayout()
        grid.setHorizontalSpacing(k.px(12))
        grid.setVerticalSpacing(k.px(8))
        grid.addWidget(Text(t("budget.who"), "small", "ink3"), 0, 0, 1, 2)
        for column, key in enumerate(("minutes", "spent", "left"), start=2):
            grid.addWidget(Text(t(f"budget.{key}"), "small", "ink3"), 0, column)
        held = {(row.unit_path, row.level): row for row in model.budgets}
        lines: list[tuple[UnitPath | None, Level | None, BudgetRow | None]] = [
            (None, level, held.get((None, level))) for level in Level
        ]
        lines += [(row.unit_path, None, row) for row in model.budgets if row.unit_path is not None]
        if site is not None and (site, None) not in held:
            lines.append((site, None, None))
        self._boxes: list[tuple[UnitPath | None, Level | None, int, NumberField]] = []
        for place, (path, level, row) in enumerate(lines, start=1):
            name = (
                t(f"budget.level-{int(level)}")
                if level is not None
                else model.meeting.name_of(path or site or UnitPath(""))
            )
            if level is not None:
                grid.addWidget(LevelMark(level, 14), place, 0)
            grid.addWidget(Text(name, "body"), place, 1)
            grid.addWidget(self._box(path, level, row, name), place, 2)
            grid.addWidget(Text(duration_text(row.spent) if row is not None else "–", "body", "ink2"), place, 3)
            spent = row is not None and row.left == 0
            left = Text(duration_text(row.left) if row is not None else "–", "body", "zhusha" if spent else "ink2")
            grid.addWidget(left, place, 4)
        grid.setColumnStretch(1, 1)
        self.body.addLayout(grid)
        self.body.addWidget(Text(t("budget.how"), "small", "ink3", wrap=True))
        self.add_button(Button(t("call.cancel"), clicked=self.reject))
        self.add_button(PrimaryButton(t("budget.set"), "check", clicked=self._set), default=True)
        self._boxes[-1 if site is not None else 0][3].setFocus()

    def _box(self, path: UnitPath | None, level: Level | None, row: BudgetRow | None, name: str) -> NumberField:
        minutes = row.seconds // 60 if row is not None else 0
        said = f"{name}{t('call.comma')}{t('budget.minutes')}"
        box = NumberField(said, minutes, 0, MOST_MINUTES, t("budget.unit"))
        box.setSpecialValueText(t("budget.none"))
        self._boxes.append((path, level, minutes, box))
        return box

    def _set(self) -> None:
        model = self._model
        for path, level, before, box in self._boxes:
            minutes = box.value()
            if minutes != before:
                tried(model.meeting, partial(model.set_budget, path, level, minutes))()
        self.accept()
