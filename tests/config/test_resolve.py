from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgebench.config.model import resolve_model
from judgebench.config.place import Declared
from judgebench.config.resolve import load_run
from judgebench.config.secrets import SecretStore
from judgebench.errors import ConfigError, PrerequisiteError, UnknownNameError, UsageError
from judgebench.models.contract import ServiceConfig
from judgebench.models.openai import VLLMCustomAPIChat
from judgebench.plan.request import Selection


@pytest.fixture
def run(folder):
    """Resolve the model ``m`` and data set ``toy`` of the user folder, with changes."""

    def _run(environ=None, **changes):
        chosen = {"models": ["m"], "datasets": ["toy"], "config_dirs": [str(folder)], **changes}
        return load_run(Selection(**chosen), environ or {})

    return _run


@pytest.mark.usefixtures("toys")
class TestResolving:
    def test_names_become_checked_configs_with_defaults(self, run):
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

    def test_the_documented_block_runs_as_it_is_printed_but_for_its_missing_comma(self, run, write):
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

    @pytest.mark.parametrize(
        ("line", "said", "hint"),
        [
            ("models[0]['retires'] = 9", r"models\.m\.retires is not a known key", "'retry'"),
            ("models[0]['timeouts'] = dict(totl=1)", r"models\.m\.timeouts\.totl", "'total'"),
            ("models[0]['host_port'] = 'x'", r"models\.m\.host_port is 'x': expected `int`, got `str`", ""),
            ("models[0]['host_port'] = '9000'", r"expected `int`, got `str`", ""),
            ("models[0]['host_port'] = 70000", r"host_port is 70000", ""),
            ("models[0]['stream'] = 1", r"stream is 1: expected `bool`", ""),
            ("models[0]['batch_size'] = 0", r"must be 1 or more", ""),
            ("models[0]['retry'] = -1", r"must be 0 or more", ""),
            ("models[0]['url'] = 'host:80'", r"not an http", "base address"),
            ("models[0]['attr'] = 'local'", r"is a service model", "Leave attr out"),
            ("models[0]['attr'] = 'remote'", r"models\.m\.attr is 'remote'", ""),
            ("models[0]['abbr'] = '../x'", r"cannot be a file name", "letters"),
            ("models[0]['abbr'] = '.hidden'", r"cannot be a file name", ""),
            ("models[0]['abbr'] = 'a' * 101", r"cannot be a file name", ""),
            ("del models[0]['abbr']", r"lacks the key 'abbr'", ""),
            ("models[0]['type'] = 'VLLMCustomAPIChatt'", r"there is no type 'VLLMCustomAPIChatt'", "VLLMCustomAPIChat"),
            ("models[0]['type'] = 'jb_toys.NoConfig'", r"no Config struct", ""),
            ("models[0]['type'] = 'jb_broken.Thing'", r"cannot be imported: ZeroDivisionError", "Mend"),
            ("models[0]['type'] = 'jb_lacking.Thing'", r"cannot be imported: ModuleNotFoundError.*no_such", "Install"),
            ("del models[0]['type']", r"models\.m\.type must name a class", ""),
            ("models[0]['generation_kwargs'] = dict(num_return_sequences=0)", r"num_return_sequences", ""),
            ("models[0]['launch'] = dict(command=['x'], type='y')", r"exactly one of type and command", ""),
            ("models[0]['launch'] = dict()", r"exactly one of type and command", ""),
            ("models[0]['launch'] = dict(type='NoLauncher')", r"models\.m\.launch\.type: there is no type", ""),
            (
                "models[0]['pred_postprocessor'] = dict(type='jb_toys.strip_tail', markr='x')",
                r"no parameter",
                "'marker'",
            ),
            ("models = dict(abbr='m')", r"models\.m\.type", ""),
            ("models = ['m']", r"list of dicts", ""),
            ("models[0]['traffic_cfg'] = dict(burstiness=1)", r"another runner's schema", "burstiness"),
        ],
    )
    def test_what_a_model_cannot_be_is_refused_naming_file_and_key(self, run, write, folder, line, said, hint):
        path = folder / "models/m.py"
        path.write_text(f"{path.read_text()}\n{line}\n")
        with pytest.raises(ConfigError, match=said) as caught:
            run()
        assert str(path) in caught.value.message
        assert hint in caught.value.hint

    @pytest.mark.parametrize(
        ("line", "said"),
        [
            ("toy_datasets[0]['evaluater'] = 1", r"datasets\.toy\.evaluater is not a known key"),
            ("toy_datasets[0]['splt'] = 'x'", r"datasets\.toy\.splt"),
            ("toy_datasets[0]['path'] = 1", r"datasets\.toy\.path is 1: expected `str`"),
            ("toy_datasets[0]['reader_cfg'] = dict()", r"reader_cfg belongs to another runner"),
            ("toy_datasets[0]['evaluator'] = dict(case=True)", r"evaluator must be dict\(type"),
            ("toy_datasets[0]['evaluator'] = dict(type=ToyRule, cse=True)", r"evaluator\.cse is not a known key"),
            ("toy_datasets[0]['prompt'] = [dict(role='narrator', content='x')]", r"prompt\.0"),
            ("del toy_datasets[0]['prompt']", r"datasets\.toy\.prompt is missing"),
            ("toy_datasets[0]['few_shot'] = dict(exmples=[])", r"few_shot\.exmples"),
            ("toy_datasets[0]['k'] = ['a']", r"datasets\.toy\.k\.0 is 'a'"),
            ("toy_datasets[0]['judge_infer_cfg'] = 'x'", r"judge_infer_cfg must be"),
            ("toy_datasets[0]['judge_infer_cfg']['inferencer'] = 1", r"judges\.judge\.inferencer belongs to another"),
            ("toy_datasets[0]['judge_infer_cfg']['methd'] = 1", r"judges\.judge\.methd is not a known key"),
            ("toy_datasets[0]['judge_infer_cfg']['method']['vtes'] = 1", r"judges\.judge\.method\.vtes"),
            (
                "toy_datasets[0]['judge_infer_cfg']['judge_model']['retires'] = 1",
                r"judges\.judge\.judge_model\.retires",
            ),
            ("del toy_datasets[0]['judge_infer_cfg']['judge_model']", r"judge_model must be dict"),
        ],
    )
    def test_what_a_data_set_cannot_be_is_refused_naming_file_and_key(self, run, folder, line, said):
        path = folder / "datasets/toy.py"
        path.write_text(f"{path.read_text()}\n{line}\n")
        with pytest.raises(ConfigError, match=said) as caught:
            run()
        assert str(path) in caught.value.message

    def test_roles_of_other_runners_mean_chat_roles(self, run, folder):
        path = folder / "datasets/toy.py"
        path.write_text(
            path.read_text() + "\ntoy_datasets[0]['prompt'] = [dict(role='HUMAN', prompt='Q {question}')]\n"
        )
        assert run().datasets["toy"].prompt == [{"role": "user", "content": "Q {question}"}]

    def test_two_models_of_one_abbr_are_refused_naming_both_files(self, run, write, folder):
        write("models/n.py", (folder / "models/m.py").read_text())
        with pytest.raises(ConfigError, match=r"models/m\.py and .*models/n\.py"):
            run(models=["m", "n"])

    def test_models_whose_names_differ_in_case_alone_are_refused(self, run, write, folder):
        write("models/n.py", (folder / "models/m.py").read_text().replace('"m"', '"M"'))
        with pytest.raises(ConfigError, match="one file on some file systems"):
            run(models=["m", "n"])

    def test_combinations_are_all_models_with_all_data_sets(self, run, write, folder):
        write("models/n.py", (folder / "models/m.py").read_text().replace('"m"', '"n"'))
        write("datasets/plain.py", (folder / "datasets/toy.py").read_text().replace('"toy"', '"plain"'))
        config = run(models=["m", "n"], datasets=["toy", "plain"])
        assert config.combinations == [("m", "toy"), ("m", "plain"), ("n", "toy"), ("n", "plain")]

    def test_a_suffix_selects_variables(self, run, folder):
        path = folder / "datasets/toy.py"
        path.write_text(path.read_text() + "\nsmall_datasets = [dict(toy_datasets[0], abbr='small')]\n")
        assert list(run().datasets) == ["toy", "small"]
        assert list(run(datasets=["toy/small_datasets"]).datasets) == ["small"]
        with pytest.raises(ConfigError, match="ends in 'nothing'"):
            run(datasets=["toy/nothing"])

    def test_a_rule_beside_declared_judges_has_a_row_only_where_the_config_says_so(self, run, folder):
        assert run().datasets["toy"].rows() == [("toy-judge", "judge")]
        assert run(overrides=["datasets.toy.rule_row=true"]).datasets["toy"].rows()[0] == ("toy", "")
        path = folder / "datasets/toy.py"
        path.write_text(path.read_text() + "\ndel toy_datasets[0]['judge_infer_cfg']\n")
        assert run().datasets["toy"].rows() == [("toy", "")]
        assert run(judges=["m"]).datasets["toy"].rows() == [("toy", ""), ("toy-m", "m")]

    @pytest.mark.parametrize("missing", ["models", "datasets"])
    def test_nothing_named_is_a_usage_error(self, run, missing):
        with pytest.raises(UsageError, match="is named"):
            run(**{missing: []})

    def test_a_data_set_named_as_a_judged_row_is_refused(self, run, write, folder):
        write("datasets/row.py", (folder / "datasets/toy.py").read_text().replace('"toy"', '"toy-judge"'))
        with pytest.raises(ConfigError, match="would both make the row 'toy-judge'"):
            run(datasets=["toy", "row"])


