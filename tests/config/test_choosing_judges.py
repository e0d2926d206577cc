"""``--judges`` in place of a dataset's own."""

from __future__ import annotations

import pytest

from judgebench.errors import ConfigError, UnknownNameError

pytestmark = pytest.mark.usefixtures("toys")


JUDGE = """
    from judgebench.models import VLLMCustomAPIChat
    judges = [dict(judge_model=dict(type=VLLMCustomAPIChat, abbr="strict", host_port=7000){more})]
"""


def test_a_named_judge_replaces_the_data_sets_and_inherits_its_method(run, write):
    write("judges/strict.py", JUDGE.format(more=""))
    judges = run(judges=["strict"]).datasets["toy"].judges
    assert [(judge.abbr, judge.method.options["votes"]) for judge in judges] == [("strict", 3)]


def test_a_judges_own_method_wins(run, write):
    write("judges/strict.py", JUDGE.format(more=", method=dict(type='jb_toys.ToyMethod', votes=9)"))
    assert run(judges=["strict"]).datasets["toy"].judges[0].method.options["votes"] == 9


def test_a_model_config_can_judge(run):
    judge = run(judges=["m"]).datasets["toy"].judges[0]
    assert (judge.abbr, judge.model["host_port"], judge.method.options["votes"]) == ("m", 8000, 3)


def test_several_judges_at_once(run, write):
    write("judges/strict.py", JUDGE.format(more=""))
    assert [judge.abbr for judge in run(judges=["strict", "m"]).datasets["toy"].judges] == ["strict", "m"]


def test_a_data_set_with_several_methods_gets_the_judge_for_each(run, write, folder):
    write(
        "datasets/toy.py",
        (folder / "datasets/toy.py").read_text()
        + "\nfirst = toy_datasets[0]['judge_infer_cfg']\ntoy_datasets[0]['judge_infer_cfg'] = ["
        "first, dict(abbr='second', judge_model=dict(first['judge_model']), method=dict(type=ToyMethod))]\n",
    )
    judges = run(judges=["m"]).datasets["toy"].judges
    assert [(judge.abbr, judge.method.options["votes"]) for judge in judges] == [("m-judge", 3), ("m-second", 1)]


def test_judges_of_one_name_are_refused(run, write):
    write("judges/strict.py", JUDGE.format(more=""))
    write("judges/again.py", JUDGE.format(more=""))
    with pytest.raises(ConfigError, match="Two judges are named 'strict'"):
        run(judges=["strict", "again"])


def test_an_unknown_judge_names_the_nearest(run, write):
    write("judges/strict.py", JUDGE.format(more=""))
    with pytest.raises(UnknownNameError) as caught:
        run(judges=["stritc"])
    assert "strict" in caught.value.hint
