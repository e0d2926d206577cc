"""What a ``type`` means: ours by a bare name, the user's by a dotted path, and nothing else in its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from judgebench.errors import ConfigError, DeclarationError
from judgebench.plugins import load

pytestmark = pytest.mark.usefixtures("toys")


def add(path: Path, line: str) -> None:
    path.write_text(f"{path.read_text()}\n{line}\n")


def test_a_class_of_the_users_that_cannot_be_imported_is_never_replaced_by_ours_of_the_same_name(run, folder):
    add(folder / "datasets/toy.py", "toy_datasets[0]['evaluator'] = dict(type='my_bench.strict.NumberEqual')")
    with pytest.raises(ConfigError) as caught:
        run()
    assert "evaluator.type: 'my_bench.strict.NumberEqual' cannot be imported" in caught.value.message
    assert "there is no module 'my_bench'" in caught.value.message
    assert "PYTHONPATH" in caught.value.hint


def test_an_imported_class_of_the_users_that_cannot_be_imported_is_an_error_too(run, write, folder):
    path = folder / "datasets/toy.py"
    path.write_text(f"from my_bench.strict import NumberEqual\n{path.read_text()}")
    add(path, "toy_datasets[0]['evaluator'] = dict(type=NumberEqual)")
    with pytest.raises(ConfigError, match=r"'my_bench\.strict\.NumberEqual' cannot be imported: there is no module"):
        run()


@pytest.mark.parametrize(
    ("path", "said", "hint"),
    [
        ("jb_toys.ToyMethdo", "the module 'jb_toys' has no 'ToyMethdo'", "ToyMethod"),
        ("jb_toys.deeper.NumberEqual", "there is no module 'jb_toys.deeper'", "PYTHONPATH"),
        ("jb_broken.NumberEqual", "ZeroDivisionError", "Correct its module"),
        ("jb_lacking.NumberEqual", "its module needs 'no_such_package_of_jb'", "Install"),
        ("judgebench.judges.rules.elsewhere.NumberEqual", "there is no module", ""),
        ("judgebench.judges.NumberEqul", "there is no judge method 'judgebench.judges.NumberEqul'", "NumberEqual"),
        ("MyJudge", "there is no judge method 'MyJudge'", "dotted path of your own"),
    ],
)
def test_what_does_not_exist_is_named_with_what_is_missing(path, said, hint):
    with pytest.raises(ConfigError) as caught:
        load(path, "judges", where="method.type")
    assert caught.value.message.startswith("method.type: ")
    assert said in caught.value.message
    assert hint in caught.value.hint


def test_a_type_of_another_runner_means_ours_of_that_name_and_the_run_says_so(run, folder):
    (folder / "models/m.py").write_text(
        "from ais_bench.benchmark.models import VLLMCustomAPIChat\n"
        "from ais_bench.benchmark.utils.postprocess import extract_non_reasoning_content\n"
        "models = [dict(type=VLLMCustomAPIChat, abbr='m', attr='service', "
        "pred_postprocessor=dict(type=extract_non_reasoning_content))]\n"
    )
    function = "extract_non_reasoning_content"
    found = run()
    assert found.models["m"]["type"] == "judgebench.models.openai.VLLMCustomAPIChat"
    assert found.notes == [
        "ais_bench.benchmark.models.VLLMCustomAPIChat is taken for judgebench.models.openai.VLLMCustomAPIChat",
        f"ais_bench.benchmark.utils.postprocess.{function} is taken for judgebench.models.postprocess.{function}",
    ]


def test_a_run_of_our_own_types_has_no_such_note(run):
    assert run().notes == []


def test_a_type_of_another_runner_that_stands_for_nothing_here_is_refused(run, folder):
    add(folder / "models/m.py", "models[0]['type'] = 'ais_bench.benchmark.models.TritonCustomAPI'")
    with pytest.raises(ConfigError, match=r"no model type that stands for 'ais_bench\.benchmark\.models\.Triton"):
        run()


def test_a_name_is_looked_up_among_the_types_that_its_key_takes(run, folder):
    add(folder / "datasets/toy.py", "toy_datasets[0]['extractor'] = dict(type='first_line')")
    with pytest.raises(ConfigError, match=r"extractor\.type: there is no answer rule 'first_line'") as caught:
        run()
    assert caught.value.hint == "'first_line' is a postprocessor."
    assert load("first_line", "postprocessors").__module__ == "judgebench.models.postprocess"
    assert load("mean_score", "metrics").__module__ == "judgebench.metrics.rates.accuracy"
    assert load("mean_score", "aggregations").__module__ == "judgebench.judges.aggregations"


def test_a_judge_method_that_does_not_inherit_from_the_base_class_is_refused_in_one_sentence(run, folder):
    add(folder / "datasets/toy.py", "toy_datasets[0]['judge_infer_cfg']['method'] = dict(type='jb_toys.NotAMethod')")
    with pytest.raises(ConfigError) as caught:
        run()
    assert "jb_toys.NotAMethod is no judge method: it is no subclass of" in caught.value.message
    assert "JudgeMethod" in caught.value.message
    assert "class NotAMethod(JudgeMethod)" in caught.value.hint


def test_a_rule_as_method_of_a_benchmark_of_judges_is_refused(run, folder):
    (folder / "datasets/toy.py").write_text(
        "toy_datasets = [dict(abbr='toy', type='jb_toys.ToyLoader', path='x', method=dict(type='NumberEqual'),"
        " score=dict(type='VerifierScore'))]\n"
    )
    with pytest.raises(ConfigError, match=r"datasets\.toy\.method is NumberEqual, which never asks a model") as caught:
        run()
    assert "evaluator=dict(type=...)" in caught.value.hint


def test_a_method_that_asks_is_refused_as_an_evaluator(run, folder):
    add(folder / "datasets/toy.py", "toy_datasets[0]['evaluator'] = dict(type='ReferenceVerifier')")
    with pytest.raises(
        ConfigError, match=r"datasets\.toy\.evaluator is ReferenceVerifier, which asks a model"
    ) as caught:
        run()
    assert "judge_infer_cfg" in caught.value.hint


def test_every_refusal_is_a_declaration_error(run, folder):
    """So that a script sees exit code 2, and no run folder is left."""
    add(folder / "models/m.py", "models[0]['pred_postprocessor'] = dict(type='no.such.function')")
    with pytest.raises(DeclarationError):
        run()
