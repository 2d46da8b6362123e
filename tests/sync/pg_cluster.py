"""A PostgreSQL cluster of the tests' own, on a free port of loopback, and a database for each test.

PostgreSQL refuses to run as root, so where the tests do, it runs as the package's own user.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

from sync.store.postgres import database_engine
from sync.store.schema import upgrade

HOMES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda each: int(each.parent.name))


_WATCHED = 'exec 3<&0; "$0" "$@" </dev/null 3<&- & it=$!; read -r _ <&3; kill -QUIT $it; wait $it'


class Cluster:
    """Made by `initdb`, ended and removed by `close`."""

    def __init__(self) -> None:
        if not HOMES:
            raise RuntimeError("PostgreSQL is needed for these tests: apt-get install postgresql-15")
        self._bin = HOMES[0]
        self._folder = Path(tempfile.mkdtemp(prefix="silian-pg-"))
        self._user = None
        if os.name == "posix" and os.geteuid() == 0:
            names = {each.pw_name for each in pwd.getpwall()}
            self._user = "postgres" if "postgres" in names else "nobody"
            shutil.chown(self._folder, self._user)
        self._made = 0
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        data = str(self._folder / "data")
        self._run("initdb", "-D", data, "-U", "silian", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale", "C.UTF-8")
        options = {"port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off"}
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        # It ends with whoever holds the other end of its standard input, also when that is killed.
        self._server = subprocess.Popen(
            ["sh", "-c", _WATCHED, str(self._bin / "postgres"), "-D", data, *settings],
            stderr=subprocess.DEVNULL,
            stdin=subprocess.PIPE,
            user=self._user,
            cwd="/",
        )
        self._wait_for_it()
        self._administer("CREATE DATABASE empty")
        engine = database_engine(self._url("empty"))
        upgrade(engine)
        engine.dispose()

    def _wait_for_it(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(self._url("postgres"), connect_timeout=5).close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > deadline or self._server.poll() is not None:
                    raise
                time.sleep(0.05)

    def _run(self, program: str, *words: str) -> None:
        subprocess.run([self._bin / program, *words], check=True, capture_output=True, user=self._user, cwd="/")

    def _url(self, name: str) -> str:
        return f"postgresql://silian@127.0.0.1:{self.port}/{name}"

    def _administer(self, statement: str) -> None:
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def new_database(self) -> str:
        """The URL of a database with the schema and nothing in it."""
        self._made += 1
        self._administer(f"CREATE DATABASE test{self._made} TEMPLATE empty")
        return self._url(f"test{self._made}")

    def end_sessions(self, url: str) -> None:
        """As when the server goes down and comes back."""
        name = url.rpartition("/")[2]
        self._administer(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'")

    def drop(self, url: str) -> None:
        self._administer(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    def close(self) -> None:
        self._server.communicate()  # closes its standard input, and waits
        shutil.rmtree(self._folder, ignore_errors=True)
