from __future__ import annotations

import json
import shlex

import pytest

from judgebench.cli.arguments import build_parser, to_request
from judgebench.errors import DataError, UsageError


def request(*argv: str):
    return to_request(build_parser().parse_all(list(argv)))


def test_the_defaults_are_a_whole_new_run():
    asked = request("--models", "m", "--datasets", "d")
    assert (asked.mode, asked.reuse, asked.work_dir) == ("all", None, "outputs/default")
    assert asked.selection.models == ["m"]
    assert asked.selection.summarizer == "default"
    assert asked.options.preflight
    assert asked.options.retry_failed
    assert asked.overlap


def test_every_flag_reaches_the_request(monkeypatch):
    monkeypatch.setenv("JB_DATA_DIR", "/data")
    asked = request(
        *shlex.split(
            "file.py --models a b --models c --datasets d --judges j --summarizer s --config-dir x --config-dir y"
        ),
        *shlex.split(
            "--override models.a.b=1 judges.*.c=2 --override datasets.d.e=3 -m eval -r 20260101_000000 -w out"
        ),
        *shlex.split("--max-num-workers 2 --num-prompts 5 --num-warmups 1 --ids 3 5-9,key --shuffle 7 --merge-ds"),
        *shlex.split(
            "--dump-eval-details --dump-extract-rate --max-fail-rate 0.5 --min-scored 98% --no-preflight --json"
        ),
        *shlex.split("--no-retry-failed --rejudge --redo-changed --no-overlap --gate g.toml --dry-run --debug"),
    )
    chosen, options = asked.selection, asked.options
    assert (chosen.config, chosen.models, chosen.judges) == ("file.py", ["a", "b", "c"], ["j"])
    assert chosen.config_dirs == ["x", "y"]
    assert chosen.overrides == ["models.a.b=1", "judges.*.c=2", "datasets.d.e=3"]
    assert (asked.mode, asked.reuse, asked.work_dir, asked.gate) == ("eval", "20260101_000000", "out", "g.toml")
    assert (asked.max_num_workers, asked.overlap, asked.merge_datasets) == (2, False, True)
    assert (asked.json_events, asked.dry_run, options.debug, options.preflight) == (True, True, True, False)
    assert (options.num_prompts, options.num_warmups, options.shuffle) == (5, 1, 7)
    assert options.ids == ["3", "5-9", "key"]
    assert (options.max_fail_rate, options.min_scored) == (0.5, 98.0)
    assert (options.retry_failed, options.rejudge, options.redo_changed) == (False, True, True)
    assert (options.dump_details, options.dump_extract_rate, options.data_dir) == (True, True, "/data")


def test_reuse_without_a_value_means_the_latest_run():
    assert request("--models", "m", "--datasets", "d", "--reuse", "--mode", "viz").reuse == "latest"


def test_the_flag_of_the_data_folder_wins_over_the_environment(monkeypatch):
    monkeypatch.setenv("JB_DATA_DIR", "/data")
    assert request("--data-dir", "here").options.data_dir == "here"


@pytest.mark.parametrize(("text", "count"), [("3", 3), ("none", None), ("None", None)])
def test_num_prompts_is_a_count_or_none(text, count):
    assert request("--num-prompts", text).options.num_prompts == count


@pytest.mark.parametrize("mode", ["eval", "viz", "judge"])
def test_a_mode_that_needs_a_run_names_the_missing_option(mode):
    with pytest.raises(UsageError, match=f"--mode {mode} .*--reuse is missing"):
        request("--models", "m", "--datasets", "d", "--mode", mode)


@pytest.mark.parametrize(
    ("argv", "said", "hint"),
    [
        (["--modles", "m"], "no flag '--modles'", "--models"),
        (["--overide=a"], "no flag '--overide=a'", "--override"),
        (["--model", "m"], "no flag '--model'", "--models"),
        (["a.py", "b.py"], "no argument 'b.py'", ""),
        (["--mode", "perf"], "--mode", ""),
        (["--num-prompts", "0"], "whole number from 1", ""),
        (["--num-prompts", "x"], "whole number from 1", ""),
        (["--num-warmups", "-1"], "--num-warmups", ""),
        (["--max-num-workers", "0"], "whole number from 1", ""),
        (["--max-fail-rate", "1.5"], "share from 0 to 1", ""),
        (["--max-fail-rate", "5"], "for 5 percent write 0.05", ""),
        (["--max-fail-rate", "5%"], "for 5 percent write 0.05", ""),
        (["--max-fail-rate", "nan"], "share from 0 to 1", ""),
        (["--max-fail-rate", "-0.1"], "share from 0 to 1", ""),
        (["--min-scored", "x"], "percentage", ""),
        (["--min-scored", "nan"], "percentage from 0 to 100", ""),
        (["--min-scored", "inf"], "percentage from 0 to 100", ""),
        (["--min-scored", "9800"], "percentage from 0 to 100", ""),
        (["--min-scored", "0.98"], "0.98 percent? Write 98, or 0.98%", ""),
        (["--min-scored", "1"], "1 percent? Write 100, or 1%", ""),
        (["--shuffle", "++5"], "whole number from 0", ""),
        (["--num-prompts", "9" * 5000], "whole number from 1", ""),
        (["--models"], "--models", ""),
        (["--rejudge"], "--rejudge needs a previous run", "--reuse"),
        (["--redo-changed"], "--redo-changed needs a previous run", "--reuse"),
        (["--reuse", "my.py"], "not the file 'my.py'", "jb my.py --reuse"),
        (["--custom-dataset-data-type", "qa"], "need --custom-dataset-path", ""),
    ],
)
def test_usage_errors_say_what_is_wrong_and_what_was_meant(argv, said, hint):
    with pytest.raises(UsageError) as caught:
        request(*argv)
    assert said in caught.value.message
    assert hint in caught.value.hint


def test_the_meta_file_of_custom_data_chooses_the_samples_unless_flags_do(tmp_path):
    data = tmp_path / "q.jsonl"
    data.write_text('{"question": "1+1?", "answer": "2"}\n')
    meta = tmp_path / "q.jsonl.meta.json"
    meta.write_text(json.dumps({"sampling_mode": "shuffle", "request_count": 3}))
    options = request("--custom-dataset-path", str(data)).options
    assert (options.num_prompts, options.shuffle) == (3, 0)
    options = request("--custom-dataset-path", str(data), "--num-prompts", "2", "--shuffle", "5").options
    assert (options.num_prompts, options.shuffle) == (2, 5)
    meta.write_text(json.dumps({"sampling_mode": "sideways"}))
    with pytest.raises(DataError, match="sideways"):
        request("--custom-dataset-path", str(data))
