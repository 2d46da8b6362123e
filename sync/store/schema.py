"""Bring a store to this program's schema, with Alembic only where there is something to do."""

import importlib.resources
import logging

import sqlalchemy as sa

from desktop_app.domain.faults import HostFault
from sync.store.engine import host_faults

HEADS = frozenset({"0002", "blobs_0001", "docs_0001"})
"""The newest revision of each branch in `sync/migrations/versions`; a test holds them equal."""


def upgrade(engine: sa.Engine) -> None:
    """HostFault `store-newer` when a later version of the program wrote the store."""
    with host_faults():
        with engine.begin() as connection:
            found = revisions(connection)
            if found != HEADS:
                migrate(connection, found)


def revisions(connection: sa.Connection) -> frozenset[str]:
    """The revision that each branch of a store is at; none of one that has no tables yet."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return frozenset()
    return frozenset(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars())


def migrate(connection: sa.Connection, found: frozenset[str]) -> None:
    """Bring a store from these revisions to the newest, within the transaction. HostFault `store-newer`."""
    from alembic import command  # 0.2 s that a start without a migration does not pay
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = Config()
    config.set_main_option("script_location", str(importlib.resources.files("sync") / "migrations"))
    config.attributes["connection"] = connection
    for revision in sorted(found):
        try:
            ScriptDirectory.from_config(config).get_revision(revision)
        except CommandError as err:
            raise HostFault("store-newer", revision=revision) from err
    command.upgrade(config, "heads")
