"""The devices of this room in use: what a meeting, or a person who tries them, has open."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from desktop_app.domain.clock import Clock
from desktop_app.domain.faults import Fault
from media.capture.capture import Capture
from media.capture.pictures import CameraSource, CardSource, ChosenPicture, FileSource
from media.capture.processing import EchoCanceller
from media.capture.sounds import ChosenSound, MicrophoneSource, SilenceSource, SoundFileSource
from media.capture.sources import CardPainter, PictureSource, SoundSource
from media.devices.book import DeviceBook
from media.devices.kinds import Kind
from media.devices.seats import Seat, place
from media.playout.outputs import ChosenOutput, SilentOutput, SoundOutput, SpeakerOutput
from media.playout.playout import Playout


class DevicesInUse:
    """A capture and a playout that follow the settings and the plugs, from its making until `close`."""

    def __init__(
        self,
        book: DeviceBook,
        setting: Callable[[Kind], str],
        name_of: Callable[[Kind], str],
        *,
        card: CardPainter,
        clock: Clock,
        is_cleaned: bool,
    ) -> None:
        """`name_of` tells what the chosen device is called. `is_cleaned`: echo and noise are taken out of a
        microphone's sound."""
        self.tell: Callable[[Fault], object] = lambda fault: None
        """Hears of a device that another one stands in for, on the book's thread."""
        self._book, self._setting = book, setting
        self._card = CardSource(card, clock)
        self._seats = {kind: Seat(kind, partial(setting, kind), book.look, partial(name_of, kind)) for kind in Kind}
        self.capture = Capture(
            picture=ChosenPicture(self._picture), sound=ChosenSound(self._sound), card=card, clock=clock
        )
        self.playout = Playout(ChosenOutput(self._output), clock)
        if is_cleaned:
            self.capture.sound.processing = canceller = EchoCanceller(self._has_microphone)
            self.playout.on_played = canceller.far
        self._again = {
            Kind.CAMERA: self.capture.picture.choose_again,
            Kind.MICROPHONE: self.capture.sound.choose_again,
            Kind.SPEAKER: self.playout.choose_again,
        }
        self._unlisten = book.listen(self._look)

    def close(self) -> None:
        """Follow no longer; whoever opened capture and playout closes them."""
        self._unlisten()

    def _look(self) -> None:
        found = self._book.devices()
        for kind, seat in self._seats.items():
            again, fault = seat.look(found)
            if again:
                self._again[kind]()
            if fault is not None and self.capture.is_open:
                self.tell(fault)

    def _picture(self) -> PictureSource:
        now = self._seats[Kind.CAMERA].take()
        if now.is_none:
            return self._card
        return FileSource(now.file) if now.file is not None else CameraSource(now.device)

    def _sound(self) -> SoundSource:
        now = self._seats[Kind.MICROPHONE].take()
        if now.is_none:
            return SilenceSource()
        return SoundFileSource(now.file) if now.file is not None else MicrophoneSource(now.device)

    def _output(self) -> SoundOutput:
        return output_of(self._setting(Kind.SPEAKER), self._seats[Kind.SPEAKER])

    def _has_microphone(self) -> bool:
        now = place(self._setting(Kind.MICROPHONE), Kind.MICROPHONE, self._book.devices())
        return not now.is_none and now.file is None


def output_of(setting: str, seat: Seat) -> SoundOutput:
    """What plays where a seat is."""
    now = seat.take()
    return SilentOutput() if now.is_none or Path(setting).is_file() else SpeakerOutput(now.device)
