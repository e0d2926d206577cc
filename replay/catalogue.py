"""``python -m replay.catalogue``: checks every described dataset, and reads the real files of those that are here.

A config of the catalogue must load, say where the dataset comes from, where it is published and under which licence,
and have its generated page. With a folder of data (``make catalogue-check DATA=FOLDER``) every item of every file there
is read by the dataset's loader, which refuses a row that is not of the published layout.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from judgebench.config.dataset_pages import pages
from judgebench.config.described import DatasetFile, described
from judgebench.config.registry import Registry
from judgebench.config.resolve import load_run
from judgebench.datasets.samples import samples_of
from judgebench.errors import JudgebenchError, MissingDataError
from judgebench.records.request import Selection
from judgebench.records.run import Options

ROOT = Path(__file__).parents[1]
_PLACE = re.compile(r"github|hub|storage|site|package|nowhere", re.IGNORECASE)
"""What the place of a publication is called in a description; ``nowhere`` where items are made."""


def faults_of(name: str, one: DatasetFile, page: str, made: str) -> Iterator[str]:
    """Yield what a described config lacks.

    Args:
        name: Name of the config.
        one: What it holds.
        page: Its page as it is written in ``docs/datasets``, empty for none.
        made: The page as the config makes it.
    """
    assert one.about is not None
    for key in ("title", "source", "published", "licence", "size", "columns", "scored", "unread", "checked"):
        if not getattr(one.about, key).strip():
            yield f"{name}: about[{key!r}] is empty; say it, the page is made of it"
    if not _PLACE.search(f"{one.about.published} {one.about.source}"):
        yield f"{name}: about['published'] names no repository, hub or site from which the files come"
    if not page:
        yield f"{name}: there is no page docs/datasets/{name}.md; run make docs"
    elif page != made:
        yield f"{name}: docs/datasets/{name}.md is not what the config says; run make docs"


def read_items(name: str, data_dir: Path) -> Iterator[tuple[str, int | None]]:
    """Yield every dataset of a config with how many items its files hold, ``None`` where they are not in the folder.

    Raises:
        JudgebenchError: A row is not of the published layout; names file and row.
    """
    run = load_run(Selection(models=["vllm_api_general_chat"], datasets=[name]), {"datasets.*.hub": "None"})
    for abbr, data in run.datasets.items():
        try:
            yield abbr, sum(1 for _ in samples_of(data, Options(data_dir=str(data_dir))))
        except MissingDataError:
            yield abbr, None


def main(argv: list[str] | None = None) -> int:
    """Check; returns 1 if a config lacks something or a row of a file is refused."""
    parser = argparse.ArgumentParser(prog="catalogue", description=__doc__)
    parser.add_argument("--data-dir", type=Path, help="folder of the datasets' files; without it no file is read")
    args = parser.parse_args(argv)
    if args.data_dir is not None and not args.data_dir.is_dir():
        print(f"There is no data folder {args.data_dir}.")
        return 1
    configs = [(file, described(file.path)) for file in Registry([]).files("datasets")]
    checked = [(file.name, one) for file, one in configs if one.about is not None]
    faults = [
        f"{file.name}: the config has no description; give it about=dict(title=..., source=..., licence=...)"
        for file, one in configs
        if one.about is None and file.path.parent.name == "judge_catalogue"
    ]
    made = pages()
    items = here = 0
    for name, one in checked:
        path = ROOT / "docs/datasets" / f"{name}.md"
        faults += faults_of(name, one, path.read_text("utf-8") if path.is_file() else "", made[path.name])
        if args.data_dir is None:
            continue
        try:
            for abbr, count in read_items(name, args.data_dir):
                if count is not None:
                    print(f"{abbr:32} {count:7} items")
                    items, here = items + count, here + 1
        except JudgebenchError as error:
            faults.append(f"{name}: {error.message}")
    for fault in faults:
        print(f"  ! {fault}")
    read = f"; {here} datasets are in {args.data_dir}, {items} items read" if args.data_dir else ""
    print(f"{len(checked)} configs checked, {len(faults)} faults{read}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
