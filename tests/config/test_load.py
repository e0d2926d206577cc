from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from judgebench.config.files import load_file
from judgebench.errors import ConfigError

ROOT = Path(__file__).parents[2]


def refused(path) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load_file(path)
    return caught.value


def test_types_become_dotted_paths_and_containers_plain_ones(write):
    path = write(
        "a.py",
        """
        from judgebench.models import VLLMCustomAPIChat
        import not_installed.module as other
        models = [dict(type=VLLMCustomAPIChat, t=(1, 2), inner={"type": other.Thing}, n=None, f=1.5, b=True)]
        """,
    )
    assert load_file(path)["models"] == [
        {
            "type": "judgebench.models.VLLMCustomAPIChat",
            "t": [1, 2],
            "inner": {"type": "not_installed.module.Thing"},
            "n": None,
            "f": 1.5,
            "b": True,
        }
    ]


def test_a_package_that_is_not_installed_is_not_needed(write):
    path = write(
        "a.py", "from ais_bench.benchmark.models import VLLMCustomAPIChat\nmodels = [dict(type=VLLMCustomAPIChat)]"
    )
    assert load_file(path)["models"][0]["type"] == "ais_bench.benchmark.models.VLLMCustomAPIChat"


def test_a_setting_of_another_module_is_its_value_and_never_its_name(write, monkeypatch):
    settings = write("my_site_settings.py", "NAME = 'served'\nPORTS = {'a': 1}\nclass Kind: pass\ndef post(x): pass\n")
    monkeypatch.syspath_prepend(str(settings.parent))
    path = write(
        "a.py",
        """
        import my_site_settings as site
        from my_site_settings import NAME, Kind, post
        models = [dict(type=site.Kind, model=NAME, again=site.NAME, ports=site.PORTS, kinds=[Kind, post])]
        """,
    )
    assert load_file(path)["models"] == [
        {
            "type": "my_site_settings.Kind",
            "model": "served",
            "again": "served",
            "ports": {"a": 1},
            "kinds": ["my_site_settings.Kind", "my_site_settings.post"],
        }
    ]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("missing.NAME", "models[0].api_key is missing_settings.NAME, which cannot be imported"),
        ("NAME", "models[0].api_key is missing_settings.NAME, which cannot be imported"),
        ("missing", "models[0].api_key is missing_settings, which cannot be imported"),
        ("f'key-{NAME}'", "'NAME' cannot stand inside a text"),
        ("f'key-{missing.NAME}'", "'missing' cannot stand inside a text"),
    ],
)
def test_an_import_that_fails_does_not_become_a_text(write, value, words):
    imports = "import missing_settings as missing\nfrom missing_settings import NAME\n"
    error = refused(write("a.py", f"{imports}models = [dict(api_key={value})]"))
    assert words in error.message
    assert error.hint


def test_an_alias_file_has_what_it_inherits(write):
    write("datasets/aime_llmjudge.py", "aime_datasets = [dict(abbr='aime')]")
    alias = write(
        "datasets/aime_gen_0_shot_llmjudge.py",
        """
        from mmengine.config import read_base
        with read_base():
            from .aime_llmjudge import *
        """,
    )
    assert load_file(alias)["aime_datasets"] == [{"abbr": "aime"}]


def test_inherited_objects_can_be_changed_and_chains_followed(write):
    write("base/one.py", "from pkg import Thing\nmodels = [dict(type=Thing, port=1)]")
    write(
        "base/two.py",
        "from mmengine.config import read_base\nwith read_base():\n    from .one import models\nmodels[0]['port'] = 2",
    )
    top = write(
        "top.py",
        "from mmengine.config import read_base\nwith read_base():\n    from .base.two import models\n"
        "models = [dict(m, abbr='x') for m in models]",
    )
    assert load_file(top)["models"] == [{"type": "pkg.Thing", "port": 2, "abbr": "x"}]


