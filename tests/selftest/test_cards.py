"""A member's card before the room's camera."""

import threading
from pathlib import Path

import av
import pytest
import segno

from desktop_app.domain.faults import Fault
from media.capture.cards import CardCamera, CodeReader

CARD = "441323-15-0007"


def card_picture(text: str, width: int = 640, height: int = 360, square: int = 5, form: str = "gray") -> av.VideoFrame:
    """The card in the middle of a grey room."""
    matrix = segno.make(text, error="m", micro=False).matrix
    side = (len(matrix) + 8) * square
    lines = [bytearray(b"\x90" * width) for _ in range(height)]
    top, left = (height - side) // 2, (width - side) // 2
    for y in range(side):
        for x in range(side):
            row, column = y // square - 4, x // square - 4
            inside = 0 <= row < len(matrix) and 0 <= column < len(matrix)
            lines[top + y][left + x] = 25 if inside and matrix[row][column] else 235
    picture = av.VideoFrame(width, height, "gray")
    stride = picture.planes[0].line_size
    picture.planes[0].update(b"".join(bytes(line).ljust(stride, b"\0") for line in lines))
    return picture if form == "gray" else picture.reformat(format=form)


@pytest.mark.parametrize(("width", "height", "square"), [(640, 360, 3), (1920, 1080, 9)])
def test_a_card_is_read_out_of_a_picture(width: int, height: int, square: int) -> None:
    assert CodeReader().texts(card_picture(CARD, width, height, square, "yuv420p")) == [CARD]


def test_a_room_without_a_card_says_nothing() -> None:
    empty = av.VideoFrame(640, 360, "gray")
    empty.planes[0].update(bytes(empty.planes[0].buffer_size))
    assert CodeReader().texts(empty) == []


def film(path: Path, text: str) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        stream.bit_rate = 4_000_000
        for _ in range(20):
            container.mux(stream.encode(card_picture(text, form="yuv420p")))
        container.mux(stream.encode(None))
    return path


def test_a_card_that_stays_before_the_camera_is_read_once(tmp_path: Path) -> None:
    path = film(tmp_path / "card.mp4", CARD)
    heard: list[str] = []
    first = threading.Event()
    faults: list[Fault] = []
    camera = CardCamera(lambda: str(path))
    camera.start(lambda text: (heard.append(text), first.set()), faults.append)
    assert first.wait(20)
    assert not threading.Event().wait(0.5)
    camera.stop()
    assert (heard, faults) == ([CARD], [])


def test_a_room_without_a_camera_says_so() -> None:
    told = threading.Event()
    faults: list[Fault] = []
    camera = CardCamera(lambda: "none")
    camera.start(lambda _text: None, lambda fault: (faults.append(fault), told.set()))
    assert told.wait(20)
    camera.stop()
    assert [fault.id for fault in faults] == ["cards-no-camera"]
