"""The media thread carries coroutines from any thread and ends cleanly."""

import asyncio
import threading

import pytest

from media.thread import MediaThread


def test_what_is_run_runs_on_the_media_thread_and_its_result_comes_back():
    thread = MediaThread()
    thread.start()

    async def name() -> str:
        return threading.current_thread().name

    assert thread.run(name()).result(5) == "media"
    thread.stop()


def test_an_exception_reaches_whoever_asked():
    thread = MediaThread()
    thread.start()

    async def fail() -> None:
        raise ConnectionError("away")

    with pytest.raises(ConnectionError):
        thread.run(fail()).result(5)
    thread.stop()


def test_stopping_cancels_what_still_runs_and_refuses_what_comes_later():
    thread = MediaThread()
    thread.start()
    ended = threading.Event()

    async def forever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    thread.run(forever())
    thread.call(lambda: None)
    thread.stop()
    thread.stop()
    assert ended.is_set()
    with pytest.raises(RuntimeError):
        thread.run(forever())
    thread.call(lambda: None)


def test_datagrams_are_possible_on_it():
    thread = MediaThread()
    thread.start()

    async def bind() -> int:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
        )
        number = int(transport.get_extra_info("sockname")[1])
        transport.close()
        return number

    assert thread.run(bind()).result(5) > 0
    thread.stop()
