"""The terminal's window and what is behind it, put together here and nowhere else.

The window is painted first; records, identity and media are imported after that, on the worker thread. What can go
wrong on the way (no keyring, a second program on the same store, a damaged disk) fills the window with one sentence.
"""

import argparse
import logging
import os
import sys
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication

from desktop_app.domain.clock import Clock, SystemClock
from desktop_app.domain.faults import Fault, HostFault
from desktop_app.settings import ENV_PASSPHRASE, Settings, SettingsFile, settings_file
from ui.garbage import Garbage
from ui.models.app_model import AppModel, Look
from ui.models.cautions import Rebuilt
from ui.runner import Runner
from ui.shell.window import MainWindow
from ui.theme import Scheme, TextSize, start_theme

if TYPE_CHECKING:
    from desktop_app.terminal.parts import Parts
    from desktop_app.terminal.rooms import Rooms
    from media.live import LiveMeeting
    from ui.models.workplace import Workplace
    from ui.services import EnrolRequest

log = logging.getLogger("silian.terminal")
LOG_FILE = Path("log", "terminal.log")
"""The program's own log, in the terminal's folder."""
WARM_UP_MS = 2_000
"""How long after the first page the parts of a meeting are brought in."""


class Terminal(QObject):
    """One running terminal. `painted` comes once, with the first picture of the window on the screen."""

    painted = Signal()
    ready = Signal()
    """The workplace is there: its view models may be used."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        super().__init__()
        self.settings = settings
        self.clock = clock or SystemClock()
        self.folder = settings.terminal_folder
        self.kept = SettingsFile(settings_file(), settings)
        look = Look(settings.ui.language, settings.ui.theme, settings.ui.text_size)
        self.app = AppModel(self.clock, look)
        self.window = MainWindow(self.app)
        self.window.closing = self.close
        self.window.again = self._try_again
        self.window.log = self.folder / LOG_FILE
        self.runner = Runner(self)
        self.errands = Runner(self)
        self._passphrase = os.environ.get(ENV_PASSPHRASE)
        self._log_handler: logging.Handler | None = None
        self.parts: Parts | None = None
        self.workplace: Workplace | None = None
        self._rooms: Rooms | None = None
        self._shown = False
        self._closed = False
        self.window.installEventFilter(self)

    def show(self) -> None:
        """Show the window; everything else begins after its first paint."""
        self.window.show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Paint and not self._shown:
            self._shown = True
            QTimer.singleShot(0, self._begin)
        return super().eventFilter(watched, event)

    def _begin(self) -> None:
        self.window.removeEventFilter(self)
        self.painted.emit()
        self._try_to_open()

    def _try_to_open(self) -> None:
        self.runner.start(self._open, done=self._opened, failed=self._not_opened)

    def _try_again(self) -> None:
        self.window.passphrase = None
        self.app.start_again()
        self._try_to_open()

    def _not_opened(self, fault: Fault) -> None:
        """What a passphrase mends is asked for; anything else is told."""
        from ui.models.passphrase_model import ASKED_FOR, PassphraseModel

        if fault.id not in ASKED_FOR:
            log.error("the terminal did not open: %s", fault)
            self.app.fail(fault)
        elif self.window.passphrase is not None:
            self.window.passphrase.refuse(fault)
        else:
            model = PassphraseModel(fault, self)
            model.given.connect(self._take_passphrase)
            model.language_chosen.connect(self._choose_language)
            self.window.ask_passphrase(model)

    def _take_passphrase(self, text: str) -> None:
        self._passphrase = text
        self._try_to_open()

    # On the worker: all that is slow to import or reads the disk

    def _open(self) -> "Parts | None":
        from desktop_app.terminal.parts import open_parts

        if self._log_handler is None:
            self._log_handler = _log_to_file(self.folder, self.settings.log.level)
        return open_parts(self.folder, self.settings, self.clock, passphrase=self._passphrase)

    def _enrol(self, request: "EnrolRequest") -> "Parts":
        from desktop_app.terminal.parts import enrol_parts

        return enrol_parts(self.folder, self.settings, self.clock, request, passphrase=self._passphrase)

    # Back on the Qt thread

    def _opened(self, parts: "Parts | None") -> None:
        if self._closed:
            if parts is not None:
                parts.close()
            return
        if parts is None:
            self._ask_enrolment()
            return
        self.parts = parts
        self._furnish(parts)
        self.ready.emit()

    def _ask_enrolment(self) -> None:
        from ui.models.enrol_model import EnrolModel

        url = self.settings.terminal.center
        model = EnrolModel(self._enrol, self.runner, url=url, set_language=self._choose_language, parent=self)
        model.finished.connect(self._opened)
        self.window.ask_enrolment(model)

    def _choose_language(self, language: str) -> None:
        try:
            self.kept.set("ui.language", language)
        except Fault as fault:  # it holds for this run all the same
            log.warning("the language was not kept: %s", fault)
        self.app.choose_look(Look(language, self.app.look.scheme, self.app.look.text_size))

    def _furnish(self, parts: "Parts") -> None:
        from desktop_app.terminal.devices import RoomDevices
        from desktop_app.terminal.phone_door import PhoneDoor
        from desktop_app.terminal.rooms import Rooms
        from desktop_app.terminal.self_test import SelfTest
        from media.capture.cards import CardCamera
        from ui.models.workplace import Workplace
        from ui.services import Services

        devices = RoomDevices(parts, self.kept, self.clock)
        rooms = self._rooms = Rooms(parts, self.kept, devices, self.clock)
        door = PhoneDoor(parts.records, parts.identity.unit_path, self.kept, self.clock)
        cards = CardCamera(lambda: str(self.kept.get("media.camera")))
        services = Services(
            clock=self.clock,
            runner=self.runner,
            records=parts.records,
            unit_path=parts.identity.unit_path,
            unit_name=parts.unit_name,
            sync=parts.sync,
            operators=parts.operators,
            meetings=parts.meetings,
            devices=SelfTest(parts, self.kept, self.clock),
            doctor=parts.doctor,
            settings=self.kept,
            exports=parts.exports,
            open_live=rooms.open_live,
            folder=self.folder,
            center_url=parts.identity.center_url,
            device=parts.identity.device,
            version=parts.version,
            audit=parts.audit,
            live=parts.live,
            usb=parts.usb,
            door=door,
            cards=cards,
            counter=parts.counter,
            people=parts.people,
            attachments=parts.files,
            errands=self.errands,
            material=parts.material,
            room_devices=devices,
        )
        self.workplace = Workplace(services, self.app, self)
        for last in (rooms.close, door.close, cards.stop, devices.close):
            parts.at_close(last)
        QTimer.singleShot(WARM_UP_MS, rooms.warm_up)
        self.app.operator_changed.connect(self._seat_changed)
        salvaged = parts.records.salvaged
        if salvaged is not None:
            self.app.tell_rebuilt(Rebuilt(salvaged.saved, salvaged.aside.name))
        self.window.receive(self.workplace)
        parts.start_sync(on_link=self.app.tell_link, on_progress=self.app.tell_sync)
        if parts.enrolled_person:
            self._unlock_at_once(parts)

    def _seat_changed(self) -> None:
        """Told to the meeting behind the records, which learn first who acts."""
        if self.app.operator is not None and self._rooms is not None:
            self.runner.start(self._rooms.seat_taken)

    def _unlock_at_once(self, parts: "Parts") -> None:
        """Whoever has just enrolled has just typed the PIN: no need to ask for it again."""
        person = parts.enrolled_person

        def enter(operators: object) -> None:
            for one in operators if isinstance(operators, list) else ():
                if one.person == person:
                    self.app.unlocked(one)

        self.runner.start(parts.operators.operators, done=enter)

    @property
    def live(self) -> "LiveMeeting | None":
        """The meeting this terminal sits in, or sat in last."""
        return self._rooms.live if self._rooms is not None else None

    def close(self) -> None:
        """Keep what was typed, leave the meeting, stop every thread. Idempotent."""
        if self._closed:
            return
        self._closed = True
        if self.workplace is not None:
            self.workplace.close()
        self.runner.close()
        self.errands.close()
        if self.parts is not None:
            self.parts.close()
        if self._log_handler is not None:
            logging.getLogger().removeHandler(self._log_handler)
            self._log_handler.close()


def make_application(arguments: list[str]) -> QApplication:
    """Qt, before the first window."""
    app = QApplication(arguments)
    app.setApplicationName("Silian")
    app.setApplicationDisplayName("")
    app.setDesktopFileName("silian")
    Garbage(app)
    return app


def open_terminal(settings: Settings) -> Terminal:
    """The theme as the settings say, and a terminal that is not shown yet."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        raise HostFault("no-display")
    start_theme(app, Scheme(settings.ui.theme), TextSize(settings.ui.text_size))
    return Terminal(settings)


def _log_to_file(folder: Path, level: str) -> logging.Handler:
    """The program's own log, 1 MB at most twice; never the content of a record."""
    place = folder / LOG_FILE
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        place.parent.mkdir(exist_ok=True)
        handler = RotatingFileHandler(place, maxBytes=1_000_000, backupCount=1, encoding="utf-8")
    except OSError as err:
        raise HostFault("disk-failing", folder=str(folder)) from err
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(level.upper())
    for chatty in ("httpx", "httpcore", "aioice", "asyncio", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    return handler


def run(options: argparse.Namespace, attach: Callable[[Terminal], object] | None = None) -> int:
    """`silian terminal`: until the window is closed. `attach` gets the terminal before it is shown."""
    app = make_application(sys.argv[:1])
    terminal = open_terminal(options.settings)
    held = attach(terminal) if attach is not None else None
    terminal.show()
    try:
        return int(app.exec())
    finally:
        terminal.close()
        del held
