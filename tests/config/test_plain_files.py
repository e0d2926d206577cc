"""Config files of the usual form are read without mmengine, and as mmengine reads them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from judgebench.config.files import load_file, read_by_mmengine
from judgebench.config.plain_files import read_plain
from judgebench.errors import ConfigError

ROOT = Path(__file__).parents[2]
SHIPPED = sorted((ROOT / "judgebench" / "configs").rglob("*.py"))

BASE = """
from pkg import Thing, Judge
PLAIN = [1, 2.5, "three", None, True]
shared = dict(deep=dict(n=1), rows=[dict(a=1)])
models = [dict(type=Thing, abbr="m", kwargs=shared), dict(type=Thing, abbr="n", kwargs=shared, one=(1, (2, 3)))]
empty = {}
odd = dict(items=1, keys=[2], update=dict(a=1), _scope_="x")
"""


def told(path: Path) -> str:
    """Return what mmengine reads, as text: the order of keys and 1 beside True count."""
    return repr(read_by_mmengine(path))


def test_the_shipped_files_are_read_without_mmengine_and_as_it_reads_them() -> None:
    assert [path for path in SHIPPED if read_plain(path) is None] == []
    assert [path for path in SHIPPED if repr(read_plain(path)) != told(path)] == []


def test_a_process_that_reads_the_usual_form_never_imports_mmengine() -> None:
    code = (
        "import sys; from pathlib import Path; from judgebench.config.files import load_file\n"
        "for name in sys.argv[1:]: load_file(Path(name))\n"
        "print(sorted({'mmengine', 'numpy', 'yapf', 'rich'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, SHIPPED)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


ALL = "with read_base():\n    from .base import *\n"
PLAIN = {
    "types": "from pkg.sub import A, B as C\nmodels = [dict(type=A, t=(1, 2)), {'type': C, 3: None, True: 2.0}]",
    "a key that ends in .type": "from pkg import A\nmodels = [{'x.type': A}]",
    "inheritance": "with read_base():\n    from .base import models, shared as m\nx = [dict(n, y=m) for n in models]",
    "all names": f"{ALL}models += [dict(models[0], abbr='z')]",
    "a change of what is inherited": f"{ALL}models[0]['kwargs']['deep']['n'] = dict(a=1)",
    "the last change may be another's": f"{ALL}models[0]['kwargs'] = shared",
    "two variables that hold one dict": f"{ALL}shared['deep']['n'] = 2\nshared['rows'].append(dict(a=2))",
    "texts": "n = 'a'\nm = f'{n}-{1.5:.2f}' + '%s/%d' % (n, 3)\nk = 'a b'.split()\nj = '+'.join(x for x in k)",
    "loops": "models = []\nfor n, m in enumerate('ab'):\n    models.append(dict(abbr=m, n=n if n > 0 else None))",
    "dicts": "d = {k: v for k, v in zip('ab', range(2))}\nv = [*d.values(), *d]\ni = [*d.items(), d.get('x', 1)]",
    "a name of the file as a value": "a = dict(b=dict(c=1))\nx = [a['b'], a]\na['b']['c'] = 2",
    "the environment": "import os\nn = os.environ.get('JB_TEST', '-'), os.getenv('JB_NO'), os.environ['JB_TEST']",
    "keys that are methods of dicts": f"{ALL}x = [odd['items'], odd['keys']]\nn = len(odd.items())",
    "references": "models = [dict(api_key='${KEY:-}', url='http://localhost:${PORT}/')]",
}


@pytest.mark.parametrize("name", PLAIN)
def test_what_is_plain_is_read_as_mmengine_reads_it(write, monkeypatch, name: str) -> None:
    monkeypatch.setenv("JB_TEST", "set")
    write("base.py", BASE)
    path = write("a.py", f"from mmengine.config import read_base\n{PLAIN[name]}\n")
    found = read_plain(path)
    assert found is not None
    assert repr(found) == told(path)


LEFT = {
    "a module that runs": "import json\nn = json.loads('1')",
    "a function of the standard library": "from os.path import join\nn = join('a', 'b')",
    "a function of the file": "def double(n):\n    return 2 * n\nn = double(1)",
    "its own place": "n = __file__",
    "a setting of a module": "from jb_toys import ToyRule\nn = dict(kinds=[ToyRule])",
    "an inherited value that is changed after it was put elsewhere": (
        "with read_base():\n    from .base import *\nmodels[0]['kwargs'] = shared\nshared['deep'] = 3"
    ),
    "a method that mmengine's dicts have otherwise": (
        "with read_base():\n    from .base import *\nshared.update(deep=dict(m=2))"
    ),
    "an attribute of an inherited dict": "with read_base():\n    from .base import shared\nn = shared.rows",
    "inheritance by _base_": "_base_ = ['./base.py']\nn = 1",
    "a built-in function under another name": "f = len\nlen = max\nn = [f([1])]",
    "the order of a set": "n = sorted({3, 1, 2})",
    "an imported name inside an f-string's list": "from pkg import A\nk = [A]\nn = len(f'{k}')",
    "a value that no config holds": "n = [range(3)]",
    "a name before its import": "models = [dict(type=A)]\nfrom pkg import A",
    "a file that two blocks inherit from": f"{ALL}shared = 3\n{ALL}",
}


@pytest.mark.parametrize("name", LEFT)
def test_anything_else_is_left_to_mmengine(write, name: str) -> None:
    write("base.py", BASE)
    path = write("a.py", f"from mmengine.config import read_base\n{LEFT[name]}\n")
    assert read_plain(path) is None


def test_files_that_inherit_in_a_circle_are_refused_and_not_followed_for_ever(write) -> None:
    write("one.py", "from mmengine.config import read_base\nwith read_base():\n    from .two import *\n")
    path = write("two.py", "from mmengine.config import read_base\nwith read_base():\n    from .one import *\n")
    assert read_plain(path) is None
    with pytest.raises(ConfigError, match=r"in a circle: two\.py imports one\.py imports two\.py"):
        load_file(path)


def test_a_file_that_changed_is_read_anew(write) -> None:
    base = write("base.py", "n = 1")
    path = write("a.py", "from mmengine.config import read_base\nwith read_base():\n    from .base import n\n")
    assert load_file(path) == {"n": 1}
    base.write_text("n = 2")
    assert load_file(path) == {"n": 2}


_NAMES = st.sampled_from(["models", "shared", "empty", "PLAIN", "x", "y"])
_VALUES = st.recursive(
    st.sampled_from(["1", "'t'", "True", "models", "shared", "empty", "x", "y", "models[0]", "PLAIN[1:]"]),
    lambda inner: st.one_of(
        st.builds("dict(a={}, type=Kind)".format, inner),
        st.builds("{{'b': {}, **shared}}".format, inner),
        st.builds("[{}, *PLAIN]".format, inner),
        st.builds("({}, {})".format, inner, inner),
        st.builds("dict(empty, c={})".format, inner),
        st.builds("[dict(m, d={}) for m in models]".format, inner),
        st.builds("({} if {} else 0)".format, inner, inner),
        st.builds("f'{{{}}}'".format, inner.filter(lambda text: "'" not in text)),
    ),
    max_leaves=5,
)
_STATEMENTS = st.one_of(
    st.builds("{} = {}".format, _NAMES, _VALUES),
    st.builds("{} += [{}]".format, st.sampled_from(["models", "PLAIN", "y", "shared['rows']"]), _VALUES),
    st.builds("{}['{}'] = {}".format, st.sampled_from(["shared", "empty", "x"]), st.sampled_from("ab"), _VALUES),
    st.builds("models[{}]['kwargs'] = {}".format, st.integers(-1, 1), _VALUES),
    st.builds("models[0]['kwargs']['deep'] = {}".format, _VALUES),
    st.builds("{}.append({})".format, st.sampled_from(["models", "PLAIN", "y", "shared['rows']"]), _VALUES),
    st.builds("for m in models:\n    m['k'] = {}".format, _VALUES),
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_STATEMENTS, min_size=1, max_size=6), st.sampled_from(["*", "models, shared, empty, PLAIN"]))
def test_generated_files_are_read_as_mmengine_reads_them_or_left_to_it(
    write, statements: list[str], names: str
) -> None:
    write("base.py", BASE)
    head = ["from mmengine.config import read_base", "from pkg import Kind", "with read_base():"]
    path = write("a.py", "\n".join([*head, f"    from .base import {names}", "x, y = dict(a=1), [2]", *statements]))
    found = read_plain(path)
    if found is not None:
        assert repr(found) == told(path)
        assert json.dumps(found)
