"""``${NAME}`` in a config."""

from __future__ import annotations

import pytest

from judgebench.errors import ConfigError, PrerequisiteError

pytestmark = pytest.mark.usefixtures("toys")


def change(folder, line):
    path = folder / "models/m.py"
    path.write_text(f"{path.read_text()}\n{line}\n")


def test_references_are_expanded_and_typed_by_the_schema(run, folder):
    change(
        folder,
        "models[0].update(host_port='${PORT}', model='${NAME:-12}', stream='${STREAM:-true}',"
        " generation_kwargs=dict(temperature='${TEMP:-0.25}', stop=['${STOP:-END}']))",
    )
    model = run({"PORT": "8123"}).models["m"]
    assert model["host_port"] == 8123
    assert model["model"] == "12"
    assert model["stream"] is True
    assert model["generation_kwargs"] == {"temperature": 0.25, "stop": ["END"]}


def test_a_variable_that_is_not_set_is_a_missing_prerequisite_that_names_the_key(run, folder):
    change(folder, "models[0]['host_port'] = '${JB_NO_SUCH}'")
    with pytest.raises(PrerequisiteError, match=r"models\.m\.host_port.*JB_NO_SUCH"):
        run()


def test_a_variable_of_the_wrong_type_is_refused(run, folder):
    change(folder, "models[0]['host_port'] = '${PORT}'")
    with pytest.raises(ConfigError, match=r"host_port is 'http': expected `int`"):
        run({"PORT": "http"})


def test_prompts_and_examples_are_never_expanded(run, folder):
    path = folder / "datasets/toy.py"
    path.write_text(
        path.read_text()
        + "\ntoy_datasets[0]['prompt'] = 'echo ${HOME} {question}'"
        + "\ntoy_datasets[0]['few_shot'] = dict(examples=[dict(question='find ${x}$', answer='2')])\n"
    )
    toy = run({"HOME": "/root"}).datasets["toy"]
    assert toy.prompt == "echo ${HOME} {question}"
    assert toy.few_shot is not None
    assert toy.few_shot.examples[0]["question"] == "find ${x}$"
