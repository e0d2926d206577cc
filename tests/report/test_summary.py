from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from judgebench.errors import DataError
from judgebench.metrics.rates.accuracy import accuracy
from judgebench.records.flow import Metric
from judgebench.records.run import SummarizerConfig, SummaryGroup
from judgebench.report.results import read_result, write_result
from judgebench.report.schema import RowSpec, Summary
from judgebench.report.summary import summarize
from judgebench.report.tables import TextTable
from judgebench.report.writers import _rendered, as_text
from tests.report.runs import plan_of, put, tally_of

STAMP = "20260305_153318"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / STAMP
    folder.mkdir()
    return folder


def row(name: str, **more: object) -> RowSpec:
    return RowSpec(name=name, dataset=name.partition("-")[0], **more)


def cells_of(markdown_or_text: str, table: str = "") -> list[list[str]]:
    """The cells of a pipe table, the first one or the one under a heading."""
    lines = markdown_or_text[markdown_or_text.index(table) :].splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("|"))
    rows = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        if not re.fullmatch(r"[|\-: ]+", line):
            rows.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return rows


TOOK = {"calls": 1, "extra_requests": 0, "seconds_waited": 0.0, "served_models": ["j"], "cost": 0.0}
"""What the calls of one side took, beside the tokens."""


def test_the_reference_page_table(run: Path) -> None:
    """One judged dataset, all right: the row of the reference page, in every format."""
    put(run, "vllm-api-general-chat", "aime2025-judge", "1" * 30, judge="judge")
    files = summarize(
        run, timestamp=STAMP, models=["vllm-api-general-chat"], rows=[row("aime2025-judge", judge="judge")]
    )
    expected = [
        ["dataset", "version", "metric", "mode", "vllm-api-general-chat"],
        ["aime2025-judge", "3fb7e8", "accuracy", "gen", "100.00"],
    ]
    assert cells_of(files.text) == expected
    assert cells_of(files.md.read_text()) == expected
    assert files.txt.read_text() == files.text
    with files.csv.open(newline="") as lines:
        rows = list(csv.reader(lines))
    assert [line[:5] for line in rows] == expected
    assert {path.name for path in (run / "summary").iterdir()} == {
        f"summary_{STAMP}.{ending}" for ending in ("csv", "md", "txt", "json", "html")
    }


def test_the_figures_beside_the_headline(run: Path) -> None:
    """n, standard error, interval, scored share, failed, unparsed and truncated of each model are in CSV and text."""
    put(run, "m", "d-judge", "1110uj", judge="judge", rule="110011")
    files = summarize(run, timestamp=STAMP, models=["m"], rows=[row("d-judge", judge="judge")])
    with files.csv.open(newline="") as lines:
        found = next(csv.DictReader(lines))
    metric = accuracy(tally_of(list("1110uj")))
    assert found["m"] == "75.00"
    assert found["m n"] == "4"
    assert found["m stderr"] == f"{metric.stderr:.2f}"
    assert found["m ci95_low"] == f"{metric.ci95[0]:.2f}"
    assert (found["m worst_case"], found["m best_case"]) == ("50.00", "83.33")
    assert (found["m scored_percent"], found["m unparsed"], found["m judge_failed"]) == ("66.67", "1", "1")
    assert "What was scored" in files.text
    assert "against the rule" in files.text
    assert "75.00" in files.text


def test_headers_break_their_lines_on_the_page_and_join_them_in_markdown(run: Path) -> None:
    """A narrow header keeps a table in the window; no word loses its hyphen where a line is joined."""
    put(run, "m", "d-judge", "1100", judge="judge", rule="1010")
    files = summarize(run, timestamp=STAMP, models=["m"], rows=[row("d-judge", judge="judge")])
    assert '<th class="n">wrong answers<br>accepted %</th>' in files.html.read_text()
    assert "| wrong answers accepted % |" in re.sub(" +", " ", files.md.read_text())
    heads = TextTable("t", ["Bradley-\nTerry", "won/tied/\nlost", "a\nb"], [["1", "2", "3"]], set())
    joined = _rendered(heads, "github", str).splitlines()[0].split("|")[1:-1]
    assert [head.strip() for head in joined] == ["Bradley-Terry", "won/tied/lost", "a b"]


