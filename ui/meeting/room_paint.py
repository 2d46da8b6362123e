"""How the room's screen is painted: sizes for a reader six metres away, all of them following the screen's height.

A character needs about 1/200 of the distance; at 1080 lines nothing is below 28 pixels, and what a member acts on not
below 36. Lengths here are those of a 1080-line screen.
"""

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen

from ui.i18n import t
from ui.i18n.dates import clock_text, duration_text
from ui.meeting.room_pen import CENTER, LEFT, RIGHT, RoomPen
from ui.models.meeting_rows import Mic
from ui.models.room_model import RoomPicture, RoomScene, Speaker
from ui.models.turn_clock import TurnClock, TurnStage
from ui.picture.geometry import Box, placed
from ui.widgets.level_mark import bars_filled, paint_level_mark
from ui.widgets.qr import Matrix, matrix_of, paint_code

EDGE, COLUMN = 48, 520
HEAD, STRIP_TOP, STRIP_HIGH = 104, 880, 120
CAPTION = 132
SMALL = 292
"""Height of the picture beside slides."""
MICS = {Mic.OPEN: "room.mic-open", Mic.CLOSED: "room.mic-closed", Mic.LOCKED: "room.mic-locked"}
WARNED = {TurnStage.WARN_LONG: "zheshi", TurnStage.WARN_SHORT: "zheshi", TurnStage.OVER: "zhusha"}


