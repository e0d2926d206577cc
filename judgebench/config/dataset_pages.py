"""``python -m judgebench.config.dataset_pages FOLDER``: writes a page for every dataset that describes itself.

A page is made of the description in the config file (``about``) and of what the config itself says: where the files go,
which parser reads a reply, how presentations are aggregated, how many calls an item takes, what scores it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from judgebench.config.checks import Declared
from judgebench.config.described import DatasetFile, described, kind_of_data, locations_of, shows_images
from judgebench.config.registry import ConfigFile, Registry, description

_MADE = "<!-- Made by: python -m judgebench.config.dataset_pages docs/datasets (make docs) -->"
_HEAD = f"""# Datasets

{_MADE}

Every dataset that is shipped with `jb`, by the name of its config: `jb --models MODEL --datasets NAME`. In a benchmark
of *judges* the model is the judge under test, and the items bring their answers along. `jb ls datasets --kind judge
--images no` lists a part of them; `jb show NAME` prints every key and says where the files go. Where other tools score
the same dataset by a rule, [both rules read the same answers](../other-tools.md).

"""

_ABSENT = (
    (
        "MMMT-IF",
        (
            "neither its pictures nor the programs that check its instructions are public; its figures PIF and PIF-N-K "
            "are given for any dataset of instructions that is asked several times ([`ifeval`](ifeval.md), with "
            "`num_return_sequences`)"
        ),
    ),
    ("CAPTURE (DetailCaps)", "needs a parser of scene graphs and sentence embeddings that no package holds"),
    (
        "LiveBench's tasks with programs of their own",
        (
            "some twenty programs in its repository, in no package; [`livebench`](livebench.md) scores the tasks of "
            "exact answers"
        ),
    ),
    (
        "WildBench's pairs (WB-Reward)",
        (
            "the answers of its three fixed models are not part of the set; [`wildbench_models`](wildbench_models.md) "
            "grades answers by themselves"
        ),
    ),
    (
        "RealCritic's closed loop",
        (
            "a critique is graded there by the answer that follows it; [`realcritic`](realcritic.md) takes the verdict "
            "by itself"
        ),
    ),
    (
        "JudgerBench V2's final score",
        "its table of reference wins is not part of the set; [`judgerbench_v2`](judgerbench_v2.md) gives the accuracy",
    ),
    (
        "Four of LongJudgeBench's six sets",
        (
            "two grade by weighted dimensions, one ranks four texts, the gold of one is a model's name; "
            "[`long_judge_bench`](long_judge_bench.md) has the pairs and the checks"
        ),
    ),
)
"""What people ask for and is not shipped, each with the reason."""


def pages() -> dict[str, str]:
    """Return the text of every page by its file's name, the index ``README.md`` first."""
    files = Registry([]).files("datasets")
    read = [(file, described(file.path)) for file in files]
    found = {f"{file.name}.md": page(file, one) for file, one in read if one.about is not None}
    return {"README.md": _HEAD + "".join([*_index(read), *_absent()]), **found}


def _index(read: Sequence[tuple[ConfigFile, DatasetFile]]) -> Iterator[str]:
    for kind, heading in (("judge", "Benchmarks of judges"), ("model", "Datasets for models")):
        yield f"## {heading}\n\n| name | images | |\n| --- | --- | --- |\n"
        for file, one in read:
            if kind_of_data(one.datasets) == kind:
                name = f"[`{file.name}`]({file.name}.md)" if one.about else f"`{file.name}`"
                images = "yes" if shows_images(one.datasets) else "no"
                yield f"| {name} | {images} | {_cell(description(file.path))} |\n"
        yield "\n" if kind == "judge" else ""


def _absent() -> Iterator[str]:
    yield "\n## Not here, and why\n\n| what | why |\n| --- | --- |\n"
    yield from (f"| {_cell(what)} | {_cell(why)} |\n" for what, why in _ABSENT)


