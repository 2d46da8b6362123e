"""A member's phone at the room's QR code: it opens the page, types a name, and presses the button."""

import html
import re
from urllib.error import URLError
from urllib.parse import urlencode, urljoin
from urllib.request import urlopen

from desktop_app.domain.faults import HostFault

WAIT_SECONDS = 10
_HIDDEN = re.compile(r'name="(key|member)" value="([^"]*)"')


def sign_in_by_phone(address: str, name: str) -> None:
    """Sign in whoever is found first. HostFault "day-not-seen" where the page does not lead there."""
    try:
        form = _fields(_page(address))
        found = _fields(_page(urljoin(address, "/find"), key=form["key"], text=name))
        _page(urljoin(address, "/sign"), key=found["key"], member=found["member"])
    except (URLError, KeyError) as err:
        raise HostFault("day-not-seen", what="the page for phones", missing=1) from err


def _page(address: str, **fields: str) -> str:
    """A page of the room's own address, which the terminal has told."""
    body = urlencode(fields).encode() if fields else None
    with urlopen(address, body, WAIT_SECONDS) as answer:
        text: str = answer.read().decode()
        return text


def _fields(page: str) -> dict[str, str]:
    return {name: html.unescape(value) for name, value in _HIDDEN.findall(page)}
