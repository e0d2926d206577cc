"""Mistakes of the first hour: each message names what is wrong and what to type next."""

from __future__ import annotations

import errno
import json
import os
import shlex
import shutil
import subprocess
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from judgebench.cli.main import run
from judgebench.errors import out_of_memory
from judgebench.store.lock import hold
from judgebench.store.run_folder import RunFolder
from judgebench.testing.faultservice import FaultService, closed_port
from tests.e2e.harness import JB, ROOT, judge_answer, model_answer

GOOD = ["--models", "good", "--datasets", "toy"]
MODEL = "from judgebench.models import {type}\nmodels = [dict(type={type}, abbr={abbr!r}, {keys})]\n"
DATASET = """
    from judgebench.datasets import JsonlDataset
    from judgebench.judges import NumberEqual
    {name}_datasets = [dict(
        abbr={name!r}, type=JsonlDataset, path={path!r}, input_columns=['question'], output_column='answer',
        prompt={prompt!r}, evaluator=dict(type=NumberEqual), metrics={metrics!r},
    )]
"""


@pytest.fixture(scope="module")
def service() -> Iterator[FaultService]:
    both = {True: judge_answer(), False: model_answer()}
    with FaultService(lambda body: both["candidate" in str(body)](body), model="m") as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, service: FaultService) -> Path:
    """A current folder with a model, a dataset, and everything that can be wrong with them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JB_DATA_DIR", raising=False)
    monkeypatch.delenv("MY_KEY", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    here = f"host_ip='127.0.0.1', host_port={service.port}"
    models = {
        "good": ("good", "VLLMCustomAPIChat", f"{here}, model='m', retry=0"),
        "twin": ("good", "VLLMCustomAPIChat", "host_port=1"),
        "typo_key": ("typo", "VLLMCustomAPIChat", "host_prot=8000"),
        "typo_type": ("typo", "VLLMCustomAPICaht", here),
        "wrong_type": ("wrong", "VLLMCustomAPIChat", "host_port='eighty'"),
        "no_key": ("nokey", "VLLMCustomAPIChat", f"{here}, model='m', api_key='${{MY_KEY}}'"),
        "bad_url": ("badurl", "VLLMCustomAPIChat", "url='htp:/127.0.0.1:80'"),
        "dead": ("dead", "VLLMCustomAPIChat", f"host_ip='127.0.0.1', host_port={closed_port()}, model='m', patience=1"),
    }
    for name, (abbr, kind, keys) in models.items():
        write(f"configs/models/{name}.py", MODEL.format(type=kind, abbr=abbr, keys=keys))
    decisions = {"correct": "yes", "incorrect": "no"}
    judge = {
        "abbr": "typo",
        "judge_model": {  # launched by the run, so that no trial call tells of the prompt
            "type": "VLLMCustomAPIChat", "abbr": "launched", "launch": {"command": ["false"]},
        },
        "method": {
            "type": "DeclaredJudge",
            "presentations": [{"prompt": "Is {answer} the same as {gold}?"}],
            "parser": {"type": "last_match", "patterns": ["(yes|no)"], "decisions": decisions},
            "aggregate": {"type": "first", "unread": "unparsed"},
        },
    }  # fmt: skip
    write("configs/judges/typo_judge.py", f"judges = [{judge}]\n")
    write("configs/models/no_comma.py", "models = [dict(type='VLLMCustomAPIChat'\n    abbr='x')]\n")
    write("configs/models/secret.py", "models = [dict(type='VLLMCustomAPIChat', abbr='x')]\n").chmod(0)
    (tmp_path / "others").mkdir()
    write("marked/run.json", '{"format": 1, "kind": "judgebench run"}')
    rows = [json.dumps({"question": f"What is twice {i}?", "answer": str(2 * i)}) for i in range(3)]
    write("toy.jsonl", "\n".join(rows) + "\n")
    write("broken.jsonl", rows[0] + '\n{"question": \n')
    for name, path, prompt, metrics in (
        ("toy", "toy.jsonl", "{question}", []),
        ("broken", "broken.jsonl", "{question}", []),
        ("gone", "gone/gone.jsonl", "{question}", []),
        ("typo_field", "toy.jsonl", "{qestion}", []),
        ("typo_metric", "toy.jsonl", "{question}", ["acuracy"]),
    ):
        text = DATASET.format(name=name, path=path, prompt=prompt, metrics=metrics)
        write(f"configs/datasets/{name}.py", textwrap.dedent(text))
    return tmp_path


def write(name: str, text: str) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


Message = tuple[int, str]


@pytest.fixture
def jb(folder: Path, capfd: pytest.CaptureFixture[str], service: FaultService) -> Callable[..., Message]:
    """Run a command line; returns exit code and all that was printed."""
    service.forget()

    def _jb(*argv: str) -> Message:
        code = run(list(argv))
        printed = capfd.readouterr()
        return code, printed.out + printed.err

    return _jb


def swap(flag: str, value: str) -> list[str]:
    """The good command line with one name replaced."""
    argv = list(GOOD)
    argv[argv.index(flag) + 1] = value
    return argv


@pytest.mark.parametrize(
    ("argv", "code", "cause", "next_step"),
    [
        (["--modles", "good"], 2, "no flag '--modles'", "Did you mean --models"),
        (["--models", "good"], 2, "No dataset is named", "--datasets"),
        (swap("--models", "godo"), 2, "no model config named 'godo'", "Did you mean good"),
        (swap("--datasets", "tyo"), 2, "no dataset config named 'tyo'", "Did you mean toy"),
        ([*GOOD, "--judges", "correctness_leter"], 2, "'correctness_leter'", "Did you mean correctness_letter"),
        ([*GOOD, "--summarizer", "defalt"], 2, "no summarizer config named 'defalt'", "Did you mean default"),
        (swap("--models", "typo_key"), 2, "typo_key.py: models.typo.host_prot", "Did you mean 'host_port'"),
        (swap("--models", "typo_type"), 2, "no model type 'judgebench.models.VLLMCustomAPICaht'", "VLLMCustomAPIChat"),
        (swap("--models", "wrong_type"), 2, "models.wrong.host_port is 'eighty'", "expected `int`"),
        (swap("--models", "no_comma"), 2, "no_comma.py:1", "comma is missing at the end of line 1"),
        (swap("--models", "no_key"), 3, "variable MY_KEY, which is not set", "export MY_KEY="),
        (swap("--models", "bad_url"), 2, "models.badurl.url is not an http", "http://localhost:8080"),
        (swap("--models", "dead"), 3, "Connection refused", ".url=http://host:port"),
        (["--models", "good", "twin", "--datasets", "toy"], 2, "Two models are named 'good'", "another abbr"),
        (swap("--datasets", "gone"), 3, "'gone/gone.jsonl' was not found", "--data-dir <folder>"),
        (swap("--datasets", "typo_field"), 2, "names the field {qestion}", "fields: question"),
        ([*GOOD, "--judges", "typo_judge"], 2, "presentations[0].prompt names the field {gold}", "reference"),
        (swap("--datasets", "typo_metric"), 2, "no metric 'acuracy'", "Did you mean accuracy"),
        ([*GOOD, "--override", "models.godo.retry=1"], 2, "is named 'godo'", "Did you mean 'good'"),
        ([*GOOD, "--override", "models.good.retyr=1"], 2, "models.good.retyr", "Did you mean 'retry'"),
        ([*GOOD, "--override", "models.good.temprature=0"], 2, "good.temprature", "'generation_kwargs.temperature'"),
        (
            ["--models", "good,twin", "--datasets", "toy"],
            2,
            "'good,twin'",
            "Separate names by blanks: --models good twin",
        ),
        (["help"], 2, "no command 'help'", "jb --help"),
        ([*GOOD, "--override", "retry=1"], 2, "form TARGET.KEY=VALUE", "For example: --override models."),
        ([*GOOD, "--ids", "99"], 2, "no sample 99 (it has rows 0-2", "row numbers"),
        ([*GOOD, "--ids", "2-1"], 2, "no sample 2-1", "ends before it starts; write 1-2"),
        ([*GOOD, "--num-prompts", "0"], 2, "'0' is neither a whole number", "jb --help"),
        ([*GOOD, "--reuse", "20200101_000000"], 2, "no run '20200101_000000'", "jb without --reuse makes one"),
        ([*GOOD, "--reuse", ""], 2, "A value of --reuse is empty", "leave the flag out"),
        ([*GOOD, "--reuse", ".."], 2, "'..' is neither 'latest', nor the timestamp", "jb without --reuse makes one"),
        ([*GOOD, "--reuse", "."], 2, "nor a folder that holds the run.json", "jb without --reuse makes one"),
        ([*GOOD, "--reuse", "others"], 2, "nor a folder that holds the run.json", "jb without --reuse makes one"),
        ([*GOOD, "--work-dir", "marked"], 2, "--work-dir marked is the folder of a run", "outside of it"),
        ([*GOOD, "--work-dir", "marked/x"], 2, "lies in the folder of the run", "outside of it"),
        ([*GOOD, "--cache", "marked/cache"], 2, "lies in the folder of the run", "outside of it"),
        ([*GOOD, "--ids", ""], 2, "A value of --ids is empty", "leave the flag out"),
        ([*GOOD, "--ids="], 2, "A value of --ids is empty", "leave the flag out"),
        ([*GOOD, "--ids", ","], 2, "--ids names no sample", "row numbers"),
        ([*GOOD, "--ids", "0-99"], 2, "no sample 0-99 (it has rows 0-2", "row numbers"),
        ([*GOOD, "--ids", "0-99", "--no-preflight"], 2, "no sample 0-99 (it has rows 0-2", "row numbers"),
        ([*GOOD, "--work-dir", ""], 2, "A value of --work-dir is empty", "leave the flag out"),
        ([*GOOD, "--data-dir", " "], 2, "A value of --data-dir is empty", "leave the flag out"),
        (["gate", "", "--min", "toy.accuracy>=1"], 2, "An argument is empty", "jb gate --help"),
        (
            ["gate", ".", "--min", "toy.accuracy>=1"],
            2,
            "nor a folder that holds the run.json",
            "jb without --reuse makes one",
        ),
        (
            ["items", "..", "--wrong"],
            2,
            "nor a folder that holds the run.json",
            "jb without --reuse makes one",
        ),
        ([*GOOD, "--mode", "eval"], 2, "--reuse is missing", "Add --reuse"),
        ([*GOOD, "--config-dir", "nowhere"], 2, "'nowhere' of --config-dir does not exist", "mkdir -p nowhere"),
        (
            [*GOOD, "--config-dir", "others"],
            2,
            "no model config named 'good'",
            "./configs has one, but jb ignores it",
        ),
        ([*GOOD, "--data-dir", "nowhere"], 2, "data folder 'nowhere'", "--data-dir DIR"),
        ([*GOOD, "--pressure"], 2, "no flag '--pressure'", "See all flags"),
        (["gate"], 2, "There is no run in", "say with --work-dir where the runs are"),
        (["items", "latest", "--gramar", "x"], 2, "jb: usage: ", "jb items --help"),
        (["ls", "modles"], 2, "matches 'modles'", "Did you mean 'models'"),
        ([*GOOD, "--gate", "gone.toml"], 2, "gate file gone.toml cannot be used", "Its keys are min, max"),
        ([*GOOD, "--work-dir", "toy.jsonl/x"], 3, "cannot be made", "--work-dir"),
        (["gone.py"], 2, "'gone.py' does not exist", "jb --list"),
        (["--show", "tyo"], 2, "no config named 'tyo'", "Did you mean 'toy'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_the_message_names_the_cause_and_the_next_step(
    jb: Callable[..., Message], service: FaultService, argv: list[str], code: int, cause: str, next_step: str
) -> None:
    exit_code, told = jb(*argv)
    assert cause in told
    assert next_step in told
    assert exit_code == code
    assert "Traceback" not in told
    assert service.requests == [], "nothing is paid for before the mistake is told"
    assert list(Path("outputs").rglob("2*")) == [], "a later --reuse finds no empty run"


def test_a_config_that_may_not_be_read(jb: Callable[..., Message]) -> None:
    path = Path("configs/models/secret.py")
    try:
        path.read_text()
    except PermissionError:
        code, told = jb(*swap("--models", "secret"))
        assert (code, "secret.py" in told) == (2, True)
    else:
        pytest.skip("this user may read everything")


def test_a_broken_row_is_named_by_file_and_line(jb: Callable[..., Message]) -> None:
    code, told = jb(*swap("--datasets", "broken"))
    assert code == 2
    assert "broken.jsonl:2: one JSON object was expected" in told
    assert "The line starts with: '{\"question\":'" in told


def test_a_package_of_an_extra(jb: Callable[..., Message], monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    blocked = folder / "blocked"
    blocked.mkdir()
    (blocked / "torch.py").write_text("raise ModuleNotFoundError(\"No module named 'torch'\", name='torch')")
    monkeypatch.setenv("PYTHONPATH", str(blocked), prepend=":")
    code, told = jb(*swap("--models", "hf_chat"))
    assert code == 3
    assert 'pip install "judgebench[hf]"' in told


def test_a_run_that_another_jb_holds(jb: Callable[..., Message]) -> None:
    code, told = jb(*GOOD)
    assert code == 0, told
    (folder,) = Path("outputs/default").glob("2*")
    with hold(RunFolder(folder).lock, "jb of someone else"):
        code, told = jb("--reuse")
    assert code == 2
    assert "is in use by process" in told
    assert "Wait for it" in told


def test_a_gate_on_a_metric_that_does_not_exist(jb: Callable[..., Message]) -> None:
    code, told = jb(*GOOD)
    assert code == 0, told
    code, told = jb("gate", "latest", "--min", "toy.acuracy>=1")
    assert code == 2
    assert "Did you mean toy.accuracy" in told


def test_a_failed_reuse_leaves_the_config_of_the_run_as_it_was(
    jb: Callable[..., Message], service: FaultService
) -> None:
    """The next bare --reuse goes on with what worked, not with the address that was mistyped."""
    code, told = jb(*GOOD)
    assert code == 0, told
    override = f"models.good.host_port={closed_port()}"
    assert jb("--reuse", "--ids", "0-2", "--redo-changed", "--override", override, "models.good.max_out_len=9")[0] == 3
    code, told = jb("--reuse")
    assert (code, "complete, kept as it is" in told) == (0, True), told


def test_a_run_gone_on_with_within_a_second_keeps_each_config(jb: Callable[..., Message]) -> None:
    """Configs are named by second and process; neither need differ from the invocation before."""
    for argv in (GOOD, ["--reuse"], ["--reuse"]):
        code, told = jb(*argv)
        assert code == 0, told
    (folder,) = Path("outputs/default").glob("2*")
    assert [len(list((folder / "configs").glob(f"*{suffix}"))) for suffix in (".py", ".json")] == [3, 3]


def test_a_bare_reuse_says_which_overrides_it_keeps(jb: Callable[..., Message]) -> None:
    """Another parser was only tried: that the next command goes on with it must not be a surprise."""
    assert jb(*GOOD)[0] == 0
    assert jb("--reuse", "--mode", "eval", "--override", "datasets.toy.evaluator.tolerance=0.5")[0] == 0
    for _ in range(2):
        code, told = jb("--reuse")
        assert code == 0
        assert "continues with --override datasets.toy.evaluator.tolerance=0.5 as before" in told
    code, told = jb("--reuse", *GOOD)
    assert (code, "--override" in told) == (0, False)


def test_so_does_one_that_was_written_short_or_in_parts(jb: Callable[..., Message]) -> None:
    assert jb(*GOOD)[0] == 0
    parts = (
        "--override",
        "datasets.toy.evaluator.tolerance=0.5",
        "--mode",
        "eval",
        "--override",
        "models.good.retry=1",
    )
    assert jb("-r", *parts)[0] == 0
    assert jb("--reuse=latest")[0] == 0
    code, told = jb("-rlatest")
    assert code == 0
    assert "continues with --override datasets.toy.evaluator.tolerance=0.5 models.good.retry=1 as before" in told


def test_naming_the_configs_again_keeps_the_folder_of_the_data(jb: Callable[..., Message], folder: Path) -> None:
    (folder / "elsewhere").mkdir()
    (folder / "toy.jsonl").rename(folder / "elsewhere/toy.jsonl")
    assert jb(*GOOD, "--data-dir", "elsewhere")[0] == 0
    code, told = jb(*GOOD, "--reuse")
    assert (code, "continues with --data-dir elsewhere as before" in told) == (0, True)


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_streams_that_the_caller_closed_are_read_and_written_by_nobody(folder: Path, closed: str) -> None:
    """Else `>&-` is an `AttributeError`, and the plan takes the place of stderr."""
    done = subprocess.run(["sh", "-c", f"{shlex.join([*JB, *GOOD])} {closed}"], cwd=folder, check=False, timeout=200)
    assert done.returncode == 0
    (plan,) = folder.glob("outputs/default/*/configs/2*.json")
    assert json.loads(plan.read_text())["format"] == 1, "nothing was printed into it"


def test_a_path_with_quotes_is_a_path_like_any_other(folder: Path) -> None:
    place = folder / """a "quoted" 'place'"""
    shutil.copytree(folder / "configs", place / "configs")
    shutil.copy(folder / "toy.jsonl", place)
    os.chdir(place)
    assert run([*GOOD, "--no-preflight", "--dry-run"]) == 0


@pytest.mark.parametrize(
    ("name", "env"),
    [
        (os.fsdecode(b"not-utf8-\xff"), {}),
        ("ä", {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
    ],
)
def test_a_path_that_no_plan_can_hold_is_told_before_a_run_is_made(
    folder: Path, name: str, env: dict[str, str]
) -> None:
    place = folder / name
    shutil.copytree(folder / "configs", place / "configs")
    done = subprocess.run(
        [*JB, *GOOD], cwd=place, env={**os.environ, **env}, capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 2, done.stderr
    assert "not valid in the encoding of this environment" in done.stderr
    assert not (place / "outputs").exists()


def test_star_imports_name_the_line_of_the_users_file(folder: Path, capsys: pytest.CaptureFixture) -> None:
    write("configs/models/star.py", "x = 1\nfrom os.path import *\nmodels = []\n")
    assert run(["--models", "star", "--datasets", "toy"]) == 2
    assert "star.py:2: from os.path import * stands outside of read_base()" in capsys.readouterr().err


def test_too_little_memory_is_one_sentence_and_no_bug(folder: Path) -> None:
    limited = f"ulimit -v 40000; exec {shlex.join([*JB, *GOOD])}"
    done = subprocess.run(["sh", "-c", limited], cwd=folder, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 3, done.stdout[-1500:] + done.stderr
    assert "not enough memory" in done.stderr
    assert not (folder / "outputs").exists() or not any((folder / "outputs" / "default").iterdir())


@pytest.mark.parametrize(
    ("error", "lacking"),
    [
        (MemoryError(), True),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), True),
        (RuntimeError("can't start new thread"), True),
        (RuntimeError("odd"), False),
    ],
)
def test_what_means_that_memory_is_lacking(error: Exception, lacking: bool) -> None:
    assert (out_of_memory(error) is not None) is lacking
