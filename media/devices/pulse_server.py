"""What PulseAudio (or PipeWire) has of sources and sinks, and a word whenever that changes (pulse/introspect.h)."""

import ctypes
import functools
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from media.devices.pulse_streams import ServerAway

log = logging.getLogger(__name__)

ANSWER_WITHIN = 3.0
_READY, _FAILED, _TERMINATED = 4, 5, 6
_NO_AUTOSPAWN = 1
_SINKS_SOURCES_SERVER = 0x0001 | 0x0002 | 0x0080
_MONITOR = ".monitor"


@dataclass(frozen=True, slots=True)
class PulseDevice:
    """`name` is the server's own, the same after the device was away; `title` is for people."""

    name: str
    title: str


@dataclass(frozen=True, slots=True)
class PulseDevices:
    """What there is, and which of it the server takes where none is named."""

    sources: tuple[PulseDevice, ...] = ()
    sinks: tuple[PulseDevice, ...] = ()
    default_source: str = ""
    default_sink: str = ""


class _Info(ctypes.Structure):
    """The beginning of pa_source_info and of pa_sink_info, which is the same."""

    _fields_ = (("name", ctypes.c_char_p), ("index", ctypes.c_uint32), ("description", ctypes.c_char_p))


class _ServerInfo(ctypes.Structure):
    _fields_ = (
        ("words", ctypes.c_char_p * 4),
        ("sample_spec", ctypes.c_uint32 * 3),
        ("default_sink", ctypes.c_char_p),
        ("default_source", ctypes.c_char_p),
    )


_Notify = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)
_OnInfo = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.POINTER(_Info), ctypes.c_int, ctypes.c_void_p)
_OnServer = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.POINTER(_ServerInfo), ctypes.c_void_p)
_OnEvent = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_uint32, ctypes.c_void_p)


@functools.cache
def _library() -> Any:
    try:
        found = ctypes.CDLL("libpulse.so.0")
    except OSError as err:
        raise ServerAway(str(err)) from err
    pointer, text = ctypes.c_void_p, ctypes.c_char_p
    shapes: dict[str, tuple[Any, list[Any]]] = {
        "pa_threaded_mainloop_new": (pointer, []),
        "pa_threaded_mainloop_get_api": (pointer, [pointer]),
        "pa_threaded_mainloop_start": (ctypes.c_int, [pointer]),
        "pa_threaded_mainloop_stop": (None, [pointer]),
        "pa_threaded_mainloop_free": (None, [pointer]),
        "pa_threaded_mainloop_lock": (None, [pointer]),
        "pa_threaded_mainloop_unlock": (None, [pointer]),
        "pa_context_new": (pointer, [pointer, text]),
        "pa_context_connect": (ctypes.c_int, [pointer, text, ctypes.c_int, pointer]),
        "pa_context_disconnect": (None, [pointer]),
        "pa_context_unref": (None, [pointer]),
        "pa_context_get_state": (ctypes.c_int, [pointer]),
        "pa_context_set_state_callback": (None, [pointer, _Notify, pointer]),
        "pa_context_set_subscribe_callback": (None, [pointer, _OnEvent, pointer]),
        "pa_context_subscribe": (pointer, [pointer, ctypes.c_int, pointer, pointer]),
        "pa_context_get_source_info_list": (pointer, [pointer, _OnInfo, pointer]),
        "pa_context_get_sink_info_list": (pointer, [pointer, _OnInfo, pointer]),
        "pa_context_get_server_info": (pointer, [pointer, _OnServer, pointer]),
        "pa_operation_unref": (None, [pointer]),
    }
    for name, (result, arguments) in shapes.items():
        function = getattr(found, name)
        function.restype, function.argtypes = result, arguments
    return found


