"""Packages that bring types and configs along: a run uses them, ``jb ls --plugins`` shows them, rivals are refused."""

from __future__ import annotations

import builtins
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from judgebench.config.registry import Registry
from judgebench.config.resolve import load_run
from judgebench.errors import ConfigError, UnknownNameError
from judgebench.plugins import load, slow_code
from judgebench.plugins.installed import installed
from judgebench.records.request import Selection
from judgebench.testing.faultservice import FaultService
from tests.e2e.harness import JB, ROOT, Bench, Done, model_answer, prompt_text, run
from tests.plugins.package import CONFIG, install

TYPE = "from judgebench.plugins import Plugin\nPLUGIN = Plugin({room}={{{{{name!r}: 'colours.types_:Doubles'}}}})\n"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of packages on the path of this process, which has seen none of them."""
    made = tmp_path / "site"
    made.mkdir()
    monkeypatch.syspath_prepend(str(made))
    monkeypatch.chdir(tmp_path)
    known = set(sys.modules)
    installed.cache_clear()
    yield made
    installed.cache_clear()
    for name in set(sys.modules) - known:
        if getattr(sys.modules[name], "__file__", None) and str(made) in str(sys.modules[name].__file__):
            del sys.modules[name]


def jb(site: Path, folder: Path, *words: str) -> Done:
    return run([*JB, *words], folder, env={"PYTHONPATH": os.pathsep.join([str(ROOT), str(site)])})


def test_a_run_uses_a_dataset_a_judge_a_verdict_parser_and_a_metric_of_a_package(tmp_path: Path) -> None:
    """The model is wrong about one of six, and the judge shouts what is so."""
    site = tmp_path / "site"

    def shout(body: dict[str, object]) -> str:
        return "NO" if "11 (of twice 5)" in prompt_text(body) else "YES"

    with FaultService(model_answer(lambda i: i == 5), model="m") as model, FaultService(shout, model="j") as judge:
        bench = Bench(tmp_path, model, judge)
        bench.write()
        install(site, "shout-bench", configs={"datasets/doubles_judged.py": CONFIG.format(url=judge.url)})
        done = jb(site, tmp_path, "--models", "toy_model", "--datasets", "doubles_judged")
    assert done.code == 0, done.text
    result = bench.result("doubles-judge")
    assert result["counts"]["ok"] == 6
    assert result["metrics"]["accuracy"]["value"] == pytest.approx(100 * 5 / 6)
    assert result["metrics"]["error_rate"]["value"] == pytest.approx(100 / 6)
    assert result["identity"]["types"] == {"method": "shout_bench.types_.Shouting"}


def test_a_run_can_be_sent_to_an_executor_of_a_package(site: Path) -> None:
    executor = (
        "import msgspec\nfrom judgebench.executors.local import LocalExecutor\n\n\nclass Here(LocalExecutor):\n"
        "    class Config(msgspec.Struct, frozen=True):\n        queue: str = 'short'\n"
    )
    plugin = (
        "from judgebench.plugins import Plugin\n"
        "PLUGIN = Plugin(executors={{'Here': '{module}.here:Here'}}, configs='configs')\n"
    )
    configs = {"executors/here.py": "executor = dict(type='Here', queue='long')\n"}
    install(site, "here-bench", plugin=plugin, configs=configs)
    (site / "here_bench" / "here.py").write_text(executor)
    found = load_run(Selection(models=["vllm_api_general_chat"], datasets=["demo_facts_llmjudge"], executor="here"), {})
    assert (found.executor.type, found.executor.options) == ("here_bench.here.Here", {"queue": "long"})


def test_ls_shows_what_packages_bring_and_what_is_wrong_with_them(tmp_path: Path) -> None:
    site = tmp_path / "site"
    install(site, "shout-bench", configs={"datasets/doubles_judged.py": "", "models/vllm_api_general_chat.py": ""})
    install(site, "loud-bench", configs={"datasets/Doubles_Judged.py": ""}, version="0.3")
    install(site, "broken-bench", plugin="import no_such_thing\n")
    done = jb(site, tmp_path, "ls", "--plugins")
    assert done.code == 0, done.text
    assert "shout-bench 1.2\n" in done.out
    assert "  datasets: Doubles\n  judges: Shouting\n  parsers: shouted\n  metrics: error_rate\n" in done.out
    assert "  configs/datasets: doubles_judged\n" in done.out
    assert "'loud-bench' brings the judge method 'Shouting' too, so neither can be used by that name" in done.out
    assert "'loud-bench' brings the config datasets/doubles_judged too" in done.out
    assert "its config models/vllm_api_general_chat is never found: judgebench has one of that name" in done.out
    assert "loud-bench 0.3\n" in done.out
    assert "cannot be loaded (ModuleNotFoundError: No module named 'no_such_thing')" in done.out


def test_without_packages_ls_says_so(site: Path, tmp_path: Path) -> None:
    assert "No plug-in package is installed" in jb(site, tmp_path, "ls", "--plugins").out


@pytest.mark.parametrize(
    ("room", "name", "noun"),
    [
        ("datasets", "Doubles", "dataset loader"),
        ("judges", "Shouting", "judge method"),
        ("parsers", "shouted", "parser"),
        ("metrics", "error_rate", "metric"),
    ],
)
def test_two_packages_that_claim_one_type_are_refused_by_one_sentence_that_names_both(
    site: Path, room: Any, name: str, noun: str
) -> None:
    install(site, "shout-bench")
    mine = load(name, room)
    installed.cache_clear()
    install(site, "loud-bench")
    with pytest.raises(ConfigError) as caught:
        load(name, room)
    assert (
        caught.value.message == f"The plug-in packages 'loud-bench' and 'shout-bench' both bring the {noun} {name!r}."
    )
    assert load(f"shout_bench.types_.{mine.__name__}", room) is mine, "a dotted path is never ambiguous"


def test_a_run_that_names_what_two_packages_claim_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    site = tmp_path / "site"
    with FaultService(model="m") as model, FaultService(model="j") as judge:
        bench = Bench(tmp_path, model, judge)
        bench.write()
        install(site, "shout-bench", configs={"datasets/doubles_judged.py": CONFIG.format(url=judge.url)})
        install(site, "loud-bench")
        done = jb(site, tmp_path, "--models", "toy_model", "--datasets", "doubles_judged")
        assert done.code == 2, done.text
        assert "The plug-in packages 'loud-bench' and 'shout-bench' both bring " in done.err
        assert model.requests == judge.requests == []
    assert bench.runs == []


def test_two_packages_that_claim_one_config_are_refused(site: Path) -> None:
    for package in ("shout-bench", "loud-bench"):
        install(site, package, configs={"datasets/doubles_judged.py": "doubles_datasets = []\n"})
    with pytest.raises(ConfigError, match=r"'loud-bench' and 'shout-bench' both bring the dataset config 'doubles_j"):
        Registry().find("datasets", "doubles_judged")


@pytest.mark.parametrize(
    ("room", "name", "noun"),
    [
        ("judges", "DeclaredJudge", "judge method"),
        ("parsers", "Anchored", "parser"),
        ("aggregations", "majority", "aggregation"),
        ("metrics", "accuracy", "metric"),
        ("models", "OpenAIChat", "model type"),
    ],
)
def test_a_package_that_claims_a_shipped_name_is_refused_naming_both(
    site: Path, room: str, name: str, noun: str
) -> None:
    plugin = TYPE.format(room=room, name=name).replace("PLUGIN = Plugin(", "PLUGIN = Plugin(datasets=DATA, ")
    install(site, "colours", plugin="DATA = {{'Doubles': 'colours.types_:Doubles'}}\n" + plugin)
    load("DeclaredJudge", "judges")  # ours is found at home, and the package is not looked at
    with pytest.raises(ConfigError) as caught:
        load("Doubles", "datasets")
    assert caught.value.message == (
        f"The plug-in package 'colours' cannot be used: it and 'judgebench' itself both bring the {noun} {name!r}."
    )


@pytest.mark.parametrize(
    ("plugin", "said"),
    [
        ("PLUGIN = {{}}\n", "'colours.plugin:PLUGIN' is no judgebench.plugins.Plugin"),
        ("1 / 0\n", "cannot be loaded (ZeroDivisionError"),
        ("from judgebench.plugins import Plugin\nPLUGIN = Plugin(judge={{}})\n", "cannot be loaded (TypeError"),
        ("from judgebench.plugins import Plugin\nPLUGIN = Plugin(judges=['X'])\n", "is not of the right form"),
        (
            "from judgebench.plugins import Plugin\nPLUGIN = Plugin(judges={{'X': 'colours.types_.X'}})\n",
            "its judge method 'X' is 'colours.types_.X', which is not of the form 'module:attribute'",
        ),
        (
            "from judgebench.plugins import Plugin\nPLUGIN = Plugin(configs='cnfigs')\n",
            "its config folder 'cnfigs' does not exist",
        ),
    ],
)
def test_a_package_that_cannot_be_used_is_named_where_something_was_not_found(
    site: Path, plugin: str, said: str
) -> None:
    install(site, "colours", plugin=plugin)
    with pytest.raises(ConfigError, match="there is no score 'NoSuchScore'") as caught:
        load("NoSuchScore", "scores")
    assert said in caught.value.hint
    assert "The plug-in package 'colours' cannot be used" in caught.value.hint
    with pytest.raises(UnknownNameError, match="no model config named 'no_such_model'") as unknown:
        Registry().find("models", "no_such_model")
    assert said in unknown.value.hint


@pytest.mark.parametrize("name", ["Doubles", "slow.types_.Doubles"])
def test_a_package_that_takes_long_to_import_is_named_while_it_is_waited_for(
    site: Path, name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The module waits for the very words, so that the test waits for nothing else."""
    waiting = "import time\nwhile 'slow' not in LOG.text:\n    time.sleep(0.01)\n"
    monkeypatch.setattr(slow_code, "QUIET", 0.01)
    monkeypatch.setattr(builtins, "LOG", caplog, raising=False)
    install(site, "slow")
    for module in ("plugin", "types_"):
        file = site / "slow" / f"{module}.py"
        file.write_text(waiting + file.read_text())
    assert load(name, "datasets").__name__ == "Doubles"
    said = "the plug-in package 'slow'" if name == "Doubles" else "the module slow.types_"
    assert f"jb: {said} has been running for" in caplog.text