@pytest.mark.usefixtures("toys")
class TestMergingDataSets:
    RULE_ONLY = """
        from mmengine.config import read_base
        with read_base():
            from .toy import toy_datasets
        rule_datasets = [dict(
            {key: value for key, value in toy_datasets[0].items() if key != "judge_infer_cfg"})]
        del toy_datasets
    """

    def test_two_configs_that_ask_alike_are_one_data_set_with_both_scorings(self, run, write, folder):
        text = (folder / "datasets/toy.py").read_text()
        write("datasets/judged.py", text + "\ndel toy_datasets[0]['evaluator']\n")
        write("datasets/ruled.py", text + "\ndel toy_datasets[0]['judge_infer_cfg']\n")
        toy = run(datasets=["ruled", "judged"]).datasets["toy"]
        assert toy.rows() == [("toy", ""), ("toy-judge", "judge")]
        assert [judge.abbr for judge in toy.judges] == ["judge"]

    @pytest.mark.parametrize(
        "change",
        [
            "['prompt'] = 'Q {question}'",
            "['path'] = 'other'",
            "['max_out_len'] = 7",
            "['evaluator'] = dict(type=ToyRule)",
        ],
    )
    def test_one_abbr_for_two_different_questions_is_refused_naming_both_files(self, run, write, folder, change):
        write("datasets/other.py", (folder / "datasets/toy.py").read_text() + f"\ntoy_datasets[0]{change}\n")
        with pytest.raises(ConfigError, match=r"toy\.py and .*other\.py"):
            run(datasets=["toy", "other"])

    def test_one_judge_abbr_for_two_judges_is_refused(self, run, write, folder):
        text = (folder / "datasets/toy.py").read_text()
        write("datasets/other.py", text.replace("votes=3", "votes=5"))
        with pytest.raises(ConfigError, match="two different judges named 'judge'"):
            run(datasets=["toy", "other"])


