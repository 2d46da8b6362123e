"""意见 → 线索 → 提案 → 答复 → 回头看: five cards, the current one outlined, each with its day and who."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.domain.handling import Handling
from ui.i18n import has, t
from ui.models.opinion_rows import OpinionRow, time_of
from ui.models.opinions_model import day_of, state_text
from ui.models.places import place_name
from ui.theme import TextSize, theme
from ui.widgets import ElidedText, Icon, Text, flush

ICONS = {
    "opinion": "comment-quote-outline",
    "clue": "lightbulb-on-outline",
    "proposal": "file-document-edit-outline",
    "reply": "file-check-outline",
    "look_back": "eye-check-outline",
}
AT_STEP = {
    Handling.NOTED: "opinion",
    Handling.CONFIRMED: "clue",
    Handling.CLUE: "proposal",
    Handling.EXCLUDED: "proposal",
    Handling.PROPOSAL: "reply",
    Handling.LOOK_BACK: "look_back",
}
"""The card that a person works on next."""


@dataclass(frozen=True, slots=True)
class Step:
    """One card: what happened, who, and when."""

    name: str
    day: str = ""
    what: str = ""
    who: str = ""

    @property
    def done(self) -> bool:
        return bool(self.what)


def steps(row: OpinionRow) -> list[Step]:
    """The five cards of an opinion."""
    member = t("opinions.by", row.member, row.place) if row.member and row.place else row.member or row.place
    found = [Step("opinion", day_of(row.at), row.text, member)]
    clue = row.clue
    who = t("opinions.clue_by", str(clue.get("clue_no") or t("opinions.no_number")), str(clue.get("category") or ""))
    who = who.rstrip(" ·")
    if clue:
        made = day_of(time_of(clue.get("made_on")))
        unit = place_name(str(clue.get("unit_path") or ""))
        found.append(Step("clue", made, str(clue.get("title") or ""), t("opinions.by", who, unit)))
    else:
        found.append(Step("clue"))
    found.append(_proposal(row))
    reply = row.last_reply
    if reply:
        what = t(f"handling.class_{reply.get('reply_class')}")
        unit = t("opinions.reply_by", str(reply.get("duty_unit") or ""))
        found.append(Step("reply", day_of(time_of(reply.get("replied_on"))), what, unit))
    else:
        found.append(Step("reply"))
    found.append(_look(row))
    return found


def _proposal(row: OpinionRow) -> Step:
    proposal = row.proposal
    if row.state == Handling.EXCLUDED:
        return Step("proposal", "", state_text(row.state), str(row.clue.get("excluded_reason") or ""))
    if not proposal:
        return Step("proposal")
    number = str(proposal.get("proposal_no") or t("opinions.no_number"))
    unit = t("opinions.unit_replies", str(proposal.get("main_unit") or ""))
    return Step("proposal", day_of(time_of(proposal.get("assigned_on"))), number, unit)


def _look(row: OpinionRow) -> Step:
    look = row.last_look
    if row.state == Handling.LOOK_BACK and row.due is not None:
        what = str(look.get("remaining") or "") or state_text(row.state)
        return Step(
            "look_back", t("opinions.before", day_of(row.due)), what, str(row.last_reply.get("duty_unit") or "")
        )
    if not look:
        return Step("look_back")
    after = f"handling.class_{look.get('class_after')}"
    found = t("opinions.found", t(after) if has(after) else "")
    return Step("look_back", day_of(time_of(look.get("visited_on"))), str(look.get("situation") or ""), found)


class ChainCards(QWidget):
    """The cards in a row."""

    def __init__(self, row: OpinionRow) -> None:
        super().__init__()
        line = QHBoxLayout(self)
        flush(line, 6)
        listed: Sequence[Step] = steps(row)
        current = AT_STEP.get(Handling(row.state)) if row.state in tuple(Handling) else None
        for number, step in enumerate(listed, start=1):
            if number > 1:
                line.addWidget(Icon("chevron-right", "ink3", 18), 0, Qt.AlignmentFlag.AlignVCenter)
            line.addWidget(_card(step, number, len(listed), step.name == current), 1)


def _card(step: Step, number: int, total: int, current: bool) -> QFrame:
    k = theme()
    narrow = k.text_size is not TextSize.STANDARD
    box = QFrame()
    box.setProperty("role", "step")
    box.setProperty("state", "current" if current else "done" if step.done else "open")
    column = QVBoxLayout(box)
    column.setContentsMargins(k.px(12), k.px(9), k.px(12), k.px(10))
    column.setSpacing(k.px(3))
    head = QHBoxLayout()
    flush(head, 7)
    tone = "zheshi" if current else "shilv" if step.done else "ink3"
    head.addWidget(Icon(ICONS[step.name], tone, 20))
    name = t(f"opinions.step_{step.name}")
    head.addWidget(Text(name, "title", "zheshi" if current else "ink" if step.done else "ink3"))
    head.addStretch(1)
    if not narrow:
        head.addWidget(ElidedText(step.day, "small", "ink2"))
    column.addLayout(head)
    column.addWidget(ElidedText(step.what or t("opinions.not_yet"), "body", "ink" if step.done else "ink3", lines=2))
    column.addWidget(ElidedText(step.who, "small", "ink2"))
    if narrow:
        column.addWidget(ElidedText(step.day, "small", "ink2"))
    column.addStretch(1)
    told = ", ".join(part for part in (step.what or t("opinions.not_yet"), step.who, step.day) if part)
    box.setAccessibleName(f"{t('opinions.step', number, total, name)}, {told}")
    return box
