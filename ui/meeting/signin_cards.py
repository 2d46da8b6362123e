"""The right side of the sign-in page: the counters, the roster's file, the latest signatures."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout

from ui.i18n import t
from ui.i18n.dates import clock_text
from ui.meeting.bars import ShareBar
from ui.models.signin_model import SignInModel
from ui.theme import theme
from ui.widgets import Button, Card, Chip, ElidedText, LinkButton, Text, clear, flush


class TallyCard(Card):
    """签到情况: 应到, 实到, 请假, 未到 or 缺席."""

    def __init__(self, model: SignInModel) -> None:
        super().__init__(t("sign.summary"))
        self._model = model
        self.head.addWidget(Chip(t("sign.saved-here"), "content-save-check-outline", "shilv", quiet=True))
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(0)
        self._numbers: dict[str, Text] = {}
        self._labels: dict[str, Text] = {}
        for place, (key, tone) in enumerate(
            (("expected", "ink"), ("present", "shilv"), ("on-leave", "ink"), ("absent", "zheshi"))
        ):
            self._numbers[key] = Text("0", "number_huge", tone)
            self._labels[key] = Text(t(f"sign.{key}"), "body", "ink2")
            grid.addWidget(self._numbers[key], 0, place)
            grid.addWidget(self._labels[key], 1, place)
            grid.setColumnStretch(place, 1)
        self.body.addLayout(grid)
        self._bar = ShareBar(12)
        self.body.addWidget(self._bar)
        self._note_line = Text("", "small", "ink2", wrap=True)
        self.body.addWidget(self._note_line)

    def refresh(self) -> None:
        tally = self._model.tally
        values = {
            "expected": tally.expected,
            "present": tally.present,
            "on-leave": tally.excused,
            "absent": tally.absent,
        }
        for key, value in values.items():
            self._numbers[key].setText(str(value))
        self._labels["absent"].setText(t("sign.absent") if self._model.begun else t("sign.waiting"))
        self._numbers["absent"].set_tone("zheshi" if self._model.begun and tally.absent else "ink")
        whole = tally.expected or 1
        missing = "zheshi" if self._model.begun else "sunken"
        self._bar.show_shares(
            [(tally.present / whole, "shilv"), (tally.excused / whole, "ctl"), (tally.absent / whole, missing)]
        )
        parts = [t("sign.begun-note") if self._model.begun else t("sign.absent-note")]
        if tally.guests:
            parts.append(t("sign.guests", tally.guests))
        if tally.late or tally.left:
            parts.append(t("leave.counts", tally.late, tally.left))
        self._note_line.setText(" · ".join(parts))
        counts = t("sign.counts", tally.expected, tally.present, tally.excused, tally.absent)
        self.setAccessibleName(counts)


class RosterCard(Card):
    """The roster: import, and undo."""

    def __init__(self, model: SignInModel, choose: Callable[[], object]) -> None:
        super().__init__()
        self._model = model
        row = QHBoxLayout()
        flush(row, 8)
        row.addWidget(Button(t("sign.import"), "table-arrow-up", size="small", clicked=choose))
        row.addStretch(1)
        self._undo = Button(t("sign.undo"), "undo", size="small", clicked=model.undo)
        self._undo.setToolTip("Ctrl+Z")
        row.addWidget(self._undo)
        self.body.addLayout(row)

    def refresh(self) -> None:
        self._undo.setEnabled(self._model.can_undo)
        self.setEnabled(bool(self._model.meeting))


class RecentCard(Card):
    """最近签到, and the list as a file."""

    def __init__(self, model: SignInModel, choose: Callable[[], object]) -> None:
        super().__init__(t("sign.recent"))
        self._model = model
        self._key: object = None
        self._export = LinkButton(t("sign.export"), "file-export-outline", size="small", clicked=choose)
        self.head.addWidget(self._export)
        self._rows = QVBoxLayout()
        flush(self._rows)
        self.body.addLayout(self._rows)

    def refresh(self) -> None:
        model = self._model
        self._export.setEnabled(bool(model.attendees))
        recent = model.recent
        key = [(one.member, one.signed_at) for one in recent]
        if key == self._key:
            return
        self._key = key
        clear(self._rows)
        if not recent:
            self._rows.addWidget(Text(t("sign.recent-empty"), "small", "ink3"))
        k = theme()
        for place, one in enumerate(recent):
            frame = QFrame()
            frame.setProperty("role", "row")
            frame.setProperty("last", "true" if place == len(recent) - 1 else "false")
            line = QHBoxLayout(frame)
            line.setContentsMargins(0, k.px(6), 0, k.px(6))
            line.setSpacing(k.px(16))
            line.addWidget(Text(clock_text(one.signed_at) if one.signed_at else "", "small", "ink2"))
            line.addWidget(ElidedText(one.name, "body", bold=True), 1)
            recorder = model.recorder(one.recorded_by)
            how = t(f"sign.{one.method or 'manual'}")
            line.addWidget(
                Text(f"{how} · {recorder}" if recorder else how, "small", "ink2"), 0, Qt.AlignmentFlag.AlignRight
            )
            self._rows.addWidget(frame)
