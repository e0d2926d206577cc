"""The tasks of a run in shards, and the shard that a launcher means."""

from __future__ import annotations

import pytest

from judgebench.cli.shard import shard_in
from judgebench.errors import UsageError
from judgebench.executors.scheduler import Machine
from judgebench.plan.shards import with_shards
from judgebench.records.run import TaskSpec
from judgebench.records.shards import Shard, shard_of

TASKS = [
    TaskSpec(id="infer:a/d", stage="infer", name="a/d", model="a", datasets=["d"], log="logs/infer/a/d.out"),
    TaskSpec(id="infer:b/d", stage="infer", name="b/d", model="b", datasets=["d"], log="logs/infer/b/d.out"),
    TaskSpec(
        id="judge:a/d-j", stage="judge", name="a/d-j", model="a", datasets=["d"], judge="j", follows=["infer:a/d"],
        needs=["infer:b/d"],
    ),
    TaskSpec(
        id="extract:a/d-j", stage="extract", name="a/d-j", model="a", datasets=["d"], judge="j", needs=["judge:a/d-j"]
    ),
    TaskSpec(id="extract:b/d", stage="extract", name="b/d", model="b", datasets=["d"], needs=["infer:b/d"]),
    TaskSpec(id="summarize", stage="summarize", name="summary", needs=["extract:a/d-j", "extract:b/d"]),
]  # fmt: skip


def test_shards_follow_each_other_and_what_reads_them_waits_for_the_merge() -> None:
    tasks = {task.id: task for task in with_shards(TASKS, 2)}
    judge = tasks["judge:a/d-j.1-of-2"]
    assert (judge.shard, judge.follows, judge.needs) == ("1/2", ["infer:a/d.1-of-2"], ["infer:b/d.1-of-2"])
    answers = tasks["merge:a/d"]
    assert answers.needs == ["infer:a/d.0-of-2", "infer:a/d.1-of-2"]
    assert answers.after == ["judge:a/d-j.0-of-2", "judge:a/d-j.1-of-2"]  # who still read what it removes
    assert tasks["merge:a/d-j"].after == ["merge:a/d", "merge:b/d"]
    assert tasks["extract:a/d-j"].needs == ["merge:a/d", "merge:b/d", "merge:a/d-j"]
    assert tasks["extract:b/d"].needs == ["merge:b/d"]
    assert len({task.log for task in tasks.values() if task.stage == "infer"}) == 4
    Machine(list(tasks.values()), max_workers=2, overlap=True)  # refuses a graph that cannot end


def test_one_shard_is_none() -> None:
    assert with_shards(TASKS, 1) == with_shards(TASKS, 0) == TASKS


@pytest.mark.parametrize(
    ("text", "environ", "shard"),
    [
        ("0/4", {}, Shard(0, 4)),
        (" 3/4", {"JOB_COMPLETION_INDEX": "1"}, Shard(3, 4)),
        ("auto", {"SLURM_ARRAY_TASK_ID": "3", "SLURM_ARRAY_TASK_MIN": "1", "SLURM_ARRAY_TASK_COUNT": "4"}, Shard(2, 4)),
        (
            "auto",
            {
                "SLURM_ARRAY_TASK_ID": "6", "SLURM_ARRAY_TASK_MIN": "2", "SLURM_ARRAY_TASK_COUNT": "3",
                "SLURM_ARRAY_TASK_STEP": "2",
            },
            Shard(2, 3),
        ),
        ("auto/8", {"JOB_COMPLETION_INDEX": "0"}, Shard(0, 8)),
    ],
)  # fmt: skip
def test_a_shard_is_named_or_given_by_a_launcher(text: str, environ: dict[str, str], shard: Shard) -> None:
    assert shard_in(text, environ) == shard
    assert shard_of(str(shard)) == shard


@pytest.mark.parametrize(
    ("text", "environ", "words"),
    [
        ("4/4", {}, "no shard"),
        ("1", {}, "no shard"),
        ("auto/", {}, "no shard"),
        ("auto", {}, "neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX is set"),
        ("auto", {"JOB_COMPLETION_INDEX": "0"}, "not of how many"),
        ("auto/2", {"JOB_COMPLETION_INDEX": "two"}, "'two'"),
        ("auto", {"SLURM_ARRAY_TASK_ID": "7", "SLURM_ARRAY_TASK_MIN": "1", "SLURM_ARRAY_TASK_COUNT": "3"}, "has gaps"),
    ],
)
def test_no_shard_is_guessed(text: str, environ: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        shard_in(text, environ)
