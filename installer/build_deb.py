"""Build dist/silian_<version>_<arch>.deb: freeze the program with PyInstaller, lay out the tree, pack it.

Run by `make deb`, on the oldest Debian that the package shall run on.
"""

import gzip
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINUX = ROOT / "installer" / "linux"
BUILD = ROOT / "build"
ICON_SIZES = (16, 24, 32, 48, 64, 128, 256)
DEPENDS = (
    "libc6",
    "libegl1",
    "libgl1",
    "libxkbcommon-x11-0",
    "libxcb-cursor0",
    "libxcb-icccm4",
    "libxcb-image0",
    "libxcb-keysyms1",
    "libxcb-render-util0",
    "libxcb-xkb1",
    "libfontconfig1",
    "libdbus-1-3",
    "libportaudio2",
    "libpulse0",
    "fonts-noto-cjk",
    "passwd",
)
RECOMMENDS = ("gnome-keyring | libpam-kwallet5", "ibus | fcitx5", "libasound2-plugins")


def main() -> int:
    """Build the package and print where it is."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    arch = _output("dpkg", "--print-architecture")
    frozen = _freeze()
    tree = BUILD / "deb"
    shutil.rmtree(tree, ignore_errors=True)
    _lay_out(tree, frozen)
    _control(tree / "DEBIAN", project["version"], project["description"], arch)
    package = ROOT / "dist" / f"silian_{project['version']}_{arch}.deb"
    package.parent.mkdir(exist_ok=True)
    _run("dpkg-deb", "--root-owner-group", "-Zxz", "-z2", "--build", str(tree), str(package))
    print(f"{package.relative_to(ROOT)}: {package.stat().st_size / 1e6:.0f} MB")
    return 0


def _freeze() -> Path:
    """PyInstaller's folder."""
    places = ("--distpath", str(BUILD / "frozen"), "--workpath", str(BUILD / "pyinstaller"))
    spec = str(ROOT / "installer" / "silian.spec")
    _run(sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "ERROR", *places, spec)
    return BUILD / "frozen" / "silian"


def _lay_out(tree: Path, frozen: Path) -> None:
    """What the package puts where; root owns it all."""
    library = tree / "usr/lib/silian"
    shutil.copytree(frozen, library / "program", symlinks=True)
    for script in ("with-passphrase", "wait-for-hub"):
        _place(LINUX / script, library / script, 0o755)
    _link(tree / "usr/bin/silian", "../lib/silian/program/silian")
    _place(LINUX / "silian-center-setup", tree / "usr/sbin/silian-center-setup", 0o755)
    _place(LINUX / "silian.desktop", tree / "usr/share/applications/silian.desktop")
    icons = tree / "usr/share/icons/hicolor"
    _place(LINUX / "silian.svg", icons / "scalable/apps/silian.svg")
    _draw_icons(icons)
    for unit in ("silian-center.service", "silian-hub.service"):
        _place(LINUX / unit, tree / "lib/systemd/system" / unit)
    _place(LINUX / "settings.toml", tree / "etc/silian/settings.toml")
    papers = tree / "usr/share/doc/silian"
    _place(LINUX / "copyright", papers / "copyright")
    for name in ("README.md", "README.zh.md", "docs/operating.md"):
        _place(ROOT / name, papers / Path(name).name)
    with gzip.GzipFile(papers / "changelog.gz", "wb", mtime=0) as file:
        file.write((ROOT / "CHANGELOG.md").read_bytes())
    for folder, _, files in os.walk(tree):
        Path(folder).chmod(0o755)
        for name in files:
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)


def _draw_icons(icons: Path) -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QGuiApplication, QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    application = QGuiApplication.instance() or QGuiApplication([])
    drawing = QSvgRenderer(str(LINUX / "silian.svg"))
    for size in ICON_SIZES:
        image = QImage(size, size, QImage.Format.Format_ARGB32)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        drawing.render(painter)
        painter.end()
        place = icons / f"{size}x{size}" / "apps" / "silian.png"
        place.parent.mkdir(parents=True)
        if not image.save(str(place)):
            raise OSError(f"the icon {place} could not be written")
    del application


def _control(folder: Path, version: str, description: str, arch: str) -> None:
    folder.mkdir()
    size = sum(path.stat().st_size for path in folder.parent.rglob("*") if path.is_file() and not path.is_symlink())
    fields = {
        "Package": "silian",
        "Version": version,
        "Architecture": arch,
        "Maintainer": "Silian <silian@localhost>",
        "Installed-Size": str(size // 1024),
        "Section": "video",
        "Priority": "optional",
        "Depends": ", ".join(DEPENDS),
        "Recommends": ", ".join(RECOMMENDS),
        "Description": f"{description}\n Linked video meetings of four levels, sign-in, minutes and their records;"
        "\n it goes on working without a network. Terminal and center in one program.",
    }
    (folder / "control").write_text("".join(f"{name}: {value}\n" for name, value in fields.items()), encoding="utf-8")
    (folder / "conffiles").write_text("/etc/silian/settings.toml\n", encoding="utf-8")
    for script in ("postinst", "prerm", "postrm"):
        _place(LINUX / script, folder / script, 0o755)


def _place(source: Path, target: Path, mode: int = 0o644) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(mode)


def _link(place: Path, target: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(target)


def _run(*command: str) -> None:
    print("+", " ".join(Path(word).name if word.startswith("/") else word for word in command), flush=True)
    subprocess.run(command, cwd=ROOT, check=True)


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