def test_what_is_at_home_comes_first_and_a_judge_may_be_a_model_of_a_package(site: Path, tmp_path: Path) -> None:
    model = "models = [dict(type='VLLMCustomAPIChat', abbr={!r}, model='x')]\n"
    install(site, "shout-bench", configs={"models/mine.py": model.format("theirs"), "models/j.py": model.format("j")})
    (tmp_path / "configs/models").mkdir(parents=True)
    (tmp_path / "configs/models/mine.py").write_text(model.format("mine"))
    (tmp_path / "rows.jsonl").write_text('{"question": "q", "answer": "a"}\n')
    data = (
        "d = [dict(abbr='d', type='JsonlDataset', path='rows.jsonl', input_columns=['question'], prompt='{question}')]"
    )
    (tmp_path / "configs/datasets").mkdir()
    (tmp_path / "configs/datasets/d.py").write_text(data.replace("d = ", "d_datasets = "))
    found = load_run(Selection(models=["mine"], datasets=["d"], judges=["j"]), {})
    assert list(found.models) == ["mine"]
    assert [judge.abbr for judge in found.datasets["d"].judges] == ["j"]


def test_a_run_that_finds_all_at_home_never_looks_at_the_installed_packages(tmp_path: Path) -> None:
    code = (
        "import importlib.metadata as m, sys\n"
        "def looked(*a, **k): raise SystemExit('looked at installed packages')\n"
        "m.entry_points = looked\n"
        "from judgebench.config.resolve import load_run\n"
        "from judgebench.records.request import Selection\n"
        "from judgebench.judges.core.contract import method_of\n"
        "run = load_run(Selection(models=['vllm_api_general_chat'], datasets=['demo_facts_llmjudge'],"
        " judges=['vllm_api_general_chat']), {})\n"
        "print([type(method_of(j.method)).__name__ for d in run.datasets.values() for j in d.judges])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True,
        text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "DeclaredJudge" in done.stdout or "ReferenceVerifier" in done.stdout
