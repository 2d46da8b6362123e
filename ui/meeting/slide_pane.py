"""课件: the page that is shown, why there is none, and the way to the page before and after."""

from collections.abc import Callable

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from ui.i18n import t
from ui.meeting.acts import tried
from ui.models.slide_model import SlideModel, SlideState
from ui.picture.live_picture import LivePicture
from ui.theme import font, theme
from ui.theme.icons import pixmap
from ui.widgets import Button, Chip, ElidedText, PrimaryButton, Text, flush

ICONS = {
    SlideState.NONE: "presentation",
    SlideState.MAKING: "presentation",
    SlideState.FETCHING: "download-outline",
    SlideState.WAITING: "cloud-off-outline",
    SlideState.UNREADABLE: "file-alert-outline",
    SlideState.LIVE_OWN: "monitor-share",
}


class SlideCanvas(QWidget):
    """Paints the page as large as it fits."""

    def __init__(self, model: SlideModel) -> None:
        super().__init__()
        self._model = model
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(theme().px(240), theme().px(135))

    def paintEvent(self, _event: QPaintEvent) -> None:
        model, k = self._model, theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(self.rect(), k.color("sunken"))
        ratio = self.devicePixelRatioF()
        picture = model.picture(round(self.width() * ratio), round(self.height() * ratio))
        if picture is not None:
            size = QSize(picture.size()).scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
            place = QRect((self.width() - size.width()) // 2, (self.height() - size.height()) // 2,
                          size.width(), size.height())  # fmt: skip
            painter.drawImage(place, picture)
        else:
            self._reason(painter)
        painter.end()

    def _reason(self, painter: QPainter) -> None:
        k, state = theme(), self._model.state
        middle = self.rect().center()
        icon_name, side = ICONS.get(state, "presentation"), k.px(40)
        tone = "zheshi" if state in (SlideState.WAITING, SlideState.UNREADABLE) else "ink3"
        painter.drawPixmap(middle.x() - side // 2, middle.y() - k.px(70), pixmap(icon_name, tone, 40))
        painter.setPen(k.color("ink"))
        painter.setFont(font("title"))
        line = QRect(k.px(16), middle.y() - k.px(18), self.width() - k.px(32), k.px(30))
        painter.drawText(line, int(Qt.AlignmentFlag.AlignCenter), t(f"slide.{state.value}"))
        painter.setPen(k.color("ink2"))
        painter.setFont(font("small"))
        below = QRect(line.left(), line.bottom() + k.px(6), line.width(), k.px(60))
        flags = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop) | int(Qt.TextFlag.TextWordWrap)
        painter.drawText(below, flags, t(f"slide.{state.value}-text"))


class SlidePane(QWidget):
    """The page and its foot. Whoever presents turns it for all; everybody else looks around on this screen only."""

    def __init__(
        self,
        model: SlideModel,
        keys: tuple[str, str] = ("PgUp", "PgDn"),
        choose: Callable[[], object] | None = None,
    ) -> None:
        """`keys` turn the page back and on where the pane stands; `choose` asks what to show."""
        super().__init__()
        self._model, self._keys = model, keys
        k = theme()
        column = QVBoxLayout(self)
        flush(column, 8)
        self.canvas = SlideCanvas(model)
        column.addWidget(self.canvas, 1)
        self.shared = LivePicture(lambda: model.screen("operator"), "monitor-share", t("slide.live"))
        self.shared.setMinimumSize(self.canvas.minimumSize())
        self.shared.setVisible(False)
        column.addWidget(self.shared, 1)
        foot = QHBoxLayout()
        flush(foot, 8)
        self._follows = Chip("", "link-variant", "accent")
        foot.addWidget(self._follows)
        self._number = Text("", "body", "ink2")
        foot.addWidget(self._number)
        self._title = ElidedText("", "small", "ink3")
        foot.addWidget(self._title, 1)
        self._short = k.text_size.factor > 1
        self._back = Button(t("slide.follow"), "link-variant", size="small", clicked=model.follow)
        self._before = Button(t("slide.before"), "chevron-left", size="small", clicked=self.turn_back)
        self._next = Button(t("slide.next"), "chevron-right", size="small", clicked=self.turn_on)
        self._stop = Button(t("slide.stop"), "presentation", size="small", clicked=tried(model.meeting, model.stop))
        self._open = PrimaryButton(t("slide.open"), "presentation-play", size="small", clicked=choose)
        self._open.setVisible(False)
        self._may_choose = choose is not None
        for button in (self._open, self._back, self._before, self._next, self._stop):
            foot.addWidget(button)
            if k.text_size.factor > 1:
                button.drop_icon()
        column.addLayout(foot)
        model.changed.connect(self.refresh)
        self.refresh()

    def turn_on(self) -> None:
        """下一页 (PgDn)."""
        self._turn(1)

    def turn_back(self) -> None:
        """上一页 (PgUp)."""
        self._turn(-1)

    def refresh(self) -> None:
        """Take up what the model says now."""
        model, slide = self._model, self._model.slide
        shown, presents = slide is not None, model.presents
        pages = slide.pages if slide is not None else 0
        self._follows.setVisible(shown and not (self._short and presents))
        if presents:
            self._follows.set_state(t("slide.presenting"), "presentation-play", "accent")
        elif model.follows:
            self._follows.set_state(t("slide.following"), "link-variant", "accent")
        else:
            self._follows.set_state(t("slide.looking"), "link-variant-off", "zheshi")
        live = model.state in (SlideState.LIVE, SlideState.LIVE_OWN)
        self.shared.setVisible(model.state is SlideState.LIVE)
        self.canvas.setVisible(model.state is not SlideState.LIVE)
        if live and slide is not None:
            name = model.meeting.name_of(slide.presenter)
            self._follows.set_state(t("slide.live-by", name), "monitor-share", "accent")
        self._stop.set_text(t("share.stop") if live else t("slide.stop"))
        self._number.setText(t("slide.page", model.page, pages) if shown and not live else "")
        self._title.set_text(slide.title if slide is not None else "")
        self._back.setVisible(shown and not presents and not model.follows)
        self._stop.setVisible(presents)
        self._open.setVisible(self._may_choose and not shown and model.right.allowed)
        for button, possible in ((self._before, model.page > 1), (self._next, model.page < pages)):
            button.setVisible(shown and not live)
            button.setEnabled(possible)
        tip = t("slide.turns-all") if presents else t("slide.turns-here")
        for button, key in zip((self._before, self._next), self._keys, strict=True):
            button.setToolTip(t("slide.with-key", tip, key))
        said = t("slide.page", model.page, pages) if shown else t("slide.none")
        if model.state not in (SlideState.SHOWN, SlideState.NONE):
            said = f"{said}{t('call.comma')}{t(f'slide.{model.state.value}')}"
        self.canvas.setAccessibleName(f"{t('slide.pages')}{t('call.comma')}{said}")
        self.shared.setAccessibleName(t("slide.live-of", slide.title if slide is not None else ""))
        self.canvas.update()

    def _turn(self, step: int) -> None:
        model = self._model
        if model.presents:
            tried(model.meeting, lambda: model.turn(step))()
        else:
            model.look(step)
