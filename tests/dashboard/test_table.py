"""The board's figures and the layout of its table."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgebench.dashboard.board import (
    Notice,
    TaskRow,
    at_work_first,
    clock_text,
    failure_lines,
    rate_text,
    whole_run_text,
)
from judgebench.dashboard.table import cells, counts_text, lay_out, page_of, wrapped
from judgebench.errors import one_line, visible
from judgebench.stages.progress import Progress


def row(name: str = "vllm-api-general-chat/aime2025", stage: str = "infer", **counts: object) -> TaskRow:
    made = TaskRow(id=name, name=name, stage=stage, log=f"logs/infer/{name}.out")
    if counts:
        made.start(2818438, 0.0)
        made.report(Progress(task=name, state="running", **counts), 10.0)
    return made


def text_of(one: TaskRow, width: int = 400, now: float = 10.0) -> dict[str, str]:
    layout = lay_out([one], width, 30)
    return dict(zip(layout.widths, (" ".join(lines) for lines in cells(one, layout, now)), strict=True))


def test_time_in_a_queue_is_no_time_of_the_task() -> None:
    one = TaskRow(id="x", name="x", stage="infer", log="")
    one.start(0, 0.0)
    one.report(Progress(task="x", state="queued", note="Priority"), 1.0)
    assert text_of(one, now=90.0)["Status"] == "queued: Priority"
    one.report(Progress(task="x", state="starting"), 100.0)
    one.report(Progress(task="x", state="running", done=20, total=40), 110.0)
    assert one.rate(110.0) == 2.0
    assert one.seconds(110.0) == 10.0


def test_cells_say_what_the_reference_page_says() -> None:
    said = text_of(row(done=30, total=30, post=30, recv=30, finish=30), now=15.0)
    assert said["Task Name"] == "vllm-api-general-chat/aime2025"
    assert said["Process"] == "2818438"
    assert said["Progress"] == f"[{'#' * 30}] 30/30 [2.0 it/s]"
    assert said["Time Cost"] == "0:00:15"
    assert said["Log Path"] == "logs/infer/vllm-api-general-chat/aime2025.out"
    assert said["Extend Parameters"] == "{'POST': 30, 'RECV': 30, 'FINISH': 30, 'FAIL': 0}"


def test_a_stage_without_items_says_na_and_none() -> None:
    said = text_of(row(stage="extract", done=-1))
    assert said["Progress"] == "NA"
    assert said["Extend Parameters"] == "None"


def test_unparsed_and_requests_in_flight_are_counted_where_there_are_any() -> None:
    assert counts_text(row(stage="judge", unparsed=3, in_flight=7, limit=12)).endswith(
        "'UNPARSED': 3, 'FLIGHT': '7/12'}"
    )


def test_rate_leaves_out_what_was_kept_and_eta_follows_from_it() -> None:
    one = TaskRow(id="x", name="x", stage="infer", log="")
    one.start(1, 0.0)
    one.report(Progress(task="x", state="running", done=100, kept=100, total=200), 0.0)
    one.report(Progress(task="x", state="running", done=120, kept=100, total=200, tokens=400), 10.0)
    assert one.rate(10.0) == pytest.approx(2.0)
    assert one.token_rate(10.0) == pytest.approx(40.0)
    assert one.eta(10.0) == pytest.approx(40.0)


def test_rate_leaves_out_what_turns_out_to_be_kept_only_while_the_task_runs() -> None:
    one = TaskRow(id="x", name="x", stage="infer", log="")
    one.start(1, 0.0)
    one.report(Progress(task="x", state="running", done=0, kept=0, total=200), 0.0)
    one.report(Progress(task="x", state="running", done=110, kept=100, total=200), 5.0)
    assert one.rate(5.0) == pytest.approx(2.0)
    assert one.eta(5.0) == pytest.approx(45.0)


def test_rate_follows_the_last_seconds_while_running_and_the_whole_when_over() -> None:
    one = TaskRow(id="x", name="x", stage="infer", log="")
    one.start(1, 0.0)
    for second in range(100):
        one.report(Progress(task="x", state="running", done=second * 10, total=10_000), float(second))
    for second in range(100, 140):
        one.report(Progress(task="x", state="running", done=990 + second - 100, total=10_000), float(second))
    assert one.rate(140.0) == pytest.approx(1.0, rel=0.2)
    one.end("finish", 140.0)
    assert one.rate(999.0) == pytest.approx(1029 / 140, rel=0.01)
    assert one.eta(999.0) is None


def test_status_holds_the_note_while_running_and_a_final_report_does_not_end_a_row() -> None:
    one = row(note="backing off 12 s (429)", total=3)
    assert text_of(one)["Status"].startswith("running: backing off")
    one.status = "backing-off"
    assert text_of(one)["Status"].startswith("backing off 12 s")
    one.report(Progress(task="x", state="finish", done=3, total=3), 11.0)
    assert not one.over


@given(st.integers(40, 300), st.integers(10, 80), st.integers(1, 300))
def test_every_layout_fits_its_window_and_pages_cover_each_row_once(width: int, height: int, size: int) -> None:
    rows = [row(f"model-{number}/a-rather-long-data-set-name") for number in range(size)]
    layout = lay_out(rows, width, height)
    assert "Task Name" in layout.widths
    assert sum(layout.widths.values()) + 3 * len(layout.widths) + 1 <= width
    shown = [one.id for page in range(layout.pages) for one in page_of(rows, layout, page)]
    assert shown == [one.id for one in rows]
    if layout.per_page > 1:
        assert layout.per_page * layout.row_lines + layout.header_lines + 3 <= height
    for lines, cell_width in zip(cells(rows[0], layout, 0.0), layout.widths.values(), strict=True):
        assert len(lines) <= layout.row_lines
        assert all(len(line) <= cell_width for line in lines)


def test_the_narrowest_table_keeps_the_figures_and_drops_the_bar() -> None:
    said = text_of(row(done=30, total=60), width=40)
    assert set(said) == {"Task Name", "Progress", "Status"}
    assert said["Progress"].replace(" ", "") == "30/60[3.0it/s]"
    assert said["Status"] == "running"


@given(st.text(), st.integers(1, 60), st.integers(1, 4))
def test_wrapped_never_exceeds_and_marks_cuts(text: str, width: int, most: int) -> None:
    lines = wrapped(text, width, most)
    assert len(lines) <= most
    assert all(len(line) <= width for line in lines)
    if not lines[-1].endswith("…"):
        assert "".join("".join(lines).split()) == "".join(text.split())


@given(st.text())
def test_shown_text_cannot_steer_a_terminal(text: str) -> None:
    shown = visible(text)
    assert all(character in "\n\t" or unicodedata.category(character) not in {"Cc", "Cs"} for character in shown)
    assert "\n" not in one_line(text)
    assert "\u202e" not in visible(text + "\u202e")


def test_one_line_is_cut_and_marked() -> None:
    assert one_line("a\r\n b\u2028c", limit=20) == "a b c"
    assert one_line("x" * 30, limit=10) == "x" * 9 + "…"


def test_texts_of_figures() -> None:
    assert [rate_text(value) for value in (0.0, 0.04, 1.96, 117.4)] == ["0.0", "0.04", "2.0", "117"]
    assert clock_text(3723.9) == "1:02:03"


def test_failure_lines_hold_cause_hint_log_and_last_lines() -> None:
    one = row(total=1)
    one.tail = ["last words"]
    one.end("error", 2.0, error="It \x1b[31mbroke.", hint="Do this.")
    assert failure_lines(one, "outputs/x") == [
        "infer vllm-api-general-chat/aime2025: It \\x1b[31mbroke.",
        "  Do this.",
        "  Last lines of outputs/x/logs/infer/vllm-api-general-chat/aime2025.out:",
        "    last words",
    ]


def test_tasks_at_work_come_first_and_finished_ones_last() -> None:
    rows = [TaskRow(id=name, name=name, stage="infer", log="") for name in ("done", "waits", "broke", "works", "next")]
    for one in rows:
        if one.id in {"done", "broke", "works"}:
            one.start(1, 0.0)
    rows[0].end("finish", 1.0)
    rows[2].end("error", 1.0, error="It broke.")
    assert [one.id for one in at_work_first(rows)] == ["works", "broke", "waits", "next", "done"]


def test_the_whole_run_says_how_far_it_is_and_what_is_left() -> None:
    rows = [TaskRow(id=str(at), name=str(at), stage="judge", log="") for at in range(4)]
    rows.append(TaskRow(id="summarize", name="summary", stage="summarize", log=""))
    assert whole_run_text(rows, 100.0) == "0 of 5 tasks ended, 0 at work; 0% done"
    rows[0].start(1, 100.0)
    rows[0].end("finish", 110.0)
    rows[1].start(1, 100.0)
    rows[1].report(Progress(task="1", state="launching"), 105.0)
    assert whole_run_text(rows, 120.0) == "1 of 5 tasks ended, 1 at work; 25% done", "nothing has a pace"
    rows[1].report(Progress(task="1", state="running", done=60, total=110, kept=10), 120.0)
    assert whole_run_text(rows, 120.0) == "1 of 5 tasks ended, 1 at work; 38% done, about 0:00:33 left"
    for one in rows:
        one.end("finish", 130.0)
    assert whole_run_text(rows, 130.0) == "5 of 5 tasks ended, 0 at work; 100% done"


def test_tasks_that_fail_for_one_reason_tell_it_once() -> None:
    told = Notice()
    first, second, other = row("m/a", "infer"), row("m/b", "infer"), row("m/c", "judge")
    for one, why in ((first, "The service is gone."), (second, "The service is gone."), (other, "Another reason.")):
        one.end("error", 2.0, error=why, hint="Start it.")
    assert told.lines(first, "x")[0] == "infer m/a: The service is gone."
    assert told.lines(second, "x") == ["infer m/b: the same as infer m/a"]
    assert told.lines(other, "x")[:2] == ["judge m/c: Another reason.", "  Start it."]
    assert told.lines(first, "x")[0] == "infer m/a: The service is gone.", "asked again, it says the same"


def test_rows_of_one_name_are_told_apart_where_the_column_of_stages_is_gone() -> None:
    """A judge's row and that of its extraction have one name, and 60 columns hold no stage."""
    rows = [row("m/d-judge", "judge", done=1, total=2), row("m/d-judge", "extract"), row("summary", "summarize")]
    layout = lay_out(rows, 60, 30)
    assert "Stage" in layout.hidden
    assert [cells(one, layout, 10.0)[0] for one in rows] == [["judge m/d-judge"], ["extract m/d-judge"], ["summary"]]
