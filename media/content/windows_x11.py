"""The windows of an X11 desktop, through libX11, whose own error handler would end the program."""

import ctypes
import functools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

SMALLEST = 64
_ANY_TYPE = 0
_VIEWABLE = 2


@dataclass(frozen=True, slots=True)
class XWindow:
    """Native pixels."""

    number: int
    title: str
    width: int
    height: int


class _Attributes(ctypes.Structure):
    """XWindowAttributes."""

    _fields_ = (
        *((name, ctypes.c_int) for name in ("x", "y", "width", "height", "border", "depth")),
        ("visual", ctypes.c_void_p),
        ("root", ctypes.c_ulong),
        *((name, ctypes.c_int) for name in ("kind", "bit_gravity", "win_gravity", "backing_store")),
        ("planes", ctypes.c_ulong),
        ("pixel", ctypes.c_ulong),
        ("save_under", ctypes.c_int),
        ("colormap", ctypes.c_ulong),
        ("map_installed", ctypes.c_int),
        ("map_state", ctypes.c_int),
        ("all_events", ctypes.c_long),
        ("your_events", ctypes.c_long),
        ("no_propagate", ctypes.c_long),
        ("override_redirect", ctypes.c_int),
        ("screen", ctypes.c_void_p),
    )


_OnError = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
_ignored = _OnError(lambda _display, _error: 0)  # a window may go while we ask about it


@functools.cache
def _library() -> Any:
    found = ctypes.CDLL("libX11.so.6")
    pointer, number, integer = ctypes.c_void_p, ctypes.c_ulong, ctypes.c_int
    found.XOpenDisplay.restype, found.XOpenDisplay.argtypes = pointer, [ctypes.c_char_p]
    found.XCloseDisplay.argtypes = [pointer]
    found.XDefaultRootWindow.restype, found.XDefaultRootWindow.argtypes = number, [pointer]
    found.XInternAtom.restype, found.XInternAtom.argtypes = number, [pointer, ctypes.c_char_p, integer]
    found.XGetWindowAttributes.argtypes = [pointer, number, pointer]
    found.XQueryTree.argtypes = [pointer, number, pointer, pointer, pointer, pointer]
    found.XGetWindowProperty.argtypes = [
        pointer, number, number, ctypes.c_long, ctypes.c_long, integer, number,
        pointer, pointer, pointer, pointer, pointer,
    ]  # fmt: skip
    found.XFree.argtypes = [pointer]
    return found


def windows(display_name: str = "") -> list[XWindow]:
    """The windows that a person sees, the newest first; none without a display."""
    with _display(display_name) as (x, display):
        if not display:
            return []
        found = []
        for number in reversed(_clients(x, display)):
            shape = _Attributes()
            if not x.XGetWindowAttributes(display, number, ctypes.byref(shape)) or shape.map_state != _VIEWABLE:
                continue
            named = (_property(x, display, number, name) for name in (b"_NET_WM_NAME", b"WM_NAME"))
            title = next(filter(None, named), b"").decode("utf-8", "replace")
            if title and min(shape.width, shape.height) >= SMALLEST:
                found.append(XWindow(number, title, shape.width, shape.height))
        return found


@contextmanager
def _display(name: str) -> Iterator[tuple[Any, Any]]:
    try:
        x = _library()
    except OSError:
        yield None, None
        return
    x.XSetErrorHandler(_ignored)
    display = x.XOpenDisplay(name.encode() or None)
    try:
        yield x, display
    finally:
        if display:
            x.XCloseDisplay(display)


def _clients(x: Any, display: Any) -> list[int]:
    """What the window manager lists; without one, the children of the root."""
    root = x.XDefaultRootWindow(display)
    listed = _property(x, display, root, b"_NET_CLIENT_LIST")
    size = ctypes.sizeof(ctypes.c_ulong)
    if listed:
        return [int.from_bytes(listed[at : at + size], "little") for at in range(0, len(listed), size)]
    root_of, parent, count = ctypes.c_ulong(), ctypes.c_ulong(), ctypes.c_uint()
    children = ctypes.POINTER(ctypes.c_ulong)()
    places = (ctypes.byref(each) for each in (root_of, parent, children, count))
    if not x.XQueryTree(display, root, *places) or not children:
        return []
    found = [int(children[place]) for place in range(count.value)]
    x.XFree(children)
    return found


def _property(x: Any, display: Any, window: int, name: bytes) -> bytes:
    atom = x.XInternAtom(display, name, 1)
    if not atom:
        return b""
    kind, shape, count, left = ctypes.c_ulong(), ctypes.c_int(), ctypes.c_ulong(), ctypes.c_ulong()
    value = ctypes.c_void_p()
    places = (ctypes.byref(each) for each in (kind, shape, count, left, value))
    if x.XGetWindowProperty(display, window, atom, 0, 4096, 0, _ANY_TYPE, *places) or not value:
        return b""
    # Items of 32 bits are stored as longs.
    size = ctypes.sizeof(ctypes.c_ulong) if shape.value == 32 else shape.value // 8
    found = ctypes.string_at(value, count.value * size)
    x.XFree(value)
    return found