@pytest.mark.usefixtures("toys")
class TestChoosingJudges:
    JUDGE = """
        from judgebench.models import VLLMCustomAPIChat
        judges = [dict(judge_model=dict(type=VLLMCustomAPIChat, abbr="strict", host_port=7000){more})]
    """

    def test_a_named_judge_replaces_the_data_sets_and_inherits_its_method(self, run, write):
        write("judges/strict.py", self.JUDGE.format(more=""))
        judges = run(judges=["strict"]).datasets["toy"].judges
        assert [(judge.abbr, judge.method.options["votes"]) for judge in judges] == [("strict", 3)]

    def test_a_judges_own_method_wins(self, run, write):
        write("judges/strict.py", self.JUDGE.format(more=", method=dict(type='jb_toys.ToyMethod', votes=9)"))
        assert run(judges=["strict"]).datasets["toy"].judges[0].method.options["votes"] == 9

    def test_a_model_config_can_judge(self, run):
        judge = run(judges=["m"]).datasets["toy"].judges[0]
        assert (judge.abbr, judge.model["host_port"], judge.method.options["votes"]) == ("m", 8000, 3)

    def test_several_judges_at_once(self, run, write):
        write("judges/strict.py", self.JUDGE.format(more=""))
        assert [judge.abbr for judge in run(judges=["strict", "m"]).datasets["toy"].judges] == ["strict", "m"]

    def test_a_data_set_with_several_methods_gets_the_judge_for_each(self, run, write, folder):
        write(
            "datasets/toy.py",
            (folder / "datasets/toy.py").read_text()
            + "\nfirst = toy_datasets[0]['judge_infer_cfg']\ntoy_datasets[0]['judge_infer_cfg'] = ["
            "first, dict(abbr='second', judge_model=dict(first['judge_model']), method=dict(type=ToyMethod))]\n",
        )
        judges = run(judges=["m"]).datasets["toy"].judges
        assert [(judge.abbr, judge.method.options["votes"]) for judge in judges] == [("m-judge", 3), ("m-second", 1)]

    def test_judges_of_one_name_are_refused(self, run, write):
        write("judges/strict.py", self.JUDGE.format(more=""))
        write("judges/again.py", self.JUDGE.format(more=""))
        with pytest.raises(ConfigError, match="Two judges are named 'strict'"):
            run(judges=["strict", "again"])

    def test_an_unknown_judge_names_the_nearest(self, run, write):
        write("judges/strict.py", self.JUDGE.format(more=""))
        with pytest.raises(UnknownNameError) as caught:
            run(judges=["stritc"])
        assert "strict" in caught.value.hint


