"""What models, judges and data files may write: in every field and on every page it stays text."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from judgebench.viewer.rendering import markdown, marked
from judgebench.viewer.text_difference import difference
from tests.viewer.browser import Page
from tests.viewer.conftest import viewing
from tests.viewer.test_reach import fetch

CORPUS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'\"></td></table></pre></details><svg onload=alert(1)>",
    "</title></textarea></style></script><script>alert(1)</script>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    "[click](javascript:alert(1)) [x](data:text/html;base64,PHNjcmlwdD4=) ![y](http://evil.example/a.png)",
    "<javascript:alert(1)> <http://evil.example/?a=1> [a]: javascript:alert(1)\n\n[a]",
    "$\\text{<script>alert(1)</script>}$ and $\\href{javascript:alert(1)}{x}$ and $\\style{color:red}{x}$",
    "$$\\text{<img src=x onerror=alert(1)>}$$ \\(\\class{x}{y}\\) \\[ \\unicode{x3c}script \\]",
    "{{ 7 * 7 }} {% include 'x' %} ${7*7} #{7*7}",
    "\u202e\u2066evil\u2069 \x1b[31m \x00 \u200b",
    "<a href='#' onclick=alert(1) style='position:fixed;inset:0'>x</a><base href=//evil.example>",
    "<meta http-equiv=refresh content=0>",
    "<form action=//evil.example><input name=token><button formaction=javascript:alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt; &#60;script&#62;",
    "`<script>alert(1)</script>` ~~~html\n<script>alert(1)</script>\n~~~",
]


class Tags(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def check(html: str) -> None:
    """No element and no attribute that runs, loads or leads anywhere but to this viewer or an address with http."""
    for tag, attributes in Tags(html).found:
        assert tag not in {"iframe", "object", "embed", "base", "style", "mglyph", "frame", "video", "audio"}, tag
        if tag == "script":
            assert attributes == {"src": "/static/viewer.js", "defer": None}
        if tag == "meta":
            assert "http-equiv" not in attributes
        if tag == "img":
            assert str(attributes["src"]).startswith("/runs/")
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            assert name not in {"style", "srcdoc", "formaction", "background"}, (tag, name)
            if name in {"href", "action", "src", "data-href"} and tag != "link":
                assert re.match(r"(/(?!/)|https?:|mailto:|#)", str(value)), (tag, name, value)


@pytest.mark.parametrize("text", CORPUS)
def test_rendered_text_runs_nothing(text: str) -> None:
    for made in (markdown(text), marked(text, [(0, 5)]), difference(text, text[::-1]), difference("x", text)):
        check(made)
    assert "\u202e" not in markdown(text)
    assert "49" not in markdown(CORPUS[10])


def test_a_reply_of_millions_of_characters_is_shown_in_part() -> None:
    made = marked("y" * 5_000_000 + " VERDICT: A and more", [(5_000_001, 5_000_011)])
    assert len(made) < 1_100_000
    assert made.startswith("cut here; the record as JSON holds all of it …\n")
    assert made.endswith('<mark title="the verdict was read here">VERDICT: A</mark> and more')


def test_formulas_and_markdown_are_rendered() -> None:
    assert "<mfrac>" in markdown("half is $\\frac{1}{2}$.")
    assert '<math display="block"' in markdown("$$x^2$$").replace(' xmlns="http://www.w3.org/1998/Math/MathML"', "")
    assert "<mi>x</mi>" in markdown("so \\(x = 1\\) and")
    assert "<math" in markdown("\\[\nx = 1\n\\]")
    assert "<math" not in markdown("it costs $5 and $6, not more")
    assert "<strong>bold</strong>" in markdown("**bold**")
    assert "<table>" in markdown("|a|b|\n|-|-|\n|1|2|")
    assert "<code>\\frac{</code>" in markdown("$\\frac{$")


def poisoned(value: Any, texts: Iterator[str], keep: frozenset[str]) -> Any:
    """A record with hostile text in every field of text that may hold any."""
    if isinstance(value, dict):
        return {key: one if key in keep else poisoned(one, texts, keep) for key, one in value.items()}
    if isinstance(value, list):
        return [poisoned(one, texts, keep) for one in value]
    return f"{value} {next(texts)}" if isinstance(value, str) else value


KEEP = frozenset(
    {
        # what ties the records of a run together, and what has a closed set of values
        "kind", "run", "state", "model", "dataset", "data_abbr", "judge", "row", "uid", "uuid", "call", "answer_hash",
        "status", "role", "order", "prefers", "plan", "against", "unit", "better", "headline", "verdicts",
        "predictions", "judge_calls", "result", "comparisons", "config", "summary", "events", "timestamp",
        "started", "ended", "show", "stage", "event", "type", "sha256", "gold",
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def hostile(runs: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in which every text is hostile, and whose folder has a hostile name."""
    folder = tmp_path_factory.mktemp("hostile") / "<img src=x onerror=alert(1)>"
    shutil.copytree(runs[0], folder)

    def texts() -> Iterator[str]:
        while True:
            yield from CORPUS

    endless = texts()
    for path in [*folder.rglob("*.jsonl"), *folder.rglob("*.json")]:
        if path.name == "scheduler.jsonl" or path.parent.name == "identity":
            continue
        if path.suffix == ".jsonl":
            lines = [json.dumps(poisoned(json.loads(line), endless, KEEP)) for line in path.read_text().splitlines()]
            path.write_text("".join(f"{line}\n" for line in lines))
        else:
            path.write_text(json.dumps(poisoned(json.loads(path.read_text()), endless, KEEP)))
    for path in folder.glob("configs/*.py"):
        path.write_text(path.read_text() + "\n".join(CORPUS))
    labels = folder / "labels" / "tanks.jsonl"
    labels.parent.mkdir()
    verdict = json.loads((folder / "verdicts/south-7b/tanks-quill.jsonl").read_text().splitlines()[1])
    label = {"answer_hash": verdict["answer_hash"], "id": 1, "model": "south-7b", "annotator": CORPUS[1]}
    labels.write_text(json.dumps(label | {"decision": CORPUS[2], "comment": CORPUS[0]}) + "\n")
    return folder


