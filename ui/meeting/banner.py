"""The one banner of a meeting: what this room has to know or answer now, the most urgent first."""

from collections.abc import Callable

from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from media.meeting.inquiry import Stance
from media.peers.ladder import Step
from ui.i18n import t
from ui.i18n.dates import clock_text, duration_text
from ui.meeting.acts import tried
from ui.meeting.bars import Strip
from ui.meeting.line_dialog import LineDialog
from ui.models.hosting_model import HostingModel
from ui.models.meeting_rights import Act
from ui.widgets import Button, PrimaryButton, clear, flush


class MeetingBanner(QWidget):
    """Network, roll call, door, consent, pause, absent chair: one at a time, or no room at all."""

    def __init__(
        self,
        hosting: HostingModel,
        sign_in: Callable[[], object],
        minutes: Callable[[], object],
        *,
        offline: str = "call.offline-safe",
    ) -> None:
        super().__init__()
        self._hosting = hosting
        self._sign_in, self._minutes = sign_in, minutes
        self._offline = offline
        self._kind = ""
        self._strip: Strip | None = None
        self._place = QVBoxLayout(self)
        flush(self._place)
        self.refresh()

    @property
    def kind(self) -> str:
        """offline, voice, electronic, door, consent, inquiry, knock, paused, chair-away, narrow, or empty."""
        hosting, meeting = self._hosting, self._hosting.meeting
        state = meeting.state
        if meeting.offline_since is not None:
            return "offline"
        summons = hosting.summons
        if summons is not None and not summons.answered:
            return "voice" if summons.voice else "electronic"
        if meeting.in_meeting and meeting.own in state.lobby:
            return "door"
        if hosting.asks_consent:
            return "consent"
        if hosting.inquiry.asks_us:
            return "inquiry"
        if state.lobby and meeting.right(Act.ADMIT).allowed:
            return "knock"
        if state.paused_at is not None:
            return "paused"
        if state.chair_grace_until is not None:
            return "chair-away"
        return "narrow" if meeting.media_up and meeting.line is not Step.MAIN else ""

    def refresh(self) -> None:
        """Take up what the models say now."""
        kind = self.kind
        if kind != self._kind:
            self._kind = kind
            clear(self._place)
            self._strip = self._made(kind) if kind else None
            if self._strip is not None:
                self._place.addWidget(self._strip)
        self.setVisible(bool(kind))
        if self._strip is not None:
            self._strip.set_text(*self._words(kind))

    def answer(self) -> bool:
        """Ctrl+Enter: the one thing the banner asks for; False where it asks for nothing."""
        acts: dict[str, Callable[[], object]] = {
            "voice": self._hosting.answer,
            "electronic": self._hosting.answer,
            "knock": self._hosting.admit_all,
        }
        act = acts.get(self._kind)
        if act is not None:
            tried(self._hosting.meeting, act)()
        return act is not None

    def _made(self, kind: str) -> Strip:
        hosting = self._hosting
        buttons: list[QPushButton] = []
        icon_name, tone = "cloud-off-outline", "zheshi"
        if kind == "offline":
            buttons = [
                Button(t("call.to-signin"), "account-multiple-check-outline", clicked=self._sign_in),
                Button(t("call.to-minutes"), "file-document-edit-outline", clicked=self._minutes),
            ]
        elif kind in ("voice", "electronic"):
            icon_name, tone = "bullhorn-outline", "accent"
            buttons = [PrimaryButton(t("host.answer"), "check", clicked=self._press(hosting.answer))]
        elif kind == "consent":
            icon_name, tone = "record-circle-outline", "neutral"
            buttons = [
                Button(t("host.consent-no"), clicked=self._press(lambda: hosting.consent(False))),
                PrimaryButton(t("host.consent-yes"), clicked=self._press(lambda: hosting.consent(True))),
            ]
        elif kind == "inquiry":
            icon_name, tone = "comment-question-outline", "accent"
            inquiry = hosting.inquiry
            buttons = [
                PrimaryButton(t("inquiry.agree"), clicked=self._press(lambda: inquiry.answer(Stance.AGREE))),
                Button(t("inquiry.other"), clicked=self._ask_remark),
                Button(t("inquiry.abstain"), clicked=self._press(lambda: inquiry.answer(Stance.ABSTAIN))),
            ]
        elif kind == "knock":
            icon_name, tone = "door-open", "accent"
            buttons = [PrimaryButton(t("host.knock-admit"), clicked=self._press(hosting.admit_all))]
        elif kind == "paused":
            icon_name, tone = "pause-circle-outline", "neutral"
            if hosting.right(Act.PAUSE).allowed:
                buttons = [PrimaryButton(t("host.resume"), "play-outline", clicked=self._press(hosting.resume))]
        elif kind == "narrow":
            icon_name, tone = "signal-cellular-1", "neutral"
        elif kind == "chair-away" and hosting.right(Act.TAKE_CHAIR).allowed:
            buttons = [Button(t("host.take-chair"), "account-tie-voice", clicked=self._press(hosting.take_chair))]
        elif kind == "door":
            icon_name, tone = "door-closed-lock", "neutral"
        return Strip(icon_name, tone, buttons)

    def _words(self, kind: str) -> tuple[str, str]:
        hosting, meeting = self._hosting, self._hosting.meeting
        state = meeting.state
        if kind == "offline" and meeting.offline_since is not None:
            return t("call.offline", clock_text(meeting.offline_since)), t(self._offline)
        summons = hosting.summons
        if summons is not None and kind == "electronic":
            return t("host.summons"), t("host.summons-left", duration_text(summons.left))
        if summons is not None and kind == "voice":
            return t("host.summons-voice"), t("host.summons-paused" if summons.paused else "host.summons-voice-text")
        if kind == "consent":
            return t("host.consent"), t("host.consent-text")
        current = hosting.inquiry.current
        if kind == "inquiry" and current is not None:
            return t("inquiry.banner", current.question), t("inquiry.banner-text")
        if kind == "knock":
            names = [name for _, name in hosting.knocking]
            many = len(names) > 1
            return t("host.knock-more", names[0], len(names)) if many else t("host.knock", names[0]), t(
                "host.knock-text"
            )
        if kind == "paused" and state.paused_at is not None:
            return t("host.paused-since", clock_text(state.paused_at)), t("host.paused-text")
        if kind == "narrow":
            return t(f"call.narrow-{meeting.line.name.lower()}"), t("call.narrow-safe")
        if kind == "chair-away" and state.chair_grace_until is not None:
            return t("call.chair-away", clock_text(state.chair_grace_until)), t("call.chair-away-safe")
        return t("host.waiting-door"), t("host.waiting-door-text")

    def _ask_remark(self) -> None:
        """其他意见: in a sentence, where the room likes."""
        dialog = LineDialog(
            t("inquiry.remark-title"), t("inquiry.remark-why"), t("inquiry.remark-go"), self.window(), may_be_empty=True
        )
        if dialog.exec():
            answer = self._hosting.inquiry.answer
            self._press(lambda: answer(Stance.OTHER, dialog.text))()
        dialog.deleteLater()

    def _press(self, act: Callable[[], object]) -> Callable[[], None]:
        return tried(self._hosting.meeting, act)
