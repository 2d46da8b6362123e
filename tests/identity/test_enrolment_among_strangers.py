"""A terminal enrols over a link that nobody vouches for: whoever is no center, or another one, learns nothing."""

import json
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from enrolling import HUIDONG, Center, Stage, Terminal, authority_in, serving
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from desktop_app.domain.faults import OperatorError
from sync.identity.enrolment import center_url


def test_whoever_does_not_know_the_code_learns_only_the_locator(tmp_path: Path, terminal: Terminal) -> None:
    """A stranger with a center of their own answers in the place of the real one."""
    heard: list[bytes] = []
    impostor = Center(tmp_path / "impostor", authority_in(tmp_path / "impostor"))

    async def hello(request: Request) -> Response:
        heard.append(await request.body())
        return JSONResponse(impostor.desk.hello(json.loads(heard[-1])))

    async def anything(request: Request) -> Response:
        heard.append(await request.body())
        return JSONResponse({})

    routes = [Route("/v1/enrolments/hello", hello, methods=["POST"]), Route("/{p:path}", anything, methods=["POST"])]
    with serving(Starlette(routes=routes), impostor.authority.server_context()) as url:
        assert terminal.refusal(url, "2345-6789-ABCD-EFGH").id == "activation-code-wrong"
    assert [sorted(json.loads(body)) for body in heard] == [["device_key", "locator", "nonce", "version"]]
    assert json.loads(heard[0])["locator"] == "2345"
    impostor.registry.close()


def test_a_relay_that_passes_the_centers_own_proof_on_gets_no_further(
    tmp_path: Path, center: Center, terminal: Terminal
) -> None:
    reached: list[str] = []

    async def relay(request: Request) -> Response:
        reached.append(request.url.path)
        return JSONResponse(center.desk.hello(json.loads(await request.body())))

    other = authority_in(tmp_path / "other")
    app = Starlette(routes=[Route("/{p:path}", relay, methods=["POST"])])
    code = center.code()
    with serving(app, other.server_context()) as url:
        assert terminal.refusal(url, code).id == "center-certificate"
    assert reached == ["/v1/enrolments/hello"]
    assert terminal.enrol(center.url, code).identity.unit_path == HUIDONG


def _answering(make: Callable[[], Response]) -> Starlette:
    async def answer(_: Request) -> Response:
        return make()

    return Starlette(routes=[Route("/{p:path}", answer, methods=["POST"])])


@pytest.mark.parametrize(
    ("make", "refusal"),
    [
        (lambda: PlainTextResponse("<html>router login</html>"), "center-not-silian"),
        (lambda: PlainTextResponse("<html>gateway</html>", 502), "center-not-silian"),
        (lambda: JSONResponse([1, 2]), "center-not-silian"),
        (lambda: JSONResponse({}), "center-not-silian"),
        (lambda: PlainTextResponse("[" * 100_000), "center-not-silian"),
        (lambda: JSONResponse({"x": "y" * 300_000}), "center-not-silian"),
        (lambda: JSONResponse({"ca_pem": "x", "center_key": "!", "proof": None, "tries_left": 1}), "center-not-silian"),
        (lambda: JSONResponse({"id": 7}, 400), "center-not-silian"),
        (lambda: JSONResponse({"id": "of-the-future"}, 400), "center-refused"),
        (lambda: Response(status_code=302, headers={"location": "https://127.0.0.1:1/"}), "center-not-silian"),
    ],
)  # fmt: skip
def test_a_server_that_is_no_center_is_called_that(
    stage: Stage, terminal: Terminal, make: Callable[[], Response], refusal: str
) -> None:
    stage.app = _answering(make)
    assert terminal.refusal(stage.url, "2345-6789-ABCD-EFGH").id == refusal


@pytest.mark.parametrize(
    "greeting", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x15\x03\x03"]
)
def test_a_port_that_speaks_something_else_is_not_a_center(terminal: Terminal, greeting: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(greeting)
                connection.recv(4096)

        thread = threading.Thread(target=greet)
        thread.start()
        refusal = terminal.refusal(f"127.0.0.1:{listener.getsockname()[1]}", "2345-6789-ABCD-EFGH")
        thread.join()
    assert refusal.id in ("center-not-silian", "center-unreachable")
    assert greeting == b"" or refusal.id == "center-not-silian"


def test_a_center_that_is_not_there_is_unreachable(terminal: Terminal) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert terminal.refusal(f"127.0.0.1:{port}", "2345-6789-ABCD-EFGH").id == "center-unreachable"


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("10.1.2.3", "https://10.1.2.3:8443"),
        (" center.gdszx.example:9443 ", "https://center.gdszx.example:9443"),
        ("https://10.1.2.3/", "https://10.1.2.3:8443"),
        ("[::1]:9443", "https://[::1]:9443"),
    ],
)
def test_an_address_is_taken_as_people_write_it(typed: str, url: str) -> None:
    assert center_url(typed) == url


@pytest.mark.parametrize(
    "typed",
    ["", "http://10.1.2.3", "https://", "https://a/b", "a:b", "https://u:p@a", "ftp://a", "a b", "x" * 9000 + ":9"],
)
def test_what_is_no_address_is_told_at_once(typed: str) -> None:
    with pytest.raises(OperatorError, match="center-address-invalid"):
        center_url(typed)