@pytest.mark.parametrize("width", [60, 80, 100])
def test_tables_that_are_wider_than_the_window_come_in_pieces(run: Path, width: int) -> None:
    """Lines that the terminal breaks make a table unreadable; each piece says again what its rows are about."""
    models = [f"model-{at}" for at in range(9)]
    for model in models:
        put(run, model, "d-judge", "1100", judge="judge", rule="1010")
    files = summarize(run, timestamp=STAMP, models=models, rows=[row("d-judge", judge="judge")])
    tables = as_text(files.summary, width).partition("\n[1]")[0]
    assert max(map(len, tables.splitlines())) <= width
    assert max(map(len, files.text.splitlines())) > 100
    pieces = [piece.splitlines() for piece in tables.split("\n\n") if "  ---" in piece or "|---" in piece]
    assert all("dataset" in "".join(lines[:2]) and "d-judge" in lines[-1] for lines in pieces)
    whole = files.text.partition("\n[1]")[0].split()
    assert set(whole) - set(tables.split()) <= {word for word in whole if set(word) <= set("-|")}


def test_long_cells_of_the_page_may_break_their_lines(run: Path) -> None:
    """An answer of 200 characters on one line would push the judge's reply out of the window."""
    put(run, "m", "d", "10")
    path = run / "results" / "m" / "d.json"
    loaded = json.loads(path.read_text())
    loaded["diagnostics"] = {"doubtful": [{"id": 1, "why": "w", "answers": {"answer": f"{'long ' * 20}end"}}]}
    path.write_text(json.dumps(loaded))
    page = summarize(run, timestamp=STAMP, models=["m"], rows=[row("d")]).html.read_text()
    assert f"<dt>answer</dt><dd>{'long ' * 20}end</dd>" in page
    assert "<h3>w</h3>" in page


def test_json_holds_full_precision_and_its_format(run: Path) -> None:
    """The JSON decodes into its schema and loses no digit."""
    written = put(run, "m", "d", "110")
    files = summarize(run, timestamp=STAMP, models=["m"], rows=[row("d")])
    summary = msgspec.json.decode(files.json.read_bytes(), type=Summary)
    assert summary == files.summary
    assert summary.format == 1
    assert summary.rows[0].cells["m"].metric == written.metrics["accuracy"]
    assert summary.results[0].counts == written.counts


def test_a_missing_result_is_shown_with_its_reason_and_log(run: Path) -> None:
    """No empty cell without a footnote that names the reason and the log."""
    put(run, "a", "d", "10")
    log = run / "logs" / "infer" / "b" / "d.out"
    log.parent.mkdir(parents=True)
    log.write_text("12:00:01 INFO    asked\n12:00:02 ERROR   the service refused the key.\n  Set API_KEY.\n")
    files = summarize(run, timestamp=STAMP, models=["a", "b"], rows=[row("d")])
    assert cells_of(files.text)[1][-2:] == ["50.00", "- [1]"]
    assert "[1] d, b: there is no result: the service refused the key; see logs/infer/b/d.out" in files.text
    assert files.summary.missing[0].log == "logs/infer/b/d.out"


def test_a_result_whose_tasks_never_ran_says_so(run: Path) -> None:
    """Without a log the reason is that nothing has run; the log's usual place is named."""
    files = summarize(run, timestamp=STAMP, models=["a"], rows=[row("d-judge")])
    assert "[1] d-judge, a: there is no result: its tasks have not run; see logs/infer/a/d.out" in files.text


def test_a_summarizer_for_many_rows_stays_short(run: Path) -> None:
    """A list of sixty absent subjects is cut, with their number."""
    put(run, "m", "s0", "10")
    names = [f"s{at}" for at in range(60)]
    config = SummarizerConfig(dataset_abbrs=names, summary_groups=[SummaryGroup(name="all", subsets=names)])
    files = summarize(run, timestamp=STAMP, models=["m"], rows=[row("s0")], summarizer=config)
    assert "and 49 more" in files.text
    assert len(files.text) < 3000


