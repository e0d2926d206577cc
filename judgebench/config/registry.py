"""Names to config files: the shipped folders and the user's, which come first.

A name is the stem of a file somewhere below ``models``, ``datasets``, ``judges``,
``summarizers``, ``executors`` or ``listeners`` of a config folder;
case does not matter. A file may have further names: ``also_called = ["gpqa_gen"]``, which mean it where no file has
them. Files are found by listing folders and described by parsing, so nothing here runs a config.
"""

from __future__ import annotations

import ast
import difflib
import re
import shlex
from collections.abc import Iterator, Sequence
from glob import escape as glob_escape
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from judgebench.errors import ConfigError, UnknownNameError, UsageError

Kind = Literal["models", "datasets", "judges", "summarizers", "executors", "listeners"]
KINDS: tuple[Kind, ...] = get_args(Kind)
SHIPPED = Path(__file__).parents[1] / "configs"
_TABLES = (".jsonl", ".csv", ".tsv", ".parquet")
"""Endings of files of a user's own questions or answers."""
_DESCRIPTION = 150
"""Characters of a description, unless its first sentence is longer."""
_SENTENCE_END = re.compile(r"[.?!](?<!et al\.)(?= [A-Z]|$)")
USER_FOLDER = "configs"
"""Config folder of the current directory, used when no ``--config-dir`` is given."""

_SINGULAR = {
    "models": "model",
    "datasets": "dataset",
    "judges": "judge",
    "summarizers": "summarizer",
    "executors": "executor",
    "listeners": "listener",
}


class ConfigFile(NamedTuple):
    """A registered config file.

    Attributes:
        kind: Which of the folders it is in.
        name: Its stem, as the command line names it.
        path: Absolute path.
    """

    kind: Kind
    name: str
    path: Path

    @property
    def shipped(self) -> bool:
        """Whether the file came with this package."""
        return self.path.is_relative_to(SHIPPED)


class Registry:
    """The config files of the user's folders and the shipped ones.

    Args:
        config_dirs: User folders, the first wins; empty takes ``configs`` of the current directory if there is one.

    Raises:
        UsageError: A given folder does not exist.
    """

    def __init__(self, config_dirs: Sequence[str] = ()) -> None:
        self.roots = [*_user_roots(config_dirs), SHIPPED]

    def files(self, kind: Kind) -> list[ConfigFile]:
        """Return the files of a kind that names can reach, sorted by name; shadowed ones are left out."""
        shown: dict[str, list[ConfigFile]] = {}
        for root in self.roots:
            of_root: dict[str, list[ConfigFile]] = {}
            for path in _python_files(root / kind):
                of_root.setdefault(path.stem.lower(), []).append(ConfigFile(kind, path.stem, path))
            for stem, files in of_root.items():
                shown.setdefault(stem, files)
        return sorted((file for files in shown.values() for file in files), key=lambda file: (file.name, file.path))

    @staticmethod
    def files_below(folder: Path) -> list[ConfigFile]:
        """Return all config files of one folder."""
        return [ConfigFile(kind, path.stem, path) for kind in KINDS for path in _python_files(folder / kind)]

    @staticmethod
    def shipped_names() -> set[tuple[str, str]]:
        """Return kind and lower-case name of every config that came with this package."""
        return {(file.kind, file.name.lower()) for file in Registry.files_below(SHIPPED)}

    def find(self, kind: Kind, name: str) -> ConfigFile:
        """Return the file that a name means; a path of a ``.py`` file means itself.

        Raises:
            UnknownNameError: No file has this name.
            ConfigError: Several files of one folder have it.
        """
        if name.endswith(".py") and Path(name).is_file():
            return ConfigFile(kind, Path(name).stem, Path(name).resolve())
        found = self.named(kind, name) or self.brought(kind, name) or self.called(kind, name)
        if not found:
            raise self._unknown(kind, name)
        if len(found) > 1:
            listed = ", ".join(str(file.path) for file in found)
            raise ConfigError(
                f"The {_SINGULAR[kind]} name {name!r} is ambiguous: {listed}.",
                hint="Rename one of the files, or give the path of the one you mean.",
            )
        return found[0]

    def called(self, kind: Kind, name: str) -> list[ConfigFile]:
        """Return the files that have a name among their further ones."""
        return [file for file in self.files(kind) if name.lower() in map(str.lower, other_names(file.path))]

    def named(self, kind: Kind, name: str) -> list[ConfigFile]:
        """Return the files that have a name: none, one, or the several that make it ambiguous."""
        return [file for file in self.files(kind) if file.name.lower() == name.lower()]

    def brought(self, kind: Kind, name: str) -> list[ConfigFile]:
        """Return the files of a name that an installed package brings; looked for when no folder has one.

        Raises:
            ConfigError: Two packages bring the name, or the one that does cannot be used.
        """
        from judgebench.plugins.installed import installed, refuse_rivals

        claims = [
            (one, files)
            for one in installed()
            if one.configs is not None and (files := _named_in(one.configs, kind, name))
        ]
        refuse_rivals([one for one, _ in claims], f"{_SINGULAR[kind]} config {name!r}")
        if not claims:
            return []
        package, files = claims[0]
        package.check()
        return files

    def _unknown(self, kind: Kind, name: str) -> UnknownNameError:
        if _is_path(name):
            what = "is no .py file" if Path(name).exists() else "does not exist"
            hint = "Give the name of a config, or the path of a .py file. See all with: jb --list"
            if kind == "datasets" and Path(name).suffix.lower() in _TABLES:
                hint = (
                    f"Ask the questions of your own file with: --custom-dataset-path {shlex.quote(name)}, or judge the "
                    f"answers in it with: --predictions {shlex.quote(name)}"
                )
            return UnknownNameError(f"{name} {what}, so it is no {_SINGULAR[kind]} config.", hint=hint)
        files = self.files(kind)
        known = {other.lower(): other for file in files for other in other_names(file.path)}
        known |= {file.name.lower(): file.name for file in files}
        near = [known[stem] for stem in difflib.get_close_matches(name.lower(), known, n=3, cutoff=0.66)]
        near += [shown for stem, shown in known.items() if name.lower() in stem and shown not in near][:3]
        elsewhere = [other for other in KINDS if other != kind and self.named(other, name)]
        hint = f"Did you mean {' or '.join(near)}? " if near else ""
        parts = [part.strip() for part in name.split(",") if part.strip()]
        if len(parts) > 1:
            hint = f"Separate names by blanks: --{flag_of(kind)} {' '.join(parts)}. "
        if elsewhere:
            hint += f"There is a {_SINGULAR[elsewhere[0]]} of that name: --{flag_of(elsewhere[0])} {name}. "
        misplaced = [path for root in self.roots for path in root.glob(f"{glob_escape(name)}.py")]
        if misplaced:
            hint += f"{misplaced[0]} is ignored: move it into the folder {kind}/ beside it. "
        usual = Path(USER_FOLDER)
        if usual.resolve() not in [root.resolve() for root in self.roots] and any(
            path.stem.lower() == name.lower() for path in _python_files(usual / kind)
        ):
            hint += f"./{usual} has one, but jb ignores it if other folders are named: add --config-dir {usual}. "
        from judgebench.plugins.installed import unusable

        if broken := unusable():
            hint += f"{broken} "
        own = " Rows of your own need no config: --custom-dataset-path FILE" if kind == "datasets" else ""
        return UnknownNameError(
            f"There is no {_SINGULAR[kind]} config named {name!r}.",
            hint=f"{hint}See all with: jb --list{own and '.'}{own}",
        )


