"""Below the tree of sites: how many are out of the ordinary, and the way to see those alone."""

from collections.abc import Callable

from PySide6.QtWidgets import QHBoxLayout, QWidget

from ui.i18n import t
from ui.models.meeting_rows import Presence, RosterRow
from ui.widgets import Chip, LinkButton, flush

Kind = Callable[[RosterRow], bool]


def is_lost(row: RosterRow) -> bool:
    """网络断开."""
    return row.presence is Presence.LOST


def in_trouble(row: RosterRow) -> bool:
    """Limited by the engine, or without sound and picture."""
    return row.presence is Presence.HERE and bool(row.trouble)


class RosterFoot(QWidget):
    """How many sites are out of the ordinary in one way, and the way to see those alone; nothing while none is."""

    def __init__(self, kind: Kind, icon_name: str, key: str, toggle: Callable[[], None]) -> None:
        super().__init__()
        self.kind, self._icon_name, self._key = kind, icon_name, key
        row = QHBoxLayout(self)
        flush(row, 6)
        self._chip = Chip("", icon_name, "zheshi")
        self._look = LinkButton("", size="small", clicked=toggle)
        row.addWidget(self._chip)
        row.addStretch(1)
        row.addWidget(self._look)

    def show_count(self, count: int, is_chosen: bool) -> None:
        """`is_chosen`: the list has these alone."""
        self.setVisible(count > 0 or is_chosen)
        self._chip.set_state(t(self._key, count), self._icon_name, "zheshi")
        self._look.set_text(t("host.look-all") if is_chosen else t("host.look-lost"))
