"""What is known of the selected site beyond its icons: how it is here, its line in figures, whom to ring."""

from PySide6.QtWidgets import QFrame, QVBoxLayout

from media.engine.trouble import Trouble
from media.meeting.health import Health
from ui.i18n import t
from ui.i18n.dates import clock_text
from ui.models.meeting_model import MeetingModel
from ui.models.meeting_rows import Presence, RosterRow
from ui.theme import theme
from ui.widgets import Chip, ElidedText, Text


class SiteDetail(QFrame):
    """Two or three lines below the tree; nothing while no site is selected."""

    def __init__(self, model: MeetingModel) -> None:
        super().__init__()
        self._model = model
        self._key: object = None
        k = theme()
        column = QVBoxLayout(self)
        column.setContentsMargins(k.px(2), k.px(8), 0, k.px(2))
        column.setSpacing(k.px(3))
        self._name = ElidedText("", "small", "ink", bold=True)
        self._line = Text("", "small", "ink2", wrap=True)
        self._weak = Chip(t("site.weak"), "signal-cellular-1", "zheshi")
        self._phone = Text("", "small", "ink2", wrap=True)
        self._figures = Text("", "small", "ink2", wrap=True)
        self._trouble = Chip("", "speedometer-slow", "zheshi")
        self._why = Text("", "small", "ink2", wrap=True)
        for part in (self._name, self._line, self._weak, self._figures, self._trouble, self._why, self._phone):
            column.addWidget(part)
        self.hide()

    def show_site(self, row: RosterRow | None) -> None:
        """This one, or none."""
        contact = self._model.contact_of(row.unit_path) if row is not None else ("", "")
        health = self._model.healths.get(row.unit_path) if row is not None else None
        if (row, contact, health) == self._key:
            return
        self._key = (row, contact, health)
        self.setVisible(row is not None)
        if row is None:
            return
        line = line_of(row)
        self._name.set_text(row.name)
        self._line.setText(line)
        self._weak.setVisible(row.weak)
        is_here = row.presence is Presence.HERE
        trouble = row.trouble if is_here else Trouble.NONE
        figures = figures_of(health) if health is not None and is_here and not trouble else ""
        self._figures.setText(figures)
        self._figures.setVisible(bool(figures))
        name, phone = contact
        self._phone.setText(t("site.phone", phone, name).rstrip() if phone else t("site.no-phone"))
        for part in (self._trouble, self._why):
            part.setVisible(bool(trouble))
        words = [row.name, line, figures] if figures else [row.name, line]
        if trouble:
            word, why = trouble_word(trouble), t(f"trouble.{trouble}")
            self._trouble.set_state(word, trouble_icon(trouble), "zheshi")
            self._why.setText(why)
            words += [word, why]
        self.setAccessibleName(t("call.comma").join((*words, self._phone.text())))


def trouble_icon(trouble: Trouble) -> str:
    """The sign of a site that is limited, or that nothing connects."""
    return "lan-pending" if trouble is Trouble.ABSENT else "speedometer-slow"


def trouble_word(trouble: Trouble) -> str:
    """已限制 or 未接通, and of what."""
    return t("trouble.unconnected") if trouble is Trouble.ABSENT else t("trouble.limited", t(f"trouble.of-{trouble}"))


def figures_of(health: Health) -> str:
    """What a site receives, in figures; empty where it receives nothing, or does not say."""
    words = [t("site.receives", health.fps, health.kbps, health.jitter_ms)] if health.kbps else []
    if health.step:
        words.append(t(f"site.step-{min(3, health.step)}"))
    if health.concealed_permille:
        words.append(t("site.concealed", f"{health.concealed_permille / 10:g}"))
    text = t("call.comma").join(words)
    return text[:1].upper() + text[1:]


def line_of(row: RosterRow) -> str:
    """How a site is here, and its line in figures where they are known."""
    if row.presence is Presence.LOST:
        since = t("tile.since", clock_text(row.since)) if row.since is not None else ""
        return f"{t('site.lost')} {since}".strip()
    if row.presence is Presence.AWAY:
        return t("tile.away")
    words = [t("site.here")]
    if row.delay_ms:
        words.append(t("site.line", row.delay_ms, f"{row.loss_permille / 10:g}"))
    if row.refused_recording:
        words.append(t("course.refused-recording"))
    return t("call.comma").join(words)
