"""The report as a page: what a reader sees first, in a browser, and that nothing of a run is more than text in it."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import msgspec
import pytest

from judgebench.report.schema import RowSpec, Summary
from judgebench.report.summary import summarize
from tests.docs.pages import DOCS
from tests.report.five_models import make_run
from tests.report.runs import put
from tests.viewer.browser import CHROMIUM, PICTURES, Page, browser

DEMO_RUN = os.environ.get("JB_DEMO", "")
FIRST_SIGHT = 900
"""Pixels that a reader sees without moving the page."""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A round robin of five models."""
    path, done = make_run(tmp_path_factory.mktemp("trees"))
    assert done.code == 0, done.text
    return path


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory):
    if not CHROMIUM:
        pytest.skip("chromium is not installed: apt-get install -y chromium")
    with browser(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


def summary_of(run: Path) -> Summary:
    return msgspec.json.decode(next(run.glob("summary/*.json")).read_bytes(), type=Summary)


def test_differences_are_those_of_the_same_items(finished: Path) -> None:
    """By hand from the verdicts: the mean difference over the items that both models were scored on."""
    summary = summary_of(finished)
    (one,) = [each for each in summary.differences if each.dataset == "tanks-quill" and each.second == "fir"]
    assert (one.kind, one.first, one.comparisons) == ("paired", "alder", 4)
    right = [
        {
            line["id"]: line["decision"] == "correct"
            for line in map(json.loads, (finished / f"verdicts/{model}/tanks-quill.jsonl").read_text().splitlines())
            if line["status"] == "ok"
        }
        for model in ("alder", "fir")
    ]
    both = right[0].keys() & right[1].keys()
    assert one.found.n == len(both) == 79
    assert one.found.value == pytest.approx(100 * sum(right[0][at] - right[1][at] for at in both) / len(both))
    ahead = sum(right[0][at] and not right[1][at] for at in both)
    behind = sum(right[1][at] and not right[0][at] for at in both)
    assert (one.first_ahead, one.second_ahead) == (ahead, behind)
    (two,) = [each for each in summary.differences if each.dataset == "tanks-league" and each.second == "fir"]
    lines = (finished / "results/alder/tanks-league-vs-fir.comparisons.jsonl").read_text().splitlines()[1:]
    outcomes = [json.loads(line)["outcome"] for line in lines]
    assert two.kind == "head_to_head"
    assert two.found.value == pytest.approx(100 * sum(outcomes) / len(outcomes))


def test_a_telephone_shows_the_page_in_its_own_width(finished: Path) -> None:
    assert (
        'name="viewport" content="width=device-width, initial-scale=1"'
        in next(finished.glob("summary/*.html")).read_text()
    )


def test_paper_is_white_and_shows_the_intervals_drawn(finished: Path, view: Page) -> None:
    view.size(717, 1000)  # A4 within the margins that a browser leaves
    view.theme("light")
    dark = [{"name": "prefers-color-scheme", "value": "dark"}]
    try:
        view.send("Emulation.setEmulatedMedia", media="print", features=dark)
        view.goto(next(finished.glob("summary/*.html")).as_uri())
        assert view.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert view.evaluate("document.querySelector('td.plot svg').getBoundingClientRect().width") > 200
        assert view.evaluate("document.documentElement.scrollWidth") <= 717
    finally:
        view.send("Emulation.setEmulatedMedia", media="")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_matters_stands_within_the_first_sight(finished: Path, view: Page, theme: str) -> None:
    """Who is best by how much with the interval, what is unsure, the judge and how it errs, what is unscored."""
    view.size(1280, FIRST_SIGHT)
    view.theme(theme)
    view.goto(next(finished.glob("summary/*.html")).as_uri())
    assert view.errors == []
    parts = {"better": "95% interval", "unsure": "items would", "judge": "too kind to", "unscored": "are missing"}
    for about, words in parts.items():
        assert words in view.text(f"dd.{about}")
        low = view.evaluate(f"document.querySelector('dd.{about}').getBoundingClientRect().bottom")
        assert low <= FIRST_SIGHT, about
    assert view.text("dd.better").startswith("alder is better than ")
    assert "of the wrong answers right" in view.text("dd.judge")
    assert view.evaluate("document.documentElement.scrollWidth") <= 1280
    assert view.evaluate("document.querySelectorAll('table.scores td.plot svg').length") >= 10
    if PICTURES:
        view.picture(Path(PICTURES) / "report" / f"round-robin-{theme}.webp", format="webp")
    dot, interval = "document.querySelector('circle.dot')", "document.querySelector('line.iv')"
    middle = f"({dot}.getBoundingClientRect().left + {dot}.getBoundingClientRect().right) / 2"
    assert view.evaluate(f"{interval}.getBoundingClientRect().left < {middle}")
    assert view.evaluate(f"{middle} < {interval}.getBoundingClientRect().right")
    view.size(380, 800)
    assert view.evaluate("document.documentElement.scrollWidth") <= 380


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_demo_run_is_told_within_the_first_sight(view: Page, theme: str) -> None:
    """The run of ``make demo`` itself; ``tests/viewer/test_embedded.py`` makes a small one of its own."""
    if not DEMO_RUN:
        pytest.skip("JB_DEMO names no finished run of make demo")
    view.size(1280, FIRST_SIGHT)
    view.theme(theme)
    view.goto(max(Path(DEMO_RUN).resolve().glob("summary/*.html")).as_uri())
    parts = {
        "score": "95% interval",
        "unsure": "items would leave",
        "judge": "agrees with the rule",
        "unscored": "All 50",
    }
    for about, words in parts.items():
        assert words in view.text(f"dd.{about}")
        assert view.evaluate(f"document.querySelector('dd.{about}').getBoundingClientRect().bottom") <= FIRST_SIGHT
    assert "too kind or too strict cannot be told" in view.text("dd.judge")
    if PICTURES:
        view.picture(Path(PICTURES) / "report" / f"demo-{theme}.webp", format="webp")


def test_a_model_alone_is_told_within_the_first_sight_too(tmp_path: Path, view: Page) -> None:
    """As the run of the demo has it: a model that judges its own answers, and a rule beside it."""
    run = tmp_path / "20260305_153318"
    run.mkdir()
    rule, judge = "1" * 29 + "0" * 21, "1" * 26 + "0" * 3 + "1" * 12 + "0" * 9
    put(run, "gemma", "facts", rule)
    put(run, "gemma", "facts-judge", judge, judge="judge", rule=rule)
    rows = [RowSpec(name="facts", dataset="facts"), RowSpec(name="facts-judge", dataset="facts", judge="judge")]
    page = summarize(run, timestamp=run.name, models=["gemma"], rows=rows).html
    view.size(1280, FIRST_SIGHT)
    view.goto(page.as_uri())
    parts = {
        "score": "accuracy 58.0% on facts by the rule (95% interval 44.2 to 70.6) and accuracy 76.0% on facts by the",
        "unsure": "about 350 items would leave 5",
        "judge": "agrees with the rule on 70.0% of 50 answers (95% interval 56.2 to 80.9) and is too kind by 18.0",
        "unscored": "All 50 items were scored",
    }
    for about, words in parts.items():
        assert words in view.text(f"dd.{about}")
        assert view.evaluate(f"document.querySelector('dd.{about}').getBoundingClientRect().bottom") <= FIRST_SIGHT


HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</style><script>alert(1)</script>",
    '"><svg onload=alert(1)>',
    "javascript:alert(1)",
]


