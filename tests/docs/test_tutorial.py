"""The tutorial does what it says: every command in its order, with the exit code that stands behind it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml
from tests.cli.running import PATIENCE, SOURCE

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/tutorials/pull-request.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(sh|yaml|text)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
NAMED = re.compile(r"# (\S+)\n")
EXITS = re.compile(r"  # exits (\d+)$")


@pytest.fixture
def shell(tmp_path: Path) -> Path:
    """A folder to begin in, with ``marginctl`` on the path."""
    program = tmp_path / "bin/marginctl"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m marginctl "$@"\n')
    program.chmod(0o755)
    return tmp_path


def ran(line: str, folder: Path, shell: Path) -> subprocess.CompletedProcess[str]:
    names = {"GIT_AUTHOR_NAME": "x", "GIT_COMMITTER_NAME": "x", "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(shell)}
    names |= {"GIT_AUTHOR_EMAIL": "x@example.org", "GIT_COMMITTER_EMAIL": "x@example.org"}
    return subprocess.run(
        ["bash", "-c", line],
        cwd=folder,
        env={"PATH": f"{shell / 'bin'}:/usr/bin:/bin", "PYTHONPATH": str(SOURCE), "LC_ALL": "C.UTF-8", **names},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_the_tutorial_from_its_first_to_its_last_command(shell: Path) -> None:
    folder, printed = shell, ""
    for kind, text in BLOCK.findall(TEXT):
        if kind == "yaml":
            path = folder / NAMED.match(text)[1]  # type: ignore[index]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            continue
        for line in text.splitlines() if kind == "sh" else ():
            wanted = EXITS.search(line)
            ended = ran(EXITS.sub("", line), folder, shell)
            assert (line, ended.returncode, ended.stderr) == (line, int(wanted[1]) if wanted else 0, ""), ended.stdout
            folder = folder / "book" if "cd book" in line else folder
            printed += ended.stdout
    (annotation,) = (text for kind, text in BLOCK.findall(TEXT) if kind == "text" and text.startswith("::error"))
    assert " ".join(annotation.split()) in printed
    assert "desk-a since main" in printed


def test_the_workflow_names_inputs_that_the_action_has() -> None:
    (workflow,) = (text for kind, text in BLOCK.findall(TEXT) if kind == "yaml" and "jobs:" in text)
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    tree = yaml.safe_load(workflow.replace("on: [", '"on": ['))
    schema = json.loads((ROOT / "tests/ci/schemas/github-workflow.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator(schema).validate(tree)
    steps = tree["jobs"]["margin"]["steps"]
    (given,) = (step["with"] for step in steps if "marginctl" in step["uses"])
    assert set(given) <= set(action["inputs"])
