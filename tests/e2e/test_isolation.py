"""An exception of the user's own code about one item costs that item and no other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.harness import Bench, Done

ROOT = Path(__file__).parents[2]

PLUGINS = '''
import json
from contextlib import asynccontextmanager
import msgspec
from judgebench.judges import NumberEqual, ReferenceVerifier
from judgebench.models.contract import ModelConfig
from judgebench.records.flow import Reply


class Judge(ReferenceVerifier):
    """Looks for a column that item 3 lacks, after it has asked."""

    async def judge(self, item, ask):
        verdict = await super().judge(item, ask)
        if item.id == 3:
            return item.meta["no such column"]
        return verdict


class Rule(NumberEqual):
    async def judge(self, item, ask):
        if item.id == 3:
            raise KeyError("no such column")
        return await super().judge(item, ask)


def postprocess(text):
    if "twice 3" in text:
        raise ValueError("cannot read this")
    return text


class Model:
    Config = ModelConfig
    prompt_kind = "text"

    @asynccontextmanager
    async def open(self, config):
        yield self

    async def ask(self, request):
        number = int(request.prompt.split()[-1].rstrip("?"))
        return Reply(status="ok", text=str({n: 2 * n for n in range(6) if n != 3}[number]))
'''


def with_plugins(bench: Bench, *flags: str, **names: Any) -> Done:
    (bench.folder / "own_code.py").write_text(PLUGINS)
    env = {"PYTHONPATH": f"{bench.folder}:{ROOT}"}
    return bench.jb(*flags, env=env, **names)


def change(bench: Bench, name: str, old: str, new: str) -> None:
    path = bench.folder / "configs" / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def log(bench: Bench, name: str) -> str:
    return (bench.run / "logs" / name).read_text()


def counts(bench: Bench, row: str) -> dict[str, int]:
    found: dict[str, int] = bench.result(row)["counts"]
    return found


def test_a_judge_that_raises_for_one_item_fails_that_item_alone(bench: Bench) -> None:
    change(bench, "datasets/toy_llmjudge.py", "type=ReferenceVerifier", "type='own_code.Judge'")
    done = with_plugins(bench, "--dump-eval-details")
    assert done.code == 4, done.text
    assert len(bench.rows("toy-judge")) == 6
    assert counts(bench, "toy-judge")["judge_failed"] == 1
    assert counts(bench, "toy-judge")["ok"] == 5
    (failed,) = [one for one in bench.result()["details"] if one["id"] == 3]
    assert failed["verdict"]["status"] == "judge_failed"
    assert failed["verdict"]["reason"] == "KeyError: 'no such column'"
    for where in ("infer/toy-model/toy-judge.out", "eval/toy-model/toy-judge.out"):
        assert "Traceback" in log(bench, where)
        assert 'return item.meta["no such column"]' in log(bench, where)


def test_the_failed_item_is_judged_once_its_code_is_mended_and_nothing_is_asked_again(bench: Bench) -> None:
    change(bench, "datasets/toy_llmjudge.py", "type=ReferenceVerifier", "type='own_code.Judge'")
    assert with_plugins(bench).code == 4
    asked = len(bench.judge.requests)
    (bench.folder / "own_code.py").write_text(PLUGINS.replace("item.id == 3", "item.id == 99"))
    done = bench.jb("--reuse", "--no-preflight", env={"PYTHONPATH": f"{bench.folder}:{ROOT}"})
    assert done.code == 0, done.text
    assert counts(bench, "toy-judge")["ok"] == 6
    assert len(bench.judge.requests) == asked


def test_a_rule_that_raises_for_one_item_fails_that_item_alone(bench: Bench) -> None:
    change(bench, "datasets/toy_gen.py", "evaluator=dict(type=NumberEqual)", "evaluator=dict(type='own_code.Rule')")
    done = with_plugins(bench, dataset="toy_gen")
    assert done.code == 4, done.text
    assert counts(bench, "toy")["judge_failed"] == 1
    assert counts(bench, "toy")["ok"] == 5


def test_a_postprocessor_that_raises_for_one_answer_fails_that_item_alone(bench: Bench) -> None:
    bench.model_keys = {"pred_postprocessor": {"type": "own_code.postprocess"}}
    bench.write()
    done = with_plugins(bench)
    assert done.code == 4, done.text
    assert len(bench.rows("toy-judge")) == 5
    assert counts(bench, "toy-judge")["judge_failed"] == 1


def test_a_local_model_that_raises_for_one_question_fails_that_item_alone(bench: Bench) -> None:
    (bench.folder / "configs/models/own.py").write_text("models = [dict(type='own_code.Model', abbr='own')]\n")
    done = with_plugins(bench, models=["own"], dataset="toy_gen")
    assert done.code == 4, done.text
    (failed,) = [row for row in bench.rows("toy", "own") if not row["success"]]
    assert (failed["id"], failed["error"]["message"]) == (3, "The model raised KeyError: 3")
    assert "Traceback" in log(bench, "infer/own/toy.out")


def test_timestamps_of_a_csv_file_are_numbers(bench: Bench) -> None:
    rows = "".join(f"What is twice {i}?,{2 * i},{i}\n" for i in range(6))
    (bench.folder / "toy.csv").write_text(f"question,answer,timestamp\n{rows}")
    config = bench.folder / "configs/datasets/toy_gen.py"
    text = config.read_text().replace("JsonlDataset", "CsvDataset").replace("toy.jsonl", "toy.csv")
    config.write_text(text.replace("id_column='name', ", ""))
    change(bench, "models/toy_model.py", "**{", "**{'use_timestamp': True, ")
    done = bench.jb(dataset="toy_gen")
    assert done.code == 0, done.text
    assert "Pace:" in done.text


LEAVING = """
import os, sys
from judgebench.judges import ReferenceVerifier
from judgebench.judges.parsers.reading import ConfiguredParser, Reading
import msgspec


