"""One word for one thing: names in the code, keys, flags and table headers keep to docs/glossary.md."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from judgebench.cli.arguments import build_parser

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "judgebench"

INSTEAD = {
    "grammar": "verdict parser",
    "fold": "aggregation",
    "folded": "combined, aggregated",
    "view": "presentation",
    "viewed": "declared",
    "game": "comparison",
    "battle": "comparison",
    "duel": "comparison",
    "meeting": "crossed pair",
    "played": "comparisons",
    "player": "tested model",
    "league": "round robin",
    "opponent": "compared model",
    "zygote": "fork server",
    "pump": "worker pool",
    "places": "index, positions",
    "asked": "identity, or what was asked",
    "earlier": "reuse, previous",
    "saving": "caching client",
    "peer": "co-judge",
    "joining": "merge",
    "joined": "merged",
    "counted": "accumulator",
    "evidence": "diagnostics, facts",
    "health": "diagnostics",
    "told": "what it is: message, lines, notes",
    "heard": "listener",
    "probing": "trial call (a probe is a classifier)",
    "probed": "likewise",
    "attempts": "tries (an attempt is a job's)",
}
"""Words that no name holds, in any number, with what to write instead."""

ALLOWED = {
    "StratifiedGroupKFold": "scikit-learn's name",
    "view": "the command jb view, and the extra that it needs",
    "judgebench.cli.view": "likewise",
    "jb view": "likewise",
    "health": "the path that answers once a launched service can work: LaunchConfig.health",
    "EvidenceScore": "a score of what the verifiers' evidence for an answer is worth",
    "EvidenceScoreConfig": "likewise",
    "evidence_score": "likewise",
    "evidence": "the name of that score in identities",
}
"""Names that hold such a word in its own, other sense."""


KNOWN = {form for word in INSTEAD for form in (word, f"{word}s")}


def words_of(name: str) -> list[str]:
    return [part.lower() for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)]


def forbidden(name: str) -> str:
    if name in ALLOWED:
        return ""
    return next((word for word in words_of(name) if word in KNOWN), "")


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


class Words(NamedTuple):
    """What one module says: its names, its texts that are a name and nothing else, and the classes that it defines."""

    module: str
    names: set[str]
    texts: set[str]
    classes: set[str]


@cache
def modules() -> list[Words]:
    """All modules, read once for the tests of one process: parsing the package takes seconds."""
    found = []
    for path in sources():
        tree = ast.parse(path.read_text("utf-8"))
        nodes = list(ast.walk(tree))
        constants = [node.value for node in nodes if isinstance(node, ast.Constant)]
        texts = [text for text in constants if isinstance(text, str)]
        found.append(
            Words(
                str(path.relative_to(PACKAGE)),
                {name for node in nodes for name in _names_in(node)},
                {text for text in texts if re.fullmatch(r"[A-Za-z][\w.]*( [a-z]+){0,2}", text)},
                {node.name for node in tree.body if isinstance(node, ast.ClassDef)},
            )
        )
    return found


def _names_in(node: ast.AST) -> Iterator[str]:
    """The names that a piece of code itself holds, be it of a variable, an attribute, a key, a module or anything."""
    if not isinstance(node, ast.Constant):
        for _, value in ast.iter_fields(node):
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, str):
                    yield from one.split(".")


def test_names_in_the_code_keep_to_the_glossary() -> None:
    found: dict[str, set[str]] = defaultdict(set)
    for module in modules():
        for name in module.names:
            if word := forbidden(name):
                found[f"{name} ({word})"].add(module.module)
    assert not found


def test_modules_and_configs_keep_to_the_glossary() -> None:
    assert [str(path.relative_to(PACKAGE)) for path in sources() if forbidden(path.stem)] == []


def test_keys_in_texts_keep_to_the_glossary() -> None:
    """JSON keys, config keys, headers of tables: texts in the code that are a name and nothing else."""
    found: dict[str, set[str]] = defaultdict(set)
    for module in modules():
        for text in module.texts:
            if word := forbidden(text):
                found[f"{text!r} ({word})"].add(module.module)
    assert not found


def test_flags_keep_to_the_glossary() -> None:
    flags = [flag for action in build_parser()._actions for flag in action.option_strings]
    assert [flag for flag in flags if forbidden(flag)] == []


def test_no_class_name_means_two_things() -> None:
    found: dict[str, set[str]] = defaultdict(set)
    for module in modules():
        if "configs" not in Path(module.module).parts:
            for name in module.classes:
                found[name.lstrip("_")].add(module.module)
    assert {name: where for name, where in found.items() if len(where) > 1} == {}


def test_pages_keep_to_the_glossary() -> None:
    """Words that no page needs in another sense; the note on words quotes the former ones."""
    stale = r"(?i)\b(?:grammar|fold|game|battle|duel|league|opponent|zygote|data set)s?\b"
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    found = {
        str(path.relative_to(ROOT)): words
        for path in pages
        if not path.name.startswith("0008-") and (words := re.findall(stale, path.read_text("utf-8")))
    }
    assert not found


@pytest.mark.parametrize(
    "word", ["verdict parser", "aggregation", "presentation", "comparison", "round robin", "label"]
)
def test_the_glossary_explains_its_words(word: str) -> None:
    assert f"**{word}**" in (ROOT / "docs/glossary.md").read_text("utf-8")
