"""开通: the activation code, the person's name and a PIN, sent to the center once."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from PySide6.QtCore import QObject, Signal

from desktop_app.domain.faults import Fault, OperatorError
from ui.runner import Runner
from ui.services import Enrol, EnrolRequest

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""32 symbols without 0, O, 1 and I."""
GROUPS, GROUP = 4, 4
PIN_LENGTH = 6


def center_url(text: str) -> str:
    """The center's address as a URL; `host:port` is taken as https."""
    address = text.strip().rstrip("/")
    return address if not address or "://" in address else f"https://{address}"


def clean_code(text: str) -> str:
    """What a person typed or pasted, as symbols of the code: upper case, without hyphens and spaces."""
    return "".join(symbol for symbol in text.upper() if symbol.isalnum())[: GROUPS * GROUP]


def foreign_symbols(text: str) -> str:
    """Symbols that no code has (0, O, 1, I and others), each once, in order."""
    return "".join(dict.fromkeys(symbol for symbol in clean_code(text) if symbol not in ALPHABET))


class EnrolModel(QObject):
    """The enrolment screen. `finished` hands on what the enrolment returned."""

    changed = Signal()
    finished = Signal(object)

    def __init__(
        self,
        enrol: Enrol,
        runner: Runner,
        *,
        url: str = "",
        set_language: Callable[[str], None] | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._set_language = set_language
        self._enrol = enrol
        self._runner = runner
        self.url = url
        self.busy = False
        self.fault: Fault | None = None

    def choose_language(self, language: str) -> None:
        """First run: the language is asked before anything else."""
        if self._set_language is not None:
            self._set_language(language)

    def submit(self, url: str, code: str, person_name: str, pin: str, pin_again: str) -> None:
        """Check what can be checked here, then ask the center."""
        if self.busy:
            return
        self.url = center_url(url)
        self.fault = self._check(self.url, code, person_name, pin, pin_again)
        if self.fault is None:
            self.busy = True
            request = EnrolRequest(self.url, clean_code(code), person_name.strip(), pin)
            self._runner.start(self._enrol, request, done=self._done, failed=self._failed)
        self.changed.emit()

    @staticmethod
    def _check(url: str, code: str, person_name: str, pin: str, pin_again: str) -> Fault | None:
        if not _is_center_url(url):
            return OperatorError("center-address")
        if foreign := foreign_symbols(code):
            return OperatorError("code-symbols", symbols=" ".join(foreign))
        if len(clean_code(code)) < GROUPS * GROUP:
            return OperatorError("code-incomplete")
        if not person_name.strip():
            return OperatorError("name-missing")
        return check_pin(pin, pin_again)

    def _done(self, enrolled: object) -> None:
        self.busy = False
        self.changed.emit()
        self.finished.emit(enrolled)

    def _failed(self, fault: Fault) -> None:
        self.busy = False
        self.fault = fault
        self.changed.emit()


def check_pin(pin: str, again: str) -> Fault | None:
    """A PIN is six digits, typed the same twice, and not one digit six times."""
    if len(pin) != PIN_LENGTH or not pin.isdecimal():
        return OperatorError("pin-too-short")
    if len(set(pin)) == 1:
        return OperatorError("pin-too-simple")
    if pin != again:
        return OperatorError("pin-differs")
    return None


def _is_center_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
