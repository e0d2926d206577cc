"""A whole run in one file, and summarizers by name."""

from __future__ import annotations

import pytest

from judgebench.errors import ConfigError, UnknownNameError, UsageError

pytestmark = pytest.mark.usefixtures("toys")


def test_a_whole_file_holds_models_datasets_summarizer_and_combinations(run, write):
    path = write(
        "whole.py",
        """
        from mmengine.config import read_base
        with read_base():
            from .models.m import models
            from .datasets.toy import toy_datasets as datasets
        models = [models[0], dict(models[0], abbr="n")]
        datasets = [datasets[0], dict(datasets[0], abbr="other")]
        summarizer = dict(attr="accuracy", dataset_abbrs=["toy"])
        model_dataset_combinations = [
            dict(models=[models[0]], datasets=datasets), dict(models=["n"], datasets=["toy"])]
        """,
    )
    config = run(config=str(path), models=[], datasets=[])
    assert config.combinations == [("m", "toy"), ("m", "other"), ("n", "toy")]
    assert config.summarizer.dataset_abbrs == ["toy"]


def test_names_on_the_command_line_replace_the_files(run, write):
    path = write(
        "whole.py",
        """
        from mmengine.config import read_base
        with read_base():
            from .models.m import models
        models = [dict(models[0], abbr="n")]
        """,
    )
    assert list(run(config=str(path), models=[]).models) == ["n"]
    assert list(run(config=str(path)).models) == ["m"]


def test_a_combination_of_something_unknown_is_refused(run, write):
    path = write(
        "whole.py",
        """
        from mmengine.config import read_base
        with read_base():
            from .models.m import models
            from .datasets.toy import toy_datasets as datasets
        model_dataset_combinations = [dict(models=["nobody"], datasets=datasets)]
        """,
    )
    with pytest.raises(UnknownNameError, match="nobody"):
        run(config=str(path), models=[], datasets=[])


def test_a_file_that_is_not_there_is_a_usage_error(run):
    with pytest.raises(UsageError, match=r"none\.py"):
        run(config="none.py")


def test_a_summarizer_is_found_by_name_and_key(run, write):
    write("summarizers/mine.py", "summarizer = dict(dataset_abbrs=['a'])\nshort = dict(dataset_abbrs=['b'])")
    assert run(summarizer="mine").summarizer.dataset_abbrs == ["a"]
    assert run(summarizer="mine/short").summarizer.dataset_abbrs == ["b"]
    assert run(summarizer="example").summarizer.dataset_abbrs == []
    with pytest.raises(ConfigError, match="no dict named 'long'"):
        run(summarizer="mine/long")
    write("summarizers/bad.py", "summarizer = dict(summary_group=[])")
    with pytest.raises(ConfigError, match="summary_group is not a known key"):
        run(summarizer="bad")
