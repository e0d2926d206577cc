"""Pages of runs that are not like the usual one: pictures, benchmarks of judges, repeats, nothing at all."""

from __future__ import annotations

import hashlib
import re
import shutil
from html import unescape
from pathlib import Path

import msgspec
import pytest

from judgebench.query import Filter, RunQuery, run_query
from judgebench.records.facts import answer_hash
from judgebench.records.findings import PresentationVerdict, ReadSpan
from judgebench.store.labels import read_labels
from tests.query.made import MadeRun, call, prediction, verdict
from tests.viewer.browser import Page
from tests.viewer.conftest import Viewing, viewing
from tests.viewer.stand import png
from tests.viewer.test_reach import fetch


def test_pictures_are_shown_and_what_is_none_is_not(chromium: Page, tmp_path: Path) -> None:
    run = MadeRun(tmp_path / "20260101_000000")
    names = {}
    for kind, data in {"png": png(), "svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"}.items():
        names[kind] = hashlib.sha256(data).hexdigest()
        place = run.path / "attachments" / names[kind][:2] / names[kind]
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    parts = [
        {"type": "image", "sha256": name, "media_type": "image/png"} for name in [*names.values(), "0" * 64, "../x"]
    ]
    prompt = [{"role": "user", "content": [{"type": "text", "text": "What is this?"}, *parts]}]
    answer = msgspec.structs.replace(prediction(0, "blue"), origin_prompt=prompt)
    run.add("model", "toy", "judge", predictions=[answer], calls=[], verdicts=[verdict(0, "correct", text="blue")])
    with viewing(run.path) as view:
        chromium.errors.clear()
        chromium.goto(view.link)
        chromium.until("location.search === ''")
        chromium.goto(f"{view.base}/runs/20260101_000000/items/model/toy-judge/0/0")
        widths = "[...document.images].map(one => one.naturalWidth)"
        chromium.evaluate("document.images.forEach ? 0 : [...document.images].forEach(one => one.loading = 'eager')")
        chromium.until(f"({widths})[0] === 4")
        assert sum(chromium.evaluate(widths)) == 4  # the others are no pictures of a known kind, or not there
        assert "What is this?" in chromium.text()
        assert chromium.dialogs == []


def test_a_benchmark_of_judges_shows_the_prompt_with_the_answers(tmp_path: Path) -> None:
    run = MadeRun(tmp_path / "20260101_000000")
    asked = call(0, "Both are fine. VERDICT: A", dataset="bench")
    said = PresentationVerdict(
        call=asked.uuid,
        status="ok",
        decision="A",
        span=ReadSpan(start=len(asked.prediction) - 1, end=len(asked.prediction)),
    )
    found = msgspec.structs.replace(verdict(0, "A", text="x"), presentations=[said], gold="B")
    run.add("model", "bench", verdicts=[found])
    run.write("predictions/model/bench.jsonl", [asked])
    manifest = msgspec.json.decode((run.path / "run.json").read_bytes())
    manifest["rows"][0] |= {"predictions": "", "judge_calls": "predictions/model/bench.jsonl"}
    (run.path / "run.json").write_bytes(msgspec.json.encode(manifest))
    with viewing(run.path) as view:
        text = fetch(view, "/runs/20260101_000000/items/model/bench/0/0").text
        assert "Is the answer to question 0 right?" in text
        assert re.search(r"<mark[^>]*>VERDICT: A</mark>", text)
        assert fetch(view, "/runs/20260101_000000/labels").status == 200
        assert fetch(view, "/runs/20260101_000000/timing").status == 200


def test_repeats_stand_beside_each_other_and_scores_are_numbers(tmp_path: Path) -> None:
    run = MadeRun(tmp_path / "20260101_000000")
    answers = [prediction(0, f"answer {repeat}", repeat=repeat) for repeat in range(3)]
    unread = [verdict(0, None, text=f"answer {repeat}", repeat=repeat) for repeat in range(3)]
    scored = [msgspec.structs.replace(one, status="ok", score=one.repeat + 0.5) for one in unread]
    run.add("model", "toy", "judge", predictions=answers, calls=[], verdicts=scored)
    with viewing(run.path) as view:
        page = fetch(view, "/runs/20260101_000000/items/model/toy-judge/0/1").text
        assert "Repeats side by side" in page
        assert "answer 0" in page
        assert "answer 2" in page
        assert "1.5" in page
        assert "repeat 2" in fetch(view, "/runs/20260101_000000/items").text
        side = "20260101_000000%7Cmodel%7Ctoy-judge"
        compared = fetch(view, f"/compare?a={side}&b={side}")
        assert "3 items in both" in compared.text