def test_a_damaged_result_is_a_gap_not_a_crash(run: Path) -> None:
    """A torn result file takes down neither the summary nor the other rows."""
    put(run, "a", "d", "10")
    put(run, "a", "e", "10")
    (run / "results" / "a" / "e.json").write_text('{"model": "a", ')
    files = summarize(run, timestamp=STAMP, models=["a"], rows=[row("d"), row("e")])
    assert [line[-1] for line in cells_of(files.text)[1:]] == ["50.00", "- [1]"]
    assert "e.json cannot be read" in files.text


def test_a_result_of_an_earlier_attempt_is_no_number_of_this_one(run: Path) -> None:
    """Work that was begun and did not finish leaves a gap with the reason, not the number of before."""
    put(run, "a", "d", "10", plan="20260305_153318_7")
    plan_of(run, "20260305_153318_7", ["extract"])
    assert cells_of(summarize(run, timestamp=STAMP, models=["a"], rows=[row("d")]).text)[1][-1] == "50.00"
    plan_of(run, "20260305_160000_9", ["infer", "extract"])
    files = summarize(run, timestamp=STAMP, models=["a"], rows=[row("d")])
    assert cells_of(files.text)[1][-1] == "- [1]"
    assert "newer work on it (20260305_160000_9) has not finished" in files.text


def test_models_with_different_metrics_share_a_table(run: Path) -> None:
    """One model with repeats and one without: the union of rows, with footnotes."""
    put(run, "one", "d", "10")
    put(run, "four", "d", ["1100", "1111"])
    files = summarize(run, timestamp=STAMP, models=["one", "four"], rows=[row("d")])
    shown = {line[2]: line[-2:] for line in cells_of(files.text)[1:]}
    assert shown["accuracy"] == ["50.00", "- [1]"]
    assert shown["accuracy (4 runs average)"] == ["- [2]", "75.00"]
    assert "d, four: its result lacks this metric" in files.text


def test_versions_that_differ_are_footnoted(run: Path) -> None:
    """Numbers of different prompts are not comparable, and the table says which part differs."""
    put(run, "a", "d", "10", version="aaaaaa", identity={"prompt": "x", "data": 1})
    put(run, "b", "d", "10", version="bbbbbb", identity={"prompt": "y", "data": 1})
    files = summarize(run, timestamp=STAMP, models=["a", "b"], rows=[row("d")])
    assert cells_of(files.text)[1][1] == "aaaaaa [1]"
    assert "not comparable: a aaaaaa, b bbbbbb (different: prompt)" in files.text


def test_a_model_that_was_not_planned_for_a_row_is_told(run: Path) -> None:
    """A cell outside of the plan is no failure."""
    put(run, "a", "d", "10")
    files = summarize(run, timestamp=STAMP, models=["a", "b"], rows=[row("d", models=["a"])])
    assert "the run did not plan this row for this model" in files.text
    assert not files.summary.missing


def test_an_undefined_metric_says_why(run: Path) -> None:
    """Nothing scored: a dash, the counts and the log."""
    put(run, "a", "d", "uu")
    files = summarize(run, timestamp=STAMP, models=["a"], rows=[row("d")])
    assert cells_of(files.text)[1][-1] == "- [1]"
    assert "[1] d, accuracy, a: nothing was scored: 2 unparsed; see logs/eval/a/d.out" in files.text


def test_every_dash_in_the_text_has_a_footnote(run: Path) -> None:
    """One item, nothing scored, no rule, no usage: every gap is explained."""
    put(run, "a", "d-judge", "1", judge="judge")
    put(run, "a", "e-judge", "u", judge="judge")
    files = summarize(run, timestamp=STAMP, models=["a", "b"], rows=[row("d-judge"), row("e-judge")])
    body, _, footnotes = files.text.partition("\n[1] ")
    assert footnotes
    dashes = re.findall(r"(?:^|[ |])-(?: \[(\d+)\])?(?=[ |\n])", body)
    assert dashes
    assert all(dashes)
    assert all(f"\n[{number}] " in files.text for number in dashes)


