"""Two runs compared: what differs, whether it was the model or the judge, and how often a gate would be fooled."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from judgebench.cli.main import run as jb
from judgebench.metrics.statistics.intervals import mcnemar_exact
from judgebench.metrics.statistics.multiple import benjamini_hochberg, holm
from judgebench.metrics.statistics.paired import (
    decided_drop,
    drop_decision,
    equivalence_p_value,
    mcnemar_mid_p,
    paired_mean,
    without_shift,
)
from judgebench.metrics.statistics.resampled import bca_interval
from judgebench.records.facts import Label
from judgebench.store.labels import append_labels
from judgebench.store.run_folder import RunFolder
from judgebench.trust.comparing import compare_runs
from judgebench.trust.judged import judged_rows
from tests.query.made import MadeRun, call, prediction, verdict
from tests.trust.made import WORDS, judged, judged_run


def texts(truth: list[bool], wave: list[int]) -> list[str]:
    return [f"Answer {number}.{change} {right}" for number, (right, change) in enumerate(zip(truth, wave, strict=True))]


def two_runs(
    folder: Path, *, n: int = 800, better: float = 0.0, drift: float = 0.0, seed: int = 0
) -> tuple[RunFolder, RunFolder]:
    """Of which 30% of the answers changed; ``better`` makes right ones of them, ``drift`` makes the judge stricter."""
    rng = random.Random(seed)
    before = [rng.random() < 0.7 for _ in range(n)]
    wave = [int(rng.random() < 0.3) for _ in range(n)]
    after = [
        (rng.random() < 0.7 or rng.random() < better) if change else right
        for right, change in zip(before, wave, strict=True)
    ]
    said = judged(before, sensitivity=0.95, specificity=0.9, seed=1)
    again = judged(after, sensitivity=0.95, specificity=0.9, seed=1)
    again = [bool(one) and rng.random() >= drift for one in again]
    first = judged_run(folder / "20260101_000000", before, said, answers=texts(before, [0] * n))
    second = judged_run(folder / "20260102_000000", after, again, answers=texts(after, wave))
    return RunFolder(first.path), RunFolder(second.path)


def test_a_drift_of_the_judge_is_not_taken_for_a_drop_of_the_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = two_runs(tmp_path, drift=0.08)
    (found,) = compare_runs(first, second)
    assert found.difference is not None
    assert found.unmoved is not None
    assert found.difference.interval()[1] < 0
    assert found.unmoved.moved()
    low, high = found.unmoved.rest.interval()
    assert low < 0 < high
    assert jb(["compare", str(first.path), str(second.path), "--margin", "0", "--flips", "3"]) == 0
    out = capsys.readouterr().out
    assert "It went down" in out
    assert "THE JUDGE MOVED: on the" in out
    assert "Cannot tell whether it is worse by more than 0 points" in out
    assert "correct -> incorrect (same answer)" in out


def test_a_better_model_is_seen_and_the_judge_is_not_blamed(tmp_path: Path) -> None:
    first, second = two_runs(tmp_path, better=0.8)
    (found,) = compare_runs(first, second)
    assert found.difference is not None
    assert found.unmoved is not None
    assert found.difference.interval()[0] > 0
    assert not found.unmoved.moved()
    assert found.exact is not None
    assert found.mid_p is not None
    assert found.mid_p < found.exact < 0.001
    assert found.gained - found.lost == round(found.difference.value * 800)


def test_items_are_aligned_by_what_they_ask_and_the_others_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second run has its rows in another order, two of them new, and one verdict unread."""

    def made(name: str, asked: list[int], unread: int | None = None) -> Path:
        run = MadeRun(tmp_path / name)
        answers = [prediction(at, f"It is {2 * number}.") for at, number in enumerate(asked)]
        import msgspec

        run.add(
            "north",
            "toy",
            "strict",
            predictions=[
                msgspec.structs.replace(one, uid=f"{number:016x}") for one, number in zip(answers, asked, strict=True)
            ],
            calls=[call(at, "I say correct") for at, _ in enumerate(asked)],
            verdicts=[
                verdict(
                    at,
                    None if number == unread else "correct" if number % 3 else "incorrect",
                    text=f"It is {2 * number}.",
                )
                for at, number in enumerate(asked)
            ],
        )
        return run.path

    first = made("20260101_000000", list(range(40)))
    second = made("20260102_000000", [*reversed(range(1, 40)), 90, 91], unread=7)
    file = tmp_path / "compared.json"
    assert jb(["compare", str(first), str(second), "--json", str(file), "--markdown", str(tmp_path / "c.md")]) == 0
    (found,) = json.loads(file.read_text())
    assert (found["aligned"], found["only_first"], found["only_second"], found["unread"]) == (39, 1, 2, 1)
    reach = found["difference"].pop("ci95")[1]
    assert found["difference"] == {"value": 0.0, "stderr": 0.0, "questions": 38, "n": 38}
    assert 5 < reach < 10, "38 questions without a change leave room for one in 11"
    assert found["flips"] == [
        {"id": 7, "other_id": 32, "repeat": 0, "first": "correct", "second": "unparsed", "same_answer": True}
    ]
    out = capsys.readouterr().out
    assert "Not aligned: 1 answer of the first run and 2 of the second." in out
    assert "No difference can be seen" in out
    assert "| toy-strict, north |" in (tmp_path / "c.md").read_text()


