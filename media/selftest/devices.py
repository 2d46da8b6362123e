"""From the settings of this machine to the devices that are tried; `none` is a room that does without."""

from pathlib import Path

from media.capture.pictures import CameraSource, FileSource
from media.capture.sounds import MicrophoneSource, SoundFileSource
from media.capture.sources import PictureSource, SoundSource
from media.playout.outputs import SoundOutput, SpeakerOutput

AUTO, NONE = "auto", "none"


def camera_of(setting: str) -> PictureSource | None:
    """`media.camera`: auto, none, a file, or a device."""
    if setting == NONE:
        return None
    if Path(setting).is_file():
        return FileSource(Path(setting))
    return CameraSource("" if setting == AUTO else setting)


def microphone_of(setting: str) -> SoundSource | None:
    """`media.microphone`."""
    if setting == NONE:
        return None
    if Path(setting).is_file():
        return SoundFileSource(Path(setting))
    return MicrophoneSource("" if setting == AUTO else setting)


def speaker_of(setting: str) -> SoundOutput | None:
    """`media.speaker`."""
    return None if setting == NONE else SpeakerOutput("" if setting == AUTO else setting)
