from __future__ import annotations

import json

import pyarrow as pa
import pytest
from pyarrow import parquet

from judgebench.config.custom import Sampling, sampling
from judgebench.config.resolve import load_run
from judgebench.datasets.samples import samples_of
from judgebench.errors import ConfigError, DataError, UsageError
from judgebench.records.request import CustomDataset, Selection
from judgebench.records.run import Options


@pytest.fixture
def resolve(folder, toys):
    def _resolve(path, judges=(), **custom):
        chosen = Selection(
            models=["m"], config_dirs=[str(folder)], judges=list(judges), custom=CustomDataset(path=str(path), **custom)
        )
        (dataset,) = load_run(chosen, {}).datasets.values()
        return dataset

    return _resolve


def jsonl(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def csv(path, text):
    path.write_text(text, "utf-8")
    return path


def test_questions_and_short_answers_are_scored_by_the_final_answer(resolve, tmp_path):
    dataset = resolve(jsonl(tmp_path / "my quiz.jsonl", {"question": "1+1?", "answer": "2", "level": 1}))
    assert dataset.abbr == "my quiz"
    assert dataset.loader.type.endswith("JsonlDataset")
    assert dataset.loader.options["path"] == str(tmp_path / "my quiz.jsonl")
    assert dataset.loader.options["input_columns"] == ["question"]
    assert dataset.loader.options["meta_columns"] == ["level"]
    assert dataset.loader.options["output_column"] == "answer"
    assert dataset.prompt == [{"role": "user", "content": "{question}"}]
    assert dataset.evaluator is not None
    assert dataset.evaluator.type.endswith("FinalAnswerEqual")


def test_keys_of_files_of_answers_are_refused(resolve, tmp_path):
    path = jsonl(tmp_path / "mine.jsonl", {"question": "1+1?", "answer": "2"})
    (tmp_path / "mine.jsonl.meta.json").write_text('{"id_column": "question"}')
    with pytest.raises(DataError, match="'id_column', which is only for files of --predictions"):
        resolve(path)


def test_columns_a_b_make_multiple_choice(resolve, tmp_path):
    dataset = resolve(csv(tmp_path / "c.csv", "question,A,B,C,answer\nq,1,2,3,B\n"))
    assert dataset.loader.type.endswith("CsvDataset")
    assert dataset.loader.options["input_columns"] == ["question", "A", "B", "C"]
    assert dataset.evaluator is not None
    assert dataset.evaluator.options["letters"] == "ABC"
    content = dataset.prompt[0]["content"]
    assert content.startswith("{question}\nA. {A}\nB. {B}\nC. {C}\n")
    assert "Answer: <letter>" in content


def test_the_data_type_can_be_chosen(resolve, tmp_path):
    path = csv(tmp_path / "c.csv", "question,A,B,answer\nq,1,2,B\n")
    assert resolve(path, data_type="qa").evaluator.type.endswith("FinalAnswerEqual")
    with pytest.raises(DataError, match="needs columns A, B"):
        resolve(csv(tmp_path / "d.csv", "question,A,answer\nq,1,A\n"), data_type="mcq")


def test_a_file_without_answers_is_for_judges_only(resolve, tmp_path):
    path = jsonl(tmp_path / "open.jsonl", {"question": "Why?"})
    assert resolve(path).evaluator is None
    (judge,) = resolve(path, judges=["m"]).judges
    assert judge.abbr == "m"
    assert judge.method.type.endswith("ReferenceVerifier")


def test_rule_and_judge_both_score_where_there_are_answers(resolve, tmp_path):
    dataset = resolve(jsonl(tmp_path / "quiz.jsonl", {"question": "1+1?", "answer": "2"}), judges=["m"])
    assert dataset.rows() == [("quiz", ""), ("quiz-m", "m")]


def test_a_context_goes_before_the_question_and_odd_names_are_renamed(resolve, tmp_path):
    dataset = resolve(csv(tmp_path / "c.csv", "id,question,context,answer\n1,q,c,a\n"))
    assert dataset.prompt[0]["content"] == "context: {context}\nquestion: {question}"
    dataset = resolve(csv(tmp_path / "d.csv", "Who is it?,2nd part,answer\na,b,c\n"))
    assert dataset.loader.options["rename"] == {"Who is it?": "Who_is_it", "2nd part": "field_2nd_part"}
    assert dataset.prompt[0]["content"] == "Who is it?: {Who_is_it}\n2nd part: {field_2nd_part}"


def test_the_prompt_renders_what_the_loader_reads(resolve, tmp_path):
    from judgebench import plugins
    from judgebench.content.prompts import render

    dataset = resolve(csv(tmp_path / "d.csv", "Who is it?,2nd part,answer\nShe,{b},c\n"))
    loader = plugins.load(dataset.loader.type, "datasets")
    import msgspec

    (sample,) = loader(msgspec.convert(dataset.loader.options, loader.Config)).samples()
    assert render(dataset.prompt, sample.fields)[0]["content"] == "Who is it?: She\n2nd part: {b}"
    assert sample.reference == "c"


def test_a_meta_file_names_columns_and_lengths(resolve, tmp_path):
    path = jsonl(tmp_path / "q.jsonl", {"q": "1+1?", "a": "2", "x": 1})
    meta = {
        "abbr": "sums", "input_columns": ["q"], "output_column": "a", "sampling_mode": "random", "request_count": 9,
        "output_config": {"method": "uniform", "params": {"min_value": 64, "max_value": 64}},
    }  # fmt: skip
    (tmp_path / "q.jsonl.meta.json").write_text(json.dumps(meta))
    dataset = resolve(path)
    assert (dataset.abbr, dataset.max_out_len) == ("sums", 64)
    assert dataset.loader.options["input_columns"] == ["q"]
    assert dataset.loader.options["output_column"] == "a"
    assert sampling(CustomDataset(path=str(path))) == Sampling(first=9, shuffle=0)


@pytest.mark.parametrize(
    ("meta", "said"),
    [
        ("[1]", "one JSON object"),
        ("{", "not JSON"),
        ('{"sampling_mod": 1}', "unknown key 'sampling_mod'"),
        ('{"input_columns": ["nope"]}', "no column 'nope'"),
        ('{"input_columns": "question"}', "list of column names"),
        ('{"data_type": "essay"}', "is not known"),
        ('{"output_config": {"method": "uniform", "params": {"min_value": 1, "max_value": 2}}}', "differ between"),
        ('{"output_config": {"params": {"min_value": [1], "max_value": [1]}}}', "not whole numbers"),
        ('{"output_config": {"params": 3}}', "not whole numbers"),
        ('{"output_config": {"method": "percentage", "params": {"percentage_distribute": [3]}}}', "not whole numbers"),
        ('{"output_config": {"method": "percentage", "params": {"percentage_distribute": 3}}}', "not whole numbers"),
        ('{"data_type": ["qa"]}', "is not known"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_meta_file_that_cannot_be_used_says_why(resolve, tmp_path, meta, said):
    path = jsonl(tmp_path / "q.jsonl", {"question": "1+1?", "answer": "2"})
    (tmp_path / "m.json").write_text(meta)
    with pytest.raises(DataError, match=said):
        resolve(path, meta_path=str(tmp_path / "m.json"))


def test_a_percentage_of_one_length_is_that_length(resolve, tmp_path):
    path = jsonl(tmp_path / "q.jsonl", {"question": "1+1?", "answer": "2"})
    shares = {"percentage_distribute": [[100, 0.5], [200, 0], [100, 0.5]]}
    meta = {"output_config": {"method": "percentage", "params": shares}}
    (tmp_path / "q.jsonl.meta.json").write_text(json.dumps(meta))
    assert resolve(path).max_out_len == 100


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("q.jsonl", b"\xff\xfe{", "not UTF-8 text"),
        ("q.jsonl", b'{"question":' * 100_000, "not JSON"),
        ("q.jsonl", b'{"question": ' + b"1" * 5000 + b"}", "not JSON"),
        ("q.csv", b"question,\xff\n", "not UTF-8 text"),
    ],
)
def test_a_file_that_is_no_text_or_json_is_a_data_error_that_names_it(resolve, tmp_path, name, data, said):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(DataError, match=said) as caught:
        resolve(tmp_path / name)
    assert name in caught.value.message


@pytest.mark.parametrize("count", [0, -1, "3", True, 1.5])
def test_a_request_count_is_a_number_from_one(tmp_path, count):
    path = jsonl(tmp_path / "q.jsonl", {"question": "1+1?"})
    (tmp_path / "q.jsonl.meta.json").write_text(json.dumps({"request_count": count}))
    with pytest.raises(DataError, match="request_count"):
        sampling(CustomDataset(path=str(path)))


def test_files_that_are_not_there_or_of_no_known_kind_are_usage_errors(resolve, tmp_path):
    with pytest.raises(UsageError, match="does not exist"):
        resolve(tmp_path / "none.jsonl")
    with pytest.raises(UsageError, match=r"neither \.jsonl nor \.csv"):
        resolve(csv(tmp_path / "a.txt", "x"))
    with pytest.raises(UsageError, match="meta file"):
        resolve(jsonl(tmp_path / "q.jsonl", {"question": "?"}), meta_path="none.json")


@pytest.mark.parametrize("text", ["", "not json\n", "[1]\n", "{}\n"])
def test_a_first_line_without_fields_is_a_data_error(resolve, tmp_path, text):
    path = tmp_path / "q.jsonl"
    path.write_text(text)
    with pytest.raises(DataError, match="first line"):
        resolve(path)


def test_a_file_name_becomes_a_safe_abbr(resolve, tmp_path):
    assert resolve(jsonl(tmp_path / ".données!.jsonl", {"question": "?"})).abbr == "donn_es_"


def test_an_abbr_of_the_meta_file_must_be_safe(resolve, tmp_path):
    path = jsonl(tmp_path / "q.jsonl", {"question": "?"})
    (tmp_path / "q.jsonl.meta.json").write_text('{"abbr": "../up"}')
    with pytest.raises(ConfigError, match="cannot be a file name"):
        resolve(path)


@pytest.mark.parametrize("sign", [";", "\t", "|"])
def test_another_separator_than_the_comma_is_named(resolve, tmp_path, sign):
    with pytest.raises(DataError, match=r"quiz\.csv:1: one column was found") as caught:
        resolve(csv(tmp_path / "quiz.csv", f"question{sign}answer\n1+1?{sign}2\n"))
    assert repr(sign) in caught.value.message


def test_a_file_that_is_no_data_file_is_told_what_one_is(resolve, tmp_path):
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(UsageError, match=r"neither \.jsonl nor \.csv") as caught:
        resolve(tmp_path / "list.json")
    assert "one object a line" in caught.value.hint
    (tmp_path / "folder.jsonl").mkdir()
    with pytest.raises(UsageError, match="is a folder"):
        resolve(tmp_path / "folder.jsonl")
    (tmp_path / "empty.jsonl").touch()
    with pytest.raises(DataError, match="first line") as nothing:
        resolve(tmp_path / "empty.jsonl")
    assert "For example" in nothing.value.hint


@pytest.mark.parametrize(
    ("header", "gold", "asked"),
    [
        ("question,reference", "reference", ["question"]),
        ("Question,Answer", "Answer", ["Question"]),
        ("text,Gold Answer", "Gold Answer", ["text"]),
        ("text, answer", "answer", ["text"]),
        ("question,solution,answer", "answer", ["question"]),
    ],
)
def test_the_gold_answer_is_found_under_its_usual_names_and_never_asked(resolve, tmp_path, header, gold, asked):
    dataset = resolve(csv(tmp_path / "c.csv", f"{header}\n{','.join('2' * (header.count(',') + 1))}\n"))
    assert dataset.loader.options["output_column"] == gold
    assert dataset.loader.options["input_columns"] == asked


def test_two_columns_that_may_hold_the_gold_answer_are_a_question_to_the_user(resolve, tmp_path):
    path = csv(tmp_path / "c.csv", "text,answer,Reference\nq,1,2\n")
    with pytest.raises(DataError, match="'answer' and 'Reference' may each hold the gold answer") as caught:
        resolve(path)
    assert 'c.csv.meta.json, such as {"output_column": "Reference"}' in caught.value.hint
    (tmp_path / "c.csv.meta.json").write_text('{"output_column": "answer"}')
    dataset = resolve(path)
    assert dataset.loader.options["output_column"] == "answer"
    assert dataset.loader.options["input_columns"] == ["text"]
    (tmp_path / "c.csv.meta.json").write_text('{"output_column": ""}')
    assert resolve(path).evaluator is None


def test_a_meta_file_that_names_no_column_of_the_file_is_refused(resolve, tmp_path):
    path = csv(tmp_path / "c.csv", "question,answer\nq,1\n")
    (tmp_path / "c.csv.meta.json").write_text('{"output_column": "gold"}')
    with pytest.raises(DataError, match="no column 'gold', which its meta file names: question, answer"):
        resolve(path)


@pytest.mark.parametrize(
    ("evaluator", "options"),
    [("AcceptedForms", {}), ({"type": "NumberEqual", "tolerance": "0.5"}, {"tolerance": "0.5"})],
)
def test_the_meta_file_may_choose_the_rule(resolve, tmp_path, evaluator, options):
    path = csv(tmp_path / "c.csv", "question,answer\nq,It is a long text that no rule would be taken for by itself\n")
    assert resolve(path).evaluator is None
    (tmp_path / "c.csv.meta.json").write_text(json.dumps({"evaluator": evaluator}))
    dataset = resolve(path)
    name = evaluator if isinstance(evaluator, str) else evaluator["type"]
    assert dataset.evaluator.type.endswith(name)
    assert options.items() <= dataset.evaluator.options.items()
    assert any(f"rule {name} (the meta file's)" in note for note in dataset.notes)


def test_a_rule_that_does_not_exist_names_the_key(resolve, tmp_path):
    path = csv(tmp_path / "c.csv", "question,answer\nq,1\n")
    (tmp_path / "c.csv.meta.json").write_text('{"evaluator": "AcceptedFroms"}')
    with pytest.raises(ConfigError, match="AcceptedFroms") as caught:
        resolve(path)
    assert "AcceptedForms" in caught.value.hint


@pytest.mark.parametrize(("texts", "rule"), [(1, True), (2, False)])
def test_one_text_in_ten_does_not_keep_the_rule_away(resolve, tmp_path, texts, rule):
    said = ["It depends on many things, all of which matter here."] * texts + ["Paris"] * (10 - texts)
    path = jsonl(tmp_path / "q.jsonl", *({"question": str(number), "answer": text} for number, text in enumerate(said)))
    assert (resolve(path).evaluator is not None) is rule


def test_a_broken_row_is_left_to_the_check_of_all_rows(resolve, tmp_path):
    path = jsonl(tmp_path / "q.jsonl", {"question": "1+1?", "answer": "2"})
    path.write_text(path.read_text() + "{broken\n")
    assert resolve(path).evaluator is not None


def test_the_page_documents_every_key_of_the_meta_file():
    from judgebench.config.custom import _META_KEYS
    from tests.docs.pages import page

    text = page("own-files.md")
    table = text[text.index("## The meta file") :]
    keys = [row.split("|")[1].strip(" `") for row in table.splitlines() if row.startswith("| `")]
    assert set(keys) == set(_META_KEYS)


def test_the_page_documents_every_name_of_the_gold_answer():
    from judgebench.config.custom import _GOLD_COLUMNS
    from tests.docs.pages import page

    spelt = {"references", "ref_answer", "groundtruth"}  # other spellings of those that are named
    assert [name for name in _GOLD_COLUMNS - spelt if f"`{name}`" not in page("own-files.md")] == []


def test_the_meta_file_names_the_columns_of_images(resolve, tmp_path):
    path = csv(tmp_path / "mm.tsv", "index\timage\tquestion\tanswer\n1\tiVBORw0KGgo\tWhat?\tcat\n")
    meta = {"image_columns": ["image"], "shared_images": "index"}
    (tmp_path / "mm.tsv.meta.json").write_text(json.dumps(meta))
    dataset = resolve(path)
    assert dataset.loader.options["shared_images"] == "index"
    assert dataset.prompt[0]["content"][0] == {"type": "image", "image": "{image}"}
    assert "images: 'image'" in dataset.notes[0]
    for wrong, message in (
        ({"image_columns": ["picture"]}, "no column 'picture'"),
        ({"image_columns": "image"}, "must be a list of column names"),
        ({"image_columns": ["image"], "placeholders": "yes"}, r"placeholders .* bool was expected"),
    ):
        (tmp_path / "mm.tsv.meta.json").write_text(json.dumps(wrong))
        with pytest.raises(DataError, match=message):
            resolve(path)
    rows = jsonl(tmp_path / "mm.jsonl", {"question": "What?", "image": "1.png", "answer": "cat"})
    (tmp_path / "mm.jsonl.meta.json").write_text(json.dumps(meta))
    with pytest.raises(DataError, match=r"shared_images .* is for CSV and TSV files"):
        resolve(rows)


def test_a_parquet_file_is_asked_as_any_other(resolve, tmp_path):
    path = tmp_path / "test-00000-of-00001.parquet"
    parquet.write_table(pa.table({"question": ["1+1?", "2+2?"], "answer": ["2", "4"], "level": [1, 2]}), path)
    data = resolve(path)
    assert data.loader.options["input_columns"] == ["question"]
    assert [(one.fields["question"], one.reference) for one in samples_of(data, Options())] == [
        ("1+1?", "2"),
        ("2+2?", "4"),
    ]
    path.write_bytes(b"PAR1")
    with pytest.raises(DataError, match="Parquet"):
        resolve(path)
