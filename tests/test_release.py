"""What is said of the course as a whole agrees: version, date, licence, commands for a class."""

import re
import tomllib
from datetime import date
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf8"))["project"]
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf8"))
CHANGES = (ROOT / "CHANGELOG.md").read_text(encoding="utf8")
# Of the schema of the Citation File Format 1.2.0.
REQUIRED = {"cff-version", "message", "title", "authors"}
ALLOWED = REQUIRED | {
    "abstract", "commit", "contact", "date-released", "doi", "identifiers", "keywords", "license",
    "license-url", "preferred-citation", "references", "repository", "repository-artifact",
    "repository-code", "type", "url", "version"}


def test_the_citation_has_the_form_that_others_read():
    assert REQUIRED <= set(CITATION) <= ALLOWED
    assert CITATION["cff-version"] == "1.2.0"
    assert CITATION["type"] in ("software", "dataset")
    assert all(set(author) == {"name"} for author in CITATION["authors"])
    assert all(isinstance(CITATION[key], str) for key in ("version", "title", "date-released"))
    assert PROJECT["license"] in CITATION["license"]


def test_version_and_date_are_the_same_everywhere():
    releases = re.findall(r"^## \[(\S+)\] - (\S+)$", CHANGES, re.M)
    assert releases[0] == (CITATION["version"], CITATION["date-released"])
    assert CITATION["version"] == PROJECT["version"]
    dates = [date.fromisoformat(day) for _, day in releases]
    assert dates == sorted(dates, reverse=True)


def test_changes_have_the_kinds_of_keep_a_changelog():
    kinds = set(re.findall(r"^### (.*)$", CHANGES, re.M))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert kinds


def test_the_commands_for_a_class_are_there():
    makefile = (ROOT / "Makefile").read_text(encoding="utf8")
    told = set(re.findall(r"^make (\w+)", (ROOT / "README.md").read_text(encoding="utf8"), re.M))
    told |= set(re.findall(r"`make (\w+)", (ROOT / "syllabus.md").read_text(encoding="utf8")))
    assert {"handout", "slides", "records"} <= told
    for name in told:
        assert re.search(rf"^{name}: ", makefile, re.M), name
        assert f"make {name} " in makefile, name  # in its help