def addresses(key: str) -> list[str]:
    run = f"/runs/{key}"
    return [
        "/", f"/?q={'%3Cscript%3Ealert(1)%3C/script%3E'}", run, f"{run}/config", f"{run}/timing", f"{run}/items",
        f"{run}/items?where=%22%3E%3Cscript%3E&text=%3Cimg%20src=x%20onerror=alert(1)%3E&by=topic",
        f"{run}/items?row=%3Cscript%3E&reason=%22%3E%3Cscript%3Ealert(1)%3C/script%3E", f"{run}/items?by=topic",
        f"{run}/items/south-7b/tanks-quill/1/0", f"{run}/items/south-7b/tanks-quill/7/0?where=%22%3E%3Cscript%3E",
        f"{run}/items/south-7b/tanks-pair/5/0", f"{run}/items/north-7b/tanks-quill/11/0",
        f"{run}/labels?row=tanks-quill&who=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
        f"{run}/labels?row=tanks-pair&open=1",
        f"{run}/labels?last_model=south-7b&last_row=tanks-quill&last_id=1&who=x",
        f"/compare?a={key}|south-7b|tanks-quill&b={key}|south-7b|tanks-inkwell",
        f"/compare?a={key}|south-7b|tanks-quill&b={key}|north-7b|tanks-quill&only=reworded",
        f"/compare?a={key}|south-7b|tanks-quill&b={key}|north-7b|tanks-quill&more={key}|south-7b|tanks-inkwell",
        f"{run}/config?against={key}", f"{run}/config?against=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
        "/?trend=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&q=", f"{run}/items?only=wrong&by=reason",
        f"{run}/items?text=%2F%28a%7Cb%29%2B%3Cscript%3E%2F", f"{run}/timing?x=%3Cscript%3E",
        "/runs/%3Cscript%3Ealert(1)%3C%2Fscript%3E", f"{run}/items/%3Cscript%3E/%22onload=alert(1)/1/0",
    ]  # fmt: skip


def test_no_page_holds_what_a_run_says_as_markup(hostile: Path) -> None:
    with viewing(hostile.parent) as view:
        (key,) = set(re.findall(r"/runs/(run-[0-9a-f]{8})", fetch(view, "/").text))
        shown = 0
        for path in addresses(key):
            answer = fetch(view, path)
            assert answer.status in {200, 404, 422}, (path, answer.text[:600])
            check(answer.text)
            shown += answer.text.count("alert(1)")
        assert shown > 200  # all of it was there, as text
        record = fetch(view, f"/runs/{key}/items/south-7b/tanks-quill/1/0/record")
        assert record.headers["Content-Type"].startswith("application/json")


def test_nothing_runs_in_a_browser(chromium: Page, hostile: Path) -> None:
    with viewing(hostile.parent) as view:
        chromium.errors.clear()
        chromium.goto(view.link)
        chromium.until("location.search === ''")
        key = chromium.evaluate("document.querySelector('tr[data-href]').dataset.href").rpartition("/")[2]
        for path in addresses(key):
            chromium.goto(view.base + path)
            assert chromium.evaluate("document.title").endswith("· judgebench")
            assert chromium.evaluate("document.scripts.length") == 1
        assert chromium.dialogs == []
        blocked = [one for one in chromium.errors if "status of 4" not in one]
        assert blocked == []  # the policy had nothing to stop
