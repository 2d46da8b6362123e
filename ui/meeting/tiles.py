"""A site of the roster as a tile of the grid: its words, tags and what stands in the picture's place."""

from media.engine.trouble import Trouble
from media.meeting.model import FloorRequest
from ui.i18n import t
from ui.i18n.dates import clock_text
from ui.meeting.site_detail import trouble_word
from ui.models.meeting_rows import Mic, Presence, RosterRow
from ui.picture.tile import PictureState, Tag, Tile

MIC_ICONS = {Mic.OPEN: "microphone", Mic.CLOSED: "microphone-off", Mic.LOCKED: "microphone-off"}
MIC_TOKENS = {Mic.OPEN: "shilv", Mic.CLOSED: "ink3", Mic.LOCKED: "ink2"}


def tile_of(row: RosterRow, turn: FloorRequest | None, *, flowing: bool = False, begun: bool = True) -> Tile:
    """What the grid paints for one site. `flowing`: this room's media is up, so that a picture ought to come.
    `begun`: the main site is in; before, nobody is, and this room waits."""
    speaking = turn is not None and row.speaking
    state = PictureState.CONNECTING
    title, again, text = t("tile.connecting"), t("tile.again"), ""
    if row.presence is Presence.LOST:
        state = PictureState.OFFLINE
        title = again = t("tile.offline")
        since = f"{t('tile.since', clock_text(row.since))} · " if row.since is not None else ""
        text = f"{since}{t('tile.safe')}"
    elif row.presence is Presence.AWAY:
        state, title, again = PictureState.AWAY, t("tile.away"), ""
        if not begun:
            title, text = t("tile.waiting"), t("tile.waiting-text")
    elif row.trouble is Trouble.ABSENT:
        title, text = t("tile.absent"), t("tile.absent-text")
    dark = flowing and row.presence is Presence.HERE and row.trouble is not Trouble.ABSENT
    return Tile(
        unit_path=row.unit_path,
        name=row.name,
        level=row.level,
        detail=_detail(row, turn),
        state=state,
        state_title=title,
        state_again=again,
        state_text=text,
        dark_title=t("tile.camera-off") if dark else "",
        dark_text=t("tile.sound-fine") if dark else "",
        on_air=row.on_air,
        mic_icon=MIC_ICONS[row.mic],
        mic_token=MIC_TOKENS[row.mic],
        mic_open=row.mic is Mic.OPEN,
        tags=_tags(row, speaking=speaking),
        spoken=spoken(row, turn),
    )


def _detail(row: RosterRow, turn: FloorRequest | None) -> str:
    if turn is not None and row.speaking:
        return turn.member_name
    return t("tile.own") if row.local else ""


def _tags(row: RosterRow, *, speaking: bool) -> tuple[Tag, ...]:
    if row.presence is not Presence.HERE:
        return ()
    tags = []
    if row.on_air:
        tags.append(Tag("broadcast", t("tag.on-air"), "onair"))
    if row.chair:
        tags.append(Tag("account-tie-voice", t("tag.chair"), "dark"))
    if speaking:
        tags.append(Tag("account-voice", t("tag.speaking"), "shilv"))
    if row.trouble and row.trouble is not Trouble.ABSENT:
        tags.append(Tag("speedometer-slow", t("tag.limited"), "dark"))
    if row.hand:
        tags.append(Tag("hand-back-right-outline", t("tag.hand"), "accent"))
    return tuple(tags)


def spoken(row: RosterRow, turn: FloorRequest | None) -> str:
    """The row as a screen reader says it: name, level, state, who speaks, microphone."""
    words = [row.name, t(f"level.{int(row.level)}")]
    if row.knocking or row.removed:
        words.append(t("say.knocks") if row.knocking else t("say.removed"))
        return t("call.comma").join(words)
    if row.sub_chair:
        words.append(t("say.sub-chair"))
    if row.presence is not Presence.HERE:
        words.append(t("tile.offline") if row.presence is Presence.LOST else t("tile.away"))
        return t("call.comma").join(words)
    if row.on_air:
        words.append(t("say.on-air"))
    if turn is not None and row.speaking:
        words.append(t("say.speaks", turn.member_name))
    if row.hand:
        words.append(t("tag.hand"))
    if row.trouble:
        words.append(trouble_word(row.trouble))
    words.append(t(f"mic.{row.mic.value}"))
    return t("call.comma").join(words)
