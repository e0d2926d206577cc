"""The page of a judge in a real browser: a case is typed, judged, turned round, and saved."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from judgebench.testing import ProviderService
from tests.serving.conftest import Served, serving
from tests.viewer.browser import Page


@pytest.fixture
def page(chromium: Page) -> Iterator[Page]:
    """A browser in which nothing may go wrong."""
    chromium.goto("about:blank")
    chromium.errors.clear()
    yield chromium
    errors, dialogs = [*chromium.errors], [*chromium.dialogs]
    chromium.goto("about:blank")  # a page that is left open keeps a core busy for the rest of the tests
    assert errors == []
    assert dialogs == []


def fill(page: Page, **texts: str) -> None:
    for name, text in texts.items():
        page.evaluate(f"document.getElementById({json.dumps(name)}).value = {json.dumps(text)}")


def press(page: Page, do: str) -> None:
    """Press a button, and wait for the page that comes of it."""
    page.evaluate("document.body.dataset.old = '1'")
    page.click(f"button[value={do}]")
    page.until("!document.body.dataset.old")


def test_a_judge_of_one_answer_is_tried_and_the_case_saved(
    page: Page, service: ProviderService, tmp_path: Path
) -> None:
    with serving(cases=tmp_path / "cases.jsonl") as served:
        page.goto(served.link)
        page.until("location.search === '' && document.title.startsWith('Try judge')")
        fill(page, question="What is 2+2? <b onclick=alert(1)>", answer0="4", reference="4")
        press(page, "judge")
        assert "Verdict" in page.text("h2#verdict")
        assert "correct" in page.text("h2#verdict")
        assert page.evaluate("[...document.querySelectorAll('mark')].map(one => one.innerText)") == ["A"]
        assert "What is 2+2? <b onclick" in page.evaluate("document.querySelector('details.prompt').textContent")
        assert page.evaluate("document.getElementById('question').value") == "What is 2+2? <b onclick=alert(1)>"
        fill(page, label="correct")
        press(page, "save")
        assert "Saved in" in page.text("#said")
        fill(page, question="A riddle?")
        press(page, "judge")
        assert "No verdict (unparsed): the reply states no verdict" in page.text()
    (line,) = (tmp_path / "cases.jsonl").read_text().splitlines()
    assert json.loads(line) == {
        "question": "What is 2+2? <b onclick=alert(1)>", "answer": "4", "label": "correct", "reference": "4",
    }  # fmt: skip
    assert len(service.requests) == 2, "saving asks nothing"


def test_two_answers_are_shown_in_both_orders_and_exchanged(page: Page, service: ProviderService) -> None:
    with serving("pair_compare") as served:
        page.goto(served.link)
        page.until("location.search === '' && document.getElementById('answer1') !== null")
        fill(page, question="A haiku?", answer0="one", answer1="two")
        press(page, "judge")
        assert "tie" in page.text("h2#verdict")
        assert page.evaluate("document.querySelectorAll('.orders > section').length") == 2
        assert page.evaluate("document.querySelectorAll('.orders mark').length") == 2
        press(page, "swap")
        assert page.evaluate("document.getElementById('answer0').value") == "two"
        press(page, "more")
        assert page.evaluate("document.querySelectorAll('textarea[name^=answer]').length") == 3


def test_fields_that_the_judge_shows_are_asked_for(page: Page, service: ProviderService) -> None:
    with serving("score_rubric") as served:
        page.goto(served.link)
        page.until("location.search === '' && document.getElementById('field_rubric') !== null")
        fill(page, question="Q", answer0="A")
        press(page, "judge")
        assert "shows {rubric}" in page.text("#trouble")


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({}, "it holds the key to this page"),
        ({"Host": "evil.example"}, "is not called evil.example"),
        ({"Origin": "http://evil.example"}, "does not come from a page"),
    ],
)
def test_nobody_without_the_link_sees_or_sends_anything(
    service: ProviderService, headers: dict[str, str], said: str
) -> None:
    with serving() as served:
        for method in ("GET", "POST"):
            status, text = _asked(served, method, headers)
            assert status == 403
            assert said in text or (method == "POST" and "does not come from a page" in text)
    assert not service.requests


def _asked(served: Served, method: str, headers: dict[str, str]) -> tuple[int, str]:
    connection = http.client.HTTPConnection(served.address.removeprefix("http://"), timeout=250)
    connection.request(method, "/", b"do=judge" if method == "POST" else None, headers)
    reply = connection.getresponse()
    text = reply.read().decode()
    connection.close()
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
    return reply.status, text
