from __future__ import annotations

import csv
import gzip
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgebench.datasets import CsvDataset
from judgebench.errors import DataError
from tests.datasets.sources import read_csv, written

TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), min_size=1, max_size=30).filter(
    str.strip
)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=5), newline=st.sampled_from(["\n", "\r\n"]))
def test_what_a_csv_writer_wrote_is_read_back(rows, newline, tmp_path_factory):
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator=newline, quoting=csv.QUOTE_ALL)
    writer.writerow(["question", "answer"])
    writer.writerows(rows)
    path = written(tmp_path_factory.mktemp("csv"), out.getvalue(), "d.csv")
    assert [(sample.fields["question"], sample.reference) for sample in read_csv(path)] == rows


def test_quoted_line_breaks_commas_and_a_bom_are_read(tmp_path):
    path = written(tmp_path, b'\xef\xbb\xbfquestion,answer\r\n"a,\nb ""c""",1\r\n\r\nd,2\r\n', "d.csv")
    assert [sample.fields["question"] for sample in read_csv(path)] == ['a,\nb "c"', "d"]


def test_a_file_without_header_takes_the_declared_columns(tmp_path):
    path = written(tmp_path, "q1,x,y,A\nq2,z,w,B\n", "d.csv")
    samples = read_csv(path, columns=["question", "A", "B", "answer"], input_columns=["question", "A"])
    assert [(sample.id, sample.fields["A"], sample.reference) for sample in samples] == [(0, "x", "A"), (1, "z", "B")]


def test_gzipped_and_other_delimiters(tmp_path):
    path = written(tmp_path, gzip.compress(b"question;answer\nq;1,5\n"), "d.csv.gz")
    assert read_csv(path, delimiter=";")[0].reference == "1,5"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty; a line with the names of the columns"),
        (b"question,answer\n", "has no rows"),
        (b"question,question\n1,2\n", "two columns have the same name"),
        (b'question,answer\n"a\nb",1\nc\n', "d.csv:4: 2 fields were expected (question, answer) and 1 found"),
        (b"question,answer\nq\x00,1\n", "d.csv:2: the row holds a NUL byte"),
        (b"question,answer\nq,1\n\xff,2\n", "not valid UTF-8"),
        (b'question,answer\n"q,1\n', "not valid CSV"),
        (b"question,gold\nq,1\n", "d.csv:2: the column 'answer' is missing (columns found: 'question', 'gold')"),
        (b"question,answer\nq,\n", "d.csv:2: the column 'answer' is empty"),
        (b"\xff\xfeq\x00", "is UTF-16 text"),
    ],
)
def test_a_bad_file_is_an_error_that_says_where(tmp_path, content, message):
    with pytest.raises(DataError) as caught:
        read_csv(written(tmp_path, content, "d.csv"))
    assert message in str(caught.value)


def test_rows_are_counted_not_lines(tmp_path):
    path = written(tmp_path, 'question,answer\n"a\nb",1\nc,2\n', "d.csv")
    assert CsvDataset(CsvDataset.Config(path=str(path), input_columns=["question"])).count(None) == 2
    assert CsvDataset(CsvDataset.Config(path=str(path), input_columns=["question"], limit=1)).count(None) == 1
