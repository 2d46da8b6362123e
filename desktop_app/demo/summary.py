"""`summary.json`: what one run of the demonstration came to, worked out by a process that took no part in it.

It reads plain backups of the five stores (read-only, through SQLite alone), what the terminals recorded, and what the
forwarder said of its cuts. Every figure is measured; one that cannot be is null. Nothing here knows what was intended.

A run's folder holds `run.json` (the stores, recordings and cuts by unit), and gets `summary.json`.
"""

import hashlib
import json
import sqlite3
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from desktop_app.demo.measures import Cut, Line, control_back, drained, media_back, site

MEETING = "SELECT pk FROM record WHERE entity = 'meeting' ORDER BY pk"
OWN_RECEIPTS = "SELECT count(*) FROM receipt WHERE terminal = ?"
SPEECHES = "SELECT count(*) FROM record WHERE entity = 'speech' AND retracted = 0"
SIGN_INS = """
    SELECT count(DISTINCT json_extract(fields, '$.meeting') || json_extract(fields, '$.member')) FROM record
    WHERE entity = 'sign_in' AND retracted = 0 AND json_extract(fields, '$.status') = 'present'
"""
UPDATES = "SELECT payload FROM change WHERE entity = 'minutes' AND pk = ? AND op = 'update' ORDER BY position"
SETS = "SELECT DISTINCT pk FROM change WHERE entity = 'minutes' AND op = 'update' AND meeting = ? AND unit_path = ?"


@dataclass(frozen=True, slots=True)
class Terminal:
    """One terminal of the run as the orchestrator left it."""

    unit_path: str
    level: int
    store: Path
    recording: Path

    def lines(self) -> list[Line]:
        """What it recorded; a line that was cut off in the middle is no line."""
        if not self.recording.exists():
            return []
        found: list[Line] = []
        for text in self.recording.read_text(encoding="utf-8").splitlines():
            try:
                found.append(json.loads(text))
            except json.JSONDecodeError:
                continue
        return found


@dataclass(frozen=True, slots=True)
class Seen:
    """One row of a store's view `changes_seen`."""

    change_id: str
    terminal: str
    epoch: int
    seq: int


def read_only(store: Path) -> sqlite3.Connection:
    """A store's backup, opened so that nothing can change it."""
    return sqlite3.connect(f"{store.resolve().as_uri()}?mode=ro", uri=True)


def changes_seen(store: Path) -> list[Seen]:
    """The whole view of one store."""
    with closing(read_only(store)) as connection:
        rows = connection.execute("SELECT change_id, terminal_id, epoch, seq FROM changes_seen")
        return [Seen(*row) for row in rows]


def born_ms(change_id: str) -> int:
    """When a change was written: the first 48 bits of its UUIDv7, in Unix milliseconds."""
    return int(change_id.replace("-", "")[:12], 16)


def sync_figures(center: Sequence[Seen], written: Mapping[str, Sequence[Seen]]) -> dict[str, Any]:
    """Compare what each device wrote, by its own store, with what the center holds; `written` is by device."""
    local = {seen.change_id for own in written.values() for seen in own}
    held = Counter(seen.change_id for seen in center if seen.terminal in written)
    places = Counter((seen.terminal, seen.epoch, seen.seq) for seen in center)
    twice = [change_id for change_id, count in held.items() if count > 1]
    twice += [str(place) for place, count in places.items() if count > 1]
    missing = sorted(local - held.keys())
    return {
        "local_changes": len(local),
        "center_changes": held.total(),
        "missing": len(missing),
        "missing_ids": missing,
        "duplicates": len(twice),
        "duplicate_ids": sorted(twice),
    }


def minutes_hash(store: Path, meeting: str, unit_path: str) -> str | None:
    """SHA-256 of the canonical JSON of the blocks, from every update in the store's log; None without minutes."""
    from sync.documents.minutes import MinutesDocument
    from sync.log.payload import UPDATE, open_payload

    with closing(read_only(store)) as connection:
        sets = [pk for (pk,) in connection.execute(SETS, (meeting, unit_path))]
        if len(sets) != 1:
            return None
        updates = [open_payload(raw).fields[UPDATE] for (raw,) in connection.execute(UPDATES, sets)]
    return canonical_hash(MinutesDocument.from_updates(updates).blocks_json())


