"""The right column of a meeting: who speaks and for how long, who waits, where the agenda stands."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from desktop_app.domain.units import is_within, level_of
from media.meeting.model import MeetingPhase
from ui.i18n import t
from ui.i18n.dates import duration_text
from ui.meeting.acts import apply_right, tried
from ui.meeting.bars import ShareBar
from ui.meeting.messages_panel import MessagesPanel
from ui.models.hosting_model import HostingModel
from ui.models.meeting_model import MeetingModel
from ui.models.meeting_rights import Act
from ui.models.meeting_rows import AgendaRow, QueueRow
from ui.models.turn_clock import TurnStage
from ui.theme import font, theme
from ui.widgets import (
    Button,
    Chip,
    Divider,
    ElidedText,
    Icon,
    IconButton,
    LevelMark,
    LinkButton,
    PrimaryButton,
    ScrollColumn,
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


class QueuePanel(QWidget):
    """Who waits: grant or hold for the chair, withdraw for the own room."""

    def __init__(self, model: MeetingModel, ask: Callable[[], object]) -> None:
        super().__init__()
        self._model = model
        self._key: object = None
        column = QVBoxLayout(self)
        flush(column, 4)
        head = QHBoxLayout()
        flush(head, 8)
        head.addWidget(Text(t("call.queue"), "title"))
        self._count = Text("", "small", "ink3")
        head.addWidget(self._count)
        head.addStretch(1)
        self._ask = LinkButton(t("call.register"), "plus", size="small", clicked=ask)
        head.addWidget(self._ask)
        column.addLayout(head)
        self._list = QVBoxLayout()
        flush(self._list)
        column.addLayout(self._list)
        self.refresh()

    def refresh(self) -> None:
        model = self._model
        rows = model.queue
        rights = model.rights
        waiting = sum(1 for row in rows if not row.held)
        apply_right(self._ask, rights[Act.REQUEST_FLOOR], t("call.register-tip"))
        self._count.setText(t("call.waiting", waiting))
        key = (rows, model.conducts, model.state.sub_chairs, rights[Act.GRANT], rights[Act.HOLD])
        if key == self._key:
            return
        self._key = key
        clear(self._list)
        if not rows:
            self._list.addWidget(Text(t("call.queue-empty"), "small", "ink3"))
        for place, row in enumerate(rows):
            self._list.addWidget(self._row(row, first=place == 0, last=place == len(rows) - 1))

    def _leads(self, row: QueueRow) -> bool:
        """The chair decides about all, a sub-chair about the sites under it."""
        model = self._model
        below = model.own in model.state.sub_chairs and is_within(row.unit_path, model.own)
        return model.conducts or below

    def _row(self, row: QueueRow, *, first: bool, last: bool) -> QFrame:
        k = theme()
        frame = QFrame()
        frame.setProperty("role", "row")
        frame.setProperty("last", "true" if last else "false")
        line = QHBoxLayout(frame)
        line.setContentsMargins(0, k.px(7), 0, k.px(7))
        line.setSpacing(k.px(9))
        line.addWidget(Text("–" if row.held else str(row.position), "title", "ink3"))
        words = QVBoxLayout()
        flush(words, 1)
        words.addWidget(ElidedText(row.member_name, "body", bold=True))
        below = QHBoxLayout()
        flush(below, 5)
        below.addWidget(LevelMark(row.level, 12))
        waited = t("call.waited", row.waited_min) if row.connected else ""
        asks = t("host.question") if row.question else ""
        site = " · ".join(part for part in (row.site_name, asks, waited) if part)
        below.addWidget(ElidedText(site, "small", "ink2"), 1)
        words.addLayout(below)
        line.addLayout(words, 1)
        model = self._model
        if not row.connected:
            line.addWidget(Chip(t("call.keeps-place"), "lan-disconnect", "zheshi"))
        elif row.held and self._leads(row):
            request = row.request_id
            line.addWidget(Chip(t("host.held"), "pause", "neutral"))
            back = Button(t("host.restore"), size="small", clicked=tried(model, lambda: model.hold(request, False)))
            back.setAccessibleName(t("host.restore-whom", row.member_name))
            line.addWidget(back)
        elif self._leads(row):
            kind = PrimaryButton if first else Button
            request = row.request_id
            grant = kind(t("call.grant"), size="small", clicked=tried(model, lambda: model.grant(request)))
            hold = Button(t("call.defer"), size="small", clicked=tried(model, lambda: model.hold(request)))
            grant.setAccessibleName(t("call.grant-whom", row.member_name))
            hold.setAccessibleName(t("call.defer-whom", row.member_name))
            apply_right(grant, model.right(Act.GRANT))
            apply_right(hold, model.right(Act.HOLD))
            line.addWidget(grant)
            line.addWidget(hold)
        elif row.own:
            request = row.request_id
            withdraw = Button(
                t("call.withdraw"), size="small", clicked=tried(model, lambda: model.cancel_request(request))
            )
            line.addWidget(withdraw)
        return frame


class AgendaPanel(QWidget):
    """The items; the chair goes to one by pressing it."""

    def __init__(self, model: MeetingModel) -> None:
        super().__init__()
        self._model = model
        self._key: object = None
        column = QVBoxLayout(self)
        flush(column, 4)
        head = QHBoxLayout()
        flush(head, 4)
        head.addWidget(Text(t("call.agenda"), "title"))
        head.addStretch(1)
        self._next = LinkButton(t("call.agenda-next"), "skip-next-outline", size="small", clicked=self.go_on)
        head.addWidget(self._next)
        column.addLayout(head)
        self._list = QVBoxLayout()
        flush(self._list)
        column.addLayout(self._list)
        self.refresh()

    def refresh(self) -> None:
        model = self._model
        rows = model.agenda
        right = model.right(Act.POINT_AGENDA)
        following = self._following(rows)
        self._next.setVisible(model.conducts and following is not None)
        apply_right(self._next, right, t("call.agenda-next-tip"))
        key = (rows, right, model.state.phase)
        if key == self._key:
            return
        self._key = key
        clear(self._list)
        if not rows:
            known = model.state.phase is not MeetingPhase.NONE
            self._list.addWidget(Text(t("call.agenda-empty" if known else "call.reading"), "small", "ink3"))
        for row in rows:
            self._list.addWidget(self._row(row, may=right.allowed))

    def _row(self, row: AgendaRow, *, may: bool) -> QWidget:
        k = theme()
        line_box = QWidget()
        line = QHBoxLayout(line_box)
        line.setContentsMargins(0, k.px(4), 0, k.px(4))
        line.setSpacing(k.px(4))
        current, done = row.state == "current", row.state == "done"
        shown = "check-circle-outline" if done else "play-circle-outline" if current else "circle-outline"
        tone = "accent" if current else "ink3"
        number = row.number
        go = tried(self._model, lambda: self._model.point_agenda(number))
        if may and not current:
            button = IconButton(shown, t("call.go-to", row.title), tone=tone, size=18, clicked=go)
            button.setFixedSize(k.px(34), k.px(32))
            line.addWidget(button)
        else:
            mark = Icon(shown, tone)
            mark.setFixedWidth(k.px(34))
            line.addWidget(mark)
        title = ElidedText(f"{row.number}. {row.title}", "body", "ink3" if done else "ink", bold=current, lines=2)
        line.addWidget(title, 1)
        line.addWidget(Text(t(f"call.agenda-{row.state}"), "small", "accent" if current else "ink2"))
        line_box.setMinimumHeight(k.px(33))
        line_box.setAccessibleName(f"{row.number}. {row.title}, {t(f'call.agenda-{row.state}')}")
        return line_box

    def _following(self, rows: list[AgendaRow]) -> AgendaRow | None:
        at = next((row.number for row in rows if row.state == "current"), 0)
        return next((row for row in rows if row.number > at), None)

    def go_on(self) -> None:
        """下一项 (Ctrl+Shift+N)."""
        row = self._following(self._model.agenda)
        if row is not None:
            tried(self._model, lambda: self._model.point_agenda(row.number))()


class FloorPanel(QFrame):
    """The column itself: the card stays, the lists scroll."""

    def __init__(
        self, model: MeetingModel, ask: Callable[[], object], hosting: HostingModel, write: Callable[[], object]
    ) -> None:
        super().__init__()
        k = theme()
        self.setProperty("role", "panel")
        self.setProperty("edge", "left")
        self.setFixedWidth(k.px(308))
        self.setFont(font())
        column = QVBoxLayout(self)
        column.setContentsMargins(k.px(14), k.px(14), k.px(8), k.px(8))
        column.setSpacing(k.px(12))
        self.speaker = SpeakerCard(model)
        card_row = QHBoxLayout()
        card_row.setContentsMargins(0, 0, k.px(6), 0)
        card_row.addWidget(self.speaker)
        column.addLayout(card_row)
        scroll = ScrollColumn(12)
        scroll.column.setContentsMargins(0, 0, k.px(6), 0)
        self.queue = QueuePanel(model, ask)
        self.agenda = AgendaPanel(model)
        scroll.column.addWidget(self.queue)
        scroll.column.addWidget(Divider())
        scroll.column.addWidget(self.agenda)
        self.messages = MessagesPanel(hosting, write)
        scroll.column.addWidget(Divider())
        scroll.column.addWidget(self.messages)
        scroll.column.addStretch(1)
        column.addWidget(scroll, 1)

    def refresh(self) -> None:
        self.speaker.refresh()
        self.queue.refresh()
        self.agenda.refresh()
        self.messages.refresh()

    def tick(self) -> None:
        self.speaker.tick()
        self.queue.refresh()
