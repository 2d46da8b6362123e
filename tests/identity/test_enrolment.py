"""A terminal becomes a device with one code, over a link that nobody vouches for yet."""

import base64
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from desktop_app.domain.clock import stamp
from desktop_app.domain.faults import Fault, OperatorError
from desktop_app.domain.ids import DeviceId, UnitPath, derived_id
from desktop_app.domain.principal import Role
from sync.identity import enrolment_desk
from sync.identity.activation import ALPHABET, ActivationCode, CodeBook
from sync.identity.authority import SERVER_NAME, Authority, tls_context
from sync.identity.device import DeviceIdentity, DeviceKey, is_enrolled
from sync.identity.enrolment import Enrolled, center_url, enrol
from sync.identity.enrolment_desk import EnrolmentDesk
from sync.identity.keystore import KeyStore, Stretch, open_keystore
from sync.identity.registry import Device, Registry
from sync.identity.requests import RequestSigner

HUIDONG, BOLUO = UnitPath("100000/440000/441300/441323/"), UnitPath("100000/440000/441300/441322/")
CHEAP = Stretch(1, 64, 1)


class HandClock:
    def __init__(self) -> None:
        self.at = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
        self.elapsed = 0.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.elapsed


class BookOffice:
    """An office that keeps its people in a dictionary."""

    def __init__(self) -> None:
        self.people: dict[str, dict[str, Any]] = {}
        self.places: dict[UnitPath, UnitPath] = {}
        """Where units are now that were moved."""

    def unit(self, unit_path: UnitPath) -> Mapping[str, Any]:
        return {"pk": "441323", "name": "惠东县政协", "unit_path": self.places.get(unit_path, unit_path)}

    def operators(self, unit_path: UnitPath) -> list[Mapping[str, Any]]:
        return [row for row in self.people.values() if row["unit_path"] == unit_path]

    def admit(self, unit_path: UnitPath, name: str, roles: frozenset[Role], device: DeviceId) -> str:
        pk = derived_id("operator", unit_path, name)
        self.people[pk] = {
            "pk": pk,
            "name": name,
            "unit_path": unit_path,
            "roles": sorted(roles),
            "is_active": True,
        }
        return pk


@contextmanager
def serving(app: Any, context: ssl.SSLContext) -> Iterator[str]:
    """An ASGI app behind TLS on a free port, in a thread."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="critical", lifespan="off")
    config.load()
    config.ssl = context
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


class Stage:
    """One server for the whole module; what it serves changes from test to test."""

    def __init__(self, authority: Authority) -> None:
        self.authority = authority
        self.app: Any = None
        self.url = ""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    stage = Stage(authority_in(tmp_path_factory.mktemp("authority")))
    with serving(stage, stage.authority.server_context()) as stage.url:
        yield stage


def authority_in(folder: Path) -> Authority:
    return Authority.open(folder, open_keystore(folder, passphrase="center phrase", stretch=CHEAP))


class Center:
    """The parts of a center that enrol."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        self.clock = HandClock()
        self.authority = authority
        self.key = DeviceKey.generate()
        self.registry = Registry(folder, self.key.derive("store"))
        self.codes = CodeBook(self.registry, self.key)
        self.office = BookOffice()
        self.desk = EnrolmentDesk(
            self.registry,
            self.codes,
            key=self.key,
            ca_pem=self.authority.ca_pem,
            office=self.office,
            clock=self.clock,
        )
        self.app = Starlette(routes=self.desk.routes())
        self.url = ""

    def code(self, unit: UnitPath = HUIDONG, lifetime: timedelta = timedelta(days=3)) -> str:
        return str(self.codes.issue(unit, frozenset({Role.HOST, Role.CLERK}), self.clock.at, lifetime))


