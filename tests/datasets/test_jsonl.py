from __future__ import annotations

import gzip
import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgebench.datasets import JsonlDataset
from judgebench.datasets.columns import uid_of
from judgebench.errors import DataError, MissingDataError
from tests.datasets.sources import read_jsonl, written


def test_rows_become_samples_with_row_number_key_and_metadata(tmp_path):
    path = written(
        tmp_path,
        '{"id": "x-1", "question": "One?", "answer": "1", "level": 3}\n\n{"id": 7, "question": "Two?", "answer": 2}\n',
    )
    first, second = read_jsonl(path, id_column="id", meta_columns=["level"])
    assert (first.id, first.key, first.fields, first.reference, first.meta) == (
        0, "x-1", {"question": "One?"}, "1", {"level": 3},
    )  # fmt: skip
    assert (second.id, second.key, second.reference, second.meta) == (1, "7", "2", {})


def test_columns_can_be_renamed_and_limited(tmp_path):
    path = written(tmp_path, '{"problem": "a", "answer": "1"}\n{"problem": "b", "answer": "2"}\n')
    samples = read_jsonl(path, input_columns=["problem"], rename={"problem": "question"}, limit=1)
    assert [sample.fields for sample in samples] == [{"question": "a"}]


@pytest.mark.parametrize(
    ("value", "reference"),
    [
        ("70", "70"),
        (70, "70"),
        (70.0, "70"),
        (0.5, "0.5"),
        (True, "true"),
        (["a", 2], ["a", "2"]),
        (10**30, str(10**30)),
    ],
)
def test_references_of_every_kind_become_text(tmp_path, value, reference):
    path = written(tmp_path, json.dumps({"question": "q", "answer": value}))
    assert read_jsonl(path)[0].reference == reference


def test_a_benchmark_of_judges_brings_answers_and_the_true_decision(tmp_path):
    path = written(tmp_path, '{"question": "q", "a": "x", "b": "y", "label": "A"}')
    (sample,) = read_jsonl(path, output_column="", answer_columns=["a", "b"], gold_column="label")
    assert (sample.answers, sample.gold, sample.reference) == (["x", "y"], "A", None)


def test_bom_crlf_line_separators_and_templates_in_the_text_survive(tmp_path):
    text = "a\u2028b\u2029c {answer} {{x}}\u0000"
    lines = [json.dumps({"question": text, "answer": "1"}, ensure_ascii=False) for _ in range(2)]
    path = written(tmp_path, b"\xef\xbb\xbf" + "\r\n".join(lines).encode() + b"\r\n")
    assert [sample.fields["question"] for sample in read_jsonl(path)] == [text, text]


def test_gzipped_files_are_read_and_a_cut_one_is_an_error_that_names_it(tmp_path):
    rows = "".join(json.dumps({"question": f"q{n}", "answer": str(n)}) + "\n" for n in range(2000))
    packed = gzip.compress(rows.encode())
    assert len(read_jsonl(written(tmp_path, packed, "ok.jsonl.gz"))) == 2000
    with pytest.raises(DataError, match=r"cut\.jsonl\.gz is a damaged gzip file"):
        read_jsonl(written(tmp_path, packed[: len(packed) // 2], "cut.jsonl.gz"))
    with pytest.raises(DataError, match="damaged gzip"):
        read_jsonl(written(tmp_path, b"no gzip", "not.jsonl.gz"))


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (b'{"question": "q"}', "the column 'answer' is missing (columns found: 'question')"),
        (b'{"question": "q", "answer": null}', "'answer' is empty (null)"),
        (b'{"question": "q", "answer": " "}', "'answer' is empty; the reference answer was expected"),
        (b'{"question": "q", "answer": []}', "'answer' is an empty list"),
        (b'{"question": "q", "answer": {"a": 1}}', "'answer' holds dict; a text, a number or a list was expected"),
        (b'{"question": "q", "answer": [null]}', "'answer' holds null"),
        (b'{"question": "q", "answer": NaN}', "NaN and Infinity are not JSON"),
        (b'{"question": "q", "answer": -Infinity}', "NaN and Infinity are not JSON"),
        (b'{"question": "q", "answer": 1e999}', "one JSON object was expected"),
        (b'{"question": "q\x00", "answer": "1"}', "NUL byte"),
        (b'{"question": "\xff", "answer": "1"}', "one JSON object was expected"),
        (b'{"question": "\\ud800", "answer": "1"}', "one JSON object was expected"),
        (b'["q", "1"]', "one JSON object was expected"),
        (b'{"question": "q", "answer": "1"', "one JSON object was expected"),
    ],
)
def test_a_bad_row_is_an_error_that_names_file_line_and_column(tmp_path, second, message):
    path = written(tmp_path, b'{"question": "ok", "answer": "1"}\n' + second + b"\n")
    with pytest.raises(DataError) as caught:
        read_jsonl(path)
    assert f"{path}:2" in str(caught.value)
    assert message in str(caught.value)


def test_deep_nesting_is_an_error_and_no_crash(tmp_path):
    path = written(tmp_path, b'{"question": ' + b"[" * 200_000 + b"}\n")
    with pytest.raises(DataError, match=":1: one JSON object was expected"):
        read_jsonl(path)


@pytest.mark.parametrize("content", [b"", b"\n \n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_an_error(tmp_path, content):
    with pytest.raises(DataError, match="is empty"):
        read_jsonl(written(tmp_path, content))


def test_a_json_array_and_utf16_are_recognised(tmp_path):
    with pytest.raises(DataError, match="JSON array was found"):
        read_jsonl(written(tmp_path, '[{"question": "q", "answer": "1"}]'))
    with pytest.raises(DataError, match="is UTF-16 text"):
        read_jsonl(written(tmp_path, '{"question": "q"}'.encode("utf-16")))


def test_a_key_that_occurs_twice_is_an_error_with_its_line(tmp_path):
    row = '{"id": "x", "question": "q", "answer": "1"}\n'
    path = written(tmp_path, row + row.replace('"x"', '"y"') + row)
    with pytest.raises(DataError, match=r"data\.jsonl:3: 'x' in the column 'id' is also in a previous row"):
        read_jsonl(path, id_column="id")


def test_the_uid_depends_on_the_content_and_on_nothing_else(tmp_path):
    one = read_jsonl(written(tmp_path, '{"question": "q", "answer": "1", "x": 1}', "a.jsonl"))[0]
    other = read_jsonl(written(tmp_path, '\n{"answer": 1.0, "question": "q"}', "b.jsonl"))[0]
    changed = read_jsonl(written(tmp_path, '{"question": "q", "answer": "2"}', "c.jsonl"))[0]
    assert one.uid == other.uid != changed.uid
    assert len(one.uid) == 16
    assert int(one.uid, 16) >= 0


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=5), st.text(max_size=20) | st.integers() | st.none(), max_size=5))
def test_the_uid_does_not_depend_on_the_order_of_columns(fields):
    assert uid_of(fields, "r") == uid_of(dict(reversed(fields.items())), "r")


