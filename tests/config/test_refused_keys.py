"""What a config cannot say: each key and value that is refused, and how the error names it."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgebench.config.checks import Declared
from judgebench.config.model import SecretStore, resolve_model
from judgebench.errors import ConfigError, PrerequisiteError
from judgebench.models.contract import ServiceConfig
from judgebench.models.openai import VLLMCustomAPIChat

pytestmark = pytest.mark.usefixtures("toys")


def refused_with(run, path: Path, line: str) -> ConfigError:
    """Return the error of a run whose config file has one line more."""
    path.write_text(f"{path.read_text()}\n{line}\n")
    with pytest.raises(ConfigError) as caught:
        run()
    return caught.value


@pytest.mark.parametrize(
    ("line", "said", "hint"),
    [
        ("models[0]['retires'] = 9", r"models\.m\.retires is not a known key", "'retry'"),
        ("models[0]['timeouts'] = dict(totl=1)", r"models\.m\.timeouts\.totl", "'total'"),
        ("models[0]['host_port'] = 'x'", r"models\.m\.host_port is 'x': expected `int`, got `str`", ""),
        ("models[0]['host_port'] = '9000'", r"expected `int`, got `str`", ""),
        ("models[0]['host_port'] = 70000", r"host_port is 70000", ""),
        ("models[0]['stream'] = 1", r"stream is 1: expected `bool`", ""),
        ("models[0]['batch_size'] = 0", r"must be 1 or more", ""),
        ("models[0]['retry'] = -1", r"must be 0 or more", ""),
        ("models[0]['url'] = 'host:80'", r"not an http", "base address"),
        ("models[0]['url'] = 'http://host:port'", r"models\.m\.url is not an http", "base address"),
        ("models[0]['url'] = 'http://[::1'", r"models\.m\.url is not an http", "base address"),
        ("models[0]['url'] = 'http://my host:80'", r"models\.m\.url is not an http", "base address"),
        (
            "models[0]['url'] = 'http://h/v1/completions/'",
            r"models\.m\.url ends in /completions, and VLLMCustomAPIChat sends to",
            "base",
        ),
        ("models[0]['host_ip'] = 'http://localhost'", r"models\.m\.host_ip is neither a host name", "into url"),
        ("models[0]['host_ip'] = 'localhost:8000'", r"models\.m\.host_ip is neither a host name", "host_port"),
        ("models[0]['host_ip'] = ''", r"models\.m\.host_ip is neither a host name", ""),
        ("models[0]['api_key'] = 'schlüssel'", r"models\.m\.api_key holds a line break or", "copied along"),
        ("models[0]['headers'] = {'X-Key': 'abc\\n'}", r"models\.m\.headers\.X-Key holds a line break", ""),
        (
            "models[0]['headers'] = {'Content-Length': '3'}",
            r"models\.m\.headers has 'Content-Length', which is",
            "framed",
        ),
        ("models[0]['headers'] = {'X A': '3'}", r"models\.m\.headers has 'X A', which is no header", "letters"),
        ("models[0]['backoff'] = float('nan')", r"models\.m\.backoff is nan, but must be 0 or more", ""),
        ("models[0]['patience'] = -1", r"models\.m\.patience is -1\.0, but must be 0 or more", ""),
        ("models[0]['timeouts'] = dict(connect=-1)", r"timeouts\.connect is -1\.0, but must be 0 \(no limit\)", ""),
        ("models[0]['timeouts'] = dict(total=float('inf'))", r"timeouts\.total is inf, but must be 0 \(no", ""),
        ("models[0]['batch_size'] = 10**7", r"models\.m\.batch_size is 10000000, but must be 65536 or less", ""),
        (
            "models[0]['generation_kwargs'] = dict(messages=[])",
            r"kwargs\.messages is not a generation parameter",
            "dataset",
        ),
        (
            "models[0]['generation_kwargs'] = dict(stream=True)",
            r"kwargs\.stream is not a generation parameter",
            "stream=",
        ),
        (
            "models[0]['generation_kwargs'] = dict(n=3)",
            r"kwargs\.n is not a generation parameter",
            "num_return_sequences",
        ),
        ("models[0]['attr'] = 'local'", r"is a service model", "Leave attr out"),
        ("models[0]['attr'] = 'remote'", r"models\.m\.attr is 'remote'", ""),
        ("models[0]['abbr'] = '../x'", r"cannot be a file name", "a-z, A-Z, 0-9"),
        ("models[0]['abbr'] = 'modèle'", r"cannot be a file name", "a-z, A-Z, 0-9"),
        ("models[0]['abbr'] = '.hidden'", r"cannot be a file name", ""),
        ("models[0]['abbr'] = 'a' * 101", r"cannot be a file name", ""),
        ("del models[0]['abbr']", r"lacks the key 'abbr'", ""),
        (
            "models[0]['type'] = 'VLLMCustomAPIChatt'",
            r"there is no model type 'VLLMCustomAPIChatt'",
            "VLLMCustomAPIChat",
        ),
        ("models[0]['type'] = 'jb_toys.NoConfig'", r"is no model type: it has no Config and no prompt_kind", ""),
        ("models[0]['type'] = 'jb_broken.Thing'", r"cannot be imported: ZeroDivisionError", "Correct"),
        (
            "models[0]['type'] = 'jb_lacking.Thing'",
            r"jb_lacking\.Thing' cannot be imported: its module needs 'no_such",
            "Install",
        ),
        ("del models[0]['type']", r"models\.m\.type must name a class", ""),
        ("models[0]['generation_kwargs'] = dict(num_return_sequences=0)", r"num_return_sequences", ""),
        ("models[0]['launch'] = dict(command=['x'], type='y')", r"exactly one of type and command", ""),
        (
            "models[0].update(launch=dict(command=['serve']), host_port=9000)",
            r"models\.m\.host_port would have no effect: the run launches this service itself",
            "launch=None",
        ),
        ("models[0]['launch'] = dict()", r"exactly one of type and command", ""),
        ("models[0]['launch'] = dict(type='NoLauncher')", r"models\.m\.launch\.type: there is no launcher", ""),
        (
            "models[0]['pred_postprocessor'] = dict(type='jb_toys.strip_tail', markr='x')",
            r"is no parameter of strip_tail",
            "'marker'",
        ),
        ("models = dict(abbr='m')", r"models\.m\.type", ""),
        ("models = ['m']", r"list of dicts", ""),
        ("models[0]['traffic_cfg'] = dict(burstiness=1)", r"another benchmark runner", "burstiness"),
    ],
)
def test_what_a_model_cannot_be_is_refused_naming_file_and_key(run, folder, line, said, hint):
    path = folder / "models/m.py"
    error = refused_with(run, path, line)
    assert re.search(said, error.message)
    assert str(path) in error.message
    assert hint in error.hint


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("toy_datasets[0]['evaluater'] = 1", r"datasets\.toy\.evaluater is not a known key"),
        ("toy_datasets[0]['splt'] = 'x'", r"datasets\.toy\.splt"),
        ("toy_datasets[0]['path'] = 1", r"datasets\.toy\.path is 1: expected `str`"),
        ("toy_datasets[0]['reader_cfg'] = dict()", r"reader_cfg is a key of another benchmark runner"),
        ("toy_datasets[0]['evaluator'] = dict(case=True)", r"evaluator must be dict\(type"),
        ("toy_datasets[0]['evaluator'] = dict(type=ToyRule, cse=True)", r"evaluator\.cse is not a known key"),
        ("toy_datasets[0]['prompt'] = [dict(role='narrator', content='x')]", r"prompt\.0"),
        ("del toy_datasets[0]['prompt']", r"datasets\.toy\.prompt is missing"),
        ("toy_datasets[0]['few_shot'] = dict(exmples=[])", r"few_shot\.exmples"),
        ("toy_datasets[0]['k'] = ['a']", r"datasets\.toy\.k\.0 is 'a'"),
        ("toy_datasets[0]['judge_infer_cfg'] = 'x'", r"judge_infer_cfg must be"),
        ("toy_datasets[0]['judge_infer_cfg']['inferencer'] = 1", r"judges\.judge\.inferencer is a key of another"),
        ("toy_datasets[0]['judge_infer_cfg']['methd'] = 1", r"judges\.judge\.methd is not a known key"),
        ("toy_datasets[0]['judge_infer_cfg']['method']['vtes'] = 1", r"judges\.judge\.method\.vtes"),
        (
            "toy_datasets[0]['judge_infer_cfg']['judge_model']['retires'] = 1",
            r"judges\.judge\.judge_model\.retires",
        ),
        ("del toy_datasets[0]['judge_infer_cfg']['judge_model']", r"judge_model must be dict"),
        ("toy_datasets[0]['abbr'] = '../../toy'", r"abbr is '\.\./\.\./toy', which cannot be a file name"),
        ("toy_datasets[0]['group'] = '../../toys'", r"datasets\.toy\.group is '\.\./\.\./toys', which cannot be a"),
        ("toy_datasets[0]['judge_infer_cfg']['abbr'] = 'a/b'", r"judges\.a/b\.abbr is 'a/b', which cannot be a file"),
    ],
)
def test_what_a_dataset_cannot_be_is_refused_naming_file_and_key(run, folder, line, said):
    path = folder / "datasets/toy.py"
    error = refused_with(run, path, line)
    assert re.search(said, error.message)
    assert str(path) in error.message


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_MODEL_KEYS = [field.name for field in msgspec.structs.fields(ServiceConfig)]


@settings(max_examples=300, deadline=None)
@given(key=st.sampled_from(_MODEL_KEYS) | st.text(max_size=10), value=_JSON | st.sampled_from(["${X}", "${X:-1}"]))
def test_whatever_a_model_key_holds_it_resolves_or_is_refused(key, value):
    declared = Declared("models", {"type": "VLLMCustomAPIChat", "abbr": "m", key: value}, "file.py")
    refusal = ""
    try:
        model = resolve_model(declared, {}, SecretStore({}))
    except (ConfigError, PrerequisiteError) as error:
        refusal = error.message
    if refusal:
        assert "models." in refusal
        return
    assert msgspec.to_builtins(msgspec.convert(model, VLLMCustomAPIChat.Config)) == model


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("models = []", r"m\.py: the list 'models' is empty", r"models = \[dict"),
        ("models = [dict(models[0]), dict(type=VLLMCustomAPIChat)]", r"models\[1\] lacks the key 'abbr'", "Add it"),
        ("models = [models[0], dict(models[0], retry=7)]", r"m\.py declares two models named 'm'", "another abbr"),
        ("models[0]['timeouts'] = 5", r"timeouts is 5: expected `dict`, got `int`", ""),
        ("raise RuntimeError('boom')", r"m\.py:\d+: RuntimeError: boom\.", ""),
    ],
)
def test_the_entry_the_list_and_the_kind_of_error_are_named(run, folder, text, said, hint):
    error = refused_with(run, folder / "models/m.py", text)
    assert re.search(said, error.message)
    assert re.search(hint, error.hint)


@pytest.mark.parametrize(("coding", "hint"), [("utf-8-sig", "byte order mark"), ("utf-16", "Save it as UTF-8")])
def test_a_config_in_another_encoding_is_refused_with_what_to_do(run, folder, coding, hint):
    path = folder / "models/m.py"
    path.write_bytes(path.read_text().lstrip().encode(coding))
    with pytest.raises(ConfigError, match=r"m\.py") as caught:
        run()
    assert hint in (caught.value.hint or "")