def test_a_run_that_holds_nothing_yet_says_so(tmp_path: Path) -> None:
    run = MadeRun(tmp_path / "20260101_000000")
    run.close()
    with viewing(run.path) as view:
        assert "There are no results yet" in fetch(view, "/runs/20260101_000000").text
        assert "No item is left by this filter" in fetch(view, "/runs/20260101_000000/items").text
        assert "nothing to label" in fetch(view, "/runs/20260101_000000/labels").text
        assert "Choose what is compared with what" in fetch(view, "/compare?a=20260101_000000").text
        assert fetch(view, "/compare").status == 200


def test_labels_are_refused_unless_they_are_about_what_was_shown(tmp_path: Path) -> None:
    run = MadeRun(tmp_path / "20260101_000000")
    answers = [prediction(id, f"answer {id}") for id in range(8)]
    verdicts = [verdict(id, "correct" if id % 2 else "incorrect", text=f"answer {id}") for id in range(8)]
    run.add("model", "toy", "judge", predictions=answers, calls=[], verdicts=verdicts)
    place = "/runs/20260101_000000/labels"

    def post(view: Viewing, address: str, origin: str = "", **form: str) -> int:
        headers = {"Origin": origin or view.base}
        return fetch(view, address, method="POST", data=form, headers=headers).status

    def label(id: int, decision: str, who: str, **more: str) -> dict[str, str]:
        named = {"of_model": "model", "of_row": "toy-judge", "of_id": str(id), "of_repeat": "0", "row": "toy-judge"}
        said = {"answer_hash": answer_hash(f"answer {id}"), "decision": decision, "who": who, "blind": "1"}
        return {**named, **said, **more}

    with viewing(run.path) as view:
        assert post(view, f"{place}/draw", origin="http://evil.example", row="toy-judge") == 403
        assert not (run.path / "labels").exists()
        assert post(view, f"{place}/draw", row="no such row") == 422
        assert post(view, f"{place}/draw", row="toy-judge", n="8", who="ann") == 303
        assert post(view, f"{place}/draw", row="") == 422
        assert post(view, f"{place}/draw", row="toy-judge") == 422  # once
        written = run.path / "labels" / "draws" / "toy-judge.json"
        draw = written.read_bytes()
        written.write_bytes(draw[:50])
        assert post(view, f"{place}/draw", row="toy-judge") == 422
        assert written.read_bytes() == draw[:50]  # what is damaged may be mended, and is not replaced
        written.write_bytes(draw)
        for wrong in (
            label(0, "correct", "ann", answer_hash="0" * 32),
            label(0, "<script>", "ann"),
            label(0, "", "ann"),
            label(0, "", "ann", score="nan"),
            label(0, "", "ann", score="5"),  # its judge says correct or incorrect
            label(99, "correct", "ann"),
            label(0, "correct", "ann", of_row="../../../etc"),
            {"row": "toy-judge"},
        ):
            assert post(view, place, **wrong) == 422, wrong
        assert post(view, place, origin="null", **label(0, "correct", "ann")) == 403
        assert not (run.path / "labels" / "toy.jsonl").exists()
        for id in range(8):
            assert post(view, place, **label(id, "correct", "ann")) == 303
            assert post(view, place, **label(id, "correct" if id else "incorrect", "bob")) == 303
        assert post(view, place, **label(3, "incorrect", "eve", only="wrong")) == 303
        *_, told = read_labels(run.path / "labels" / "toy.jsonl")
        assert (told.annotator, told.blind) == ("eve", False)  # the list said that the judge calls them wrong
        assert "not blind" in fetch(view, f"{place}?row=toy-judge&only=wrong").text
        page = fetch(view, f"{place}?row=toy-judge&who=ann").text
        assert "<b>8</b> of 8 labelled by ann" in page
        assert "agrees with the judge on 4 of 8" in page
        assert "agrees with bob on 7 of 8" in page
        assert "have a label of ann" in page
        item = fetch(view, "/runs/20260101_000000/items/model/toy-judge/0/0").text
        assert "bob" in item
        assert fetch(view, "/runs/20260101_000000/items?only=labelled").text.count("data-href") == 8
    (run.path / "run.json").unlink()
    with viewing(run.path) as view:
        assert post(view, place, **label(0, "correct", "eve")) == 404  # no run of ours: nothing is written to it