def test_rows_in_the_summarizers_order_with_headings(run: Path) -> None:
    """Order, one metric of a row, headings; what is hidden or unknown is told."""
    for name in ("a", "b", "c"):
        put(run, "m", name, ["10", "11"])
    order = ["--- last first ---", "b", ["a", "pass@2"], "--- nothing here ---", "bb"]
    files = summarize(
        run, timestamp=STAMP, models=["m"], rows=[row("a"), row("b"), row("c")],
        summarizer=SummarizerConfig(dataset_abbrs=[tuple(one) if isinstance(one, list) else one for one in order]),
    )  # fmt: skip
    shown = cells_of(files.text)[1:]
    assert shown[0][0] == "--- last first ---"
    assert [line[0] for line in shown[1:]] == ["b"] * 5 + ["a"]
    assert shown[-1][2] == "pass@2"
    assert "rows that are not in this run: bb (did you mean b?)." in files.text
    assert "does not show these rows of the run: c." in files.text


def test_groups_average_and_propagate_errors(run: Path) -> None:
    """Naive, weighted and item-weighted averages; the item-weighted one is the pooled accuracy."""
    first, second = put(run, "m", "a", "1" * 9 + "0"), put(run, "m", "b", "10u")
    groups = [
        SummaryGroup(name="all", subsets=["a", "b"]),
        SummaryGroup(name="pooled", subsets=["a", ("b", "accuracy")], weights="n"),
        SummaryGroup(name="tilted", subsets=["a", "b"], weights={"a": 3.0, "b": 1.0}, metric="tilted_mean"),
    ]
    files = summarize(
        run,
        timestamp=STAMP,
        models=["m"],
        rows=[row("a"), row("b")],
        summarizer=SummarizerConfig(summary_groups=groups),
    )
    metrics = {line.dataset: line.cells["m"].metric for line in files.summary.rows if line.kind == "group"}
    assert {line[0]: line[2:] for line in cells_of(files.text)[3:]} == {
        "all": ["naive_average", "gen", "70.00"],
        "pooled": ["weighted_average", "gen", "83.33"],
        "tilted": ["tilted_mean", "gen", "80.00"],
    }
    errors = [one.metrics["accuracy"].stderr for one in (first, second)]
    assert metrics["all"].stderr == pytest.approx((errors[0] ** 2 + errors[1] ** 2) ** 0.5 / 2)
    assert metrics["pooled"].value == pytest.approx(1000 / 12)
    assert metrics["pooled"].bounds == pytest.approx((1000 / 13, 1100 / 13))
    for metric in metrics.values():
        assert 0 <= metric.ci95[0] <= metric.value <= metric.ci95[1] <= 100


def test_a_group_lacking_a_subset_names_it(run: Path) -> None:
    """Never an average over what happens to be there."""
    put(run, "m", "a", "10")
    put(run, "other", "a", "10")
    put(run, "other", "b", "11")
    files = summarize(
        run, timestamp=STAMP, models=["m", "other"], rows=[row("a"), row("b")],
        summarizer=SummarizerConfig(summary_groups=[SummaryGroup(name="all", subsets=["a", "b"])]),
    )  # fmt: skip
    group = cells_of(files.text)[-1]
    assert group[-1] == "75.00"
    assert group[-2].startswith("- [")
    assert "all, m: no average without b" in files.text


def test_groups_of_another_benchmark_are_left_out(run: Path) -> None:
    """A summarizer shipped for many datasets shows the groups the run has something of; a partial one is a gap."""
    put(run, "m", "a", "10")
    groups = [SummaryGroup(name="mine", subsets=["a", "zzz"]), SummaryGroup(name="other", subsets=["x", "y"])]
    files = summarize(
        run, timestamp=STAMP, models=["m"], rows=[row("a")], summarizer=SummarizerConfig(summary_groups=groups)
    )
    assert [line[0] for line in cells_of(files.text)[1:]] == ["a", "mine"]
    assert "no average without zzz" in files.text


