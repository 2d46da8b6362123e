"""声音和画面 in the settings: which devices there are, how loud the microphone is, a tone, this room's picture."""

from PySide6.QtCore import QSignalBlocker, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from ui.i18n import fault_text, t
from ui.models.room_devices_model import KINDS, RoomDevicesModel
from ui.picture.live_picture import LivePicture
from ui.services import DeviceChoice, DeviceKind
from ui.shell.devices_card import DEVICE_ICONS
from ui.theme import font, theme
from ui.widgets import Button, Card, Divider, Icon, Text, flush
from ui.widgets.level_meter import LevelMeter

METER_MS = 60
LABEL = 92
"""Design pixels of the column of names, in either language."""


class RoomDevicesCard(Card):
    """While it is shown the devices are open; what is chosen holds at once."""

    def __init__(self, model: RoomDevicesModel) -> None:
        super().__init__(t("set.devices"))
        k = theme()
        self._model = model
        self.boxes: dict[DeviceKind, QComboBox] = {}
        self._notes: dict[DeviceKind, Text] = {}
        self._beside: dict[DeviceKind, QWidget] = {}
        self.meter = LevelMeter(t("set.speak"))
        self.tone = Button(t("set.play_tone"), "play-outline", size="small", clicked=model.play_tone)
        below: dict[DeviceKind, QWidget] = {
            DeviceKind.MICROPHONE: self._labelled(t("set.speak"), self.meter),
            DeviceKind.SPEAKER: self._labelled("", self.tone),
        }
        for kind in KINDS:
            self.body.addLayout(self._row(kind))
            self.body.addWidget(self._beside[kind])
            if kind in below:
                self.body.addWidget(below[kind])
        self.picture = LivePicture(model.preview, "video-outline", t("set.own_picture_why"))
        self.picture.setFixedHeight(k.px(196))
        self.picture.setAccessibleName(t("set.own_picture"))
        self.body.addWidget(self.picture)
        self._fault = Text("", "small", "zhusha", wrap=True)
        self.body.addWidget(self._fault)
        self.body.addWidget(Divider())
        self.body.addWidget(Text(t("set.devices_here"), "small", "ink3", wrap=True))
        self._timer = QTimer(self, interval=METER_MS)
        self._timer.timeout.connect(lambda: self.meter.set_level(model.level))
        model.changed.connect(self.refresh)
        self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._model.look(True)
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()
        self._model.look(False)

    def refresh(self) -> None:
        """Take up what the model says now; an open list is left as it is until it closes."""
        model = self._model
        for kind, box in self.boxes.items():
            rows = [(_words(kind, each), each) for each in model.choices(kind)]
            shown = [(box.itemText(place), box.itemData(place)) for place in range(box.count())]
            if rows != shown and not box.view().isVisible():
                with QSignalBlocker(box):
                    box.clear()
                    for words, choice in rows:
                        box.addItem(words, choice)
            chosen = next((place for place, (_, each) in enumerate(rows) if each.setting == model.chosen(kind)), 0)
            box.setCurrentIndex(chosen)
            other = model.stands_in(kind)
            self._notes[kind].setText(t("set.stands_in", other) if other else "")
            self._beside[kind].setVisible(bool(other))
        self.tone.set_text(t("set.playing") if model.is_playing else t("set.play_tone"))
        self.tone.setEnabled(not model.is_playing and model.chosen(DeviceKind.SPEAKER) != "none")
        self._fault.setText("" if model.fault is None else fault_text(model.fault))
        self._fault.setVisible(model.fault is not None)

    def _row(self, kind: DeviceKind) -> QHBoxLayout:
        k = theme()
        row = QHBoxLayout()
        flush(row, 10)
        row.addWidget(Icon(DEVICE_ICONS[kind], "ink2", 18))
        label = Text(t(f"device.{kind}"), "body", bold=True)
        label.setMinimumWidth(k.px(LABEL))
        row.addWidget(label)
        box = QComboBox()
        box.setFont(font("body"))
        box.setMinimumWidth(k.px(200))
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setAccessibleName(t(f"device.{kind}"))
        box.activated.connect(lambda place, kind=kind, box=box: self._choose(kind, box.itemData(place)))
        self.boxes[kind] = box
        row.addWidget(box, 1)
        self._notes[kind] = Text("", "small", "zheshi", wrap=True)
        self._beside[kind] = self._labelled("", self._notes[kind])
        return row

    def _choose(self, kind: DeviceKind, choice: DeviceChoice) -> None:
        self._model.choose(kind, choice)

    @staticmethod
    def _labelled(words: str, field: QWidget) -> QWidget:
        """A line below a device's, indented as far as its list."""
        k = theme()
        line = QWidget()
        row = QHBoxLayout(line)
        flush(row, 10)
        label = Text(words, "small", "ink2")
        label.setMinimumWidth(k.px(LABEL))
        row.addSpacing(k.px(28))
        row.addWidget(label)
        is_button = isinstance(field, Button)
        row.addWidget(field, 0 if is_button else 1)
        if is_button:
            row.addStretch(1)
        return line


def _words(kind: DeviceKind, choice: DeviceChoice) -> str:
    if choice.setting in ("auto", "none"):
        return t(f"set.device_{choice.setting}_{kind}")
    return choice.name if choice.is_here else t("set.device_away", choice.name)
