"""The page on which a member signs in by phone: plain HTML, no script, nothing of the records but what was typed for.

Served by the terminal itself on the room's own network, without TLS: a phone has no certificate of ours. So it shows
names and sectors of at most a few members whose name or card number was typed, never a list, and takes one signature
a pass. There is no other route; anything else is 404, and nothing here is ever asked of the center.
"""

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from desktop_app.domain.faults import Fault
from sync.meetings.tickets import Tickets

BODY = 2_048
"""Bytes of a form."""
TYPED = 40
"""Characters of a name or a number."""
LEAST = 2
"""Characters that must be typed before anybody is shown."""
SHOWN = 6
"""Members shown for what was typed; more of them means: type more."""
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
Words = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PhoneMember:
    """A member as the page shows them."""

    member: str
    name: str
    sector: str
    signed_at: str = ""
    """`08:52` for who has signed in; empty before."""


class PhoneDesk(Protocol):
    """What the page may ask of the room's desk; on a worker thread."""

    def find(self, text: str) -> Sequence[PhoneMember]:
        """The members of this room whom a name, initials or a whole card number means."""
        ...

    def sign_in(self, member: str) -> PhoneMember:
        """Sign this member of the room in; the time that counts is in the answer. Raises Fault."""
        ...


def phone_page(
    tickets: Tickets, desk: PhoneDesk, words: Words, hosts: Sequence[str], monotonic: Callable[[], float]
) -> Starlette:
    """The page as an ASGI program. `words` are its sentences; `hosts` the only addresses it answers to."""
    page = _Page(tickets, desk, words, frozenset(hosts), monotonic)
    return Starlette(
        routes=[
            Route("/s/{ticket}", page.scan, methods=["GET"]),
            Route("/find", page.find, methods=["POST"]),
            Route("/sign", page.sign, methods=["POST"]),
        ]
    )


class _Page:
    def __init__(
        self, tickets: Tickets, desk: PhoneDesk, words: Words, hosts: frozenset[str], monotonic: Callable[[], float]
    ) -> None:
        self._tickets, self._desk, self._words, self._hosts = tickets, desk, words, hosts
        self._monotonic = monotonic

    async def scan(self, request: Request) -> Response:
        """What the QR code leads to."""
        if (refused := self._refused(request)) is not None:
            return refused
        key = self._tickets.open(request.path_params["ticket"], self._monotonic())
        if key is None:
            return self._told("expired", status=410)
        return self._answer(self._form(key))

    async def find(self, request: Request) -> Response:
        """Who is meant."""
        if (refused := self._refused(request)) is not None:
            return refused
        form = await _form_of(request)
        key, text = form.get("key", ""), " ".join(form.get("text", "")[:TYPED].split())
        if not self._tickets.holds(key, self._monotonic()):
            return self._told("expired", status=410)
        if len(text) < LEAST:
            return self._answer(self._form(key, text, self._words["more"]))
        found = await run_in_threadpool(self._desk.find, text)
        if not found:
            return self._answer(self._form(key, text, self._words["none"]))
        if len(found) > SHOWN:
            return self._answer(self._form(key, text, self._words["many"]))
        return self._answer(self._form(key, text) + "".join(self._choice(key, one) for one in found))

    async def sign(self, request: Request) -> Response:
        """The signature."""
        if (refused := self._refused(request)) is not None:
            return refused
        form = await _form_of(request)
        if not self._tickets.spend(form.get("key", ""), self._monotonic()):
            return self._told("expired", status=410)
        try:
            one = await run_in_threadpool(self._desk.sign_in, form.get("member", "")[:64])
        except Fault:
            return self._told("desk", status=409)
        said = html.escape(self._words["done"].format(name=one.name, time=one.signed_at))
        return self._answer(f'<p class="done">{said}</p>')

    def _refused(self, request: Request) -> Response | None:
        if request.headers.get("host", "") not in self._hosts:
            return Response(status_code=421)
        phone = request.client.host if request.client is not None else ""
        if not self._tickets.allows(phone, self._monotonic()):
            return self._told("busy", status=429)
        return None

    def _form(self, key: str, text: str = "", note: str = "") -> str:
        words = self._words
        said = f'<p class="note">{html.escape(note)}</p>' if note else ""
        return (
            f'<form method="post" action="/find">{_hidden("key", key)}'
            f'<label for="text">{html.escape(words["who"])}</label>'
            f'<input id="text" name="text" value="{html.escape(text)}" maxlength="{TYPED}" '
            'autocomplete="off" autofocus>'
            f"<button>{html.escape(words['find'])}</button></form>{said}"
        )

    def _choice(self, key: str, one: PhoneMember) -> str:
        words = self._words
        name = f"<b>{html.escape(one.name)}</b> <span>{html.escape(one.sector)}</span>"
        if one.signed_at:
            return f'<p class="one">{name}<em>{html.escape(words["already"].format(time=one.signed_at))}</em></p>'
        return (
            f'<form class="one" method="post" action="/sign">{_hidden("key", key)}{_hidden("member", one.member)}{name}'
            f"<button>{html.escape(words['sign'])}</button></form>"
        )

    def _told(self, word: str, status: int) -> HTMLResponse:
        return self._answer(f'<p class="note">{html.escape(self._words[word])}</p>', status)

    def _answer(self, body: str, status: int = 200) -> HTMLResponse:
        title, place = html.escape(self._words["title"]), html.escape(self._words["place"])
        whole = (
            f'<!doctype html><html lang="{html.escape(self._words["language"])}"><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{title}</title><style>{STYLE}</style><main><h1>{title}</h1><h2>{place}</h2>{body}</main></html>"
        )
        return HTMLResponse(whole, status, headers=HEADERS)


def _hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{name}" value="{html.escape(value)}">'


async def _form_of(request: Request) -> dict[str, str]:
    """The fields of a small form; empty for anything else."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > BODY:
            return {}
    try:
        return {name: values[0] for name, values in parse_qs(body.decode(), max_num_fields=8).items()}
    except ValueError:
        return {}


STYLE = """
:root{color-scheme:light dark}
body{margin:0;font:17px/1.5 "Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif;
background:#eff3f4;color:#16222b}
main{max-width:480px;margin:0 auto;padding:20px 16px}
h1{font-size:21px;margin:0 0 2px}
h2{font-size:16px;font-weight:400;color:#40515d;margin:0 0 18px}
form,.one,.note,.done{background:#fff;border:1px solid #cdd7dc;border-radius:8px;padding:14px;margin:0 0 12px}
label{display:block;margin-bottom:8px}
input{box-sizing:border-box;width:100%;font:inherit;padding:11px;border:1px solid #7c8d97;border-radius:6px}
button{font:inherit;font-weight:700;min-height:48px;width:100%;margin-top:12px;border:0;border-radius:6px;
background:#1f4a78;color:#fff}
.one b{font-size:19px}.one span{color:#40515d}.one em{display:block;font-style:normal;color:#1a6747}
.note{color:#865000}.done{color:#1a6747;font-size:20px;font-weight:700}
@media (prefers-color-scheme:dark){body{background:#11181d;color:#e9eff2}h2,.one span{color:#b9c6ce}
form,.one,.note,.done{background:#1a242b;border-color:#2f3d47}button{background:#8fbbea;color:#11181d}
input{background:#0c1216;color:#e9eff2;border-color:#738794}.note{color:#edb455}.done,.one em{color:#6fcfa0}}
"""
