"""口令: on a machine without a keyring the keys are sealed by a passphrase, chosen once and asked for at each start."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from desktop_app.domain.faults import Fault, OperatorError

ASKED_FOR = frozenset({"keyring-missing", "passphrase-needed", "passphrase-wrong", "passphrase-short"})
"""The faults that a passphrase mends."""


class PassphraseModel(QObject):
    """The passphrase screen. `given` hands on what was typed; it is kept nowhere else."""

    changed = Signal()
    given = Signal(str)
    language_chosen = Signal(str)
    """On a first start this is the first page: the language is asked here."""

    def __init__(self, fault: Fault, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.choosing = fault.id in ("keyring-missing", "passphrase-short")
        """A new one, to be typed twice; otherwise the one that was chosen."""
        self.fault = fault
        self.busy = False

    def submit(self, text: str, again: str) -> None:
        """Hand on the passphrase, or say why it is none."""
        if self.busy:
            return
        if not text:
            self.refuse(OperatorError("passphrase-needed"))
        elif self.choosing and text != again:
            self.refuse(OperatorError("passphrase-differs"))
        else:
            self.busy = True
            self.changed.emit()
            self.given.emit(text)

    def refuse(self, fault: Fault) -> None:
        """It did not open the keys."""
        self.busy = False
        self.fault = fault
        self.changed.emit()