def test_what_cannot_be_compared_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = two_runs(tmp_path, n=20)
    assert jb(["compare", str(first.path)]) == 2
    assert "needs two runs, or two rows or models of one" in capsys.readouterr().err
    assert jb(["compare", str(first.path), str(second.path), "--row", "no-such"]) == 2
    assert "20260101_000000 has no row 'no-such'.\n  It has: toy-strict." in capsys.readouterr().err
    assert jb(["compare", str(first.path), str(second.path), "--model", "north", "--model", "south"]) == 2
    assert "20260102_000000 has no model 'south'.\n  It has: north." in capsys.readouterr().err
    assert jb(["compare", str(first.path), str(first.path)]) == 2
    assert "a run does not differ from itself" in capsys.readouterr().err


def test_several_sides_are_compared_with_the_first_and_written_in_four_forms(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = two_runs(tmp_path / "a", better=0.8)
    _, third = two_runs(tmp_path / "b", drift=0.08)
    files = {ending: tmp_path / f"c.{ending}" for ending in ("json", "csv", "markdown", "html")}
    flags = [word for ending, file in files.items() for word in (f"--{ending}", str(file))]
    runs = [str(one.path) for one in (first, second, third)]
    assert jb(["compare", *runs, "--adjust", "bh", "--margin", "30", *flags]) == 0
    out = capsys.readouterr().out
    assert "First: 20260101_000000. Second: 20260102_000000, 20260102_000000." in out
    assert out.count("As good as each other: they differ by less than 30 points either way.") == 2
    assert "p by Benjamini-Hochberg" in out
    better, worse = json.loads(files["json"].read_text())
    assert better["difference"]["value"] > 0 > worse["difference"]["value"]
    assert better["benjamini_hochberg"] == pytest.approx(2 * min(better["p_value"], worse["p_value"]), rel=1)
    for found in (better, worse):
        low, high = found["difference"]["ci95"]
        assert found["bootstrap_ci95"] == pytest.approx([low, high], abs=0.35 * (high - low) / 2)
        assert (found["equivalent"], found["not_worse"]) == (True, "pass")
        assert found["smallest_visible"] > 0
    head, *lines = files["csv"].read_text().splitlines()
    assert "difference.ci95.first" in head
    assert [line.count("20260102_000000") for line in lines] == [1, 1]
    assert files["markdown"].read_text().count("**toy-strict, north:**") == 2
    page = files["html"].read_text()
    assert page.count("<h2>toy-strict, north</h2>") == 2
    assert "THE JUDGE MOVED" in page
    assert jb(["compare", *runs, "--row", "toy-strict", "--row", "toy-strict"]) == 2
    assert "There are 3 sides to compare, and 2 --row." in capsys.readouterr().err


def test_how_many_more_questions_would_show_a_difference_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = two_runs(tmp_path, n=60, better=0.2, seed=4)
    (found,) = compare_runs(first, second)
    assert found.difference is not None
    needed = found.difference.questions_to_see(found.difference.value)
    assert needed is not None
    assert needed > 60
    scaled = found.difference._replace(stderr=found.difference.stderr * (60 / needed) ** 0.5)
    assert scaled.smallest_visible() == pytest.approx(abs(found.difference.value), rel=0.01)
    assert jb(["compare", str(first.path), str(second.path)]) == 0
    assert f"{needed - 60:,} more questions would show it 4 times in 5" in capsys.readouterr().out


def test_a_difference_that_only_one_test_sees_is_too_close_to_call(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Five verdicts changed, all upwards: the interval sees a rise, McNemar's exact test does not (p = 0.062)."""
    before = [number % 3 > 0 for number in range(60)]
    after = [right or number < 15 for number, right in enumerate(before)]
    for name, said in (("20260101_000000", before), ("20260102_000000", after)):
        judged_run(tmp_path / name, said, list(said))
    assert jb(["compare", str(tmp_path / "20260101_000000"), str(tmp_path / "20260102_000000")]) == 0
    out = capsys.readouterr().out
    assert "It went up: +8.33 points" in out
    assert "Better in the second: 5; worse: 0 (McNemar's exact p 0.062)." in out
    assert "Too close to call: McNemar's exact p is 0.062." in out


def test_four_changes_one_way_are_too_few_for_either_test(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Student's t alone would see a rise in 4 of 60 (p = 0.04); 1 of 8 unchanged models changes like this by chance."""
    first, second = two_runs(tmp_path, n=60, better=0.2)
    assert jb(["compare", str(first.path), str(second.path)]) == 0
    out = capsys.readouterr().out
    assert "Better in the second: 4; worse: 0 (McNemar's exact p 0.125)." in out
    assert "No difference can be seen: +6.67 points" in out


def test_what_changed_between_the_runs_names_settings_and_services(tmp_path: Path) -> None:
    """The tested model is asked at another temperature, and the judge's service serves another model."""
    import msgspec

    first, second = two_runs(tmp_path, n=40)
    for run, temperature, fingerprint in ((first, 0, "fp_1"), (second, 0.7, "fp_2")):
        calls = run.predictions("north", "toy", "strict")
        lines = [json.loads(line) for line in calls.read_text().splitlines()]
        calls.write_text("".join(json.dumps({**line, "fingerprint": fingerprint}) + "\n" for line in lines))
        settings = {"format": 1, "settings": {"generation_kwargs.temperature": temperature, "prompt": "x"}}
        run.identity("north", "toy").parent.mkdir(parents=True, exist_ok=True)
        run.identity("north", "toy").write_bytes(msgspec.json.encode(settings))
    (found,) = compare_runs(first, second)
    served = json.loads(first.predictions("north", "toy", "strict").read_text().splitlines()[0]).get("served_model")
    assert "answers.generation_kwargs.temperature: 0 -> 0.7" in found.changed
    name = f"{served} " if served else ""
    assert f"service of the judge: {name}fp_1 -> {name}fp_2" in found.changed


def test_the_resampled_interval_is_that_of_the_reference_package() -> None:
    stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(15)
    for values in (rng.normal(size=40), rng.exponential(size=60), (rng.random(80) < 0.1).astype(float)):
        found = bca_interval(values, np.arange(len(values)), draws=100_000)
        expected = stats.bootstrap((values,), np.mean, n_resamples=20_000, rng=1).confidence_interval
        assert found == pytest.approx(tuple(expected), abs=0.03 * (expected.high - expected.low))
    assert bca_interval(np.ones(9), np.arange(9)) is None


def test_equivalence_is_two_one_sided_tests() -> None:
    stats = pytest.importorskip("scipy.stats")
    values = np.random.default_rng(16).normal(0.1, 1, size=50)
    found = paired_mean(values, np.arange(50))
    assert found is not None
    above = stats.ttest_1samp(values, -0.4, alternative="greater").pvalue
    below = stats.ttest_1samp(values, 0.4, alternative="less").pvalue
    assert equivalence_p_value(found, 0.4) == pytest.approx(max(above, below))


def test_two_judges_of_one_run_are_compared(tmp_path: Path) -> None:
    truth = [number % 3 > 0 for number in range(60)]
    run = judged_run(tmp_path / "20260101_000000", truth, list(truth))
    said = judged(truth, sensitivity=0.6, specificity=1.0)
    run.add(
        "north",
        "toy",
        "harsh",
        verdicts=[
            verdict(
                number, "correct" if one else "incorrect", text=f"It is {number}, {'truly' if right else 'perhaps'}."
            )
            for number, (one, right) in enumerate(zip(said, truth, strict=True))
        ],
        calls=[call(number, "I say no") for number in range(60)],
    )
    folder = RunFolder(run.path)
    (found,) = compare_runs(folder, folder, rows=["toy-strict", "toy-harsh"])
    assert found.unmoved is not None
    assert found.unmoved.share == 1.0
    assert found.unmoved.moved()
    assert found.unmoved.rest.value == 0


@pytest.mark.parametrize("noise", [0.0, 0.015, 0.05])
def test_no_noise_of_the_judge_makes_an_unchanged_model_fail(noise: float) -> None:
    """A/A: 2,000 pairs of runs of one model, 30% of whose answers are worded anew, judged with noise; margin 0."""
    rng = np.random.default_rng(11)
    runs, n = 2000, 200
    decided: Counter[str] = Counter()
    for _ in range(runs):
        truth = rng.random(n) < 0.8
        worded = rng.random(n) < 0.3
        again = np.where(worded, rng.random(n) < 0.8, truth)
        first, second = truth ^ (rng.random(n) < noise), again ^ (rng.random(n) < noise)
        differences = second.astype(float) - first
        mean = paired_mean(differences, np.arange(n))
        assert mean is not None
        decided[decided_drop(mean, without_shift(differences, np.arange(n), (~worded).astype(float)), 0.0)] += 1
    assert decided["fail"] / runs <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / runs)
    assert decided["fail"] > 0


def test_a_stricter_judge_fails_nobody_and_a_real_drop_is_found() -> None:
    rng = np.random.default_rng(12)
    runs, n = 400, 1000
    plain: Counter[str] = Counter()
    drifted: Counter[str] = Counter()
    dropped: Counter[str] = Counter()
    for _ in range(runs):
        truth = rng.random(n) < 0.8
        worded = rng.random(n) < 0.3
        again = np.where(worded, rng.random(n) < 0.8, truth)
        stricter = again & (rng.random(n) >= 0.05)
        worse = again & ~(worded & (rng.random(n) < 0.3))
        for kind, second in ((drifted, stricter), (dropped, worse)):
            differences = second.astype(float) - truth
            mean = paired_mean(differences, np.arange(n))
            assert mean is not None
            kind[decided_drop(mean, without_shift(differences, np.arange(n), (~worded).astype(float)), 0.02)] += 1
            if kind is drifted:
                plain[drop_decision(mean, 0.02)] += 1
    assert plain["fail"] / runs > 0.3  # what a gate says that knows nothing of the judge
    assert drifted["fail"] / runs < 0.02
    assert dropped["fail"] / runs > 0.8
    assert dropped["pass"] == 0


def test_tests_of_several_rows_are_those_of_the_reference_packages() -> None:
    stats = pytest.importorskip("scipy.stats")
    binom, control = stats.binom, stats.false_discovery_control
    rng = np.random.default_rng(13)
    for _ in range(200):
        p = rng.random(int(rng.integers(1, 12))) ** 2
        stepped = np.minimum(1, np.maximum.accumulate(np.sort(p) * np.arange(len(p), 0, -1)))
        assert sorted(holm(list(p))) == pytest.approx(list(stepped), abs=1e-12)
        assert holm(list(p))[int(np.argmin(p))] == min(holm(list(p)))
        assert benjamini_hochberg(list(p)) == pytest.approx(list(control(p)), abs=1e-12)
        assert benjamini_hochberg(list(p), dependent=True) == pytest.approx(list(control(p, method="by")), abs=1e-12)
        first, second = (int(one) for one in rng.integers(0, 40, 2))
        if first + second:
            least = min(first, second)
            exact = min(1.0, 2 * binom.cdf(least, first + second, 0.5))
            middle = 1 - binom.pmf(least, first + second, 0.5) / 2 if first == second else None
            expected = exact - binom.pmf(least, first + second, 0.5) if middle is None else middle
            assert mcnemar_exact(first, second) == pytest.approx(exact, abs=1e-9)
            assert mcnemar_mid_p(first, second) == pytest.approx(expected, abs=1e-9)


def test_the_difference_is_that_of_a_paired_t_test() -> None:
    stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(14)
    first, second = rng.normal(size=30), rng.normal(size=30)
    found = paired_mean(second - first, np.arange(30))
    assert found is not None
    expected = stats.ttest_rel(second, first)
    assert found.interval() == pytest.approx(tuple(expected.confidence_interval(0.95)))
    assert 2 * min(found.below(0), 1 - found.below(0)) == pytest.approx(expected.pvalue)
    again = paired_mean(np.tile(second - first, 3), np.tile(np.arange(30), 3))
    assert again is not None
    assert (again.value, again.stderr) == pytest.approx((found.value, found.stderr))


def test_labels_of_both_runs_correct_their_difference(tmp_path: Path) -> None:
    """The judge calls every new answer right; the labels know better. Equal answers need no label to be equal."""
    first, second = two_runs(tmp_path, n=600, better=0.0)
    rng = random.Random(8)
    drawn = {number for number in range(600) if rng.random() < 0.5}
    for run in (first, second):
        (row,) = judged_rows(run)
        append_labels(
            run.labels("toy"),
            [
                Label(
                    id=id,
                    answer_hash=answer.answer_hash,
                    annotator="ada",
                    decision=WORDS[text_of(run, id).endswith("True")],
                    probability=0.5,
                )
                for (id, _), answer in row.answers.items()
                if id in drawn
            ],
        )
    (found,) = compare_runs(first, second)
    assert found.corrected is not None
    assert found.unmoved is not None
    truth = [text_of(second, id).endswith("True") - text_of(first, id).endswith("True") for id in range(600)]
    assert found.corrected.low < sum(truth) / 600 < found.corrected.high
    assert found.corrected.high - found.corrected.low < 0.12
    assert found.corrected.n == pytest.approx(0.3 * len(drawn), rel=0.2)  # those whose answer changed


def text_of(run: RunFolder, id: int) -> str:
    lines = (run.path / "predictions/north/toy.jsonl").read_text().splitlines()
    return str(json.loads(lines[id])["prediction"])