def _is_path(name: str) -> bool:
    """Say whether a name is meant as the path of a file: ``name/suffix`` is none, unless it ends as a table does."""
    return name.endswith(".py") or name.startswith((".", "/", "~")) or Path(name).suffix.lower() in _TABLES


def split_suffix(name: str) -> tuple[str, str]:
    """Return the file name and the variable suffix of ``name/suffix``; the suffix is empty where none is given."""
    if _is_path(name):
        return name, ""
    stem, _, suffix = name.partition("/")
    return stem, suffix


def description(path: Path) -> str:
    """Return the whole sentences with which a config file's docstring begins, as many as fit, without running it."""
    try:
        tree = ast.parse(path.read_text("utf-8"))
    except (OSError, SyntaxError, UnicodeDecodeError):
        return "(cannot be read)"
    said = ast.get_docstring(tree)
    if said:
        paragraph = " ".join(said.split("\n\n")[0].split())
        ends = [found.end() for found in _SENTENCE_END.finditer(paragraph)] or [len(paragraph)]
        return paragraph[: max((end for end in ends if end <= _DESCRIPTION), default=ends[0])]
    for node in tree.body:
        if isinstance(node, ast.With) and isinstance(node.body[0], ast.ImportFrom) and len(tree.body) <= 2:
            return f"Same as {(node.body[0].module or '').rpartition('.')[2]}."
    return ""


OTHER_NAMES = "also_called"
"""The variable of a config file that holds its further names."""


def other_names(path: Path) -> list[str]:
    """Return the further names of a config file, without running it; none where it cannot be read."""
    try:
        text = path.read_text("utf-8")
        tree = ast.parse(text) if OTHER_NAMES in text else ast.Module([], [])
        for node in tree.body:
            if isinstance(node, ast.Assign) and [ast.unparse(one) for one in node.targets] == [OTHER_NAMES]:
                return [str(name) for name in ast.literal_eval(node.value)]
    except (OSError, SyntaxError, UnicodeDecodeError, ValueError, TypeError):
        pass
    return []


def _named_in(folder: Path, kind: Kind, name: str) -> list[ConfigFile]:
    return [
        ConfigFile(kind, path.stem, path) for path in _python_files(folder / kind) if path.stem.lower() == name.lower()
    ]


def flag_of(kind: Kind) -> str:
    """Return the flag that names configs of a kind, without its dashes."""
    return _SINGULAR[kind] if kind in {"summarizers", "executors"} else kind


def _user_roots(config_dirs: Sequence[str]) -> list[Path]:
    if not config_dirs:
        default = Path(USER_FOLDER).resolve()
        return [default] if default.is_dir() and default != SHIPPED else []
    roots = [Path(folder).expanduser().resolve() for folder in config_dirs]
    for folder, root in zip(config_dirs, roots, strict=True):
        if not root.is_dir():
            raise UsageError(
                f"The config folder {folder!r} of --config-dir does not exist.",
                hint=f"Make it with: mkdir -p {folder}/models {folder}/datasets",
            )
    return roots


def _python_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*.py")):
        if not path.name.startswith(("_", ".")) and "__pycache__" not in path.parts:
            yield path