def test_texts_of_a_run_are_nothing_but_text(tmp_path: Path, view: Page) -> None:
    run = tmp_path / "20260305_153318"
    run.mkdir()
    for at, name in enumerate(HOSTILE):
        put(run, f"m{at}", "d-j", "10", judge="j", notes=[name])
        path = run / f"results/m{at}/d-j.json"
        loaded = json.loads(path.read_text())
        loaded["judge"], loaded["version"] = name, name
        doubt = {"id": 1, "why": name, "question": name, "reference": name, "answers": {name: name}}
        loaded["diagnostics"] = {"doubtful": [doubt | {"judge_replies": {name: name}}]}
        loaded["slices"] = [{"by": name, "value": name, "counts": loaded["counts"], "metrics": loaded["metrics"]}]
        path.write_text(json.dumps(loaded))
    models = [f"m{at}" for at in range(len(HOSTILE))]
    files = summarize(run, timestamp=run.name, models=models, rows=[RowSpec(name="d-j", dataset="d", judge="j")])
    view.goto(files.html.as_uri())
    assert view.dialogs == []
    assert view.evaluate("document.querySelectorAll('script, img, [onload], [onerror], a').length") == 0
    assert all(name in view.text() for name in HOSTILE)


def test_texts_that_are_not_to_be_handed_on_stay_out(tmp_path: Path) -> None:
    run = tmp_path / "20260305_153318"
    run.mkdir()
    put(run, "m", "d", "10")
    path = run / "results/m/d.json"
    loaded = json.loads(path.read_text())
    doubt = {"id": 7, "why": "unparsed", "question": "SECRET", "reference": "SECRET", "answers": {"answer": "SECRET"}}
    loaded["diagnostics"] = {"doubtful": [doubt | {"judge_replies": {"judge": "SECRET"}}]}
    path.write_text(json.dumps(loaded))

    def written(*, shareable: bool) -> str:
        rows = [RowSpec(name="d", dataset="d", shareable=shareable)]
        files = summarize(run, timestamp=run.name, models=["m"], rows=rows)
        return "".join(file.read_text() for file in (files.html, files.md, files.txt, files.json, files.csv))

    assert "SECRET" in written(shareable=True)
    kept = written(shareable=False)
    assert "SECRET" not in kept
    assert "withheld" in kept


def test_every_picture_of_a_report_is_in_the_docs() -> None:
    page = (DOCS / "report.md").read_text("utf-8")
    assert set(re.findall(r"\(report/([\w-]+)\.webp\)", page)) == {
        path.stem for path in (DOCS / "report").glob("*.webp")
    }
