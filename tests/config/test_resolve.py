"""Names of the command line become a checked run."""

from __future__ import annotations

import pytest

from judgebench.errors import ConfigError, UsageError

pytestmark = pytest.mark.usefixtures("toys")


def test_names_become_checked_configs_with_defaults(run):
    config = run()
    assert config.models["m"]["type"] == "judgebench.models.openai.VLLMCustomAPIChat"
    assert config.models["m"]["attr"] == "service"
    assert config.models["m"]["retry"] == 2
    toy = config.datasets["toy"]
    assert toy.loader.type == "jb_toys.ToyLoader"
    assert toy.loader.options["split"] == "test"
    assert toy.evaluator is not None
    assert toy.evaluator.options == {"case": False}
    assert [judge.abbr for judge in toy.judges] == ["judge"]
    assert toy.judges[0].method.options["votes"] == 3
    assert toy.judges[0].model["host_port"] == 8001
    assert config.combinations == [("m", "toy")]
    assert config.sources["models.m"].endswith("models/m.py")
    assert config.sources["judges.toy.judge"].endswith("datasets/toy.py")


def test_the_documented_block_runs_as_it_is_printed_but_for_its_missing_comma(run, write):
    write(
        "judges/pasted.py",
        """
        from judgebench.models import VLLMCustomAPIChat
        from ais_bench.benchmark.utils.postprocess.model_postprocessors import extract_non_reasoning_content
        judge_model=dict(
            attr="service",
            type=VLLMCustomAPIChat,
            abbr="judge",
            path="",
            model="",
            stream=False,
            request_rate=0,
            use_timestamp=False,
            retry=2,
            api_key="",
            host_ip="localhost",
            host_port=8080,
            url="",
            max_out_len=512,
            batch_size=1,
            trust_remote_code=False,
            generation_kwargs=dict(
                temperature=0.01,
                ignore_eos=False,
            ),
            pred_postprocessor=dict(type=extract_non_reasoning_content),
        ),
        """,
    )
    judge = run(judges=["pasted"]).datasets["toy"].judges[0]
    assert judge.abbr == "judge"
    assert judge.model["max_out_len"] == 512
    assert judge.model["generation_kwargs"] == {"temperature": 0.01, "ignore_eos": False}
    assert judge.model["pred_postprocessor"]["type"].startswith("judgebench.models.")
    assert judge.method.type == "jb_toys.ToyMethod"


def test_roles_of_other_runners_mean_chat_roles(run, folder):
    path = folder / "datasets/toy.py"
    path.write_text(path.read_text() + "\ntoy_datasets[0]['prompt'] = [dict(role='HUMAN', prompt='Q {question}')]\n")
    assert run().datasets["toy"].prompt == [{"role": "user", "content": "Q {question}"}]


def test_combinations_are_all_models_with_all_datasets(run, write, folder):
    write("models/n.py", (folder / "models/m.py").read_text().replace('"m"', '"n"'))
    write("datasets/plain.py", (folder / "datasets/toy.py").read_text().replace('"toy"', '"plain"'))
    config = run(models=["m", "n"], datasets=["toy", "plain"])
    assert config.combinations == [("m", "toy"), ("m", "plain"), ("n", "toy"), ("n", "plain")]


def test_a_suffix_selects_variables(run, folder):
    path = folder / "datasets/toy.py"
    path.write_text(path.read_text() + "\nsmall_datasets = [dict(toy_datasets[0], abbr='small')]\n")
    assert list(run().datasets) == ["toy", "small"]
    assert list(run(datasets=["toy/small_datasets"]).datasets) == ["small"]
    with pytest.raises(ConfigError, match="ends in 'nothing'"):
        run(datasets=["toy/nothing"])


def test_a_rule_beside_declared_judges_has_a_row_only_where_the_config_says_so(run, folder):
    assert run().datasets["toy"].rows() == [("toy-judge", "judge")]
    assert run(overrides=["datasets.toy.rule_row=true"]).datasets["toy"].rows()[0] == ("toy", "")
    path = folder / "datasets/toy.py"
    path.write_text(path.read_text() + "\ndel toy_datasets[0]['judge_infer_cfg']\n")
    assert run().datasets["toy"].rows() == [("toy", "")]
    assert run(judges=["m"]).datasets["toy"].rows() == [("toy", ""), ("toy-m", "m")]


@pytest.mark.parametrize("missing", ["models", "datasets"])
def test_nothing_named_is_a_usage_error(run, missing):
    with pytest.raises(UsageError, match="is named"):
        run(**{missing: []})