def test_a_list_shows_of_each_question_what_the_others_do_not_ask(tmp_path: Path) -> None:
    run = MadeRun(tmp_path / "20260101_000000")
    examples = "Answer in one word. " + "Q: Which metal is liquid? A: mercury " * 8
    prompts = [f"{examples}Q: Who wrote {name}? A:" for name in ("Faust", "Hamlet")]
    answers = [
        msgspec.structs.replace(prediction(number, "x"), origin_prompt=prompt) for number, prompt in enumerate(prompts)
    ]
    run.add(
        "model",
        "toy",
        "judge",
        predictions=answers,
        calls=[],
        verdicts=[verdict(number, "correct", text="x") for number in range(2)],
    )
    with viewing(run.path) as view:
        items = "/runs/20260101_000000/items"
        both = fetch(view, items).text
        assert "…Faust? A:" in both
        assert "…Hamlet? A:" in both
        alone = re.findall(r'<td class="cut">(.*?)</td>', fetch(view, f"{items}?id=0").text)
        assert len(alone) == 1
        assert alone[0].endswith("Q: Who wrote Faust? A:")


def test_the_link_keeps_what_else_its_address_asks_for(tmp_path: Path) -> None:
    run = MadeRun(tmp_path / "20260101_000000")
    run.add("model", "toy", "judge", predictions=[], calls=[], verdicts=[verdict(0, "correct", text="x")])
    with viewing(run.path) as view:
        for path, to in {
            "/runs/x/items?row=a%26b&only=wrong&": "/runs/x/items?row=a%26b&amp;only=wrong",
            "//evil.example/?": "/evil.example/",
        }.items():
            page = fetch(view, f"{path}token={view.token}", known=False).text
            assert f'content="0;url={to}"' in page


def three_causes(path: Path) -> MadeRun:
    """Of 300 items 12 are wrong or unread: a hard topic, answers cut off, verdicts that contradict each other."""
    made = MadeRun(path)
    causes = {id: ("units", "cut", "contradicts")[id % 3] for id in range(0, 300, 25)}
    texts = {id: f"The answer is {2 * id + (id in causes)}." for id in range(300)}
    answers = [
        prediction(id, text, finish_reason="length" if causes.get(id) == "cut" else "stop")
        for id, text in texts.items()
    ]
    verdicts = []
    for id, text in texts.items():
        cause = causes.get(id, "")
        meta = {"topic": "units" if cause == "units" else ("sums", "products", "powers")[id % 3]}
        decision = None if cause == "contradicts" else "incorrect" if cause else "correct"
        reason = "contradictory verdicts: A and B" if cause == "contradicts" else ""
        more = {"reason": reason, "truncated": cause == "cut", "meta": meta}
        verdicts.append(verdict(id, decision, calls=[], text=text, **more))
    made.add("model", "toy", "judge", predictions=answers, verdicts=verdicts)
    return made