class RoomPainter(RoomPen):
    """Paints whatever the room's screen shows."""

    _coded = ""
    _matrix: Matrix = ()

    @property
    def frame(self) -> Box:
        """Where the picture goes, in the widget's pixels; the caption lies over its foot."""
        x, y = self._px(EDGE), self._px(HEAD + 32)
        right = self._px(self._wide - EDGE - COLUMN - 40)
        return Box(x, y, right - x, self._px(STRIP_TOP - 32) - y)

    @property
    def small_frame(self) -> Box:
        """Where the picture goes while slides fill the frame; the caption stands below it."""
        x, y = self._px(self._wide - EDGE - COLUMN), self._px(HEAD + 32)
        return Box(x, y, self._px(COLUMN), self._px(SMALL))

    def paint(self, p: QPainter, shown: RoomPicture, image: QImage | None, slide: QImage | None = None) -> None:
        """The whole screen; `image` is the latest picture of whoever is shown, `slide` the page that is shown."""
        p.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        p.fillRect(QRect(QPointF(0, 0).toPoint(), self._size), self._color("sunken" if self._c.dark else "win"))
        if shown.scene is RoomScene.HIDDEN:
            self._words(p, self._whole(), t("room.hidden"), 40, "ink3", CENTER)
            return
        self._head(p, shown)
        if shown.scene is RoomScene.RUNNING:
            self._running(p, shown, image)
        elif shown.scene is RoomScene.CONTENT:
            self._content(p, shown, image, slide)
        elif shown.scene is RoomScene.SIGN_IN:
            self._sign_in(p, shown)
        elif shown.scene is RoomScene.PLATE and shown.caption is not None:
            self._plate(p, shown.caption)
        else:
            self._card(p, shown)
        self._foot(p, shown)

    # The parts

    def _head(self, p: QPainter, shown: RoomPicture) -> None:
        box = self._box(0, 0, self._wide, HEAD)
        p.fillRect(box, self._color("surface"))
        p.fillRect(QRect(box.left(), box.bottom(), box.width(), max(1, self._px(1))), self._color("line"))
        self._words(p, self._box(self._wide - EDGE - 240, 0, 240, HEAD), clock_text(shown.now), 64, "ink", RIGHT, True)
        title = self._box(EDGE, 0, self._wide - 2 * EDGE - 280, HEAD)
        self._words(p, title, shown.title, 48, "ink", LEFT, True, serif=True)

    def _running(self, p: QPainter, shown: RoomPicture, image: QImage | None) -> None:
        frame = self.frame
        target = QRect(frame.x, frame.y, frame.width, frame.height)
        rounded = QPainterPath()
        rounded.addRoundedRect(QRectF(target), self._px(8), self._px(8))
        p.save()
        p.setClipPath(rounded)
        self._video(p, target, frame, image)
        if shown.caption is not None:
            self._caption(p, frame, shown.caption, on_air=shown.on_air)
        p.restore()
        x = self._wide - EDGE - COLUMN
        self._timer(p, self._panel(p, x, 136, COLUMN, 286), shown.turn)
        self._next(p, self._panel(p, x, 446, COLUMN, 218), shown.following)
        self._signed_in(p, self._panel(p, x, 688, COLUMN, 160), shown)
        self._agenda(p, shown)

    def _content(self, p: QPainter, shown: RoomPicture, image: QImage | None, slide: QImage | None) -> None:
        """材料为主: the page, and beside it the speaker's picture, name and time."""
        large, small = self.frame, self.small_frame
        target = QRect(large.x, large.y, large.width, large.height)
        p.fillRect(target, self._color("surface"))
        if slide is not None:
            size = QSize(slide.size()).scaled(target.size(), Qt.AspectRatioMode.KeepAspectRatio)
            place = QRect(QPoint(0, 0), size)
            place.moveCenter(target.center())
            p.drawImage(place, slide)
        else:
            self._words(p, target, t(f"slide.{shown.slide}") if shown.slide else "", 44, "ink2", CENTER)
        p.save()
        p.setClipRect(QRect(small.x, small.y, small.width, small.height), Qt.ClipOperation.IntersectClip)
        self._video(p, QRect(small.x, small.y, small.width, small.height), small, image)
        p.restore()
        x, top = self._wide - EDGE - COLUMN, HEAD + 32 + SMALL
        if shown.caption is not None:
            self._name(p, self._box(x, top, COLUMN, 128), shown.caption, on_air=shown.on_air)
        self._short_timer(p, self._panel(p, x, top + 152, COLUMN, 150), shown.turn)
        box = self._panel(p, x, top + 326, COLUMN, 848 - top - 326)
        wide = self._advance(t("room.next"), 36, bold=True) + self._px(20)
        self._words(p, QRect(box.left(), box.top(), wide, box.height()), t("room.next"), 36, "ink2", LEFT, True)
        name = shown.following.name if shown.following is not None else t("room.next-none")
        rest = QRect(box.left() + wide, box.top(), box.width() - wide, box.height())
        self._words(p, rest, name, 44, "ink" if shown.following is not None else "ink3", LEFT, True)
        self._agenda(p, shown)

    def _name(self, p: QPainter, band: QRect, who: Speaker, *, on_air: bool) -> None:
        """The caption of the small picture: site above, member and sector below."""
        p.fillRect(band, QColor(16, 20, 24))
        left = band.left() + self._px(24)
        if on_air:
            p.fillRect(QRect(band.left(), band.top(), self._px(14), band.height()), self._color("onair"))
            left += self._px(14)
        mark = QRect(left, band.top() + self._px(18), self._px(44), self._px(40))
        paint_level_mark(p, mark, bars_filled(who.level), QColor("#FFFFFF"), QColor(255, 255, 255, 90))
        said = " · ".join(part for part in (who.name, who.sector) if part)
        room = band.right() - self._px(16) - mark.right() - self._px(16)
        site = QRect(mark.right() + self._px(16), band.top() + self._px(8), room, self._px(60 if said else 112))
        self._words(p, site, who.site, 44, "#FFFFFF", LEFT, True)
        below = QRect(left, band.top() + self._px(68), band.right() - self._px(16) - left, self._px(54))
        self._words(p, below, said, 40, "#E9EFF2", LEFT)

    def _short_timer(self, p: QPainter, box: QRect, turn: TurnClock | None) -> None:
        """The time in one line, under its label."""
        label, text, token, share = _timed(turn)
        wide = self._advance(t(label), 36, bold=True) + self._px(24)
        line = QRect(box.left(), box.top() - self._px(8), box.width(), self._px(92))
        self._words(p, line, t(label), 36, "ink2" if token in ("ink", "ink3") else token, LEFT, True)
        self._words(p, line.adjusted(wide, 0, 0, 0), text, 84, token, RIGHT, True)
        track = QRectF(box.left(), box.bottom() - self._px(14), box.width(), self._px(14))
        self._bar(p, track, share, "accent" if token in ("ink", "ink3") else token)

    def _video(self, p: QPainter, target: QRect, frame: Box, image: QImage | None) -> None:
        p.fillRect(target, QColor("#10171D"))
        if image is None:
            self._words(p, target, t("room.no-picture"), 40, "#B9C6CE", CENTER)
        else:
            box, part = placed(frame, image.width(), image.height())
            p.drawImage(QRectF(box.x, box.y, box.width, box.height), image, QRectF(*part))

    def _caption(self, p: QPainter, frame: Box, who: Speaker, *, on_air: bool) -> None:
        """台标: level mark, site, who speaks, 播出中."""
        high = self._px(CAPTION)
        band = QRect(frame.x, frame.bottom - high, frame.width, high)
        p.fillRect(band, QColor(16, 20, 24, 235))
        left, right = band.left() + self._px(48), band.right() - self._px(32)
        if on_air:
            p.fillRect(QRect(band.left(), band.top(), self._px(14), high), self._color("onair"))
            right = self._tag(p, band, right) - self._px(28)
        mark = QRect(left, band.center().y() - self._px(25), self._px(56), self._px(52))
        paint_level_mark(p, mark, bars_filled(who.level), QColor("#FFFFFF"), QColor(255, 255, 255, 90))
        left = mark.right() + self._px(20)
        said = " · ".join(part for part in (t("room.speaks", who.name) if who.name else "", who.sector) if part)
        room, gap = right - left, self._px(36)
        name_wide = self._advance(who.site, 56, bold=True)
        if not said:
            self._words(p, QRect(left, band.top(), room, high), who.site, 56, "#FFFFFF", LEFT, True)
        elif name_wide + gap + self._advance(said, 44) <= room:
            self._words(p, QRect(left, band.top(), name_wide, high), who.site, 56, "#FFFFFF", LEFT, True)
            left += name_wide + gap
            self._words(p, QRect(left, band.top(), right - left, high), said, 44, "#E9EFF2", LEFT)
        else:
            upper, lower = self._px(64), self._px(56)
            self._words(p, QRect(left, band.top() + self._px(6), room, upper), who.site, 46, "#FFFFFF", LEFT, True)
            below = QRect(left, band.top() + self._px(68), room, lower)
            self._words(p, below, said, 40, "#E9EFF2", LEFT)

    def _tag(self, p: QPainter, band: QRect, right: int) -> int:
        text, high, mark = t("room.on-air"), self._px(68), self._px(30)
        wide = self._advance(text, 36, bold=True) + mark + self._px(54)
        box = QRect(right - wide, band.center().y() - high // 2, wide, high)
        path = QPainterPath()
        path.addRoundedRect(QRectF(box), self._px(6), self._px(6))
        p.fillPath(path, self._color("onair"))
        self._icon(p, "broadcast", "#FFFFFF", box.left() + self._px(22), box.center().y(), 30)
        self._words(p, box.adjusted(mark + self._px(34), 0, 0, 0), text, 36, "#FFFFFF", LEFT, True)
        return box.left()

    def _timer(self, p: QPainter, box: QRect, turn: TurnClock | None) -> None:
        label, text, token, share = _timed(turn)
        self._line(p, box, 0, 50, t(label), 36, "ink2" if token in ("ink", "ink3") else token, bold=True)
        self._line(p, box, 48, 164, text, 150, token, bold=True)
        if turn is None:
            return
        track = QRectF(box.left(), box.bottom() - self._px(16), box.width(), self._px(16))
        self._bar(p, track, share, "accent" if token == "ink" else token)
        if turn.stage is TurnStage.OVER:
            frame = box.adjusted(-self._px(30), -self._px(22), self._px(30), self._px(22))
            p.setPen(QPen(self._color("zhusha"), self._px(4)))
            p.setBrush(Qt.BrushStyle.NoBrush)
            p.drawRoundedRect(frame, self._px(8), self._px(8))

    def _next(self, p: QPainter, box: QRect, who: Speaker | None) -> None:
        self._line(p, box, 0, 46, t("room.next"), 36, "ink2", bold=True)
        if who is None:
            self._line(p, box, 58, 70, t("room.next-none"), 40, "ink3")
            return
        self._line(p, box, 50, 72, who.name, 60, "ink", bold=True)
        mark = QRect(box.left(), box.top() + self._px(137), self._px(32), self._px(30))
        paint_level_mark(p, mark, bars_filled(who.level), self._color("accent"), self._color("line"))
        text = t("room.get-ready", who.site)
        self._words(p, QRect(mark.right() + self._px(16), box.top() + self._px(126), box.right() - mark.right()
                    - self._px(16), self._px(52)), text, 36, "ink2", LEFT)  # fmt: skip

    def _signed_in(self, p: QPainter, box: QRect, shown: RoomPicture) -> None:
        self._line(p, box, 0, 42, t("room.signed-in"), 36, "ink2", bold=True)
        present = str(shown.tally.present)
        wide = self._advance(present, 60, bold=True)
        self._line(p, box, 46, 74, present, 60, "ink", bold=True)
        of = QRect(box.left() + wide + self._px(16), box.top() + self._px(56), box.width() - wide, self._px(62))
        self._words(p, of, t("room.of", shown.tally.expected), 44, "ink2", LEFT)

    def _agenda(self, p: QPainter, shown: RoomPicture) -> None:
        box = self._panel(p, EDGE, STRIP_TOP, self._wide - 2 * EDGE, STRIP_HIGH)
        left, right = box.left(), box.right()
        then = t("room.then", shown.agenda_next) if shown.agenda_next else ""
        if shown.scene is RoomScene.CONTENT:  # the count has no card of its own there
            then = f"{t('room.signed-in')} {shown.tally.present} {t('room.of', shown.tally.expected)}"
        if then:
            wide = min(self._advance(then, 38), box.width() * 2 // 5)
            self._words(p, QRect(right - wide, box.top(), wide, box.height()), then, 38, "ink2", RIGHT)
            right -= wide + self._px(40)
        if not shown.agenda_count:
            return
        at = t("room.agenda", shown.agenda_at, shown.agenda_count)
        wide = self._advance(at, 44, bold=True)
        self._words(p, QRect(left, box.top(), wide + 2, box.height()), at, 44, "accent", LEFT, True)
        left += wide + self._px(44)
        p.fillRect(QRect(left, box.top(), max(1, self._px(1)), box.height()), self._color("line"))
        left += self._px(32)
        self._words(p, QRect(left, box.top(), right - left, box.height()), shown.agenda_title, 44, "ink", LEFT, True)

    def _sign_in(self, p: QPainter, shown: RoomPicture) -> None:
        """扫码签到: the code as large as the height allows, and how many have come."""
        if shown.code != self._coded:
            self._coded, self._matrix = shown.code, matrix_of(shown.code)
        side = 800
        paint_code(p, self._box(EDGE + 40, 170, side, side), self._matrix)
        left = EDGE + side + 140
        wide = self._wide - left - EDGE
        self._words(p, self._box(left, 220, wide, 100), t("door.title"), 72, "accent", LEFT, True)
        for place, step in enumerate(("door.step1", "door.step2", "door.step3")):
            self._paragraph(p, self._box(left, 350 + place * 130, wide, 120), t(step), most=44, flags=LEFT)
        count = t("door.room_count", shown.tally.present, shown.tally.expected)
        self._words(p, self._box(left, 800, wide, 110), count, 72, "shilv", LEFT, True)

    def _plate(self, p: QPainter, who: Speaker) -> None:
        """桌签: the name as wide as the screen."""
        whole = self._whole()
        name = who.name or who.site
        self._words(p, self._box(EDGE, 250, self._wide - 2 * EDGE, 380), name, 220, "ink", CENTER, True, least=120)
        below = " · ".join(part for part in (who.site if who.name else "", who.sector) if part)
        middle = QRect(whole.left(), self._px(640), whole.width(), self._px(110))
        self._words(p, middle, below, 60, "ink2", CENTER)

    def _card(self, p: QPainter, shown: RoomPicture) -> None:
        """A title card: before, after, cut off, or a notice."""
        scene = shown.scene
        middle = self._box(EDGE * 2, 320, self._wide - EDGE * 4, 420)
        if scene is RoomScene.NOTICE:
            self._words(p, self._box(0, 220, self._wide, 80), t("room.notice"), 44, "accent", CENTER, True)
            self._paragraph(p, middle, shown.notice)
            return
        if scene is RoomScene.WAITING and shown.starts_in:
            self._words(p, self._box(0, 340, self._wide, 90), t("room.starts-in"), 60, "ink2", CENTER, True)
            self._words(p, self._box(0, 450, self._wide, 220), duration_text(shown.starts_in), 150, "ink", CENTER, True)
            return
        icon, token, title, text = {
            RoomScene.OFFLINE: ("lan-disconnect", "zheshi", t("room.offline"), t("room.offline-text")),
            RoomScene.PAUSED: ("pause-circle-outline", "accent", t("room.paused"), t("room.paused-text")),
            RoomScene.ENDED: ("check-circle-outline", "shilv", t("room.ended"), t("room.ended-text")),
        }.get(scene, ("clock-outline", "accent", t("room.soon"), t("room.waits")))
        self._icon(p, icon, getattr(self._c, token), self._size.width() // 2 - self._px(60), self._px(380), 120)
        self._words(p, self._box(0, 480, self._wide, 110), title, 72, "ink", CENTER, True)
        self._words(p, self._box(0, 600, self._wide, 90), text, 56, "ink2", CENTER)

    def _foot(self, p: QPainter, shown: RoomPicture) -> None:
        if shown.line:
            self._words(p, self._box(EDGE, 1006, self._wide - 2 * EDGE, 66), shown.line, 44, "ink", CENTER, True)
            return
        said = [t("room.recording")] if shown.recorded else []
        said += [t(MICS[shown.mic])] if shown.mic is not None else []
        self._words(p, self._box(EDGE, 1016, self._wide - 2 * EDGE, 52), " · ".join(said), 28, "ink2", LEFT)


def _timed(turn: TurnClock | None) -> tuple[str, str, str, float]:
    """What the timer says: the key of its label, the figures, their token, and how much of the time is used."""
    if turn is None:
        return "room.left", "--:--", "ink3", 0.0
    over, token = turn.stage is TurnStage.OVER, WARNED.get(turn.stage, "ink")
    label = "room.overtime" if over else "room.left" if turn.limit else "room.spoken"
    shown = turn.over if over else turn.left if turn.limit else turn.spoken
    return label, duration_text(shown), token, turn.share