class PulseServer:
    """A connection to the server, made when it is first asked and again after it was lost. For one thread at a time."""

    def __init__(self, on_change: Callable[[], None] = lambda: None) -> None:
        """`on_change` is called on a thread of the library's when a device came, went or was renamed."""
        self._on_change = on_change
        self._loop: int | None = None
        self._context: int | None = None
        self._state = 0
        self._stirred = threading.Condition()
        # The library keeps only their addresses.
        self._on_state = _Notify(self._note_state)
        self._on_event = _OnEvent(lambda *_: self._on_change())

    def devices(self) -> PulseDevices:
        """What there is now; monitors of sinks are no microphones. Raises ServerAway."""
        library = self._connect()
        sources: list[PulseDevice] = []
        sinks: list[PulseDevice] = []
        defaults = ["", ""]
        left = [3]

        def done() -> None:
            with self._stirred:
                left[0] -= 1
                self._stirred.notify_all()

        def into(found: list[PulseDevice]) -> Any:
            def take(_context: int, info: Any, end: int, _data: int) -> None:
                if end:
                    done()
                else:
                    name = _text(info.contents.name)
                    found.append(PulseDevice(name, _text(info.contents.description) or name))

            return _OnInfo(take)

        def server(_context: int, info: Any, _data: int) -> None:
            if info:
                defaults[:] = _text(info.contents.default_source), _text(info.contents.default_sink)
            done()

        callbacks = into(sources), into(sinks), _OnServer(server)
        asked = ("pa_context_get_source_info_list", "pa_context_get_sink_info_list", "pa_context_get_server_info")
        with self._locked(library):
            for name, callback in zip(asked, callbacks, strict=True):
                operation = getattr(library, name)(self._context, callback, None)
                if operation:
                    library.pa_operation_unref(operation)
        if not self._wait(lambda: left[0] == 0 or self._state in (_FAILED, _TERMINATED)) or left[0]:
            self.close()  # its callbacks must not come any more
            raise ServerAway("no answer")
        with self._locked(library):
            pass  # the last callback has returned: only now may it be let go of
        return PulseDevices(
            tuple(each for each in sources if not each.name.endswith(_MONITOR)),
            tuple(sinks),
            *defaults,
        )

    def __del__(self) -> None:
        self.close()  # the library would go on to call what is gone

    def close(self) -> None:
        """Idempotent."""
        loop, self._loop = self._loop, None
        context, self._context = self._context, None
        if loop is None:
            return
        library = _library()
        if context is not None:
            library.pa_threaded_mainloop_lock(loop)
            self._state = 0  # it is we who leave
            library.pa_context_disconnect(context)
            library.pa_context_unref(context)
            library.pa_threaded_mainloop_unlock(loop)
        library.pa_threaded_mainloop_stop(loop)
        library.pa_threaded_mainloop_free(loop)

    def _connect(self) -> Any:
        library = _library()
        if self._context is not None and self._state == _READY:
            return library
        self.close()
        self._state = 0
        self._loop = library.pa_threaded_mainloop_new()
        if not self._loop or library.pa_threaded_mainloop_start(self._loop) < 0:
            self.close()
            raise ServerAway("no thread")
        with self._locked(library):
            self._context = library.pa_context_new(library.pa_threaded_mainloop_get_api(self._loop), b"Silian")
            library.pa_context_set_state_callback(self._context, self._on_state, None)
            library.pa_context_set_subscribe_callback(self._context, self._on_event, None)
            begun = library.pa_context_connect(self._context, None, _NO_AUTOSPAWN, None)
        if begun < 0 or not self._wait(lambda: self._state >= _READY) or self._state != _READY:
            self.close()
            raise ServerAway("not reached")
        with self._locked(library):
            operation = library.pa_context_subscribe(self._context, _SINKS_SOURCES_SERVER, None, None)
            if operation:
                library.pa_operation_unref(operation)
        return library

    def _note_state(self, context: int, _data: int) -> None:
        state = _library().pa_context_get_state(context)
        with self._stirred:
            was_lost = self._state == _READY and state in (_FAILED, _TERMINATED)
            self._state = state
            self._stirred.notify_all()
        if was_lost:  # and not merely never reached, which is no change
            self._on_change()

    def _wait(self, until: Callable[[], bool]) -> bool:
        with self._stirred:
            return self._stirred.wait_for(until, ANSWER_WITHIN)

    @contextmanager
    def _locked(self, library: Any) -> Iterator[None]:
        library.pa_threaded_mainloop_lock(self._loop)
        try:
            yield
        finally:
            library.pa_threaded_mainloop_unlock(self._loop)


def _text(value: bytes | None) -> str:
    return value.decode("utf-8", "replace") if value else ""