def page(file: ConfigFile, one: DatasetFile) -> str:
    """Return the page of a config file that describes itself."""
    about = one.about
    assert about is not None
    judged = kind_of_data(one.datasets) == "judge"
    tested = "JUDGE" if judged else "MODEL"
    who = ": the model is the judge under test." if judged else "."
    rows = {
        "Published": about.published,
        "Licence": about.licence,
        "Size": about.size,
        "Columns": about.columns,
        "Where the files go": "; ".join(dict.fromkeys(f"`{at}`" for data in one.datasets for at in locations_of(data))),
        "What it asks": about.asks,
        **_read_by(one.datasets),
        "How it is scored": about.scored,
        "An unread reply counts as": about.unread,
        "Checked here": about.checked,
    }
    parts = [
        f"# {about.title}\n\n{_MADE}\n\n`jb --models {tested} --datasets {file.name}`{who}\n\n",
        f"{description(file.path)}\n\n| | |\n| --- | --- |\n",
        *(f"| {name} | {_cell(text)} |\n" for name, text in rows.items() if text),
        *_datasets(one.datasets),
    ]
    if about.choices:
        parts.append("\n**Other rules, by name.** Add to the command:\n\n")
        parts += [f"- {said}: `--override {change}`\n" for said, change in about.choices.items()]
    if about.weaknesses:
        parts.append(f"\n**Weaknesses.** {about.weaknesses}\n")
    if about.figures:
        parts.append(
            "\n**Published figures**\n\n| of | figure | value | date | source |\n| --- | --- | --- | --- | --- |\n"
        )
        parts += [
            f"| {_cell(x.of)} | {_cell(x.figure)} | {x.value} | {x.date} | {_cell(x.source)} |\n" for x in about.figures
        ]
    return "".join([*parts, f"\n**Source.** {about.source}\n"])


def _datasets(datasets: Sequence[Declared]) -> Iterator[str]:
    if len(datasets) < 2:
        return
    yield "\n| dataset | score |\n| --- | --- |\n"
    for one in datasets:
        yield f"| `{one.abbr}` | {', '.join(_named(part) for part in _scores(one)) or '–'} |\n"


def _scores(data: Declared) -> list[Any]:
    return [data.data[key] for key in ("score", "evaluator") if data.data.get(key)]


def _read_by(datasets: Sequence[Declared]) -> dict[str, str]:
    """Return what reads a reply, what aggregates the presentations, and how many calls an item takes."""
    methods = [method for one in datasets for method in _methods(one)]
    parsers = dict.fromkeys(name for method in methods for name in _parsers(method))
    aggregations = dict.fromkeys(
        _named(method["aggregate"]) for method in methods if isinstance(method.get("aggregate"), Mapping)
    )
    calls = dict.fromkeys(_calls(method) for method in methods if method.get("presentations"))
    scores = dict.fromkeys(_named(part) for one in datasets for part in _scores(one))
    return {
        "Verdict parser": ", ".join(parsers),
        "Aggregation": ", ".join(aggregations),
        "Calls per item": ", ".join(calls),
        "Score": ", ".join(scores),
    }


def _methods(data: Declared) -> list[dict[str, Any]]:
    judges = data.data.get("judge_infer_cfg") or []
    blocks = [judges] if isinstance(judges, Mapping) else judges
    found = [data.data.get("method"), *(block.get("method") for block in blocks)]
    return [one for one in found if isinstance(one, dict)]


def _parsers(method: Mapping[str, Any]) -> Iterator[str]:
    every = [method, *(method.get("presentations") or [])]
    for one in every:
        if isinstance(one, Mapping) and one.get("parser"):
            yield _named(one["parser"])


def _calls(method: Mapping[str, Any]) -> str:
    presentations = len(method["presentations"])
    repeats = method.get("repeats", 1)
    return str(presentations * repeats)


def _named(part: Any) -> str:
    name = part["type"] if isinstance(part, Mapping) else part
    return f"`{str(name).rpartition('.')[2]}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main(argv: list[str]) -> int:
    """Write the pages into a folder, and remove pages of datasets that are gone."""
    folder = Path(argv[0])
    folder.mkdir(parents=True, exist_ok=True)
    made = pages()
    for path in folder.glob("*.md"):
        if path.name not in made and _MADE in path.read_text("utf-8"):
            path.unlink()
    for name, text in made.items():
        (folder / name).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
