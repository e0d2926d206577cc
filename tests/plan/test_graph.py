"""Which tasks a request needs, what each waits for, and what is complete and is left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from judgebench.errors import UsageError
from judgebench.plan.shards import check_shards
from judgebench.records.flow import Failure, Reply
from judgebench.records.run import Baseline, DatasetConfig, ExecutorConfig, Options, Resources, TaskSpec, Typed
from tests.stages.in_one_process import EQUAL, SAY, OneProcess, judge, model, rows

PANEL = Typed(type="judgebench.judges.Panel", options={"aggregate": {"type": "majority", "unread": "drop"}})
WORDS = Typed(
    type="judgebench.judges.DeclaredJudge",
    options={
        "presentations": [{"prompt": "Is {answer} right?"}],
        "parser": {"type": "anchored", "decisions": {"A": "correct", "B": "incorrect"}},
        "aggregate": {"type": "first", "unread": "unparsed"},
    },
)


def shape(tasks: list[TaskSpec]) -> dict[str, tuple[list[str], list[str], list[str]]]:
    """What each task needs, follows and comes after."""
    return {task.id: (task.needs, task.follows, task.after) for task in tasks}


def ids(run: OneProcess, mode: str = "all", **options: Any) -> list[str]:
    return [task.id for task in run.graph(mode, **options).tasks]


@pytest.mark.parametrize(
    ("mode", "stages"),
    [
        ("all", ["infer", "judge", "extract", "summarize"]),
        ("infer", ["infer"]),
        ("judge", ["judge"]),
        ("infer_judge", ["infer", "judge"]),
        ("eval", ["judge", "extract", "summarize"]),
        ("viz", ["summarize"]),
    ],
)
def test_a_mode_takes_its_stages(tmp_path: Path, mode: str, stages: list[str]) -> None:
    assert [task.stage for task in OneProcess(tmp_path).graph(mode).tasks] == stages


def test_a_judge_follows_the_answers_and_its_verdicts_are_derived_from_its_replies(tmp_path: Path) -> None:
    tasks = OneProcess(tmp_path, evaluator=EQUAL).graph().tasks
    assert shape(tasks) == {
        "infer:m/d": ([], [], []),
        "judge:m/d-j": ([], ["infer:m/d"], []),
        "extract:m/d": (["infer:m/d"], [], []),
        "extract:m/d-j": (["judge:m/d-j"], [], []),
        "summarize": (["extract:m/d", "extract:m/d-j"], [], []),
    }
    assert [(task.name, task.model, task.datasets, task.judge) for task in tasks] == [
        ("m/d", "m", ["d"], ""),
        ("m/d-j", "m", ["d"], "j"),
        ("m/d", "m", ["d"], ""),
        ("m/d-j", "m", ["d"], "j"),
        ("summary", "", [], ""),
    ]
    assert len({task.log for task in tasks}) == 5


def test_without_the_stage_before_a_task_waits_for_nothing(tmp_path: Path) -> None:
    run = OneProcess(tmp_path, evaluator=EQUAL)
    assert shape(run.graph("judge").tasks) == {"judge:m/d-j": ([], [], [])}
    assert shape(run.graph("eval").tasks) == {
        "judge:m/d-j": ([], [], []),
        "extract:m/d": ([], [], []),
        "extract:m/d-j": (["judge:m/d-j"], [], []),
        "summarize": (["extract:m/d", "extract:m/d-j"], [], []),
    }


def test_a_panel_is_derived_after_its_members_and_a_rule_as_a_judge_from_the_answers(tmp_path: Path) -> None:
    rule = judge("r", EQUAL, model={})
    panel = judge("p", PANEL, model={}, members=["j", "k"])
    found = shape(OneProcess(tmp_path, judges=[judge(), judge("k"), rule, panel]).graph().tasks)
    assert [task for task in found if task.startswith("judge:")] == ["judge:m/d-j", "judge:m/d-k"]
    assert found["extract:m/d-j"] == (["judge:m/d-j"], [], [])
    assert found["extract:m/d-k"] == (["judge:m/d-k"], [], [])
    assert found["extract:m/d-r"] == (["infer:m/d"], [], ["judge:m/d-j", "judge:m/d-k"])
    assert found["extract:m/d-p"] == (["infer:m/d"], [], ["judge:m/d-j", "judge:m/d-k"])


def test_a_comparison_needs_both_answers_and_no_model_is_compared_with_itself(tmp_path: Path) -> None:
    run = OneProcess(tmp_path, models=[model("m"), model("n")], judges=[judge(compare_with="n")])
    found = shape(run.graph().tasks)
    assert found["judge:m/d-j"] == (["infer:n/d"], ["infer:m/d"], [])
    assert not [task for task in found if task.endswith("n/d-j")]
    file = judge(baseline=Baseline(path="other.jsonl"))
    assert shape(OneProcess(tmp_path, judges=[file]).graph().tasks)["judge:m/d-j"] == ([], ["infer:m/d"], [])


def test_a_benchmark_of_judges_has_no_answers_to_ask_for(tmp_path: Path) -> None:
    run = OneProcess(tmp_path, judges=[], method=WORDS)
    assert shape(run.graph().tasks) == {
        "judge:m/d": ([], [], []),
        "extract:m/d": (["judge:m/d"], [], []),
        "summarize": (["extract:m/d"], [], []),
    }
    assert shape(run.graph("viz").tasks) == {"summarize": ([], [], [])}


def with_subsets(run: OneProcess, *groups: str) -> None:
    """Give a run a dataset of each group (empty: of none) in the place of its own."""
    plain = msgspec.structs.replace(run.config.datasets["d"], judges=[], evaluator=EQUAL)
    datasets: dict[str, DatasetConfig] = {
        f"d{at}": msgspec.structs.replace(plain, abbr=f"d{at}", group=group) for at, group in enumerate(groups)
    }
    run.config = msgspec.structs.replace(run.config, datasets=datasets, combinations=[("m", abbr) for abbr in datasets])


def test_sub_datasets_of_one_group_make_one_task_where_they_are_merged(tmp_path: Path) -> None:
    run = OneProcess(tmp_path)
    with_subsets(run, "all", "", "all", "", "alone")
    assert [task.datasets for task in run.graph("infer").tasks] == [["d0"], ["d1"], ["d2"], ["d3"], ["d4"]]
    merged = run.graph("infer", merge=True).tasks
    assert [(task.id, task.datasets) for task in merged] == [
        ("infer:m/all", ["d0", "d2"]),
        ("infer:m/d1", ["d1"]),
        ("infer:m/d3", ["d3"]),
        ("infer:m/d4", ["d4"]),
    ]
    found = shape(run.graph(merge=True).tasks)
    assert (found["extract:m/d0"], found["extract:m/d1"]) == ((["infer:m/all"], [], []), (["infer:m/d1"], [], []))


def test_what_a_stage_needs_stands_in_its_tasks(tmp_path: Path) -> None:
    run = OneProcess(tmp_path)
    executor = ExecutorConfig(resources={"judge": Resources(cores=2, gpus=1)})
    run.config = msgspec.structs.replace(run.config, executor=executor)
    found = {task.stage: (task.cores, task.gpus) for task in run.graph().tasks}
    assert found == {"infer": (0, 0), "judge": (2, 1), "extract": (0, 0), "summarize": (0, 0)}


KEPT = ["infer:m/d", "judge:m/d-j"]


@pytest.fixture
def done(tmp_path: Path) -> OneProcess:
    """A run that is complete."""
    run = OneProcess(tmp_path, evaluator=EQUAL)
    assert set(run.do().values()) == {0}
    return run


def test_what_is_complete_is_kept(done: OneProcess) -> None:
    graph = done.graph()
    assert graph.kept == KEPT
    assert [task.id for task in graph.tasks] == ["extract:m/d", "extract:m/d-j", "summarize"]
    assert graph.changed == []
    assert done.graph("judge").kept == ["judge:m/d-j"]


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({"rejudge": True}, ["infer:m/d"]),
        ({"num_prompts": 1}, []),
        ({"shuffle": 3}, []),
        ({"ids": ["0"]}, []),
        ({"retry_failed": False}, KEPT),
    ],
)
def test_what_else_is_asked_for_is_not_complete(done: OneProcess, options: dict[str, Any], kept: list[str]) -> None:
    assert done.graph(**options).kept == kept
    assert done.graph(**options).changed == []


def test_answers_to_another_prompt_or_other_data_are_not_what_is_asked_for(done: OneProcess) -> None:
    done.change(prompt="Say: {question}")
    assert done.graph().kept == []
    done.change(prompt="{question}")
    done.write(rows(3))
    assert done.graph().kept == []


def test_a_changed_file_is_looked_through_again(done: OneProcess) -> None:
    with done.run.predictions("m", "d", "j").open("ab") as file:
        file.write(b"\n")
    assert done.graph().kept == ["infer:m/d"]
    with done.run.predictions("m", "d").open("ab") as file:
        file.write(b"\n")
    assert done.graph().kept == []


def test_answers_that_are_gone_leave_nothing_complete(done: OneProcess) -> None:
    done.run.predictions("m", "d").unlink()
    assert done.graph().kept == []
    assert done.graph("judge").kept == []


def test_what_nothing_is_known_of_is_not_complete(done: OneProcess) -> None:
    done.run.identity("m", "d").unlink()
    assert done.graph().kept == []
    done.run.identity("m", "d", "j").unlink()
    assert done.graph("judge").kept == []


def test_a_judge_that_is_asked_otherwise_is_named_with_what_has_changed(done: OneProcess) -> None:
    asked = model("j", generation_kwargs={"temperature": 0.5})
    done.change(judges=[judge(model=asked)])
    graph = done.graph()
    assert graph.kept == ["infer:m/d"]
    (line,) = graph.changed
    assert line.startswith("judge:m/d-j: judged with other settings before (generation_kwargs.temperature: not set")
    assert done.graph(rejudge=True).changed == []
    done.run.predictions("m", "d", "j").write_bytes(b"")
    assert done.graph().changed == []  # nothing is there that was judged otherwise
    done.run.predictions("m", "d", "j").unlink()
    assert done.graph().changed == []
    done.run.identity("m", "d", "j").unlink()
    assert done.graph().changed == []


def test_two_judges_are_each_looked_at_alone(tmp_path: Path) -> None:
    run = OneProcess(tmp_path, judges=[judge(), judge("k", compare_with="")])
    SAY["k"] = SAY["j"]
    assert set(run.do().values()) == {0}
    run.change(judges=[judge(), judge("k", model=model("k", max_out_len=7))])
    graph = run.graph()
    assert graph.kept == KEPT
    assert [line.partition(":")[0] + line.partition(":")[2].partition(":")[0] for line in graph.changed] == [
        "judgem/d-k"
    ]


def test_what_the_last_extraction_did_not_find_judged_is_judged(done: OneProcess) -> None:
    """An edit may leave a file's size and time as they were."""
    path = done.run.result("m", "d-j")
    text = path.read_text()
    assert '"not_judged": 0' in text
    path.write_text(text.replace('"not_judged": 0', '"not_judged": 1'))
    assert done.graph().kept == ["infer:m/d"]
    path.unlink()  # not extracted yet, which says nothing of it
    assert done.graph().kept == KEPT


