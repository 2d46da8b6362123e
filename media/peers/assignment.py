"""Which site has which slot.

A site keeps its slot as long as it is wanted, and a free slot that was never used goes first, so that pictures rarely
change places.
"""

from collections.abc import Iterable

from desktop_app.domain.ids import UnitPath


class Assignment:
    """A fixed row of slots."""

    def __init__(self, slots: tuple[str, ...]) -> None:
        self._slots = slots
        self._used: list[str] = []
        """Slots that were given back, longest ago first."""
        self.sites: dict[str, UnitPath] = {}

    def want(self, sites: Iterable[UnitPath]) -> None:
        """Give slots to these sites, most wanted first; those that do not fit get none."""
        wanted = list(dict.fromkeys(sites))[: len(self._slots)]
        for slot in [slot for slot, site in self.sites.items() if site not in wanted]:
            del self.sites[slot]
            self._used.append(slot)
        for site in wanted:
            if site not in self.sites.values():
                slot = self._free()
                self.sites[slot] = site

    def slot_of(self, site: UnitPath) -> str | None:
        return next((slot for slot, each in self.sites.items() if each == site), None)

    def _free(self) -> str:
        for slot in self._slots:
            if slot not in self.sites and slot not in self._used:
                return slot
        return self._used.pop(0)
