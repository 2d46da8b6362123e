"""What is shipped: nothing the program reads is left behind, and what starts it names commands that exist."""

import fnmatch
import re
import shlex
import tomllib
from pathlib import Path

import pytest

from desktop_app.main import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
LINUX = ROOT / "installer" / "linux"
PACKAGES = ("desktop_app", "ui", "media", "sync")


def test_every_file_the_program_reads_is_package_data() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        patterns = tomllib.load(file)["tool"]["setuptools"]["package-data"]["*"]
    left_behind = [
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file()
        and path.suffix not in (".py", ".pyc", ".md")
        and not any(fnmatch.fnmatch(path.name, pattern) for pattern in patterns)
    ]
    assert left_behind == []


def test_every_folder_with_data_is_a_package() -> None:
    folders = {path.parent for package in PACKAGES for path in (ROOT / package).rglob("*.toml")}
    for folder in folders:
        above = next(parent for parent in (folder, *folder.parents) if (parent / "__init__.py").exists())
        assert above.is_relative_to(ROOT)


@pytest.mark.parametrize("unit", ["silian-center.service", "silian-hub.service"])
def test_a_service_starts_a_command_that_exists(unit: str) -> None:
    text = (LINUX / unit).read_text(encoding="utf-8")
    start = re.search(r"^ExecStart=(.*)$", text, re.MULTILINE)
    assert start is not None
    words = shlex.split(start[1])
    assert words[0] == "/usr/lib/silian/with-passphrase"
    assert words[1] in COMMANDS


def test_the_desktop_entry_starts_the_terminal() -> None:
    text = (LINUX / "silian.desktop").read_text(encoding="utf-8")
    assert "Exec=/usr/bin/silian terminal\n" in text
    assert "Name[zh_CN]=四联\n" in text


def test_stopping_the_center_leaves_the_hub_alone() -> None:
    center = (LINUX / "silian-center.service").read_text(encoding="utf-8")
    assert "KillMode=process" in center
    assert "Requires=" not in center
    assert "BindsTo=" not in center


def test_no_secret_is_in_a_file_or_on_a_command_line() -> None:
    for name in ("silian-center.service", "silian-hub.service"):
        text = (LINUX / name).read_text(encoding="utf-8")
        assert "LoadCredentialEncrypted=" in text
        assert "SILIAN_PASSPHRASE" not in text


def test_every_link_between_our_papers_leads_somewhere() -> None:
    papers = [ROOT / "README.md", ROOT / "README.zh.md", *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{paper.relative_to(ROOT)}: {target}"
        for paper in papers
        for target in re.findall(r"\]\(([^)#]+)\)", paper.read_text(encoding="utf-8"))
        if "://" not in target and not (paper.parent / target).exists()
    ]
    assert broken == []


def test_the_readme_names_only_commands_that_make_knows() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for readme in ("README.md", "README.zh.md"):
        for target in re.findall(r"\bmake ([a-z-]+)", (ROOT / readme).read_text(encoding="utf-8")):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