def test_transforms_take_the_reference_out_and_refuse_what_does_not_suit(tmp_path):
    path = written(tmp_path, json.dumps({"question": "q", "answer": "so 2*3=6\n#### 1,234"}))
    assert read_jsonl(path, transforms=["after_hashes"])[0].reference == "1234"
    with pytest.raises(DataError, match=r":1: the column 'answer' does not suit the transform 'letter'"):
        read_jsonl(path, transforms=["letter"])
    with pytest.raises(DataError, match="no transform 'nope'") as caught:
        read_jsonl(path, transforms=["nope"])
    assert "after_hashes" in caught.value.hint
    letters = written(tmp_path, '{"question": "q", "answer": 2}\n{"question": "q", "answer": "c"}\n', "l.jsonl")
    assert [sample.reference for sample in read_jsonl(letters, transforms=["letter"])] == ["C", "C"]


def test_a_missing_file_says_where_to_put_it_and_in_which_schema(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JB_DATA_DIR", str(tmp_path / "env"))
    loader = JsonlDataset(
        JsonlDataset.Config(path="x/y.jsonl", input_columns=["question"], output_column="answer", id_column="id")
    )
    with pytest.raises(MissingDataError) as caught:
        loader.samples(tmp_path / "flag")
    for place in ("flag/x/y.jsonl", "env/x/y.jsonl", "data/x/y.jsonl"):
        assert str(tmp_path / place) in caught.value.message
    assert "--data-dir <folder>" in caught.value.hint
    assert '{"id":"a unique name","question":"...","answer":"the reference answer"}' in caught.value.hint


def test_the_folder_of_the_flag_goes_before_the_environment_before_the_current_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    places = {"flag": tmp_path / "flag", "env": tmp_path / "env", "here": tmp_path, "data": tmp_path / "data"}
    monkeypatch.setenv("JB_DATA_DIR", str(places["env"]))
    for name, folder in places.items():
        folder.mkdir(exist_ok=True)
        written(folder, json.dumps({"question": name, "answer": "1"}), "q.jsonl")
    loader = JsonlDataset(JsonlDataset.Config(path="q.jsonl", input_columns=["question"]))
    found = []
    for folder in places.values():
        found.append(next(loader.samples(places["flag"])).fields["question"])
        (folder / "q.jsonl").unlink()
    assert found == list(places)


def test_unknown_keys_of_the_loader_are_refused():
    with pytest.raises(msgspec.ValidationError, match="unknown field `pth`"):
        msgspec.convert({"pth": "x", "input_columns": []}, JsonlDataset.Config)


def test_rows_are_read_one_at_a_time(tmp_path):
    path = written(tmp_path, '{"question": "q", "answer": "1"}\n' + "no JSON\n")
    samples = JsonlDataset(
        JsonlDataset.Config(path=str(path), input_columns=["question"], output_column="answer")
    ).samples(None)
    assert next(samples).id == 0
    with pytest.raises(DataError, match=":2:"):
        next(samples)
