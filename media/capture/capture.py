"""The terminal's own picture and sound, from device to encoded packet, on capture threads of their own.

A device that is missing or goes away is told once as a HostFault, and its stand-in takes over within seconds: the card
for the camera, silence for the microphone. A device is tried again every few seconds.
"""

from pathlib import Path

from desktop_app.domain.clock import Clock
from media.capture.picture_capture import PictureCapture
from media.capture.pictures import CameraSource, CardSource, FileSource
from media.capture.sound_capture import SoundCapture
from media.capture.sounds import MicrophoneSource, SilenceSource, SoundFileSource
from media.capture.sources import CaptureChoice, CaptureSink, CardPainter, PictureSource, SoundSource
from media.frames import FrameSlot


class Capture:
    """Both captures and the preview. Open and close are for one thread; the rest may be touched from any."""

    def __init__(
        self,
        *,
        picture: PictureSource,
        sound: SoundSource,
        card: CardPainter,
        clock: Clock,
        audio_bitrate: int = 32_000,
    ) -> None:
        self.preview = FrameSlot()
        self.picture = PictureCapture(picture, CardSource(card, clock), self.preview)
        self.sound = SoundCapture(sound, SilenceSource(), audio_bitrate)
        self._open = False

    @property
    def is_open(self) -> bool:
        return self._open

    def open(self, sink: CaptureSink) -> None:
        """Start both; returns at once, faults come through the sink."""
        if not self._open:
            self._open = True
            self.picture.start(sink)
            self.sound.start(sink)

    def close(self) -> None:
        """Release the devices; waits for both threads."""
        if self._open:
            self._open = False
            self.picture.stop()
            self.sound.stop()


def make_capture(choice: CaptureChoice, *, card: CardPainter, clock: Clock) -> Capture:
    """The capture that a choice names. Raises ValueError for a choice that names nothing."""
    return Capture(picture=_picture(choice.picture, card, clock), sound=_sound(choice.sound), card=card, clock=clock)


def _picture(choice: str, card: CardPainter, clock: Clock) -> PictureSource:
    kind, _, rest = choice.partition(":")
    if kind == "camera":
        return CameraSource(rest)
    if kind == "file" and rest:
        return FileSource(Path(rest))
    if choice == "card":
        return CardSource(card, clock)
    raise ValueError(f"no such picture source: {choice}")


def _sound(choice: str) -> SoundSource:
    kind, _, rest = choice.partition(":")
    if kind == "microphone":
        return MicrophoneSource(rest)
    if kind == "file" and rest:
        return SoundFileSource(Path(rest))
    if choice == "silence":
        return SilenceSource()
    raise ValueError(f"no such sound source: {choice}")
