"""What the province promises of attachments: whatever was taken in is at the center, whole, for whoever may see it."""

from typing import TYPE_CHECKING, Any

from desktop_app.domain.faults import PeerFault
from sync.blobs.store import BlobStore
from sync.store.engine import reading
from tests.simulation.promises import Broken
from tests.simulation.shown import records_of

if TYPE_CHECKING:
    from tests.simulation.world import Province


def named_at_center(province: "Province") -> dict[str, dict[str, Any]]:
    """By pk the fields of each attachment that the center shows, of those whose content was taken in."""
    assert province.center is not None
    taken_in = {pk for terminal in province.terminals for pk in terminal.attached}
    with reading(province.center.engine) as connection:
        records = records_of(connection)
    return {
        pk: row["fields"]
        for (entity, pk), row in records.items()
        if entity == "attachment" and pk in taken_in and not row["retracted"]
    }


def contents_on_their_way(province: "Province") -> str:
    """Whose contents are not at the center yet; empty where all are."""
    wanted = {fields["sha256"] for fields in named_at_center(province).values()}
    for terminal in province.terminals:
        assert terminal.attachments is not None
        for one in terminal.attachments.waiting():
            if one.sha256 in wanted:
                return f"{terminal.unit} has the content {one.sha256[:8]} to send ({one.reason})"
    return ""


def check_contents(province: "Province") -> None:
    """The center holds the content of every attachment that it shows."""
    assert province.machine.uploads is not None
    store = province.machine.uploads.store
    for pk, fields in named_at_center(province).items():
        if not store.has(fields["sha256"]):
            raise Broken(f"attached, and not at the center: {pk} {fields['file_name']}")
        if read(store, fields["sha256"]) != province.contents[fields["sha256"]]:
            raise Broken(f"not what was attached: {pk}")


async def check_fetched(province: "Province") -> None:
    """Whoever sees an attachment can open it, and nobody else."""
    named = named_at_center(province)
    for terminal in province.terminals:
        assert terminal.store is not None
        assert terminal.blobs is not None
        here = {row["pk"]: row["sha256"] for row in terminal.store.list("attachment")}
        for pk, fields in named.items():
            sha256, store = fields["sha256"], terminal.blobs.attachments.store
            if store.has(sha256) or (pk not in here and sha256 in here.values()):
                continue
            try:
                await terminal.blobs.fetch(sha256, fields["bytes"])
            except PeerFault as fault:
                if pk in here or fault.id != "blob-unknown":
                    raise Broken(f"{terminal.unit} sees {pk} and cannot open it: {fault.id}") from fault
                continue
            if pk not in here:
                raise Broken(f"{terminal.unit} opened what it may not see: {pk}")
            if read(store, sha256) != province.contents[sha256]:
                raise Broken(f"{terminal.unit} opened something else than {pk}")


def read(store: BlobStore, sha256: str) -> bytes:
    """The whole of a content."""
    with store.open(sha256) as content:
        return b"".join(content.pieces())