class Leaves(ReferenceVerifier):
    async def judge(self, case, ask):
        if case.id == 3:
            sys.exit(0)
        return await super().judge(case, ask)


class Vanishes(ReferenceVerifier):
    async def judge(self, case, ask):
        os._exit(0)


class Endless(ConfiguredParser):
    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        pass

    def read(self, reply):
        return Reading(status="ok", decision="correct", score=float("inf"))


class Unwritable(Endless):
    def read(self, reply):
        return Reading(status="ok", decision="\\ud800")


class Wordless(ReferenceVerifier):
    async def judge(self, case, ask):
        return None if case.id == 3 else await super().judge(case, ask)


class Raises(ReferenceVerifier):
    async def judge(self, case, ask):
        raise KeyError("no such column")


class Stateless(ReferenceVerifier):
    async def judge(self, case, ask):
        verdict = await super().judge(case, ask)
        return msgspec.structs.replace(verdict, status="fine") if case.id == 3 else verdict


class Untyped(ReferenceVerifier):
    async def judge(self, case, ask):
        verdict = await super().judge(case, ask)
        return msgspec.structs.replace(verdict, presentations=[{"status": "ok"}]) if case.id == 3 else verdict


class Miscounted(ReferenceVerifier):
    async def judge(self, case, ask):
        verdict = await super().judge(case, ask)
        return msgspec.structs.replace(verdict, votes={"correct": -1}) if case.id == 3 else verdict


class Odd(ReferenceVerifier):
    async def judge(self, case, ask):
        return {"status": "ok"}