def test_absolute_base_imports_need_no_pkg_resources(write, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pkg_resources", None)
    path = write(
        "a.py",
        """
        from mmengine.config import read_base
        with read_base():
            from judgebench.configs.summarizers.default import summarizer
        """,
    )
    assert load_file(path)["summarizer"]["attr"] == "accuracy"


def test_the_environment_can_be_read_in_a_config(write, monkeypatch):
    monkeypatch.setenv("JB_TEST_PORT", "8123")
    path = write(
        "a.py",
        """
        import os
        from pkg import Thing
        models = [dict(type=Thing, port=int(os.environ.get("JB_TEST_PORT")), root=os.path.join("a", "b"))]
        """,
    )
    assert load_file(path)["models"] == [{"type": "pkg.Thing", "port": 8123, "root": "a/b"}]


def test_helper_functions_in_a_file_do_no_harm_unless_they_are_values(write):
    assert load_file(write("a.py", "def double(n):\n    return 2 * n\nmodels = [dict(n=double(2))]"))["models"] == [
        {"n": 4}
    ]
    error = refused(write("b.py", "def double(n):\n    return 2 * n\nmodels = [dict(n=double)]"))
    assert "models[0].n" in error.message
    assert "importable module" in error.hint


def test_old_style_inheritance_works(write):
    write("base.py", "models = [dict(abbr='a')]")
    assert load_file(write("top.py", "_base_ = ['./base.py']\nk = 1"))["models"] == [{"abbr": "a"}]


def test_the_comma_that_the_documented_block_lacks_is_shown(write):
    path = write(
        "judges/pasted.py",
        """\
        from judgebench.models import VLLMCustomAPIChat
        judge_model=dict(
            type=VLLMCustomAPIChat,
            generation_kwargs=dict( # parameters
                temperature=0.01,
                ignore_eos=False,
            )
            pred_postprocessor=dict(type=extract_non_reasoning_content),
        ),
        """,
    )
    error = refused(path)
    assert f"{path}:7: invalid syntax. Perhaps you forgot a comma?" in error.message
    assert ">    7 |     )" in error.message
    assert error.hint == "A comma is missing at the end of line 7."


def test_a_syntax_error_shows_file_line_and_pythons_words(write):
    path = write("a.py", "models = [\n    dict(abbr='a'\n]\n")
    error = refused(path)
    assert f"{path}:3: closing parenthesis ']' does not match opening parenthesis '(' on line 2" in error.message
    assert "dict(abbr='a'" in error.message


def test_a_syntax_error_in_an_inherited_file_names_that_file(write):
    base = write("base.py", "x = = 1")
    path = write("a.py", "from mmengine.config import read_base\nwith read_base():\n    from .base import *")
    assert str(base) in refused(path).message


def test_a_known_type_without_import_says_which_line_to_add(write):
    error = refused(write("a.py", "models = [\n    dict(type=VLLMCustomAPIChat)]"))
    assert ":2: name 'VLLMCustomAPIChat' is not defined" in error.message
    assert "from judgebench.models import VLLMCustomAPIChat" in error.hint


def test_a_copied_shipped_config_is_told_where_its_neighbour_is(write):
    path = write(
        "models/mine.py",
        "from mmengine.config import read_base\nwith read_base():\n    from .vllm_api_general_chat import models\n",
    )
    error = refused(path)
    assert f"{path}:3: read_base() imports .vllm_api_general_chat" in error.message
    hint = "from judgebench.configs.models.vllm_api.vllm_api_general_chat import models"
    assert error.hint.endswith(hint)
    path.write_text(f"from mmengine.config import read_base\nwith read_base():\n    {hint}\n")
    assert load_file(path)["models"][0]["abbr"] == "vllm-api-general-chat"


def test_a_missing_file_further_up_the_chain_is_named_in_its_own_file(write):
    middle = write("middle.py", "from mmengine.config import read_base\nwith read_base():\n    from .gone import *")
    top = write("top.py", "from mmengine.config import read_base\nwith read_base():\n    from .middle import *")
    assert f"{middle}:3:" in refused(top).message


def test_a_syntax_error_further_up_the_chain_names_its_file(write):
    bottom = write("bottom.py", "x = = 1")
    write("middle.py", "from mmengine.config import read_base\nwith read_base():\n    from .bottom import *")
    top = write("top.py", "from mmengine.config import read_base\nwith read_base():\n    from .middle import *")
    assert f"{bottom}:1:" in refused(top).message


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("models = [dict(type=extract_non_reasoning_content)]", "from judgebench.models import extract_non_reasoning"),
        ("models = [dict(type=ReferenceVerifier)]", "from judgebench.judges import ReferenceVerifier"),
        ("models = [dict(type=JsonlDataset)]", "from judgebench.datasets import JsonlDataset"),
        ("read_base()", "from mmengine.config import read_base"),
        ("models = [dict(type=NoSuchThing)]", "Define it above"),
    ],
)
def test_every_name_that_can_be_imported_says_from_where(write, text, hint):
    assert hint in refused(write("a.py", text)).hint


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("models = [1 / 0]", "division by zero"),
        ("from pkg import Thing\nmodels = [Thing()]", "RuntimeError without a message"),
        (
            "from mmengine.config import read_base\nwith read_base():\n    from .missing import x",
            "missing.py does not exist",
        ),
        ("from mmengine.config import read_base\nwith read_base():\n    from no_such_pkg.a import x", "no_such_pkg"),
        ("with open('x') as f:\n    pass", "read_base"),
        ("import sys\nraise ValueError('mine')", "mine"),
        ("text = 'mine'\nmodels = []", "text is reserved"),
        ("models = [{}['absent']]", "'absent'"),
        ("models = [dict(a={1, 2})]", "set"),
        ("models = [dict(a=b'x')]", "bytes"),
    ],
)
def test_whatever_a_file_raises_is_a_config_error_that_names_the_file(write, text, said):
    path = write("bad.py", text)
    error = refused(path)
    assert str(path) in error.message
    assert said in error.message


def test_a_failure_names_the_line_it_happened_in(write):
    assert "bad.py:3:" in refused(write("bad.py", "a = 1\nb = 2\nmodels = [undefined_name]\n")).message


def test_a_file_that_is_no_text_or_not_there_is_a_config_error(tmp_path):
    binary = tmp_path / "b.py"
    binary.write_bytes(b"\x00\xff\xfe")
    assert "b.py" in refused(binary).message
    assert "cannot be read" in refused(tmp_path / "none.py").message


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="the threads of a process are counted in /proc")
@pytest.mark.parametrize(("asked", "left"), [(None, "None"), ("3", "3")])
def test_reading_a_config_starts_no_threads_that_spin(write, asked, left):
    """The library that reads it imports numpy, whose BLAS starts a thread a core; a number the user sets stays."""
    path = write("a.py", "a = 1\n")
    code = (
        "import os, sys, time; from pathlib import Path; from judgebench.config.files import load_file; "
        f"load_file(Path({str(path)!r})); until = time.monotonic() + {0 if asked else 20}\n"
        # the timer that says when a file is slow is just ending; threads of BLAS never do
        "while len(os.listdir('/proc/self/task')) > 1 and time.monotonic() < until: time.sleep(0.01)\n"
        "print(len(os.listdir('/proc/self/task')), os.environ.get('OPENBLAS_NUM_THREADS'))"
    )
    environment = {name: text for name, text in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    if asked:
        environment["OPENBLAS_NUM_THREADS"] = asked
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    threads, variable = done.stdout.split()
    assert variable == left
    assert asked or threads == "1"
