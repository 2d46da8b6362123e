"""`silian demo`: sets the scene, lets the four terminals play their day, cuts one cable, and judges what was measured.

The terminals act by themselves, each by its file of steps. Only what no terminal can do is done here: processes, the
cable, the backups, the verdict. Every process has ended when this returns, however it returns.
"""

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from desktop_app.demo.cast import CAST, HOST, Player
from desktop_app.demo.measures import Cut
from desktop_app.demo.processes import Company, part
from desktop_app.demo.setting import Scene, Seat, has_display
from desktop_app.demo.verdict import Row, rows, table
from desktop_app.demo.wording import words
from desktop_app.domain.faults import Fault, HostFault
from desktop_app.platform import end_on_terminate
from sync.identity.device import DeviceIdentity
from sync.identity.keystore import open_keystore
from sync.store.reader import StoreReader

STORY_SECONDS = 210.0
CUT_SECONDS = 20.0
RESULTS = ("summary.json", "run.json", "center.db", "screenshots", "exports", "run")
CUT, RESTORE = "cut", "restore"


class DemoFailed(Exception):
    """A step was not as it should be; said already."""


@dataclass
class Run:
    """One run in one folder."""

    out: Path
    language: str
    keep_open: bool
    say: Callable[[str], None]
    began: float = field(default_factory=time.monotonic)
    cuts: list[Cut] = field(default_factory=list)
    _cut_at: float | None = None
    _may_restore: bool = False
    _done: set[str] = field(default_factory=set)

    def tell(self, key: str, **values: object) -> None:
        self.say(f"[{time.monotonic() - self.began:6.1f}] {words(self.language, key, **values)}")

    def prepare(self) -> None:
        """An empty folder for the results; nothing else in it is touched."""
        self.out.mkdir(parents=True, exist_ok=True)
        for name in RESULTS:
            path = self.out / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        for name in ("screenshots", "exports", "run/stores"):
            (self.out / name).mkdir(parents=True)
        self.tell("folder", folder=self.out)

    def play(self, company: Company) -> Scene:
        """From power-on until every terminal has played to its end."""
        scene = Scene(company, self.out / "run", CAST, language=self.language)
        if not has_display():
            self.tell("offscreen")
        scene.open_center()
        self.tell("center", url=f"https://127.0.0.1:{scene.port}")
        scene.issue_codes()
        self.tell("codes", count=len(scene.seats))
        scene.connect_cables()
        self.tell("cables", count=len(scene.seats))
        for seat in scene.seats.values():
            scene.open_terminal(seat, self._order(scene, seat))
        self.tell("terminals", names=self._join(CAST))
        deadline = time.monotonic() + STORY_SECONDS
        while len(self._done) < len(scene.seats):
            for seat in scene.seats.values():
                self._listen(scene, seat)
            self._restore_when_due(scene)
            if time.monotonic() > deadline:
                late = [seat.player for code, seat in scene.seats.items() if code not in self._done]
                self.tell("slow", name=self._join(late), limit=STORY_SECONDS)
                raise DemoFailed
            time.sleep(0.05)
        return scene

    def _join(self, players: Iterable[Player]) -> str:
        return ("、" if self.language.startswith("zh") else ", ").join(one.name_in(self.language) for one in players)

    def _order(self, scene: Scene, seat: Seat) -> dict[str, Any]:
        return {
            "steps": str(seat.player.steps),
            "values": {**scene.values(seat), "exports": str((self.out / "exports").resolve())},
            "shots": str((self.out / "screenshots").resolve()),
            "stay": True,
        }

    def _listen(self, scene: Scene, seat: Seat) -> None:
        name = seat.player.name_in(self.language)
        for line in seat.news():
            if line["kind"] == "step":
                self.tell("step", name=name, step=line["name"], seconds=line["seconds"])
                self._mind(scene, seat, line.get("mark", ""))
            elif line["kind"] == "failed":
                self.tell("failed", name=name, step=line["step"], why=line["why"])
                raise DemoFailed
            elif line["kind"] == "story":
                self._done.add(seat.player.code)
        if seat.process is not None and seat.process.code is not None and seat.player.code not in self._done:
            self.tell("ended", name=name, code=seat.process.code, output=seat.output)
            raise DemoFailed

    def _mind(self, scene: Scene, seat: Seat, mark: str) -> None:
        if mark == CUT and seat.cable is not None:
            self._cut_at = float(seat.cable.ask(CUT)["at"])
            self.tell("cut", name=seat.player.name_in(self.language))
        elif mark == RESTORE:
            self._may_restore = True

    def _restore_when_due(self, scene: Scene) -> None:
        """Put the cable back once its terminal has done its offline work and the cut has lasted long enough."""
        seat = scene.seats[HOST.code]
        if self._cut_at is None or not self._may_restore or seat.cable is None:
            return
        if time.time() - self._cut_at < CUT_SECONDS:
            return
        ended = float(seat.cable.ask(RESTORE)["at"])
        self.cuts.append(Cut(seat.player.unit_path, self._cut_at, ended))
        self.tell("restore", name=seat.player.name_in(self.language), seconds=ended - self._cut_at)
        self._cut_at = None

    def back_up(self, scene: Scene) -> None:
        """Plain copies of the five stores, and the list of them for whoever sums up."""
        back_up(scene.center_store, scene.passphrase("center"), self.out / "center.db")
        terminals = []
        for code, seat in scene.seats.items():
            copy = self.out / "run" / "stores" / f"{code}.db"
            back_up(seat.folder / "store.db", scene.passphrase(code), copy)
            terminals.append(
                {
                    "unit_path": seat.player.unit_path,
                    "level": int(seat.player.level),
                    "store": str(copy.relative_to(self.out)),
                    "recording": str(seat.recording.relative_to(self.out)),
                }
            )
        run = {"center": "center.db", "terminals": terminals, "cuts": [asdict(cut) for cut in self.cuts]}
        (self.out / "run.json").write_text(json.dumps(run, ensure_ascii=False, indent=2) + "\n", "utf-8")
        self.tell("backups")

    def judge(self) -> list[Row]:
        """Let a process that took no part sum up, and compare with what it must be."""
        done = subprocess.run([*part("summary"), str(self.out)], check=False, timeout=60)
        if done.returncode != 0:
            raise HostFault("demo-process-ended", process="summary", code=done.returncode, output="stderr")
        path = self.out / "summary.json"
        self.tell("summary", path=path)
        summary: Mapping[str, Any] = json.loads(path.read_text("utf-8"))
        return rows(summary, names={player.unit_path: player.name_in(self.language) for player in CAST})

    def stay(self, scene: Scene) -> None:
        """Leave the windows to a person until all are closed."""
        self.tell("open")
        while any(seat.process is not None and seat.process.code is None for seat in scene.seats.values()):
            time.sleep(0.2)


def back_up(store: Path, passphrase: str, copy: Path) -> None:
    """A plain copy of an encrypted store that may be in use, for whoever wants to look at a run."""
    keys = open_keystore(store.parent, passphrase=passphrase)
    identity = DeviceIdentity.load(store.parent, keys)
    with StoreReader.of_file(store, identity.store_key) as reader:
        reader.backup_plain(copy)


def play(out: Path, *, language: str, keep_open: bool) -> int:
    """The whole demonstration; 0 when everything was as it should be."""
    run = Run(out, language, keep_open, lambda text: print(text, flush=True))
    end_on_terminate()
    try:
        run.prepare()
        with Company() as company:
            scene = run.play(company)
            run.back_up(scene)
            found = run.judge()
            print("\n" + table(found) + "\n", flush=True)
            bad = [row for row in found if not row.holds]
            run.tell("bad" if bad else "good", count=len(bad), seconds=time.monotonic() - run.began)
            if keep_open:
                run.stay(scene)
        return 1 if bad else 0
    except DemoFailed:
        return 1
    except Fault as fault:
        run.say(str(fault))
        return 1
    except KeyboardInterrupt:
        run.tell("stopped")
        return 130
