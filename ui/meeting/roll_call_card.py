"""The card of a roll call that the caller works at: how to call, the site that is called, how it ended."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout

from media.meeting.roll_call import RollManner
from ui.i18n import t
from ui.i18n.dates import duration_text
from ui.meeting.bars import ShareBar
from ui.models.roll_model import RollCallModel, RollStage
from ui.widgets import Button, Card, Chip, LevelMark, PrimaryButton, Text, clear, flush


class CallCard(Card):
    """What happens now: the choice of how to call, the site that is asked, or how it ended."""

    def __init__(self, model: RollCallModel) -> None:
        super().__init__()
        self._model = model
        self._key: object = None
        self._wait: Text | None = None
        self._bar: ShareBar | None = None
        self.refresh()

    def refresh(self) -> None:
        model = self._model
        current = model.current
        key = (model.stage, model.manner, current, model.place, model.right, model.fault, model.tally.waiting == 0)
        if key != self._key:
            self._key = key
            self._wait = self._bar = None
            clear(self.body)
            if model.stage is RollStage.IDLE:
                self._idle()
            elif model.stage is RollStage.FINISHED:
                self._finished()
            elif model.manner is RollManner.ELECTRONIC:
                self._electronic()
            else:
                self._voice()
        self.tick()

    def tick(self) -> None:
        """The second moved on."""
        model = self._model
        if self._wait is None:
            return
        if model.stage is RollStage.PAUSED:
            self._wait.setText(t("roll.paused"))
        elif model.manner is RollManner.ELECTRONIC:
            self._wait.setText(t("roll.left", duration_text(model.left)))
        else:
            self._wait.setText(t("roll.waits", duration_text(model.waited)))
        if self._bar is not None:
            self._bar.show_shares([(model.share, "accent")])

    def _idle(self) -> None:
        model = self._model
        self.body.addWidget(Chip(t("roll.idle"), "format-list-checks", "neutral"))
        self.body.addWidget(Text(t("roll.how"), "body", "ink2", wrap=True))
        voice = PrimaryButton(
            t("roll.voice"), "account-voice", size="large", clicked=lambda: model.start(RollManner.VOICE)
        )
        every = Button(
            t("roll.electronic"), "account-multiple-check-outline", clicked=lambda: model.start(RollManner.ELECTRONIC)
        )
        for button in (voice, every):
            button.setEnabled(model.right.allowed)
            self.body.addWidget(button)
        why = "" if model.right.allowed else t(model.right.reason, *model.right.values)
        self.body.addWidget(Text(why or t("roll.how-voice"), "small", "ink3", wrap=True))

    def _electronic(self) -> None:
        model = self._model
        self.body.addWidget(Chip(t("roll.running"), "bullhorn-outline", "accent"))
        self.body.addWidget(Text(t("roll.electronic-runs"), "body", "ink2", wrap=True))
        self._wait = Text("", "number")
        self.body.addWidget(self._wait)
        self._bar = ShareBar()
        self.body.addWidget(self._bar)
        self.body.addWidget(Button(t("roll.finish"), "check-all", clicked=model.finish))

    def _voice(self) -> None:
        model, current = self._model, self._model.current
        paused = model.stage is RollStage.PAUSED
        head = QHBoxLayout()
        flush(head, 8)
        chip = (
            ("roll.paused", "pause-circle-outline", "neutral")
            if paused
            else ("roll.running", "bullhorn-outline", "accent")
        )
        head.addWidget(Chip(t(chip[0]), chip[1], chip[2]))
        head.addStretch(1)
        if current is not None:
            head.addWidget(Text(t("roll.place", model.place), "small", "ink2"))
        self.body.addLayout(head)
        if current is None and model.tally.waiting:
            self.body.addWidget(Text(t("roll.stopped", model.tally.waiting), "page", wrap=True))
            self.body.addWidget(Text(t("roll.stopped-text"), "body", "ink2", wrap=True))
        elif current is None:
            self.body.addWidget(Text(t("roll.all-asked"), "page", wrap=True))
            self.body.addWidget(Text(t("roll.all-asked-text"), "body", "ink2", wrap=True))
        else:
            self.body.addWidget(Text(current.city, "body", "ink2"))
            line = QHBoxLayout()
            flush(line, 12)
            line.addWidget(LevelMark(current.level, 30), 0, Qt.AlignmentFlag.AlignVCenter)
            name = Text(model.plain_name(current), "number_large", wrap=True)
            line.addWidget(name, 1)
            self.body.addLayout(line)
            self.body.addWidget(Text(t("roll.script", model.plain_name(current)), "body", "accent", wrap=True))
            if not current.online:
                self.body.addWidget(Chip(t("roll.offline"), "lan-disconnect", "zheshi"))
        self._wait = Text("", "body", "ink2", bold=True)
        self.body.addWidget(self._wait)
        self._wait.setVisible(current is not None)
        present = PrimaryButton(t("roll.present"), "check", size="large", clicked=lambda: model.answer(present=True))
        present.setEnabled(current is not None and not paused and current.online)
        self.body.addWidget(present)
        row = QHBoxLayout()
        flush(row, 8)
        missing = Button(t("roll.no-answer"), "phone-missed-outline", clicked=lambda: model.answer(present=False))
        again = Button(t("roll.again"), "phone-outline", clicked=model.again)
        for button in (missing, again):
            button.setEnabled(current is not None and not paused)
            row.addWidget(button, 1)
        self.body.addLayout(row)
        second = QHBoxLayout()
        flush(second, 8)
        stop = (
            Button(t("roll.resume"), "play-outline", clicked=model.resume)
            if paused
            else Button(t("roll.pause"), "pause", clicked=model.pause)
        )
        second.addWidget(stop, 1)
        second.addWidget(Button(t("roll.back"), "arrow-left", clicked=model.back), 1)
        self.body.addLayout(second)
        self.body.addWidget(Text(t("roll.keys"), "small", "ink3", wrap=True))

    def _finished(self) -> None:
        model, tally = self._model, self._model.tally
        self.body.addWidget(Chip(t("roll.finished"), "check-all", "shilv"))
        self.body.addWidget(Text(t("roll.result", tally.present, tally.total), "page", wrap=True))
        self.body.addWidget(Text(t("roll.result-missing", tally.no_answer, tally.offline), "body", "ink2", wrap=True))
        again = Button(t("roll.anew"), "restart", clicked=model.anew)
        again.setEnabled(model.right.allowed)
        self.body.addWidget(again)