def test_the_whole_number_of_a_search_is_counted_while_the_first_hits_are_shown(
    chromium: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = three_causes(tmp_path / "20260101_000000")
    monkeypatch.setattr(run_query, "_PART", 40)
    count_part = RunQuery.count_part
    asked: list[int] = []

    def slowly(self: RunQuery, chosen: Filter, after: int = -1) -> run_query.SearchPart:
        asked.append(after)
        return count_part(self, chosen, after, seconds=0)

    monkeypatch.setattr(RunQuery, "count_part", slowly)
    with viewing(run.path) as view:
        chromium.errors.clear()
        chromium.goto(view.link)
        chromium.until("location.search === ''")
        first = fetch(view, "/runs/20260101_000000/items?text=%2Fanswer+is%2F").text
        assert "of <span" in first
        assert "at least 51" in first
        chromium.goto(f"{view.base}/runs/20260101_000000/items?text=%2Fanswer+is%2F")
        chromium.until("document.getElementById('total').innerText === '300'")
        assert len(asked) == 8  # 40 at a time
        assert asked == sorted(asked)
        assert chromium.errors == []


def test_what_the_items_of_a_list_have_in_common_is_a_link_to_them(tmp_path: Path) -> None:
    run = three_causes(tmp_path / "20260101_000000")
    with viewing(run.path) as view:
        page = unescape(fetch(view, "/runs/20260101_000000/items?only=wrong").text)
        found = dict(re.findall(r'href="([^"]+)">(\S+(?: == "\w+")?) <i>[\d,]+ of 8; in all', page))
        assert set(found.values()) == {'topic == "units"', "truncated"}
        (address,) = [to for to, words in found.items() if words == "truncated"]
        narrowed = fetch(view, address).text
        assert "1 to 4 of" in narrowed
        assert "More frequent" not in fetch(view, "/runs/20260101_000000/items").text


def test_the_config_is_compared_with_that_of_another_run(viewer: Viewing, runs: list[Path]) -> None:
    base = f"/runs/{runs[1].name}/config"
    assert f"with the one before, {runs[0].name}" in fetch(viewer, base).text
    page = fetch(viewer, f"{base}?against={runs[0].name}").text
    found = re.findall(r"<tr><td><code>([\w.-]+)</code></td>", page)
    assert "models.north-7b.url" in found  # each run had services of its own
    assert "datasets.tanks.judges.pair.model.url" in found
    assert all(name.endswith(".url") for name in found)
    assert re.search(r"\d{3} settings are the same in both", page)
    assert fetch(viewer, f"{base}?against=nothing").status == 404


def test_a_metric_is_followed_over_the_runs_of_a_dataset(viewer: Viewing, runs: list[Path]) -> None:
    page = unescape(fetch(viewer, "/").text)
    assert "accuracy of tanks-quill over 2 runs, with 95% intervals" in page
    (other,) = re.findall(r'href="([^"]+)">win rate of tanks-pair<', page)
    drawn = unescape(fetch(viewer, other).text)
    assert "win rate of tanks-pair over 2 runs" in drawn
    for run in runs:
        assert re.search(rf'<a href="/runs/{run.name}" aria-label="south-7b, {run.name}: \d+\.\d, 95% interval', drawn)


def test_an_item_with_a_very_long_name_is_found_shown_and_labelled(tmp_path: Path) -> None:
    run = MadeRun(tmp_path / "20260101_000000")
    long = "k" * 100_000
    answers = [prediction(id, f"answer {id}") for id in range(3)]
    verdicts = [
        msgspec.structs.replace(verdict(id, "correct", text=f"answer {id}"), key=f"{long}{id}") for id in range(3)
    ]
    run.add("m" * 100, "toy", "judge", predictions=answers, calls=[], verdicts=verdicts)
    with viewing(run.path) as view:
        listed = fetch(view, "/runs/20260101_000000/items")
        assert listed.status == 200
        assert len(listed.text) < 120_000
        item = fetch(view, f"/runs/20260101_000000/items/{'m' * 100}/toy-judge/2/0")
        assert item.status == 200
        assert f"/items/{'m' * 100}/toy-judge/1/0" in item.text
        assert fetch(view, f"/runs/20260101_000000/items?where=key+==+%22{'k' * 3000}%22").status in {200, 400, 422}
        assert fetch(view, "/runs/20260101_000000/labels").status == 200


def test_two_tabs_label_the_same_answer_one_after_the_other(tmp_path: Path) -> None:
    """What is said last counts, and a label that was given with the verdict in sight is not blind."""
    run = MadeRun(tmp_path / "20260101_000000")
    run.add(
        "model",
        "toy",
        "judge",
        predictions=[prediction(0, "answer 0")],
        calls=[],
        verdicts=[verdict(0, "correct", text="answer 0")],
    )
    place = "/runs/20260101_000000/labels"
    form = {
        "of_model": "model", "of_row": "toy-judge", "of_id": "0", "of_repeat": "0", "row": "toy-judge", "who": "ann",
        "answer_hash": answer_hash("answer 0"), "blind": "1",
    }  # fmt: skip
    with viewing(run.path) as view:
        for decision in ("correct", "incorrect"):  # both tabs were opened before either decided
            sent = fetch(view, place, method="POST", data={**form, "decision": decision}, headers={"Origin": view.base})
            assert sent.status == 303
        shown = fetch(view, f"{place}?row=toy-judge&who=ann&id=0").text
    first, second = read_labels(run.path / "labels/toy.jsonl")
    assert (first.decision, first.blind, second.decision, second.blind) == ("correct", True, "incorrect", False)
    assert "1</b> of 1 labelled by ann" in shown


@pytest.mark.parametrize(
    "line", [b'{"calls": 1e999}\n', b"[" * 5000 + b"\n", b'{"task":"x","calls":-5,"tokens":"<b>"}\n', b"\xff\xfe\n"]
)
def test_forged_ledgers_and_events_break_no_page(runs: list[Path], tmp_path: Path, line: bytes) -> None:
    folder = shutil.copytree(runs[0], tmp_path / runs[0].name)
    for name in ("spending.jsonl", "events.jsonl"):
        with (folder / name).open("ab") as file:
            file.write(line)
    with viewing(folder) as view:
        for path in ("", "/items", "/config", "/timing", "/events"):
            answer = fetch(view, f"/runs/{folder.name}{path}")
            assert answer.status == 200, path
            assert "A mistake of this viewer" not in answer.text