HOSTILE = [
    "=HYPERLINK(\"http://x\")", "+1+1", "@SUM(A1)", "-2+3", "a|b", "<script>alert(1)</script>", "x\x1b[31mred\x07",
    "line\nbreak", "bidi\u202etxt", "csi\x9b31m", "[link](http://x)", "sep\u2028arator", "nul\x00byte",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_reach_nothing_raw(run: Path, name: str) -> None:
    """Formulas, pipes, HTML, control codes and direction marks in names are neutral in every format."""
    written = put(run, "m", "d", "10", notes=[name])
    path = run / "results" / "m" / "d.json"
    loaded = json.loads(path.read_text())
    loaded["metrics"] = {name: loaded["metrics"]["accuracy"]}
    loaded["headline"] = loaded["version"] = name
    loaded["diagnostics"] = {
        "doubtful": [
            {"id": 1, "why": name, "question": name, "reference": name, "answers": {name: name}}
            | {"judge_replies": {name: name}}
        ]
    }
    path.write_text(json.dumps(loaded))
    assert read_result(path).metrics[name] == written.metrics["accuracy"]
    files = summarize(run, timestamp=STAMP, models=["m"], rows=[row("d")])
    typed = files.json.read_text()
    assert msgspec.json.decode(typed, type=Summary) == files.summary
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2028]", typed)
    page = files.html.read_text()
    assert "<script" not in page
    assert set(re.findall(r"<([a-z0-9]+)", page)) <= {
        "html", "head", "meta", "title", "style", "body", "h1", "h2", "table", "thead", "tbody", "tr", "th", "td",
        "ol", "li", "p", "br", "b", "main", "header", "section", "article", "h3", "dl", "dt", "dd", "sup", "span",
        "div", "svg", "line", "circle",
    }  # fmt: skip
    for text in (files.text, files.txt.read_text(), files.md.read_text(), files.csv.read_text(), page):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\u202e\u2028]", text.replace("\r\n", "\n"))
    markdown = files.md.read_text()
    assert "<script>" not in markdown
    assert "[link](" not in markdown
    assert len({len(line) for line in cells_of(markdown)}) == 1
    with files.csv.open(newline="") as lines:
        rows = list(csv.reader(lines))
    assert len({len(line) for line in rows}) == 1
    for cell in (cell for line in rows for cell in line):
        assert cell == "-" or not cell.lstrip().startswith(("=", "+", "-", "@")) or re.fullmatch(r"-?[\d.]+", cell)


def test_results_carry_plain_numbers_and_survive_a_round_trip(run: Path) -> None:
    """Scripts find `accuracy` at the top level; the typed record is whole."""
    written = put(run, "m", "d", "110")
    path = run / "results" / "m" / "d.json"
    assert json.loads(path.read_text())["accuracy"] == pytest.approx(200 / 3)
    assert read_result(path) == written
    assert [entry.name for entry in path.parent.iterdir()] == ["d.json"]
    detailed = put(run, "m", "e", "110", details=[{"id": 0, "prompt": "q"}])
    assert read_result(run / "results" / "m" / "e.json") == detailed
    put(run, "m", "f", "110", notes=["csi\x9b31m \x1b[0m \u202e"])
    assert not re.search("[\x1b\x9b\u202e]", (run / "results" / "m" / "f.json").read_text())
    assert read_result(run / "results" / "m" / "f.json").notes == ["csi\x9b31m \x1b[0m \u202e"]
    brief = read_result(run / "results" / "m" / "e.json", details=False)
    assert brief == msgspec.structs.replace(detailed, details=None)


def test_results_respect_the_umask(run: Path) -> None:
    """Nobody else reads what the user's mask hides."""
    old = os.umask(0o077)
    try:
        put(run, "m", "d", "1")
        files = summarize(run, timestamp=STAMP, models=["m"], rows=[row("d")])
    finally:
        os.umask(old)
    for path in (run / "results" / "m" / "d.json", files.csv, files.json):
        assert path.stat().st_mode & 0o077 == 0


def test_a_result_that_is_none_names_file_and_field(run: Path) -> None:
    """The error tells which field, and the next command."""
    path = run / "results" / "m" / "d.json"
    put(run, "m", "d", "1")
    broken = json.loads(path.read_text())
    broken["counts"]["ok"] = "many"
    path.write_text(json.dumps(broken))
    with pytest.raises(DataError, match=r"d\.json.*counts\.ok") as caught:
        read_result(path)
    assert "--mode eval" in caught.value.hint
    with pytest.raises(DataError, match="No such file"):
        read_result(run / "nothing.json")


def test_values_without_interval_or_bounds_are_explained(run: Path) -> None:
    """Scores have no known ends; that is said, not left blank."""
    put(run, "m", "d", "10u", metrics={"mean_score": Metric(value=7.5, n=2)}, headline="mean_score")
    files = summarize(run, timestamp=STAMP, models=["m"], rows=[row("d")])
    assert "no known limits" in files.text
    assert "7.50" in files.text


