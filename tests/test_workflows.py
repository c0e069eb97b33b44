"""The workflows: what they call is there, pinned, and may do no more than it must."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from descent.book.published import SHELF

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".github" / "workflows"
FILES = sorted(FOLDER.glob("*.yml"))
WRITES = {("study", "contents"), ("deploy", "pages"), ("deploy", "id-token")}


def jobs(path):
    return yaml.safe_load(path.read_text(encoding="utf8"))["jobs"]


def steps(path):
    return [step for job in jobs(path).values() for step in job["steps"]]


def targets():
    rules = (ROOT / "Makefile").read_text(encoding="utf8")
    return set(re.findall(r"^([a-z][\w-]*):(?!=)", rules, re.M))


def test_there_are_two():
    assert [path.stem for path in FILES] == ["publish", "test"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_actions_are_pinned_by_commit_with_their_version_beside(path):
    used = re.findall(r"uses: *(.*)", path.read_text(encoding="utf8"))
    assert len(used) == sum("uses" in step for step in steps(path)) > 0
    assert [one for one in used
            if not re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+", one)] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_commands_are_targets_of_the_makefile(path):
    called = [target for step in steps(path)
              for line in re.findall(r"^make (.*)$", step.get("run", ""), re.M)
              for target in line.split()]
    assert called
    assert set(called) <= targets()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_rights_are_few_and_every_job_ends(path):
    assert yaml.safe_load(path.read_text(encoding="utf8"))["permissions"] == {"contents": "read"}
    for name, job in jobs(path).items():
        assert job["timeout-minutes"] <= 90
        written = {(name, what) for what, right in job["permissions"].items() if right == "write"}
        assert written <= WRITES
        for step in job["steps"]:
            if "actions/checkout@" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False


def test_the_site_is_told_where_it_is_whatever_builds_it():
    build = jobs(FOLDER / "publish.yml")["build"]
    assert {"DESCENT_SITE", "DESCENT_REPOSITORY", "DESCENT_COMMIT"} <= set(build["env"])
    assert "env" not in {key for step in build["steps"] for key in step}


def test_the_branch_of_notebooks_is_the_one_that_pages_lead_to(tmp_path):
    """Run the script of that job, with a repository of our own in place of the host's."""
    (last,) = [step for step in jobs(FOLDER / "publish.yml")["study"]["steps"]
               if "working-directory" in step]
    there = tmp_path / "there.git"
    subprocess.run(["git", "init", "--quiet", "--bare", there], check=True)
    script = re.sub(r'"https://x-access-token.*?"', f'"{there}"', last["run"])
    assert script != last["run"]
    for text in ("first", "second"):
        shutil.rmtree(study := tmp_path / last["working-directory"], ignore_errors=True)
        study.mkdir()
        (study / "one.ipynb").write_text(text, encoding="utf8")
        subprocess.run(["bash", "-eo", "pipefail", "-c", script], cwd=study, check=True,
                       env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "GITHUB_SHA": "0" * 40,
                            "GITHUB_SERVER_URL": "https://x", "GITHUB_REPOSITORY": "a/b",
                            "GH_TOKEN": ""})
        shown = subprocess.run(["git", "-C", there, "show", f"{SHELF}:one.ipynb"],
                               capture_output=True, text=True, check=True).stdout
        assert shown == text


@pytest.mark.parametrize("command", [
    ["zizmor", "--offline", "--no-progress", "--quiet", FOLDER], ["actionlint", *FILES]],
    ids=lambda command: command[0])
def test_a_linter_has_nothing_to_say(command):
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    program = shutil.which(command[0], path=places)
    if program is None:
        pytest.skip("not installed")
    done = subprocess.run([program, *command[1:]], cwd=ROOT, capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stdout + done.stderr