def canonical_hash(blocks: Any) -> str:
    """SHA-256, as hex, of JSON with sorted keys, no spaces and no escapes, in UTF-8."""
    text = json.dumps(blocks, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _one(store: Path, statement: str, *values: object) -> Any:
    with closing(read_only(store)) as connection:
        row = connection.execute(statement, values).fetchone()
    return row[0] if row else None


def summarise(folder: Path) -> dict[str, Any]:
    """Every figure of one run."""
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    center = folder / run["center"]
    terminals = [
        Terminal(one["unit_path"], one["level"], folder / one["store"], folder / one["recording"])
        for one in run["terminals"]
    ]
    cuts = [Cut(one["unit_path"], one["began"], one["ended"]) for one in run["cuts"]]
    lines = {one.unit_path: one.lines() for one in terminals}
    devices = {path: _device(recorded) for path, recorded in lines.items()}
    written = {
        device: [seen for seen in changes_seen(one.store) if seen.terminal == device]
        for one in terminals
        if (device := devices[one.unit_path]) is not None
    }
    paths = [one.unit_path for one in terminals]
    cut = cuts[0] if cuts else None
    host = next((one for one in terminals if cut is not None and one.unit_path == cut.unit_path), None)
    meeting = _one(center, MEETING)
    sync = sync_figures(changes_seen(center), written)
    receipts = [_one(one.store, OWN_RECEIPTS, devices[one.unit_path]) or 0 for one in terminals]
    whole = len(written) == len(terminals)
    return {
        "sites": [
            asdict(site(one.unit_path, one.level, lines[one.unit_path], [p for p in paths if p != one.unit_path], cuts))
            for one in terminals
        ],
        "offline": _offline(cut, host, lines, devices, written, paths),
        "sync": {
            **{name: value if whole else None for name, value in sync.items()},
            "receipts": sum(receipts),
            "receipts_by_site": dict(zip(paths, receipts, strict=True)),
            "seconds": drained(cut, lines[host.unit_path]) if cut is not None and host is not None else None,
        },
        "minutes": {
            "terminal_sha256": minutes_hash(host.store, meeting, host.unit_path) if host and meeting else None,
            "center_sha256": minutes_hash(center, meeting, host.unit_path) if host and meeting else None,
        },
        "sign_ins": _one(center, SIGN_INS),
        "speeches": _one(center, SPEECHES),
        "exports": _files(folder, "exports", ("*.docx", "*.xlsx")),
        "screenshots": _files(folder, "screenshots", ("*.png",)),
    }


def _device(lines: Sequence[Line]) -> str | None:
    return next((str(line["device"]) for line in lines if line["kind"] == "enrolled"), None)


def _offline(
    cut: Cut | None,
    host: Terminal | None,
    lines: Mapping[str, Sequence[Line]],
    devices: Mapping[str, str | None],
    written: Mapping[str, Sequence[Seen]],
    paths: Sequence[str],
) -> dict[str, Any]:
    names = ("unit_path", "seconds", "changes_written", "control_back_s", "media_back_s", "records_back_s")
    if cut is None or host is None:
        return dict.fromkeys(names)
    device = devices[host.unit_path]
    recorded = lines[host.unit_path]
    others = [path for path in paths if path != host.unit_path]
    inside = [
        seen for seen in written.get(device or "", ()) if cut.began <= born_ms(seen.change_id) / 1000 <= cut.ended
    ]
    return {
        "unit_path": cut.unit_path,
        "seconds": round(cut.ended - cut.began, 3),
        "changes_written": len(inside) if device is not None else None,
        "control_back_s": control_back(cut, recorded),
        "media_back_s": media_back(cut, others, recorded),
        "records_back_s": drained(cut, recorded),
    }


def _files(folder: Path, name: str, patterns: Sequence[str]) -> list[str]:
    found = [path for pattern in patterns for path in (folder / name).glob(pattern) if path.stat().st_size > 0]
    return sorted(str(path.relative_to(folder)) for path in found)


def main(arguments: Sequence[str]) -> int:
    """`python -m desktop_app.demo.summary FOLDER`."""
    folder = Path(arguments[0])
    text = json.dumps(summarise(folder), ensure_ascii=False, indent=2)
    (folder / "summary.json").write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
