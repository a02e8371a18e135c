"""Commands are imported when they are asked for."""

import subprocess
import sys

from typer.main import get_command

from marginctl.cli.app import Commands, app

from .running import SOURCE, run

OWN = {"check", "explain", "stress", "what_if", "headroom", "catalogue", "refresh"}
"""Modules of one command or a few."""


def test_every_command_is_in_its_module():
    group = get_command(app)
    assert {name for name in Commands.modules if group.get_command(None, name) is None} == set()
    assert list(group.list_commands(None)) == list(Commands.modules)
    venue = group.get_command(None, "venue")
    assert [name for name in venue.list_commands(None) if venue.get_command(None, name)] == ["show", "refresh"]


def test_a_command_imports_no_other():
    script = (
        "import sys\nfrom marginctl.cli.app import app\n"
        "app(['rules', '--format', 'json'], standalone_mode=False)\n"
        "print(*(name for name in sys.modules if name.startswith('marginctl.cli.')), file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], env={"PYTHONPATH": str(SOURCE)}, capture_output=True, text=True, check=True
    )
    assert {name.rpartition(".")[2] for name in ran.stderr.split()} & OWN == {"catalogue"}


def test_a_file_alone_is_checked(folder):
    assert run("clean.yaml") == run("check", "clean.yaml")
    assert run("broken.yaml", "-q", "--format", "json").code == 1
    assert run("gone.yaml").out.startswith("gone.yaml: MC001 no such file")
    assert run("chek").errors.splitlines()[-1].startswith("Error: No such command 'chek'.")
