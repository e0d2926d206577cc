"""Where the price of a model comes from, and that none is guessed."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

import pytest

from judgebench.errors import DataError
from judgebench.models.access import model_config
from judgebench.models.prices import PACKAGE, found_price, how_to_price, packaged_price, read_prices
from judgebench.records.flow import Usage
from judgebench.records.prices import NOTHING, LongPromptRates, Price, Rates, money

CHAT = "judgebench.models.openai.VLLMCustomAPIChat"


def model(**keys: Any) -> dict[str, Any]:
    return {"type": CHAT, "abbr": "mine", "model": "gpt-4o", "url": "https://api.openai.com", **keys}


def test_the_users_own_table_comes_before_the_config(tmp_path: Path) -> None:
    table = tmp_path / "prices.csv"
    table.write_text("model,input,output,batch,date\nmine,1,2,0.25,2026-11-30\nother,3,4,,\n")
    prices = read_prices(table)
    assert prices["mine"] == Price(input=1, output=2, batch=0.25, date="2026-11-30", source="prices.csv")
    assert prices["other"].batch == 0.5
    os.utime(table, (1_700_000_000, 1_700_000_000))
    assert read_prices(table)["other"].date == "2023-11-14"  # of the file, where the entry does not say
    own = {"input": 5, "output": 6}
    assert found_price(model(price=own), prices, {}) == prices["mine"]
    assert found_price(model(price=own, abbr="x"), prices, {}) == Price(input=5, output=6)
    assert found_price(model(abbr="x", model="other"), prices, {}) == prices["other"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("p.json", '{"m": {"input": 1}}', "the price of 'm' cannot be used"),
        ("p.json", '{"m": {"input": 1, "output": -2}}', "the price of 'm' cannot be used"),
        ("p.json", '{"m": {"input": 1, "output": 2, "unit": "1k"}}', "the price of 'm' cannot be used"),
        ("p.json", "[1]", "cannot be read"),
        ("p.json", '{"m": 3}', "the price of 'm' cannot be used"),
        ("p.csv", "model,input\nm,dear\n", "the price of 'm' cannot be used"),
        ("p.json", '{"m": {"input": 1e308, "output": 2}}', "the price of 'm' cannot be used"),
        ("p.csv", "model,input,output\nm,1,inf\n", "the price of 'm' cannot be used"),
        ("p.json", '{"m": {"input": 1, "output": 2, "currency": ""}}', "the price of 'm' cannot be used"),
        ("p.csv", "model,input,output\nm,1,2\nm,9,9\n", "'m' has two prices"),
        ("p.csv", "", "has no column 'model'"),
        ("p.csv", "model;input;output\nm;1;2\n", "has no column 'model'"),
        ("missing.json", None, "cannot be read: No such file"),
    ],
)
def test_a_table_that_cannot_be_used_is_told_in_one_sentence(
    tmp_path: Path, name: str, content: str | None, said: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_text(content)
    with pytest.raises(DataError, match=said):
        read_prices(path)


@pytest.mark.parametrize(
    ("name", "text"), [("p.json", '{"m": {"input": 1, "output": 2}}'), ("p.csv", "model,input,output\nm,1,2")]
)
def test_a_table_may_begin_as_some_editors_begin_a_file(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, "utf-8-sig")
    assert read_prices(tmp_path / name)["m"].output == 2


def test_what_runs_here_or_answers_from_a_recording_costs_nothing() -> None:
    replay = {"type": "judgebench.models.replay.ReplayModel", "abbr": "r", "path": "x.jsonl"}
    assert found_price(replay, {}, {}) == NOTHING
    launched = model(url="", launch={"command": ["serve", "{port}"]})
    assert found_price(launched, {}, {}) == NOTHING
    assert NOTHING.free


def test_a_service_of_ones_own_has_no_price_whatever_its_model_is_called() -> None:
    assert found_price(model(url="http://localhost:8000"), {}, {}) is None
    assert found_price(model(url="http://10.0.0.7:8000"), {}, {}) is None


def test_prices_of_providers_are_those_of_the_package() -> None:
    pytest.importorskip(PACKAGE)
    found = packaged_price("gpt-4o", "https://api.openai.com/v1")
    assert found is not None
    assert found.source.startswith("genai-prices ")
    assert found.cached is not None
    assert 0 < found.cached < found.input < found.output
    usage = Usage(prompt_tokens=1000, completion_tokens=100)
    assert found.cost(usage, batch=True) == pytest.approx(found.cost(usage) / 2)
    long = packaged_price("gemini-2.5-pro", "https://generativelanguage.googleapis.com")
    assert long is not None
    short, longer = Usage(prompt_tokens=200_000), Usage(prompt_tokens=200_001)
    assert long.cost(longer) == pytest.approx(2 * long.cost(short), rel=1e-3), "the rates of long prompts hold for all"
    assert packaged_price("gpt-4o", "http://gateway.example/v1") is None
    assert packaged_price("no-such-model", "https://api.openai.com/v1") is None


def test_without_the_package_the_sentence_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *more: None if name == PACKAGE else find(name, *more))
    assert found_price(model(), {}, {}) is None
    hint = how_to_price(model_config(model()), "models.mine")
    assert "--override 'models.mine.price=" in hint
    assert 'pip install "judgebench[prices]"' in hint


def test_batches_and_long_prompts_may_have_rates_of_their_own() -> None:
    price = Price(
        input=1.0,
        output=2.0,
        unit="1K tokens",
        batch=Rates(input=0.1, output=0.2),
        long_prompts=[LongPromptRates(over=100, input=10.0, output=20.0)],
    )
    usage = Usage(prompt_tokens=100, completion_tokens=10)
    assert price.cost(usage) == pytest.approx(0.12)
    assert price.cost(usage, batch=True) == pytest.approx(0.012)
    assert price.cost(Usage(prompt_tokens=101, completion_tokens=10)) == pytest.approx(1.21)


@pytest.mark.parametrize(
    ("amount", "shown"),
    [(0.0, "0.00 USD"), (1234.5, "1234.50 USD"), (0.5, "0.50 USD"), (0.0123, "0.012 USD"), (0.0000456, "0.000046 USD")],
)
def test_small_amounts_show_two_figures(amount: float, shown: str) -> None:
    assert money(amount) == shown
