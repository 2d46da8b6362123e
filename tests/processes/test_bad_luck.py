"""What a terminal says when machine, center or hand is not as it should be, and that nothing is lost by it."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from desktop_app.demo.room import Room
from desktop_app.demo.setting import PIN, free_tcp_port
from tests.processes.rooms import Session
from tests.processes.small_disk import SmallDisk

pytestmark = [pytest.mark.processes, pytest.mark.timeout(100)]


def test_a_full_disk_is_told_and_what_was_typed_is_stored_once_there_is_room_again(
    session: Session, small_disk: SmallDisk
) -> None:
    if not small_disk.mounted:
        pytest.skip("may not mount a small disk here")
    city = session.city
    city.do("minutes.open", until="minutes.loaded == true")
    city.do("minutes.write", text="磁盘写满之前。", until=["minutes.typing == 0", "minutes.unsaved == false"])
    small_disk.fill()
    city.do("minutes.paste", text="写不下的一段。", times=40_000, until="minutes.fault == disk-full")
    city.do(until=["minutes.unsaved == true", "minutes.blocks == 2"])
    small_disk.clear()
    city.do(until=['minutes.fault == ""', "minutes.unsaved == false", "app.pending == 0"], within=20)
    city.do("app.return", until="meeting.moving == 1")


def test_a_second_program_on_the_same_store_says_so_and_the_first_one_goes_on(session: Session) -> None:
    host = session.host
    second = Room(session.scene, host.player)
    second.seat = session.scene.second_seat(host.player)
    second.start()
    second.do(until=["app.stage == failed", "app.fault == store-in-use"], within=30)
    second.seat.process.kill()  # type: ignore[union-attr]  # it was started two lines above
    host.do("minutes.open", until="minutes.loaded == true")
    host.do("minutes.write", text="照常记录。", until=["minutes.typing == 0", "app.pending == 0"])
    host.do("app.return", until="meeting.moving == 1")


@contextlib.contextmanager
def _garbage() -> Iterator[int]:
    """A server that answers everything with something that is no TLS."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError):
                await reader.read(100)
                writer.write(b"SMTP ready when you are\r\n" * 10)
                await writer.drain()
                writer.close()

        loop = asyncio.new_event_loop()
        loop.run_until_complete(asyncio.start_server(answer, sock=server.dup()))
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def test_enrolment_tells_a_wrong_center_and_a_wrong_code_apart_and_then_works(session: Session) -> None:
    stranger = session.stranger
    values = session.scene.values(stranger.seat)
    used = session.host.seat.activation
    wrong = values["code"][:-4] + ("2222" if values["code"][-4:] != "2222" else "3333")

    def submit(url: str, code: str, fault: str) -> None:
        given = {"url": url, "code": code, "name": "博罗操作员", "pin": PIN}
        stranger.do("enrol.submit", **given, until=["enrol.busy == false", f"enrol.fault == {fault}"], within=20)

    stranger.start()
    stranger.do(until="app.stage == enrol", within=30)
    submit(f"https://127.0.0.1:{free_tcp_port()}", values["code"], "center-unreachable")
    with _garbage() as port:
        submit(f"https://127.0.0.1:{port}", values["code"], "center-not-silian")
    submit(values["url"], wrong, "activation-code-wrong")
    submit(values["url"], used, "activation-code-used")
    stranger.do(
        "enrol.submit",
        url=values["url"],
        code=values["code"],
        name="博罗操作员",
        pin=PIN,
        until=["app.stage == open", "app.link == online"],
        within=30,
    )
    stranger.seat.process.kill()  # type: ignore[union-attr]  # it was started above
