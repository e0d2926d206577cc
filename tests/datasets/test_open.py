from __future__ import annotations

import json

import msgspec
import pytest

from judgebench.config.registry import Registry
from judgebench.datasets import JsonlDataset
from judgebench.datasets.samples import count_of, samples_of
from judgebench.errors import ConfigError, DataError, MissingDataError
from judgebench.records.run import Options
from tests.datasets.sources import dataset, written
from tests.recordings import recording


@pytest.fixture
def ten(tmp_path):
    rows = "".join(json.dumps({"id": f"k{n}", "question": f"q{n}", "answer": str(n)}) + "\n" for n in range(10))
    return dataset(written(tmp_path, rows))


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        (Options(), list(range(10))),
        (Options(num_prompts=3), [0, 1, 2]),
        (Options(ids=["k4", "7-8"]), [4, 7, 8]),
        (Options(ids=["k4", "7-8"], num_prompts=2), [4, 7]),
        (Options(num_prompts=99), list(range(10))),
    ],
)
def test_the_options_choose_the_samples_and_the_count_agrees(ten, options, ids):
    assert [sample.id for sample in samples_of(ten, options)] == ids
    assert count_of(ten, options) == len(ids)


def test_a_selected_item_keeps_its_own_reference_whatever_the_order(ten):
    for options in (Options(shuffle=5), Options(ids=["3-5"]), Options(shuffle=1, num_prompts=4)):
        for sample in samples_of(ten, options):
            assert sample.reference == str(sample.id) == sample.key.removeprefix("k")


def test_the_count_finds_unknown_ids_before_anything_is_asked(ten):
    with pytest.raises(DataError, match="no sample k99"):
        count_of(ten, Options(ids=["k99"]))


def test_the_count_of_a_missing_file_is_an_error_and_of_a_hub_unknown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JB_DATA_DIR", raising=False)
    with pytest.raises(MissingDataError):
        count_of(dataset("nowhere.jsonl"), Options())
    assert count_of(dataset("nowhere.jsonl", hub={"path": "some/where"}), Options()) is None


def test_keys_that_do_not_fit_the_loader_are_a_config_error():
    with pytest.raises(ConfigError, match=r"datasets\.d\.loader\.pathh is not a known key"):
        count_of(dataset("x", pathh="y"), Options())


def test_the_demo_set_is_shipped_balanced_and_its_references_agree():
    loader = JsonlDataset(
        JsonlDataset.Config(
            path="package:demo_facts.jsonl",
            input_columns=["question"],
            output_column="accepted",
            id_column="id",
            meta_columns=["answer", "category"],
        )
    )
    rows = list(loader.samples(None))
    assert len(rows) == loader.count(None) >= 44
    assert all(row.reference[0] == row.meta["answer"] for row in rows)
    assert len({row.fields["question"] for row in rows}) == len(rows)
    counts = [[row.meta["category"] for row in rows].count(one) for one in {row.meta["category"] for row in rows}]
    assert len(counts) == 5
    assert max(counts) - min(counts) <= 1


@pytest.mark.parametrize(
    ("name", "count", "first"),
    [
        ("aime2025_gen", 30, "70"),
        ("aime2025_llmjudge", 30, "70"),
        ("aime2025_gen_0_shot_llmjudge", 30, "70"),
        ("aime2024_gen", 30, "204"),
        ("gsm8k_gen", 1319, "18"),
        ("gsm8k_llmjudge", 1319, "18"),
        ("math500_gen", 500, "\\left( 3, \\frac{\\pi}{2} \\right)"),
    ],
)
def test_the_shipped_configs_read_the_real_files(name, count, first, monkeypatch):
    from judgebench.config.resolve import load_run
    from judgebench.records.request import RunRequest, Selection

    folder = recording(name.partition("_")[0]).parent
    monkeypatch.delenv("JB_DATA_DIR", raising=False)
    request = RunRequest(selection=Selection(models=["vllm_api_general_chat"], datasets=[name]))
    (config,) = load_run(request.selection).datasets.values()
    options = Options(data_dir=str(folder))
    rows = list(samples_of(config, options))
    assert (len(rows), count_of(config, options), rows[0].reference) == (count, count, first)
    assert Registry().find("datasets", name).shipped
    assert msgspec.json.decode(msgspec.json.encode(rows[0]), type=type(rows[0])) == rows[0]


def test_the_multiple_choice_sets_read_the_authors_files_and_form_one_group(tmp_path):
    from judgebench.config.resolve import load_run
    from judgebench.records.request import Selection

    datasets = load_run(Selection(models=["vllm_api_general_chat"], datasets=["mmlu_gen"])).datasets
    assert len(datasets) == 57
    assert {config.group for config in datasets.values()} == {"mmlu"}
    (tmp_path / "mmlu" / "test").mkdir(parents=True)
    written(tmp_path / "mmlu" / "test", '"2, or\n3?",one,two,three,four,C\n', "anatomy_test.csv")
    (sample,) = samples_of(datasets["mmlu_anatomy"], Options(data_dir=str(tmp_path)))
    assert (sample.fields["question"], sample.fields["D"], sample.reference) == ("2, or\n3?", "four", "C")