def test_what_is_the_same_in_every_row_is_said_once_in_words(run: Path) -> None:
    """No column of zeros, no column of one number, no line that counts what never happened."""
    further = {"unread": Metric(value=0, n=4, unit="count"), "kappa": Metric(value=0.1, n=4, unit="coefficient")}
    for name, word in (("d", "1100"), ("e", "11u0")):
        written = put(run, "m", name, word)
        write_result(
            run / f"results/m/{name}.json", msgspec.structs.replace(written, metrics=written.metrics | further)
        )
    whole = summarize(run, timestamp=STAMP, models=["m"], rows=[row("d")])
    assert "What was scored" not in whole.text
    assert [line[2] for line in cells_of(whole.text)[1:]] == ["accuracy", "kappa"]
    assert "0 for every model: unread." in whole.text
    assert "No interval is known for unread, kappa." in whole.text
    assert not re.search(r"^d +kappa", whole.text, re.MULTILINE)
    assert "unread" in whole.csv.read_text()
    both = summarize(run, timestamp=STAMP, models=["m"], rows=[row("d"), row("e")]).text
    table = both[both.index("What was scored:") :].splitlines()
    assert (
        table[2]
        == "In every row no judge call failed, no answer failed, nothing was left unjudged and no answer was cut off."
    )
    assert table[4].split() == ["dataset", "model", "planned", "scored", "unparsed"]


def test_where_every_item_is_scored_nothing_can_change(run: Path) -> None:
    """Without unscored items worst and best case are the value, for metrics without known ends too."""
    put(run, "m", "d", "10", metrics={"mean_score": Metric(value=7.5, n=2)}, headline="mean_score")
    files = summarize(run, timestamp=STAMP, models=["m"], rows=[row("d")])
    assert "no known limits" not in files.text
    assert "worst..best" not in files.text
    put(run, "m", "e", "1u")
    shown = summarize(run, timestamp=STAMP, models=["m"], rows=[row("d"), row("e")]).text
    assert "7.50..7.50" in shown
    assert "50.00..100.00" in shown


def test_reading_and_writing_results_needs_no_heavy_import() -> None:
    """The extract stage writes results without paying for tables or numpy."""
    code = (
        "import sys, judgebench.report.results, judgebench.report.summary, judgebench.report.gate\n"
        "print([m for m in ('numpy', 'tabulate', 'rich', 'jinja2', 'mmengine') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_nothing_scored_points_to_the_log_that_knows_why(run: Path) -> None:
    """The extract log has nothing to tell where the service was down from the start."""
    put(run, "a", "d-judge", "nn", judge="judge")
    for stage, name, text in (("eval", "d-judge", "INFO fine"), ("infer", "d", "12:00:02 ERROR   connection refused.")):
        log = run / "logs" / stage / "a" / f"{name}.out"
        log.parent.mkdir(parents=True)
        log.write_text(f"{text}\n")
    files = summarize(run, timestamp=STAMP, models=["a"], rows=[row("d-judge")])
    assert "nothing was scored: 2 not judged: connection refused; see logs/infer/a/d.out" in files.text
    assert "the judge has not been asked" in files.text


def test_judges_without_a_rule_beside_them_have_a_short_table(run: Path) -> None:
    """Columns of agreement appear where there is something to agree with."""
    put(
        run,
        "a",
        "d-judge",
        "10uu",
        judge="judge",
        usage={"judge": {**TOOK, "prompt_tokens": 7, "completion_tokens": 2}},
    )
    files = summarize(run, timestamp=STAMP, models=["a"], rows=[row("d-judge")])
    assert "kappa" not in files.text
    assert "[1]" not in files.text  # no footnote without its mark
    assert re.search(r"d-judge +a +50\.00 +7 \+ 2\n", files.text)
    put(run, "a", "e-judge", "10", judge="judge", rule="10")
    files = summarize(run, timestamp=STAMP, models=["a"], rows=[row("d-judge"), row("e-judge")])
    assert re.search(r"e-judge +a +2 +100\.00 +1\.00 +0\.00 +0\.00 +0\.00 +0\.00", files.text)