@pytest.mark.usefixtures("toys")
class TestEnvironment:
    def change(self, folder, line):
        path = folder / "models/m.py"
        path.write_text(f"{path.read_text()}\n{line}\n")

    def test_references_are_expanded_and_typed_by_the_schema(self, run, folder):
        self.change(
            folder,
            "models[0].update(host_port='${PORT}', model='${NAME:-12}', stream='${STREAM:-true}',"
            " generation_kwargs=dict(temperature='${TEMP:-0.25}', stop=['${STOP:-END}']))",
        )
        model = run({"PORT": "8123"}).models["m"]
        assert model["host_port"] == 8123
        assert model["model"] == "12"
        assert model["stream"] is True
        assert model["generation_kwargs"] == {"temperature": 0.25, "stop": ["END"]}

    def test_a_variable_that_is_not_set_is_a_missing_prerequisite_that_names_the_key(self, run, folder):
        self.change(folder, "models[0]['host_port'] = '${JB_NO_SUCH}'")
        with pytest.raises(PrerequisiteError, match=r"models\.m\.host_port.*JB_NO_SUCH"):
            run()

    def test_a_variable_of_the_wrong_type_is_refused(self, run, folder):
        self.change(folder, "models[0]['host_port'] = '${PORT}'")
        with pytest.raises(ConfigError, match=r"host_port is 'http': expected `int`"):
            run({"PORT": "http"})

    def test_prompts_and_examples_are_never_expanded(self, run, folder):
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

    def test_secrets_stay_references(self, run, folder):
        self.change(folder, "models[0].update(api_key='${MY_KEY}', headers={'X-Key': 'Bearer ${MY_KEY}'})")
        config = run({"MY_KEY": "sk-real"})
        assert config.models["m"]["api_key"] == "${MY_KEY}"
        assert config.models["m"]["headers"] == {"X-Key": "Bearer ${MY_KEY}"}
        assert config.secrets == {}

    def test_literal_secrets_become_references_and_travel_apart(self, run, folder):
        self.change(
            folder,
            "models[0].update(api_key='sk-live', headers={'X-Org': 'acme'}, url='http://user:pw@host/v1')",
        )
        config = run()
        assert config.models["m"]["api_key"] == "${JB_SECRET_M_API_KEY}"
        assert config.models["m"]["headers"] == {"X-Org": "${JB_SECRET_M_X_ORG}"}
        assert config.models["m"]["url"] == "${JB_SECRET_M_URL}"
        assert config.secrets == {
            "JB_SECRET_M_API_KEY": "sk-live",
            "JB_SECRET_M_X_ORG": "acme",
            "JB_SECRET_M_URL": "http://user:pw@host/v1",
        }

    def test_the_default_of_a_secret_reference_is_a_secret_too(self, run, folder):
        self.change(folder, "models[0]['api_key'] = '${MY_KEY:-sk-fallback}'")
        assert run({"MY_KEY": "x"}).models["m"]["api_key"] == "${MY_KEY}"
        config = run()
        assert config.models["m"]["api_key"] == "${JB_SECRET_M_API_KEY}"
        assert config.secrets == {"JB_SECRET_M_API_KEY": "sk-fallback"}

    @pytest.mark.parametrize(
        "line",
        [
            "api_key=['sk-live']",
            "headers={'X': ['sk-live']}",
            "headers='sk-live'",
            "launch=dict(command=['s'], env=['sk-live'])",
        ],
    )
    def test_an_error_about_a_secret_does_not_show_it(self, run, folder, line):
        self.change(folder, f"models[0].update({line})")
        with pytest.raises(ConfigError, match="of the wrong type") as caught:
            run()
        assert "sk-live" not in str(caught.value)

    def test_secrets_of_a_launched_services_environment_are_taken_out(self, run, folder):
        self.change(
            folder,
            "models[0]['launch'] = dict(command=['serve', '--tokenizer', 't', '--max-tokens', '${N:-5}'],"
            " env={'HF_TOKEN': 'hf_c', 'OMP_NUM_THREADS': '2', 'A_KEY': '${K}'})",
        )
        config = run()
        launch = config.models["m"]["launch"]
        assert config.secrets == {"JB_SECRET_M_HF_TOKEN": "hf_c"}
        assert launch["env"] == {"HF_TOKEN": "${JB_SECRET_M_HF_TOKEN}", "OMP_NUM_THREADS": "2", "A_KEY": "${K}"}
        assert launch["command"][-1] == "5"

    @pytest.mark.parametrize("words", ["'--api-key', 'sk'", "'--token=sk'", "'--api-key', '${K}'"])
    def test_a_secret_in_the_words_of_a_command_is_refused(self, run, folder, words):
        self.change(folder, f"models[0]['launch'] = dict(command=['serve', {words}])")
        with pytest.raises(ConfigError, match="everyone on the machine") as caught:
            run({"K": "sk"})
        assert "sk" not in caught.value.message.split("launch.command", 1)[1]

    def test_two_judges_of_one_abbr_with_different_keys_keep_both(self, run, write, folder):
        text = (folder / "datasets/toy.py").read_text()
        for name in ("one", "two"):
            write(
                f"datasets/{name}.py", text.replace('"toy"', f'"{name}"').replace("8001", f"8001, api_key='sk-{name}'")
            )
        config = run(datasets=["one", "two"])
        refs = [config.datasets[name].judges[0].model["api_key"] for name in ("one", "two")]
        assert [config.secrets[ref[2:-1]] for ref in refs] == ["sk-one", "sk-two"]