def test_a_run_that_is_not_begun_has_nothing_complete(tmp_path: Path) -> None:
    graph = OneProcess(tmp_path).graph()
    assert (graph.kept, graph.changed) == ([], [])


def test_failed_answers_are_asked_again_unless_they_are_to_stay(tmp_path: Path) -> None:
    run = OneProcess(tmp_path)
    SAY["m"] = lambda request: Reply(status="failed", error=Failure(kind="bad_request", message="no"))
    run.do("infer")
    assert run.graph("infer").kept == []
    assert run.graph("infer", retry_failed=False).kept == ["infer:m/d"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"shard": "0/2"}, "--shard 0/2"),
        ({"requests": "out"}, "A file of requests"),
        ({"stop": True}, "--stop-when-decided"),
        ({"batched": "m"}, "'m' is asked in batches"),
        ({"batched": "j"}, "'j' is asked in batches"),
    ],
)
def test_what_cannot_be_asked_in_shards_is_refused(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    run = OneProcess(tmp_path)
    stop, batched = changes.pop("stop", False), changes.pop("batched", "")
    if batched == "m":
        run.change_model(batch={})
    elif batched == "j":
        run.change(judges=[judge(model=model("j", batch={}))])

    def check(shards: int) -> None:
        request = msgspec.structs.replace(run.request(), stop_when_decided=stop)
        options = Options(shards=shards, **changes)
        check_shards(run.config, msgspec.structs.replace(request, options=options))

    check(0)
    check(1)
    with pytest.raises(UsageError, match=words):
        check(2)


def test_shards_of_models_that_are_asked_one_by_one_are_fine(tmp_path: Path) -> None:
    run = OneProcess(tmp_path)
    check_shards(run.config, msgspec.structs.replace(run.request(), options=Options(shards=2)))
