from __future__ import annotations

import subprocess
import sys

import pytest

from judgebench.config.registry import KINDS, SHIPPED, Registry, description, split_suffix
from judgebench.errors import ConfigError, UnknownNameError, UsageError


def test_a_name_is_a_file_stem_at_any_depth_in_any_case(write, folder):
    path = write("models/deep/er/My_Model.py", "models = []")
    assert Registry([str(folder)]).find("models", "my_model").path == path


def test_user_folders_shadow_the_shipped_ones_and_the_first_folder_wins(write, folder, tmp_path):
    mine = write("models/vllm_api_general_chat.py", "models = []")
    other = tmp_path / "other" / "models"
    other.mkdir(parents=True)
    (other / "vllm_api_general_chat.py").write_text("models = []")
    assert Registry([str(folder), str(other.parent)]).find("models", "vllm_api_general_chat").path == mine
    assert Registry([]).find("models", "vllm_api_general_chat").shipped


def test_configs_of_the_current_folder_are_used_without_being_named(folder, tmp_path):
    path = tmp_path / "work" / "configs" / "judges" / "mine.py"
    path.parent.mkdir(parents=True)
    path.write_text("judges = []")
    assert Registry().find("judges", "mine").path == path
    assert not Registry([str(folder)]).named("judges", "mine")


def test_two_files_of_one_name_in_one_folder_are_ambiguous_and_both_are_named(write, folder):
    write("models/a/twin.py", "")
    write("models/b/twin.py", "")
    with pytest.raises(ConfigError) as caught:
        Registry([str(folder)]).find("models", "twin")
    assert "a/twin.py" in caught.value.message
    assert "b/twin.py" in caught.value.message


def test_an_unknown_name_suggests_the_nearest_and_how_to_list(folder):
    with pytest.raises(UnknownNameError) as caught:
        Registry([str(folder)]).find("models", "vllm_api_generel_chat")
    assert "vllm_api_general_chat" in caught.value.hint
    assert "jb --list" in caught.value.hint


def test_a_name_of_another_kind_says_which_flag_it_belongs_to(write, folder):
    write("datasets/only_data.py", "")
    with pytest.raises(UnknownNameError, match=r"--datasets only_data"):
        Registry([str(folder)]).find("models", "only_data")


def test_a_file_outside_the_folders_of_its_kind_is_pointed_at(write, folder):
    write("mine.py", "models = []")
    with pytest.raises(UnknownNameError, match=r"mine\.py is ignored: move it into the folder models/"):
        Registry([str(folder)]).find("models", "mine")


def test_private_and_init_files_are_not_names(write, folder):
    write("models/_base.py", "")
    write("models/__init__.py", "")
    assert {"_base", "__init__"}.isdisjoint(file.name for file in Registry([str(folder)]).files("models"))


def test_a_missing_config_dir_is_a_usage_error():
    with pytest.raises(UsageError, match="nowhere"):
        Registry(["nowhere"])


def test_a_path_of_a_python_file_means_itself(write):
    path = write("elsewhere.py", "models = []")
    assert Registry().find("models", str(path)).path == path


@pytest.mark.parametrize(("name", "parts"), [("a", ("a", "")), ("a/b", ("a", "b")), ("dir/a.py", ("dir/a.py", ""))])
def test_a_suffix_follows_a_slash(name, parts):
    assert split_suffix(name) == parts


def test_every_shipped_config_describes_itself_in_one_line():
    files = [file for kind in KINDS for file in Registry().files(kind)]
    assert len(files) >= 7
    assert [file.path for file in files if not 10 < len(description(file.path)) < 160] == []
    assert all(file.path.is_relative_to(SHIPPED) for file in files)


def test_listing_imports_no_config_library():
    code = (
        "import sys; from judgebench.cli.listing import registered; registered([]); "
        "print([m for m in ('mmengine', 'msgspec', 'aiohttp', 'rich', 'yaml') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('"""First line.\n\nMore."""', "First line."),
        (
            '"""A sentence on\ntwo lines (Li et\nal. 2023, Xu et al. On X)."""',
            "A sentence on two lines (Li et al. 2023, Xu et al. On X).",
        ),
        (f'"""Is it short? Yes. {"No, long. " * 20}"""', f"Is it short? Yes. {'No, long. ' * 13}".rstrip()),
        (f'"""{"One long sentence " * 20}."""', f"{'One long sentence ' * 20}."),
        ("from mmengine.config import read_base\nwith read_base():\n    from .other import *", "Same as other."),
        ("models = []", ""),
        ("models = [", "(cannot be read)"),
    ],
)
def test_a_file_is_described_without_running_it(write, text, said):
    assert description(write("models/a.py", text)) == said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("../../no/such", "../../no/such does not exist, so it is no judge config."),
        ("/no/judge.py", "/no/judge.py does not exist, so it is no judge config."),
        ("..", ".. is no .py file, so it is no judge config."),
    ],
)
def test_a_path_that_is_no_config_is_named_whole(name: str, said: str) -> None:
    assert split_suffix(name) == (name, "")
    with pytest.raises(UnknownNameError) as caught:
        Registry().find("judges", name)
    assert caught.value.message == said
    assert "path of a .py file" in caught.value.hint


def test_a_file_of_questions_that_is_given_for_a_config_is_sent_to_the_flag_for_it() -> None:
    with pytest.raises(UnknownNameError) as caught:
        Registry().find("datasets", "./my questions.jsonl")
    assert "--custom-dataset-path './my questions.jsonl'" in caught.value.hint
    assert "--predictions" in caught.value.hint


def test_a_table_below_a_folder_that_is_called_like_a_config_is_a_file() -> None:
    with pytest.raises(UnknownNameError) as caught:
        Registry().find("datasets", "gsm8k/main/test-00000-of-00001.parquet")
    assert split_suffix("gsm8k/main/test.parquet") == ("gsm8k/main/test.parquet", "")
    assert "--custom-dataset-path gsm8k/main/test-00000-of-00001.parquet" in caught.value.hint


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("gsm8k", "gsm8k_gen"),
        ("mmlu", "mmlu_gen"),
        ("gedit", "gedit_llmjudge"),
        ("hendrycks_math", "math"),
        ("minerva_math500", "math500_gen"),
        ("gpqa_diamond_cot_zeroshot", "gpqa"),
        ("trivia_qa", "triviaqa"),
        ("MMLU_Pro", "mmlu_pro"),
        ("browse_comp", "browsecomp"),
    ],
)
def test_the_names_that_people_bring_along_are_known(said: str, meant: str) -> None:
    assert Registry([]).find("datasets", said).name == meant


def test_a_benchmark_that_does_not_ship_can_be_a_file_of_ones_own() -> None:
    with pytest.raises(UnknownNameError) as caught:
        Registry([]).find("datasets", "truthfulqa")
    assert "Did you mean" not in caught.value.hint
    assert "--custom-dataset-path FILE" in caught.value.hint