class Terminal:
    """A machine that wants to enrol; its clock may be off."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keys: KeyStore = open_keystore(folder, passphrase="terminal phrase", stretch=CHEAP)
        self.clock = HandClock()

    def enrol(self, url: str, code: str, name: str = "惠东操作员") -> Enrolled:
        return enrol(url, code, self.folder, keys=self.keys, person_name=name, clock=self.clock)

    def refusal(self, url: str, code: str) -> Fault:
        with pytest.raises(Fault) as caught:
            self.enrol(url, code)
        assert not is_enrolled(self.folder)
        return caught.value


@pytest.fixture
def center(tmp_path: Path, stage: Stage) -> Iterator[Center]:
    center = Center(tmp_path / "center", stage.authority)
    stage.app, center.url = center.app, stage.url
    yield center
    center.registry.close()


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path / "terminal")


@pytest.fixture
def second(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path / "second")


def mistyped(code: str, at: int = -1) -> str:
    symbols = [symbol for symbol in code if symbol != "-"]
    symbols[at] = ALPHABET[(ALPHABET.index(symbols[at]) + 1) % len(ALPHABET)]
    return "".join(symbols)


def test_a_code_makes_a_device_of_a_unit_and_its_first_operator(center: Center, terminal: Terminal) -> None:
    enrolled = terminal.enrol(center.url, center.code())
    kept = DeviceIdentity.load(terminal.folder, terminal.keys)
    assert kept == enrolled.identity or (kept.device, kept.ca_pem) == (
        enrolled.identity.device,
        center.authority.ca_pem,
    )
    assert (kept.unit_path, kept.center_device, kept.center_key) == (HUIDONG, center.key.id, center.key.public)
    assert enrolled.unit["name"] == "惠东县政协"
    assert [(row["name"], row["roles"]) for row in kept.operators] == [("惠东操作员", ["clerk", "host"])]
    assert enrolled.person == kept.operators[0]["pk"]
    device = center.registry.device(kept.device)
    assert device is not None
    assert (device.public_key, device.unit_path, device.revoked_at) == (kept.public_key, HUIDONG, None)


def test_a_code_that_names_a_units_old_place_enrols_at_its_new_one(center: Center, terminal: Terminal) -> None:
    """`silian center code` knows units by the reference data, which hears of no move."""
    there = center.office.places[HUIDONG] = UnitPath("100000/440000/441500/441323/")
    done = terminal.enrol(center.url, center.code())
    assert done.identity.unit_path == there
    known = center.registry.device(done.identity.device)
    assert known is not None
    assert known.unit_path == there
    assert [row["unit_path"] for row in center.office.people.values()] == [there]


@pytest.mark.parametrize("name", ["操" * 65, "a\nb", "\x00"])
def test_a_name_that_cannot_be_one_costs_no_try(terminal: Terminal, name: str) -> None:
    with pytest.raises(OperatorError, match="name-unsuitable"):
        terminal.enrol("https://127.0.0.1:9", "2345-6789-ABCD-EFGH", name)


def test_a_code_is_read_however_it_is_typed(center: Center, terminal: Terminal) -> None:
    code = center.code().lower().replace("-", " ")
    fullwidth = "".join(chr(ord(c) + 0xFEE0) if c != " " else "－" for c in code)
    assert terminal.enrol(center.url, fullwidth).identity.unit_path == HUIDONG


@pytest.mark.parametrize("typed", ["", "ABCD", "ABCD-EFGH-JKLM-NPQ0", "ABCD-EFGH-JKLM-NPQRS", "啊" * 16, "A" * 5000])
def test_a_code_that_cannot_be_one_is_told_before_anything_is_sent(terminal: Terminal, typed: str) -> None:
    assert terminal.refusal("https://127.0.0.1:9", typed).id == "activation-code-malformed"


def test_a_used_code_does_not_make_a_second_device(center: Center, terminal: Terminal, second: Terminal) -> None:
    code = center.code()
    terminal.enrol(center.url, code)
    assert second.refusal(center.url, code).id == "activation-code-used"
    assert len(center.registry.devices()) == 1


def test_an_expired_code_says_since_when(center: Center, terminal: Terminal) -> None:
    code = center.code(lifetime=timedelta(hours=1))
    expired = stamp(center.clock.at + timedelta(hours=1))
    center.clock.at += timedelta(hours=1)
    refusal = terminal.refusal(center.url, code)
    assert (refusal.id, refusal.values["expired"]) == ("activation-code-expired", expired)


@pytest.mark.parametrize("at", [0, -1], ids=["where the code is found", "where it is secret"])
def test_a_mistyped_code_tells_the_tries_left_and_the_right_one_still_works(
    center: Center, terminal: Terminal, at: int
) -> None:
    code = center.code()
    left = [terminal.refusal(center.url, mistyped(code, at)).values["tries"] for _ in range(3)]
    assert left == [4, 3, 2]
    assert terminal.enrol(center.url, code).identity.unit_path == HUIDONG


def test_after_five_wrong_tries_the_code_is_locked_for_everybody(
    center: Center, terminal: Terminal, second: Terminal
) -> None:
    code = center.code()
    ids = [terminal.refusal(center.url, mistyped(code)).id for _ in range(6)]
    assert ids == ["activation-code-wrong"] * 4 + ["activation-code-locked"] * 2
    assert second.refusal(center.url, code).id == "activation-code-locked"


def test_a_code_typed_again_after_the_answer_was_lost_goes_on_where_it_was(
    center: Center, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = center.code()
    monkeypatch.setattr(DeviceIdentity, "save", lambda *_: (_ for _ in ()).throw(OSError("power cut")))
    with pytest.raises(OSError, match="power cut"):
        terminal.enrol(center.url, code)
    monkeypatch.undo()
    center.clock.at += timedelta(minutes=30)
    terminal.clock.at = center.clock.at
    device = terminal.enrol(center.url, code).identity.device
    assert [held.device for held in center.registry.devices()] == [device]
    assert len(center.office.people) == 1


def test_a_link_that_dies_again_and_again_costs_one_try(center: Center, terminal: Terminal) -> None:
    code, key = center.code(), DeviceKey.generate()
    question = {
        "version": 1,
        "locator": code[:4],
        "device_key": base64.b64encode(key.public).decode(),
        "nonce": base64.b64encode(bytes(32)).decode(),
    }
    for _ in range(8):
        assert center.desk.hello(question)["tries_left"] == 4
    assert terminal.enrol(center.url, code).identity.unit_path == HUIDONG


def test_an_enrolled_terminal_does_not_enrol_again_by_accident(center: Center, terminal: Terminal) -> None:
    terminal.enrol(center.url, center.code())
    with pytest.raises(OperatorError, match="already-enrolled"):
        terminal.enrol(center.url, center.code(BOLUO))
    assert DeviceIdentity.load(terminal.folder, terminal.keys).unit_path == HUIDONG


@pytest.mark.parametrize("days", [-3, 3, -2000])
def test_a_terminal_whose_clock_is_off_enrols_and_is_told_the_difference(
    center: Center, terminal: Terminal, days: int
) -> None:
    terminal.clock.at += timedelta(days=days)
    enrolled = terminal.enrol(center.url, center.code())
    assert enrolled.clock_offset == timedelta(days=-days)


def test_the_code_and_what_opens_it_are_nowhere_in_the_centers_files(center: Center, tmp_path: Path) -> None:
    code = center.code()
    secret = code.replace("-", "")
    row = center.registry.code(secret[:4])
    assert row is not None
    stretched = ActivationCode.read(code).stretched(row.salt)
    everything = b"".join(path.read_bytes() for path in (tmp_path / "center").rglob("*") if path.is_file())
    for form in (code.encode(), secret.encode(), secret[4:].encode(), stretched):
        assert form not in everything


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


MALFORMED = (
    b"",
    b"[]",
    b"{}",
    b"[" * 8000,
    b'{"version":1}',
    b'{"version":1,"locator":"0000","device_key":"","nonce":""}',
    b'{"version":1,"locator":["2","3","4","5"],"device_key":1,"nonce":2}',
    b'{"version":1,"locator":"2345","device_key":"AAAA","nonce":"AAAA"}',
    b"\xff" * 100,
    b"x" * 9000,
)


def test_a_malformed_question_gets_a_stable_id_and_changes_nothing(center: Center) -> None:
    with httpx.Client(verify=tls_context(center.authority.ca_pem), trust_env=False) as client:
        for body in MALFORMED:
            for path in ("/v1/enrolments/hello", "/v1/enrolments"):
                answer = client.post(center.url + path, content=body, extensions={"sni_hostname": SERVER_NAME})
                assert answer.status_code in (400, 413)
                assert answer.json()["id"] in ("enrolment-malformed", "body-too-large")
    assert center.registry.devices() == []


def test_a_proof_without_the_code_is_refused_and_counted(center: Center) -> None:
    code, key = center.code(), DeviceKey.generate()
    common = {
        "version": 1,
        "locator": code[:4],
        "device_key": base64.b64encode(key.public).decode(),
        "nonce": base64.b64encode(bytes(32)).decode(),
    }
    assert center.desk.hello(common)["tries_left"] == 4
    left = []
    for _ in range(5):
        body = json.dumps(common | {"proof": base64.b64encode(bytes(32)).decode()}).encode()
        signer = RequestSigner.for_key(key, center.key.id)
        headers = signer.headers("POST", "/v1/enrolments", body, now=center.clock.at)
        with pytest.raises(OperatorError, match="activation-code-wrong") as caught:
            center.desk.enrol("/v1/enrolments", "", headers, body)
        left.append(caught.value.values["tries"])
    assert left == [3, 2, 1, 0, 0]
    assert center.registry.devices() == []


def test_strangers_together_cannot_keep_the_desk_busy(center: Center, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enrolment_desk, "BURST", 3.0)
    center.desk._allowance = 3.0
    with httpx.Client(verify=tls_context(center.authority.ca_pem), trust_env=False) as client:

        def ask() -> int:
            return client.post(
                center.url + "/v1/enrolments/hello", content=b"{}", extensions={"sni_hostname": SERVER_NAME}
            ).status_code

        assert [ask() for _ in range(4)] == [400, 400, 400, 429]
        center.clock.elapsed += 1
        assert ask() == 400


def test_the_center_keeps_its_authority_and_says_when_it_is_damaged(tmp_path: Path) -> None:
    keys = open_keystore(tmp_path, passphrase="center phrase", stretch=CHEAP)
    pem = Authority.open(tmp_path, keys).ca_pem
    assert Authority.open(tmp_path, keys).ca_pem == pem
    keys.delete("authority-key")
    with pytest.raises(Fault, match="authority-damaged"):
        Authority.open(tmp_path, keys)
    assert b"PRIVATE" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def test_a_registry_is_shared_by_two_programs(tmp_path: Path) -> None:
    key = DeviceKey.generate()
    center, command = (Registry(tmp_path, key.derive("store")) for _ in range(2))
    now = datetime(2026, 11, 20, tzinfo=UTC)
    code = CodeBook(command, key).issue(HUIDONG, frozenset({Role.CLERK}), now)
    row = center.code(code.locator)
    assert row is not None
    assert CodeBook(center, key).key_of(row) == code.stretched(row.salt)
    center.close()
    command.close()


def test_a_full_disk_at_the_center_uses_up_no_code(tmp_path: Path) -> None:
    key = DeviceKey.generate()
    registry = Registry(tmp_path, key.derive("store"))
    now = datetime(2026, 11, 20, tzinfo=UTC)
    code = CodeBook(registry, key).issue(HUIDONG, frozenset({Role.CLERK}), now)
    pages = registry._db.execute("PRAGMA page_count").fetchone()[0]
    registry._db.execute(f"PRAGMA max_page_count = {pages}")
    device = Device(key.id, key.public, HUIDONG, "a name of some length" * 1000, now)
    with pytest.raises(Fault, match="disk-full"):
        registry.enrol(code.locator, device)
    registry._db.execute("PRAGMA max_page_count = 100000")
    assert registry.devices() == []
    assert registry.enrol(code.locator, device) == key.id
    registry.close()