"""


def with_method(bench: Bench, method: str, *flags: str) -> Done:
    (bench.folder / "leaving.py").write_text(LEAVING)
    change(bench, "datasets/toy_llmjudge.py", "dict(type=ReferenceVerifier)", method)
    return bench.jb(*flags, env={"PYTHONPATH": f"{bench.folder}:{ROOT}"})


@pytest.mark.parametrize("method", ["Raises", "Odd"])
def test_a_method_that_fails_on_the_trial_item_is_no_bug_of_ours(bench: Bench, method: str) -> None:
    done = with_method(bench, f"dict(type='leaving.{method}')")
    assert done.code == 4, done.text
    assert "bug" not in done.text
    assert "on the trial item" in done.text


def test_sys_exit_in_a_method_costs_its_item_and_is_no_success(bench: Bench) -> None:
    done = with_method(bench, "dict(type='leaving.Leaves')")
    assert done.code == 4, done.text
    assert "Unscored in toy-judge, toy-model: 1 x SystemExit" in done.text
    assert bench.result()["counts"]["ok"] == 5


def test_a_task_that_ends_before_its_work_is_done_is_no_success(bench: Bench) -> None:
    done = with_method(bench, "dict(type='leaving.Vanishes')", "--no-preflight")
    assert done.code == 1, done.text
    assert "ended before its work was done, and called that success" in done.text


@pytest.mark.parametrize(
    ("parser", "said"), [("Endless", "inf is no finite number"), ("Unwritable", "UnicodeEncodeError")]
)
def test_a_verdict_that_cannot_be_counted_or_written_costs_its_item(bench: Bench, parser: str, said: str) -> None:
    done = with_method(bench, f"dict(type=ReferenceVerifier, parser=dict(type='leaving.{parser}'))")
    assert done.code == 4, done.text
    assert bench.result()["counts"]["judge_failed"] == 6
    assert said in (bench.run / "logs" / "eval" / "toy-model" / "toy-judge.out").read_text()


@pytest.mark.parametrize("method", ["Wordless", "Stateless", "Untyped", "Miscounted"])
def test_a_method_that_returns_no_verdict_costs_its_item(bench: Bench, method: str) -> None:
    done = with_method(bench, f"dict(type='leaving.{method}')")
    assert done.code == 4, done.text
    assert bench.result()["counts"]["ok"] == 5


@pytest.mark.parametrize("line", ["raise SystemExit(0)", "import sys\nsys.exit('no GPU here')"])
def test_sys_exit_in_a_config_is_an_error_of_the_config(bench: Bench, line: str) -> None:
    path = bench.folder / "configs" / "datasets" / "toy_llmjudge.py"
    path.write_text(f"{line}\n{path.read_text()}")
    done = bench.jb()
    assert done.code == 2, done.text
    assert "toy_llmjudge.py:" in done.err
    assert "SystemExit" in done.err


@pytest.mark.parametrize(
    ("line", "closed"),
    [
        ("import os\nos.close(0)", "standard input"),
        ("import os\nos.close(1)", "standard output"),
        ("import os\nos.closerange(0, 2)", "standard input and standard output"),
    ],
)
def test_a_config_that_closes_a_stream_is_refused_before_a_file_of_the_run_gets_the_output(
    bench: Bench, line: str, closed: str
) -> None:
    file = bench.folder / "configs/models/toy_model.py"
    file.write_text(f"{line}\n{file.read_text()}")
    done = bench.jb("--no-preflight")
    assert done.code == 2, done.text
    assert f"toy_model.py closes {closed}." in done.err
    assert "Traceback" not in done.err
    assert bench.runs == []


@pytest.mark.parametrize("line", ["sys.stdout = None", "sys.stdout.close()", "sys.stderr = None"])
def test_a_config_that_does_without_a_stream_changes_nothing(bench: Bench, line: str) -> None:
    file = bench.folder / "configs/models/toy_model.py"
    file.write_text(f"import sys\n{line}\n{file.read_text()}")
    done = bench.jb("--no-preflight")
    assert done.code == 0, done.text
    assert "Scored:" in done.out


def test_sys_exit_at_the_import_of_a_class_is_told(bench: Bench) -> None:
    (bench.folder / "leaving.py").write_text("import sys\nsys.exit(0)\n")
    change(bench, "datasets/toy_llmjudge.py", "dict(type=ReferenceVerifier)", "dict(type='leaving.Leaves')")
    done = bench.jb(env={"PYTHONPATH": f"{bench.folder}:{ROOT}"})
    assert done.code == 2, done.text
    assert "'leaving.Leaves' cannot be imported: SystemExit" in done.err
