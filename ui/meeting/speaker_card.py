"""Who speaks and for how long, with the two warnings."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout

from desktop_app.domain.units import level_of
from ui.i18n import t
from ui.i18n.dates import duration_text
from ui.meeting.acts import apply_right, tried
from ui.meeting.bars import ShareBar
from ui.models.meeting_model import MeetingModel
from ui.models.meeting_rights import Act
from ui.models.turn_clock import TurnStage
from ui.theme import theme
from ui.widgets import (
    Button,
    Chip,
    ElidedText,
    SiteName,
    Text,
    clear,
    flush,
)

STAGE_TONES = {
    TurnStage.NORMAL: "ink",
    TurnStage.WARN_LONG: "zheshi",
    TurnStage.WARN_SHORT: "zheshi",
    TurnStage.OVER: "zhusha",
}


class SpeakerCard(QFrame):
    """The turn in progress, with its timer."""

    def __init__(self, model: MeetingModel) -> None:
        super().__init__()
        self._model = model
        self._shown = ""
        k = theme()
        self.setProperty("role", "card")
        column = QVBoxLayout(self)
        column.setContentsMargins(k.px(14), k.px(13), k.px(14), k.px(14))
        column.setSpacing(k.px(9))
        head = QHBoxLayout()
        flush(head, 8)
        self._chip = Chip(t("call.speaking"), "account-voice", "shilv")
        head.addWidget(self._chip)
        head.addStretch(1)
        self._site = QHBoxLayout()
        flush(self._site)
        head.addLayout(self._site)
        column.addLayout(head)
        # The name has a line of its own: beside the timer a long one would leave no room for the digits.
        self._name = ElidedText("", "page")
        column.addWidget(self._name)
        line = QHBoxLayout()
        flush(line, 7)
        self._said = Text(t("call.spoken"), "small", "ink2")
        self._time = Text("", "number_large")
        self._limit = Text("", "small", "ink2")
        for part in (self._said, self._time, self._limit):
            part.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Preferred)
            line.addWidget(part, 0, Qt.AlignmentFlag.AlignBottom)
        line.addStretch(1)
        column.addLayout(line)
        self._bar = ShareBar()
        column.addWidget(self._bar)
        self._warning = Chip("", "clock-alert-outline", "zheshi")
        column.addWidget(self._warning)
        buttons = QHBoxLayout()
        flush(buttons, 8)
        self._extend = Button(t("call.addtime"), size="small", clicked=tried(model, model.extend))
        self._end = Button(t("call.endspeech"), size="small", clicked=tried(model, model.release))
        for button in (self._extend, self._end):
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            buttons.addWidget(button)
        column.addLayout(buttons)
        self._nobody = Text(t("call.nobody"), "body", "ink2", wrap=True)
        column.addWidget(self._nobody)
        self._busy = (self._name, self._said, self._time, self._limit, self._bar, self._extend, self._end)
        self.refresh()

    def refresh(self) -> None:
        model = self._model
        turn = model.speaking
        for part in self._busy:
            part.setVisible(turn is not None)
        self._nobody.setVisible(turn is None)
        self._said.setVisible(turn is not None and bool(t("call.spoken")))
        if turn is None:
            self._chip.set_state(t("call.no-turn"), "account-voice-off", "neutral")
            self._warning.hide()
            clear(self._site)
            self._shown = ""
            return
        self._chip.set_state(t("call.speaking"), "account-voice", "shilv")
        if self._shown != turn.unit_path:
            clear(self._site)
            site = SiteName(level_of(turn.unit_path), model.name_of(turn.unit_path), "small", "ink2")
            self._site.addWidget(site)
            self._shown = turn.unit_path
        self._name.set_text(turn.member_name)
        rights = model.rights
        apply_right(self._extend, rights[Act.EXTEND])
        apply_right(self._end, rights[Act.RELEASE])
        self.tick()

    def tick(self) -> None:
        """The second moved on."""
        clock = self._model.turn
        if clock is None:
            return
        self._time.setText(duration_text(clock.spoken))
        self._time.set_tone(STAGE_TONES[clock.stage])
        self._limit.setText(f"/ {duration_text(clock.limit)}" if clock.limit else "")
        tone = STAGE_TONES[clock.stage]
        self._bar.show_shares([(clock.share, "accent" if tone == "ink" else tone)])
        self._warning.setVisible(clock.stage is not TurnStage.NORMAL)
        if clock.stage is TurnStage.OVER:
            self._warning.set_state(t("call.overtime", duration_text(clock.over)), "clock-alert-outline", "zhusha")
        elif clock.stage is not TurnStage.NORMAL:
            self._warning.set_state(t("call.left", duration_text(clock.left)), "clock-alert-outline", "zheshi")
