from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgebench.config.checks import literal
from judgebench.config.overrides import parse_override
from judgebench.config.resolve import load_run
from judgebench.errors import ConfigError, UnknownNameError, UsageError
from judgebench.records.request import Selection


@pytest.fixture
def model_with(folder, toys):
    """The model ``m`` (or another of the user folder) with overrides."""

    def _with(*overrides, **changes):
        chosen = {"models": ["m"], "datasets": ["toy"], "config_dirs": [str(folder)], **changes}
        return load_run(Selection(**chosen, overrides=list(overrides)), {})

    return _with


@pytest.mark.parametrize(
    ("override", "key", "value"),
    [
        ("host_port=9000", "host_port", 9000),
        ("model=12", "model", "12"),
        ("model='12'", "model", "12"),
        ("model=a=b", "model", "a=b"),
        ("model=", "model", ""),
        ("stream=true", "stream", True),
        ("stream=False", "stream", False),
        ("request_rate=3", "request_rate", 3.0),
        ("pred_postprocessor=none", "pred_postprocessor", None),
        ("generation_kwargs.temperature=0.2", "generation_kwargs", {"temperature": 0.2}),
        ("generation_kwargs.stop=['a','b']", "generation_kwargs", {"temperature": 0.5, "stop": ["a", "b"]}),
        ('generation_kwargs={"top_p": null}', "generation_kwargs", {"top_p": None}),
        ("generation_kwargs.deep.er=x", "generation_kwargs", {"temperature": 0.5, "deep": {"er": "x"}}),
    ],
)
def test_a_value_gets_the_type_that_the_schema_wants(model_with, override, key, value):
    assert model_with(f"models.m.{override}").models["m"][key] == value


def test_nested_schema_keys_are_reached(model_with):
    assert model_with("models.m.timeouts.total=60").models["m"]["timeouts"]["total"] == 60.0


def test_judge_keys_reach_the_judge_and_all_others_its_model(model_with):
    judge = model_with("judges.judge.host_port=9000", "judges.judge.method.votes=7").datasets["toy"].judges[0]
    assert judge.model["host_port"] == 9000
    assert judge.method.options["votes"] == 7


def test_whether_replies_are_held_to_a_schema_can_be_overridden(model_with):
    found = model_with("judges.*.constrain=auto", judges=["correctness_json"]).datasets["toy"].judges
    assert [judge.constrain for judge in found] == ["auto"]


def test_dataset_keys_reach_loader_and_dataset(model_with):
    toy = model_with("datasets.toy.split=train", "datasets.toy.k=[1, 2]", "datasets.toy.evaluator.case=true").datasets[
        "toy"
    ]
    assert toy.loader.options["split"] == "train"
    assert toy.k == [1, 2]
    assert toy.evaluator is not None
    assert toy.evaluator.options == {"case": True}


def test_items_of_lists_have_numbers(model_with):
    assert model_with("datasets.toy.prompt.0.content=Hi").datasets["toy"].prompt == [{"role": "user", "content": "Hi"}]


def test_the_summarizer_can_be_overridden(model_with):
    assert model_with("summarizer.dataset_abbrs=['toy']").summarizer.dataset_abbrs == ["toy"]


def test_a_star_means_all_of_the_kind(model_with, write, folder):
    write("models/n.py", (folder / "models/m.py").read_text().replace('"m"', '"n"'))
    models = model_with("models.*.batch_size=5", models=["m", "n"]).models
    assert [model["batch_size"] for model in models.values()] == [5, 5]


def test_a_star_as_target_means_models_and_judges(model_with):
    config = model_with("*.judge.batch_size=7", "*.m.batch_size=8")
    assert config.datasets["toy"].judges[0].model["batch_size"] == 7
    assert config.models["m"]["batch_size"] == 8


def test_an_item_of_a_list_can_be_set(model_with, folder):
    path = folder / "datasets/toy.py"
    path.write_text(path.read_text() + "\ntoy_datasets[0]['k'] = [1, 2]\n")
    assert model_with("datasets.toy.k.1=8").datasets["toy"].k == [1, 8]
    with pytest.raises(ConfigError, match="'k' has no such key or item"):
        model_with("datasets.toy.k.2=8")


def test_an_abbr_may_hold_dots_and_the_longest_is_meant(model_with, write, folder):
    text = (folder / "models/m.py").read_text()
    write("models/n.py", text.replace('"m"', '"m.generation_kwargs"'))
    models = model_with("models.m.generation_kwargs.batch_size=5", models=["m", "n"]).models
    assert models["m.generation_kwargs"]["batch_size"] == 5
    assert models["m"]["generation_kwargs"] == {"temperature": 0.5}


def test_a_model_can_be_renamed_and_the_last_override_wins(model_with):
    config = model_with("models.m.abbr=new", "models.m.batch_size=2", "models.m.batch_size=3")
    assert config.models["new"]["batch_size"] == 3
    assert config.combinations == [("new", "toy")]


def test_a_name_given_twice_counts_once(model_with):
    config = model_with(models=["m", "m"], datasets=["toy", "toy"], judges=["m", "m"])
    assert list(config.models) == ["m"]
    assert [judge.abbr for judge in config.datasets["toy"].judges] == ["m"]


@pytest.mark.parametrize(
    ("override", "error", "said", "hint"),
    [
        ("models.m.host_prt=1", ConfigError, "--override models.m.host_prt is not a known key", "'host_port'"),
        ("models.m.host_port=abc", ConfigError, "--override models.m.host_port is 'abc': expected `int`", ""),
        ("models.n.host_port=1", UnknownNameError, "nothing in models is named 'n'", "m"),
        ("judges.jugde.host_port=1", UnknownNameError, "nothing in judges is named 'jugde'", "'judge'"),
        ("datasets.toy.judge_infer_cfg=1", ConfigError, "datasets.toy.judge_infer_cfg", ""),
        ("models.m.model.x=1", ConfigError, "--override models.m.model is {'x': 1}: expected `str`", ""),
        ("datasets.toy.prompt.7.content=x", ConfigError, "'prompt.7' has no such key or item", ""),
        ("model.m.host_port=1", UsageError, "'model', which cannot be overridden", "'models'"),
        ("models.m.host_port", UsageError, "TARGET.KEY=VALUE", ""),
        ("=1", UsageError, "TARGET.KEY=VALUE", ""),
        ("models.m.=1", UsageError, "names no key", ""),
    ],
)
def test_what_cannot_be_overridden_is_refused_with_the_nearest_name(model_with, override, error, said, hint):
    with pytest.raises(error) as caught:
        model_with(override)
    assert said in caught.value.message
    assert hint in caught.value.hint


def test_an_override_may_take_its_value_from_a_secret_and_never_shows_it(model_with):
    config = model_with("models.m.api_key=sk-typed")
    assert config.models["m"]["api_key"] == "${JB_SECRET_M_API_KEY}"
    with pytest.raises(UnknownNameError) as caught:
        model_with("models.nobody.api_key=sk-typed")
    assert "sk-typed" not in str(caught.value)


@given(st.text())
def test_parsing_never_fails_otherwise_than_by_a_usage_error(text):
    try:
        override = parse_override(text)
    except UsageError:
        return
    assert text.partition("=")[0].strip() == f"{override.target}.{override.path}"


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3)))
def test_a_literal_reads_what_python_writes(value):
    assert literal(repr(value)) == value


@given(st.text())
def test_reading_a_literal_never_fails(text):
    literal(text)
