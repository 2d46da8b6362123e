"""设置: display, seat, sound and picture, this site, about. A change holds at once and is shown by what it does."""

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from ui.i18n import t
from ui.models.app_model import AppModel
from ui.models.room_devices_model import RoomDevicesModel
from ui.models.settings_model import IDLE_MINUTES, SettingsModel
from ui.shell.room_devices_card import RoomDevicesCard
from ui.shell.site_dialogs import ContactDialog
from ui.theme import Scheme, TextSize, font, theme
from ui.widgets import Button, Card, Divider, ElidedText, ScrollColumn, Segmented, SiteName, Text
from ui.widgets.card import flush

LICENSES = (
    ("Qt 6, PySide6", "LGPL-3.0"),
    ("QtAwesome", "MIT"),
    ("Material Design Icons", "Apache-2.0"),
    ("aiortc, aioice", "BSD-3-Clause"),
    ("PyAV, FFmpeg, x264", "BSD-3-Clause, LGPL, GPL"),
    ("pycrdt (Yjs)", "MIT"),
    ("pypdfium2, PDFium", "BSD-3-Clause, Apache-2.0"),
    ("SQLAlchemy, Alembic", "MIT"),
    ("segno, zxing-cpp", "BSD-3-Clause, Apache-2.0"),
)


class SettingsPage(QWidget):
    """Cards of rows: what it is at the left, the choice at the right."""

    def __init__(self, app: AppModel, model: SettingsModel, devices: RoomDevicesModel) -> None:
        super().__init__()
        k = theme()
        self._app = app
        self._model = model
        outer = QVBoxLayout(self)
        flush(outer)
        scroll = ScrollColumn()
        outer.addWidget(scroll)
        columns = QHBoxLayout()
        columns.setContentsMargins(k.px(24), k.px(20), k.px(24), k.px(20))
        columns.setSpacing(k.px(16))
        scroll.column.addLayout(columns)
        scroll.column.addStretch(1)
        left, right = QVBoxLayout(), QVBoxLayout()
        for column in (left, right):
            flush(column, 16)
            columns.addLayout(column, 1)
        for card in (RoomDevicesCard(devices), self._seat()):
            left.addWidget(card)
        left.addStretch(1)
        for card in (self._display(), self._site(), self._about()):
            right.addWidget(card)
        right.addStretch(1)

    def _display(self) -> Card:
        model, look = self._model, self._app.look
        languages = [("zh_CN", "中文"), ("en", "English")]
        schemes = [(str(one), t(f"set.scheme_{one}")) for one in Scheme]
        room = [(str(one), t(f"set.scheme_{one}")) for one in (Scheme.DARK, Scheme.LIGHT)]
        sizes = [(str(one), t(f"set.size_{one}")) for one in TextSize]
        return self._card(
            "set.display",
            [
                ("set.language", Segmented(languages, look.language, model.choose_language)),
                ("set.scheme", Segmented(schemes, look.scheme, model.choose_scheme)),
                ("set.room_scheme", Segmented(room, str(model.value("ui.room_theme")), model.choose_room_scheme)),
                ("set.size", Segmented(sizes, look.text_size, model.choose_text_size)),
            ],
        )

    def _seat(self) -> Card:
        model = self._model
        idle = QComboBox()
        for minutes in IDLE_MINUTES:
            idle.addItem(t("set.idle_minutes", minutes) if minutes else t("set.idle_never"), minutes)
        idle.setCurrentIndex(max(0, idle.findData(int(model.value("terminal.idle_lock") or 0))))
        idle.activated.connect(lambda index: model.choose_idle_lock(int(idle.itemData(index))))
        return self._card("set.seat", [("set.idle", idle)], "set.seat_note")

    def _site(self) -> Card:
        app, services = self._app, self._app.services
        facts = [("set.center", services.center_url), ("set.device", services.device)] if services else []
        rows: list[tuple[str, QWidget]] = [("set.unit", SiteName(app.level, app.unit_name, bold=True))]
        if services:
            rows.append(("ready.own_contact", self._contact()))
        if app.operator is not None:
            rows.append(("set.person", ElidedText(app.operator.name)))
        rows += [(key, ElidedText(value or "—", "body", "ink2")) for key, value in facts]
        if services:
            rows.append(("set.folder", ElidedText(str(services.folder), "body", "ink2")))
        return self._card("set.site", rows)

    def _contact(self) -> Button:
        """值班电话: whom the province rings before a meeting."""
        model = self._model
        button = Button("", "phone-outline", size="small")

        def refresh() -> None:
            name, phone = model.contact
            button.set_text(f"{phone} {name}".strip() or t("ready.own_contact_none"))
            button.setAccessibleName(f"{t('ready.own_contact')} {button.accessibleName()}")

        def change() -> None:
            name, phone = model.contact
            ContactDialog(self._app.unit_name, name, phone, model.write_contact, self).open()

        button.clicked.connect(lambda _on=False: change())
        model.changed.connect(refresh)
        refresh()
        return button

    def _about(self) -> Card:
        services = self._app.services
        card = self._card("set.about", [("set.version", Text(services.version if services else "—", "body", "ink2"))])
        card.body.addWidget(Divider())
        card.body.addWidget(Text(t("set.license"), "small", "ink2", wrap=True))
        card.body.addWidget(Text(t("set.parts"), "small", "ink2"))
        for name, terms in LICENSES:
            row = QHBoxLayout()
            flush(row, 12)
            row.addWidget(ElidedText(name, "small", "ink2"), 1)
            row.addWidget(Text(terms, "small", "ink3"))
            card.body.addLayout(row)
        return card

    @staticmethod
    def _card(title: str, rows: list[tuple[str, QWidget]], note: str = "") -> Card:
        k = theme()
        card = Card(t(title))
        for index, (key, field) in enumerate(rows):
            if index:
                card.body.addWidget(Divider())
            row = QHBoxLayout()
            flush(row, 14)
            label = Text(t(key), "body", "ink2")
            label.setMinimumWidth(k.px(96))
            row.addWidget(label)
            field.setAccessibleName(t(key))
            if isinstance(field, QComboBox):
                field.setFont(font("body"))
                field.setMinimumWidth(k.px(240))
            if isinstance(field, (ElidedText, SiteName)):
                row.addWidget(field, 1)
            else:
                row.addStretch(1)
                row.addWidget(field)
            card.body.addLayout(row)
        if note:
            card.body.addWidget(Text(t(note), "small", "ink3", wrap=True))
        return card