@pytest.mark.usefixtures("toys")
class TestConfigFile:
    def test_a_whole_file_holds_models_datasets_summarizer_and_combinations(self, run, write):
        path = write(
            "whole.py",
            """
            from mmengine.config import read_base
            with read_base():
                from .models.m import models
                from .datasets.toy import toy_datasets as datasets
            models = [models[0], dict(models[0], abbr="n")]
            datasets = [datasets[0], dict(datasets[0], abbr="other")]
            summarizer = dict(attr="accuracy", dataset_abbrs=["toy"])
            model_dataset_combinations = [
                dict(models=[models[0]], datasets=datasets), dict(models=["n"], datasets=["toy"])]
            """,
        )
        config = run(config=str(path), models=[], datasets=[])
        assert config.combinations == [("m", "toy"), ("m", "other"), ("n", "toy")]
        assert config.summarizer.dataset_abbrs == ["toy"]

    def test_names_on_the_command_line_replace_the_files(self, run, write):
        path = write(
            "whole.py",
            """
            from mmengine.config import read_base
            with read_base():
                from .models.m import models
            models = [dict(models[0], abbr="n")]
            """,
        )
        assert list(run(config=str(path), models=[]).models) == ["n"]
        assert list(run(config=str(path)).models) == ["m"]

    def test_a_combination_of_something_unknown_is_refused(self, run, write):
        path = write(
            "whole.py",
            """
            from mmengine.config import read_base
            with read_base():
                from .models.m import models
                from .datasets.toy import toy_datasets as datasets
            model_dataset_combinations = [dict(models=["nobody"], datasets=datasets)]
            """,
        )
        with pytest.raises(UnknownNameError, match="nobody"):
            run(config=str(path), models=[], datasets=[])

    def test_a_file_that_is_not_there_is_a_usage_error(self, run):
        with pytest.raises(UsageError, match=r"none\.py"):
            run(config="none.py")

    def test_a_summarizer_is_found_by_name_and_key(self, run, write):
        write("summarizers/mine.py", "summarizer = dict(dataset_abbrs=['a'])\nshort = dict(dataset_abbrs=['b'])")
        assert run(summarizer="mine").summarizer.dataset_abbrs == ["a"]
        assert run(summarizer="mine/short").summarizer.dataset_abbrs == ["b"]
        assert run(summarizer="example").summarizer.dataset_abbrs == []
        with pytest.raises(ConfigError, match="no dict named 'long'"):
            run(summarizer="mine/long")
        write("summarizers/bad.py", "summarizer = dict(summary_group=[])")
        with pytest.raises(ConfigError, match="summary_group is not a known key"):
            run(summarizer="bad")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_MODEL_KEYS = [field.name for field in msgspec.structs.fields(ServiceConfig)]


@settings(max_examples=300, deadline=None)
@given(key=st.sampled_from(_MODEL_KEYS) | st.text(max_size=10), value=_JSON | st.sampled_from(["${X}", "${X:-1}"]))
def test_whatever_a_model_key_holds_it_resolves_or_is_refused(key, value):
    declared = Declared("models", {"type": "VLLMCustomAPIChat", "abbr": "m", key: value}, "file.py")
    refusal = ""
    try:
        model = resolve_model(declared, {}, SecretStore({}))
    except (ConfigError, PrerequisiteError) as error:
        refusal = error.message
    if refusal:
        assert "models." in refusal
        return
    assert msgspec.to_builtins(msgspec.convert(model, VLLMCustomAPIChat.Config)) == model
