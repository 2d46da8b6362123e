"""设置: what of the settings a person changes on the screen. Each act is stored at once and holds at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from desktop_app.domain.units import unit_code
from ui.models.app_model import AppModel
from ui.services import Services

IDLE_MINUTES = (5, 10, 15, 30, 60, 0)


class SettingsModel(QObject):
    """The settings page."""

    changed = Signal()
    failed = Signal(object)

    def __init__(self, services: Services, app: AppModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._app = app
        self._values: dict[str, Any] = {}

    def value(self, key: str) -> Any:
        """What holds now."""
        if key not in self._values:
            self._values[key] = self._services.settings.get(key)
        return self._values[key]

    def choose_language(self, language: str) -> None:
        self._store("ui.language", language)
        self._app.choose_look(replace(self._app.look, language=language))

    def choose_scheme(self, scheme: str) -> None:
        self._store("ui.theme", scheme)
        self._app.choose_look(replace(self._app.look, scheme=scheme))

    def choose_room_scheme(self, scheme: str) -> None:
        """The room's display has its own: dark does a picture more good."""
        self._store("ui.room_theme", scheme)

    def choose_text_size(self, size: str) -> None:
        self._store("ui.text_size", size)
        self._app.choose_look(replace(self._app.look, text_size=size))

    def choose_idle_lock(self, minutes: int) -> None:
        self._store("terminal.idle_lock", minutes)

    def _store(self, key: str, value: Any) -> None:
        self._values[key] = value
        self._services.runner.start(self._services.settings.set, key, value, failed=self.failed.emit)
        self.changed.emit()

    @property
    def contact(self) -> tuple[str, str]:
        """Name and telephone of whom to ring at this site; empty where nothing is on file."""
        row = self._services.records.get("site_contact", unit_code(self._services.unit_path)) or {}
        return str(row.get("name") or ""), str(row.get("phone") or "")

    def write_contact(self, name: str, phone: str) -> None:
        """Keep it; `failed` says why not (`phone-unreadable`)."""
        from sync.meetings.contacts import write_contact

        services = self._services

        def kept(_none: object) -> None:
            services.sync.poke()
            self.changed.emit()

        services.runner.start(
            write_contact, services.records, services.unit_path, name, phone, done=kept, failed=self.failed.emit
        )
