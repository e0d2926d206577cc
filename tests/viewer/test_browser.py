"""A real browser looks at real runs: lists, filters, items, comparisons, labels, a run that works."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from judgebench.store.labels import read_labels
from tests.e2e.harness import environment, wait_until
from tests.viewer.browser import Page
from tests.viewer.conftest import Viewing, viewing
from tests.viewer.stand import command, services, write_configs
from tests.viewer.test_pages import three_causes

AXE = [Path(os.environ.get("JB_AXE", "")), Path(__file__).parents[2] / ".venv/axe/node_modules/axe-core/axe.min.js"]


@pytest.fixture
def page(chromium: Page, viewer: Viewing) -> Iterator[Page]:
    """A browser that has opened the link; nothing may go wrong in it."""
    opened(chromium, viewer)
    yield chromium
    assert chromium.errors == []
    assert chromium.dialogs == []


def opened(page: Page, viewer: Viewing) -> None:
    page.goto("about:blank")  # what an earlier page has asked for is over
    page.errors.clear()
    page.theme("light")
    page.size(1280, 900)
    page.goto(viewer.link)
    page.until("location.search === '' && document.title.startsWith('Runs')")


def test_from_the_list_of_runs_to_the_items_by_keyboard(page: Page, runs: list[Path]) -> None:
    assert runs[0].name in page.text()
    page.press("/")
    page.type("nothing-like-this")
    page.press("Enter")
    page.until("document.body.innerText.includes('No run holds these words')")
    page.click("main p a")
    page.press("j", "j", "Enter")
    page.until(f"location.pathname === '/runs/{runs[0].name}'")
    text = page.text()
    assert "verdicts are missing" in text
    assert "The judge says right, the rule says wrong" in text
    assert page.evaluate("document.querySelectorAll('svg.plot .interval').length") > 5
    page.press("i")
    page.until("location.pathname.endsWith('/items')")
    assert "1 to 50 of 180" in page.text()


def test_filters_are_in_the_address_and_neighbours_stay_within(page: Page, viewer: Viewing, runs: list[Path]) -> None:
    page.goto(f"{viewer.base}/runs/{runs[0].name}/items")
    page.evaluate("[...document.querySelectorAll('.chip')].find(one => one.innerText.startsWith('unread')).click()")
    page.until("location.search === '?only=unread'")
    assert "1 to 8 of 8" in page.text()
    page.evaluate("[...document.querySelectorAll('.chip')].find(one => one.innerText.startsWith('contra')).click()")
    page.until("location.search.includes('reason=')")
    assert "1 to 4 of 4" in page.text()
    page.press("j", "Enter")
    page.until("document.body.innerText.includes('1 of 4')")
    assert "No verdict: contradictory verdicts" in page.text()
    page.press("j")
    page.until("document.body.innerText.includes('2 of 4')")
    page.press("k")
    page.until("document.body.innerText.includes('1 of 4')")
    page.press("Escape")
    page.until("location.search.includes('only=unread') && location.search.includes('reason=')")


def test_conditions_and_searches(page: Page, viewer: Viewing, runs: list[Path]) -> None:
    base = f"{viewer.base}/runs/{runs[0].name}/items"
    page.goto(base)
    page.evaluate("document.querySelector('input[name=where]').value = 'topic == \"prices\" and wrong'")
    page.click("form.filters button")
    page.until("location.search.includes('where=')")
    shown = page.evaluate("[...document.querySelectorAll('table.items tbody tr')].map(one => one.innerText)")
    assert shown
    assert all("prices" in line and "✗" in line for line in shown)
    page.goto(f"{base}?text=%2Fwhich+is+close+to%2F&row=tanks-quill")
    assert page.evaluate("document.querySelectorAll('table.items tbody tr').length") > 0
    page.goto(f"{base}?where=topc+%3D%3D+1")
    assert "There is no field 'topc'" in page.text()
    assert "topic" in page.text()
    page.goto(f"{base}?by=topic")
    assert "rates 60" in page.text()


def test_the_place_of_the_verdict_and_both_orders(page: Page, viewer: Viewing, runs: list[Path]) -> None:
    items = f"{viewer.base}/runs/{runs[0].name}/items/south-7b"
    page.goto(f"{items}/tanks-quill/1/0")
    assert page.evaluate("[...document.querySelectorAll('mark')].map(one => one.innerText)") == ["VERDICT: A"]
    text = page.text()
    assert "read as correct from the marked place" in text
    assert "The rule took 13.71" in text
    assert "inkwell" in text
    page.press("p")
    assert page.evaluate("document.querySelector('details.prompt').open") is True
    page.goto(f"{items}/tanks-pair/5/0")
    assert page.evaluate("document.querySelectorAll('.orders > div').length") == 2
    assert page.evaluate("document.querySelectorAll('.orders mark').length") == 2
    assert "read as A: this answer" in page.text()
    assert "read as A: the other answer" in page.text()
    assert page.evaluate("document.querySelectorAll('math mfrac').length") == 1  # of the other model's answer
    page.goto(f"{items}/tanks-pair/5/0/record")
    record = json.loads(page.text("pre"))
    assert record["verdict"]["decision"] == "tie"


def test_two_runs_are_compared(page: Page, viewer: Viewing, runs: list[Path]) -> None:
    page.goto(f"{viewer.base}/compare?a={runs[0].name}|south-7b|tanks-inkwell&b={runs[1].name}|south-7b|tanks-inkwell")
    text = page.text()
    assert "36 items in both" in text
    assert "No setting that decides a score differs" in text
    assert page.evaluate("document.querySelectorAll('.diff del').length") > 0
    first = page.evaluate("[...document.querySelectorAll('.changes tbody tr')].map(one => one.innerText)")
    assert "✓" in first[0].split("\n")[0] + first[0]
    page.press("x")
    page.until(f"document.querySelector('h1').innerText.startsWith('{runs[1].name} against')")
    page.goto(f"{viewer.base}/compare?a={runs[0].name}|south-7b|tanks-quill&b={runs[0].name}|south-7b|tanks-inkwell")
    assert "The answers are word for word the same" in page.text()
    assert "judge_model.model quill-32b → inkwell-8b" in page.text()


def test_four_sides_are_compared(page: Page, viewer: Viewing, runs: list[Path]) -> None:
    """By hand from the verdicts: on how many items the sides do not all say the same, and where one alone is wrong."""
    sides = [(run, model, "tanks-inkwell") for run in runs for model in ("north-7b", "south-7b")]
    names = [f"{run.name}|{model}|{row}" for run, model, row in sides]
    page.goto(f"{viewer.base}/compare?a={names[0]}&b={names[1]}")
    page.evaluate(f"document.querySelector('select[name=more]').value = {json.dumps(runs[1].name)}")
    page.click("form.filters button")
    page.until("document.querySelector('h1').innerText.startsWith('3 sides')")
    page.evaluate(f"[...document.querySelectorAll('select[name=more]')].at(-1).value = {json.dumps(names[3])}")
    page.click("form.filters button")
    page.until("document.querySelector('h1').innerText.startsWith('4 sides')")
    said = [
        [
            (line["status"], line["decision"])
            for line in map(json.loads, (run / f"verdicts/{model}/{row}.jsonl").read_text().splitlines())
        ]
        for run, model, row in sides
    ]
    differ = sum(len(set(one)) > 1 for one in zip(*said, strict=True))
    alone = sum(sum(each[1] == "incorrect" for each in one) == 1 for one in zip(*said, strict=True))
    assert 0 < alone < differ < 36
    assert f"not the same verdict everywhere {differ}" in page.text("nav.chips")
    assert f"wrong on one side alone {alone}" in page.text("nav.chips")
    assert len(page.evaluate("[...document.querySelectorAll('table.several tbody tr')].map(one => 1)")) == differ
    second = page.evaluate("document.querySelectorAll('table.sides tbody tr')[1].innerText").split("\t")
    right = [sum(one[1] == "correct" for one in each) for each in said]
    assert float(second[6].replace("−", "-").strip("+")) == pytest.approx(100 * (right[1] - right[0]) / 36, abs=0.06)
    page.click("table.several tbody tr td:nth-child(3) a")
    page.until("location.pathname.includes('/items/south-7b/tanks-inkwell/')")


def test_labels_are_given_blind_by_keyboard(chromium: Page, runs: list[Path], tmp_path: Path) -> None:
    copy = tmp_path / runs[0].name
    shutil.copytree(runs[0], copy)
    with viewing(copy) as view:
        opened(chromium, view)
        chromium.goto(f"{view.base}/runs/{copy.name}/labels?row=tanks-quill&who=ann")
        assert "No answers of tanks-quill have been drawn yet" in chromium.text()
        chromium.evaluate("document.querySelector('input[name=n]').value = '10'")
        chromium.press("d")
        chromium.until("document.body.innerText.includes('Your decision')")
        text = chromium.text()
        assert "VERDICT" not in text
        assert "south-7b" not in chromium.text("section")
        assert "0 of 10 labelled by ann" in text
        chromium.press("m")
        chromium.type("by hand")
        chromium.press("Enter")  # in the comment it decides nothing
        chromium.press("Escape", "1")
        chromium.until("document.body.innerText.includes('1 of 10 labelled')")
        assert "✓ you" in chromium.text(".last")
        chromium.press("2")
        chromium.until("document.body.innerText.includes('2 of 10 labelled')")
        chromium.press("u", "1")
        chromium.until("document.body.innerText.includes('2 of 10 labelled')")
        before = chromium.text("h2")
        chromium.press("s")
        chromium.until(f"document.querySelector('h2').innerText !== {json.dumps(before)}")
        chromium.goto(f"{view.base}/runs/{copy.name}/labels?row=tanks-quill&who=ann&only=rule")
        assert "These answers are picked, not drawn" in chromium.text()
        chromium.press("2")
        chromium.until("document.body.innerText.includes('1 of 2 labelled')")
        assert chromium.errors == []
    *labels, picked = list(read_labels(copy / "labels" / "tanks.jsonl"))
    assert [one.decision for one in labels] == ["correct", "incorrect", "correct"]
    assert labels[1].answer_hash == labels[2].answer_hash
    assert labels[0].comment == "by hand"
    assert all(one.annotator == "ann" for one in [*labels, picked])
    assert [one.blind for one in labels] == [True, True, False]  # the third decides again, with the verdict seen
    assert picked.blind
    assert all(one.probability == pytest.approx(10 / 72) and one.split == "" for one in labels)
    assert picked.split == "calibration"


def test_a_run_is_followed_to_its_end(chromium: Page, tmp_path: Path) -> None:
    """The page of a run that works shows its tasks, then its results, without loading again or moving the reader."""
    shown = threading.Event()
    with services(latency=0.05) as (models, judges):
        judges.latency = lambda: 0.05 if shown.is_set() else 5.0  # the run must not end before its page is there
        write_configs(tmp_path, models, judges, questions=12)
        process = subprocess.Popen(
            [*command(), "--no-preflight"],
            cwd=tmp_path,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            outputs = tmp_path / "outputs" / "default"
            wait_until(lambda: list(outputs.glob("2*/events.jsonl")) or process.poll() is not None)
            (run,) = outputs.glob("2*")
            with viewing(outputs) as view:
                opened(chromium, view)
                chromium.goto(f"{view.base}/runs/{run.name}")
                chromium.evaluate("window.stayed = true; document.documentElement.style.minHeight = '3000px'")
                chromium.until("document.querySelectorAll('.task').length >= 4")
                shown.set()
                chromium.evaluate("scrollTo(0, 300)")
                chromium.until("document.getElementById('live-note').innerText === 'The run is done.'")
                chromium.until("document.querySelector('#findings table') !== null")
                chromium.until("document.getElementById('state').innerText.includes('✓ done')")
                assert chromium.evaluate("window.stayed") is True
                assert chromium.evaluate("scrollY") >= 300  # more where results have come above what is seen
                assert process.wait(200) == 0
        finally:
            process.terminate()
            process.wait(200)
    assert chromium.errors == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(page: Page, viewer: Viewing, runs: list[Path], theme: str) -> None:
    script = next((path for path in AXE if path.is_file()), None)
    if script is None:
        pytest.skip("axe-core is not installed: npm install --prefix .venv/axe axe-core")
    run = f"/runs/{runs[0].name}"
    page.theme(theme)
    only = ", runOnly: ['color-contrast']" if theme == "dark" else ""  # nothing else depends on the theme
    for path in (
        "/", run, f"{run}/config", f"{run}/timing", f"{run}/items", f"{run}/items?only=unread",
        f"{run}/items/north-7b/tanks-quill/1/0", f"{run}/items/south-7b/tanks-pair/5/0",
        f"{run}/labels?row=tanks-quill", f"{run}/labels?row=tanks-quill&only=rule", f"/compare?a={runs[0].name}",
        f"/compare?a={runs[0].name}&b={runs[1].name}&more={runs[1].name}|south-7b|tanks-quill", "/runs/nothing",
    ):  # fmt: skip
        page.goto(viewer.base + path)
        page.errors.clear()  # the page that is not there
        page.evaluate(script.read_text("utf-8"))
        found = page.evaluate(
            f"axe.run({{resultTypes: ['violations']{only}}}).then(found => found.violations"
            ".filter(one => ['serious', 'critical'].includes(one.impact))"
            ".map(one => one.id + ': ' + one.nodes.map(node => node.html).slice(0, 3).join(' | ')))"
        )
        assert found == [], f"{path} in {theme}"


def test_a_phone_shows_the_pages_without_scrolling_sideways(page: Page, viewer: Viewing, runs: list[Path]) -> None:
    page.size(390, 800)
    run = f"/runs/{runs[0].name}"
    for path in (
        "/",
        run,
        f"{run}/items",
        f"{run}/items/south-7b/tanks-pair/5/0",
        f"{run}/labels",
        f"/compare?a={runs[0].name}",
        f"/compare?a={runs[0].name}&b={runs[1].name}&more={runs[1].name}|south-7b|tanks-quill",
    ):
        page.goto(viewer.base + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path


def test_three_planted_causes_are_found_within_twelve_keys(chromium: Page, tmp_path: Path) -> None:
    """A hard topic, answers that are cut off, and verdicts that contradict each other."""
    made = three_causes(tmp_path / "20260101_000000")
    with viewing(made.path) as view:
        opened(chromium, view)
        keys = 0

        def press(*names: str) -> None:
            nonlocal keys
            keys += len(names)
            chromium.press(*names)

        press("j", "Enter")
        chromium.until("location.pathname.startsWith('/runs/')")
        press("i")
        chromium.until("document.body.innerText.includes('wrong 8')")
        press("2", "g")  # wrong, counted by topic
        chromium.until("document.body.innerText.includes('units 4')")
        press("3")
        chromium.until("document.body.innerText.includes('unread 4') && location.search.includes('only=unread')")
        chromium.until("document.body.innerText.includes('contradictory verdicts: A and B 4')")
        press("4")
        chromium.until("location.search.includes('only=truncated')")
        assert "1 to 4 of 4" in chromium.text()
        assert keys == 7
    assert chromium.errors == []


def test_columns_and_order_are_the_configs_until_the_reader_chooses(
    chromium: Page, runs: list[Path], tmp_path: Path
) -> None:
    copy = tmp_path / runs[0].name
    shutil.copytree(runs[0], copy)
    (plan,) = copy.glob("configs/*.json")
    stated = json.loads(plan.read_text())
    stated["datasets"]["tanks"]["viewer"] = {"columns": ["tokens", "topic"], "sort": "-length"}
    plan.write_text(json.dumps(stated))
    with viewing(copy) as view:
        opened(chromium, view)
        chromium.goto(f"{view.base}/runs/{copy.name}/items?only=unread")
        heads = chromium.evaluate("[...document.querySelectorAll('table.items th')].map(one => one.innerText)")
        assert [one for one in heads if one in {"tokens", "topic"}] == ["tokens", "topic"]
        assert chromium.evaluate("document.querySelector('select[name=sort]').value") == "-length"
        chromium.click("input[name=columns][value=tokens]")
        chromium.click("input[name=columns][value=tries]")
        chromium.click("form.filters button")
        chromium.until("location.search.includes('columns=tries')")
        heads = chromium.evaluate("[...document.querySelectorAll('table.items th')].map(one => one.innerText)")
        assert "tries" in heads
        assert "tokens" not in heads
        assert "only=unread" in chromium.address()
    assert chromium.errors == []
