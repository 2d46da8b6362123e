"""Mistakes in who sees what. See `tests.simulation.mutants`."""

from typing import Any

import sqlalchemy as sa

from sync.center import admission, feed
from sync.store.tables import feed as feed_table
from sync.terminal import inbox
from tests.simulation.planted import mutant


def _blind(name: str) -> None:
    real, visible = getattr(feed, name), feed.visible

    def told(*asked: Any, **named: Any) -> Any:
        feed.visible = lambda _unit: sa.true()
        try:
            return real(*asked, **named)
        finally:
            feed.visible = visible

    setattr(feed, name, told)


@mutant("scope check skipped on pull")
def _() -> None:
    _blind("read")


@mutant("scope check skipped on snapshot")
def _() -> None:
    _blind("part")


@mutant("scope check skipped on heads")
def _() -> None:
    _blind("all_visible")


@mutant("scope check skipped on push")
def _() -> None:
    admission._check_scope = lambda *_asked: None


@mutant("what is told to one unit is told to all")
def _() -> None:
    again = feed._tell_again

    def to_all(connection: Any, path: str, which: Any) -> None:
        again(connection, path, which)
        connection.execute(feed_table.update().where(feed_table.c.only_path == path).values(reach="everyone"))

    feed._tell_again = to_all


@mutant("a late guest gets only what is new")
def _() -> None:
    feed._tell_again = lambda *_asked: None


@mutant("who is uninvited keeps the records")
def _() -> None:
    inbox.ACTS.pop("revocation")


def _moved_without(step: str) -> None:
    """A unit is moved, and this step of it is left out."""
    real = feed._move_unit

    def halfway(transaction: Any, move: Any) -> None:
        left_out = getattr(feed, step)
        setattr(feed, step, lambda *_asked: None)
        try:
            real(transaction, move)
        finally:
            setattr(feed, step, left_out)

    feed._move_unit = halfway


@mutant("who was above a moved unit keeps what was its own")
def _() -> None:
    _moved_without("_revoke")


@mutant("who is above a moved unit now gets only what is new")
def _() -> None:
    _moved_without("_tell_again")


@mutant("the places of a moved unit are not read anew")
def _() -> None:
    from sync.merge.places import Places

    Places.now = lambda _self, path: path  # type: ignore[method-assign]


@mutant("scope check skipped on attachments")
def _() -> None:
    from sync.blobs import uploads

    uploads.may_read = lambda *_asked: True  # type: ignore[attr-defined]
