"""Two objects of one name: merged where they mean the same, refused where they do not."""

from __future__ import annotations

import pytest

from judgebench.errors import ConfigError

pytestmark = pytest.mark.usefixtures("toys")


def test_two_models_of_one_abbr_are_refused_naming_both_files(run, write, folder):
    write("models/n.py", (folder / "models/m.py").read_text())
    with pytest.raises(ConfigError, match=r"models/m\.py and .*models/n\.py") as caught:
        run(models=["m", "n"])
    assert "--override would mean both" in caught.value.hint


def test_two_listeners_of_one_abbr_are_refused_naming_both_files(run, write):
    for name in ("one", "two"):
        write(f"listeners/{name}.py", "listeners = [dict(abbr='diary', type='jb_toys.ToyRule')]\n")
    with pytest.raises(ConfigError, match=r"Two listeners are named 'diary': .*one\.py and .*two\.py"):
        run(listeners=["one", "two"])


def test_models_whose_names_differ_in_case_alone_are_refused(run, write, folder):
    write("models/n.py", (folder / "models/m.py").read_text().replace('"m"', '"M"'))
    with pytest.raises(ConfigError, match="one file on some file systems"):
        run(models=["m", "n"])


def test_a_data_set_named_as_a_judged_row_is_refused(run, write, folder):
    write("datasets/row.py", (folder / "datasets/toy.py").read_text().replace('"toy"', '"toy-judge"'))
    with pytest.raises(ConfigError, match="would both make the row 'toy-judge'"):
        run(datasets=["toy", "row"])


def test_two_configs_that_ask_alike_are_one_data_set_with_both_scorings(run, write, folder):
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
def test_one_abbr_for_two_different_questions_is_refused_naming_both_files(run, write, folder, change):
    write("datasets/other.py", (folder / "datasets/toy.py").read_text() + f"\ntoy_datasets[0]{change}\n")
    with pytest.raises(ConfigError, match=r"toy\.py and .*other\.py"):
        run(datasets=["toy", "other"])


def test_one_judge_abbr_for_two_judges_is_refused(run, write, folder):
    text = (folder / "datasets/toy.py").read_text()
    write("datasets/other.py", text.replace("votes=3", "votes=5"))
    with pytest.raises(ConfigError, match="two different judges named 'judge'"):
        run(datasets=["toy", "other"])
