"""Where tasks run: ``--executor NAME``, ``executor = dict(...)`` of a whole file, and what is refused."""

from __future__ import annotations

import argparse

import pytest

from judgebench.cli.listing import search_table
from judgebench.config.dump import dump_config
from judgebench.config.resolve import load_run
from judgebench.config.show import show
from judgebench.errors import ConfigError, UnknownNameError
from judgebench.plan.graph import build_graph
from judgebench.records.request import RunRequest, Selection
from judgebench.records.run import LOCAL_EXECUTOR, ExecutorConfig, Resources
from judgebench.store.run_folder import RunFolder

ELSEWHERE = """
    from jb_executors import Elsewhere
    executor = dict(type=Elsewhere, queue="long", resources=dict(judge=dict(gpus=2, memory=80)))
"""

JUDGED = """
    judged_datasets = [dict(
        abbr="judged",
        type="JsonlDataset",
        path="rows.jsonl",
        input_columns=["question"],
        prompt="{question}",
        judge_infer_cfg=dict(judge_model=dict(type="VLLMCustomAPIChat", abbr="judge", model="j")),
    )]
"""


@pytest.fixture
def elsewhere(write, toys):
    """An executor config ``cluster``."""
    write("executors/cluster.py", ELSEWHERE)


def test_nothing_said_is_the_local_one_and_so_is_its_name(run, toys):
    assert run().executor == run(executor="local").executor == ExecutorConfig()
    assert run().executor.type == LOCAL_EXECUTOR


def test_a_name_means_a_config_below_executors(run, elsewhere):
    assert run(executor="cluster").executor == ExecutorConfig(
        type="jb_executors.Elsewhere",
        options={"queue": "long"},
        resources={"judge": Resources(gpus=2, memory=80)},
        follows=False,
    )


def test_what_a_stage_needs_stands_in_its_tasks(write, run, elsewhere, tmp_path):
    write("datasets/judged.py", JUDGED)
    config = run(executor="cluster", datasets=["judged"])
    graph = build_graph(config, RunRequest(selection=Selection()), RunFolder(tmp_path / "run"))
    assert {task.stage: (task.cores, task.memory, task.gpus) for task in graph.tasks} == {
        "infer": (0, 0, 0), "judge": (0, 80, 2), "extract": (0, 0, 0), "summarize": (0, 0, 0),
    }  # fmt: skip


def test_the_dump_of_a_run_names_its_executor_and_a_local_run_names_none(run, elsewhere, tmp_path):
    assert "executor" not in dump_config(run())
    (tmp_path / "dump.py").write_text(dump_config(run(executor="cluster")))
    again = load_run(Selection(config=str(tmp_path / "dump.py")), {})
    assert again.executor == run(executor="cluster").executor
    assert load_run(Selection(config=str(tmp_path / "dump.py"), executor="local"), {}).executor == ExecutorConfig()


def test_search_and_show_find_it(folder, elsewhere):
    args = argparse.Namespace(
        config_dir=[str(folder)],
        models=["m"],
        datasets=[],
        judges=[],
        summarizer="default",
        executor="cluster",
        listeners=[],
    )
    assert "--executor" in search_table(args)
    shown = show("executors", "cluster", [str(folder)])
    assert "queue = 'long'" in shown
    assert "resources.judge.gpus = 2" in shown


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ("dict(type='LocalExecutor', queue='x')", r"executor.queue is not a known key"),
        ("dict(type='LocalExecutor', resources=dict(infer=dict(gpus=1)))", "gives every task the whole machine"),
        ("dict(type='jb_executors.Elsewhere', queue=3)", r"executor.queue is 3"),
        (
            "dict(type='jb_executors.Elsewhere', resources=dict(inferr=dict(gpus=1)))",
            r"resources.inferr is not a known",
        ),
        ("dict(type='jb_executors.Elsewhere', resources=dict(infer=dict(gpus=-1)))", r"resources.infer.gpus is -1"),
        ("dict(type='jb_executors.Elsewhere', resources=3)", "resources must be a dict"),
        ("dict(type='jb_executors.Elsewhere', queue='sk-abcdefgh1jklmnopqrstuvwx')", "looks like a secret"),
        ("dict(type='jb_executors.Halfway')", "is no executor: it has no aclose"),
        ("dict(type='Slurmy')", "there is no executor 'Slurmy'"),
        ("3", "has no dict named 'executor'"),
    ],
)
def test_what_cannot_be_used_is_refused_with_file_and_key(write, run, toys, declared, said):
    path = write("executors/mine.py", f"executor = {declared}\n")
    with pytest.raises(ConfigError, match=said) as caught:
        run(executor="mine")
    assert str(path) in caught.value.message


def test_an_unknown_name_is_refused(run, toys):
    with pytest.raises(UnknownNameError, match="no executor config named 'locla'") as caught:
        run(executor="locla")
    assert "Did you mean local?" in caught.value.hint


@pytest.mark.parametrize("chosen", [{"models": ["launched"]}, {"judges": ["launched"]}])
def test_a_service_that_no_task_would_reach_is_refused_before_the_run(write, run, elsewhere, chosen):
    launched = "dict(type='VLLMCustomAPIChat', abbr='l', model='x', launch=dict(command=['serve', '{port}']))"
    write("models/launched.py", f"models = [{launched}]\n")
    assert run(**chosen)
    with pytest.raises(ConfigError, match="model 'l' has a launch block"):
        run(**chosen, executor="cluster")
