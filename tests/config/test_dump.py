from __future__ import annotations

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from judgebench.config.dump import dump_config, python_text
from judgebench.config.resolve import load_run
from judgebench.records.request import Selection


@pytest.fixture
def config(folder, toys):
    path = folder / "models/m.py"
    path.write_text(path.read_text() + "\nmodels[0].update(api_key='sk-live', url='${BASE:-https://host/v1/}')\n")
    path = folder / "datasets/toy.py"
    path.write_text(
        path.read_text()
        + "\ntoy_datasets[0].update(k=[1, 4], metrics=['a'], generation_kwargs={'stop': ['\\n', '\"'], 'a-b': 1},"
        " few_shot=dict(examples=[dict(question='1+1?', answer='2')]), extractor=dict(type='jb_toys.ToyExtractor'))\n"
    )
    return load_run(Selection(models=["m"], datasets=["toy"], config_dirs=[str(folder)]), {})


def test_a_dump_resolves_to_the_same_run(config, tmp_path):
    path = tmp_path / "dump.py"
    path.write_text(dump_config(config))
    again = load_run(Selection(config=str(path)), {})
    ignoring = {"sources": {}, "secrets": {}}
    assert msgspec.structs.replace(again, **ignoring) == msgspec.structs.replace(config, **ignoring)


def test_a_dump_holds_no_secret_and_says_how_to_hand_it_over(config):
    text = dump_config(config, ["jb", "--models", "m"])
    assert "sk-live" in config.secrets.values()
    assert "sk-live" not in text
    assert "JB_SECRET_M_API_KEY" in text.splitlines()[2]


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=6),
    max_leaves=20,
)


@given(_json)
@example({"ª": 1, "ﬁeld": {"Ⅳ": 2}})  # as names Python would read them as "a", "field" and "IV"
def test_any_value_is_written_so_that_python_reads_it_back(value):
    assert eval(python_text(value)) == value
