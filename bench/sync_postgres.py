"""A PostgreSQL of the benchmark's own, with its defaults: fsync and synchronous_commit are on."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

HOMES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda each: int(each.parent.name))


class Cluster:
    """Databases, each empty and new."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._made = 0

    def url(self, name: str = "postgres") -> str:
        return f"postgresql://silian@127.0.0.1:{self._port}/{name}"

    def new(self) -> str:
        self._made += 1
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE bench{self._made}".encode())
        return self.url(f"bench{self._made}")


@contextmanager
def cluster() -> Iterator[Cluster | None]:
    """None where there is no PostgreSQL. It refuses to run as root, so there it runs as the package's own user."""
    if not HOMES:
        yield None
        return
    folder, user = Path(tempfile.mkdtemp(prefix="silian-bench-pg-")), None
    if os.geteuid() == 0:
        names = {each.pw_name for each in pwd.getpwall()}
        user = "postgres" if "postgres" in names else "nobody"
        shutil.chown(folder, user)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = str(folder / "data")
    words = ["-D", data, "-U", "silian", "-A", "trust", "-E", "UTF8", "--locale", "C.UTF-8"]
    subprocess.run([HOMES[0] / "initdb", *words], check=True, capture_output=True, user=user, cwd="/")
    server = subprocess.Popen(
        [HOMES[0] / "postgres", "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", ""],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        user=user,
        cwd="/",
    )
    try:
        made = Cluster(port)
        deadline = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(made.url(), connect_timeout=5).close()
                break
            except psycopg.OperationalError:
                if time.monotonic() > deadline or server.poll() is not None:
                    raise
                time.sleep(0.1)
        yield made
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)
