"""``python -m judgebench.cli.reference``: prints ``docs/command-line.md``, made from the parser."""

from __future__ import annotations

import argparse
import sys

from judgebench.cli.arguments import build_parser
from judgebench.errors import ExitCode

_INTRODUCTION = """\
# Command line

<!-- Made by: python -m judgebench.cli.reference > docs/command-line.md -->

```text
jb [CONFIG] --models NAME... --datasets NAME... [--judges NAME...] [flags]
```

With `jb --models M --datasets D`, the model M answers the questions of D, the judges judge the answers, and `jb` prints
the table. Names are those of config files (see [configuration](configuration.md)); `jb --list` shows them. A flag
that takes several values ends at the next flag, so write a CONFIG first.
"""

_VERBS = """\
## Other commands

| command | meaning |
| --- | --- |
| `jb ls [KIND] [PATTERN]` | list configs (`models`, `judges`, ...) or [types](types.md) (`parsers`, `metrics`, ...) |
| `jb ls --plugins` | list the installed plug-in packages, what each contains, and its problems |
| `jb show NAME [--override ...]` | print a resolved config, each key with the file and line that set it |
| `jb gate RUN --min CONDITION ...` | pass or fail a finished run by its intervals; see `jb gate --help` |
| `jb label draw RUN --n N ...` | draw answers for people to label; see [trust](trust.md) |
| `jb label RUN` | label the drawn answers in the terminal, one key each |
| `jb label add RUN FILE` | take in labels from a CSV or JSONL file |
| `jb label report RUN` | how far annotators and judge agree; may the judge replace them? |
| `jb label plan RUN --half-width 2` | how many more labels make the corrected score so sure |
| `jb compare RUN RUN` | did the model change, or the judge? Item by item, with intervals; see [trust](trust.md) |
| `jb compare RUN --again N` | ask the judges N times again: how often do they decide otherwise? |
| `jb audit RUN --expected TABLE` | compare published figures with ours: [auditing a paper](audit.md) |
| `jb simulate coverage` | what intervals, metrics, gates and plans are worth: [simulation](simulation.md) |
| `jb train judge --judge JUDGE --data FILE --out DIR` | [train](judges/train-a-judge.md) the model of a judge |
| `jb try JUDGE --question TEXT --answer TEXT ...` | look at one answer: prompt, reply, verdict; `--web`: on a page |
| `jb serve JUDGE` | offer a judge [over HTTP](serving.md), with a page to try it |
| `jb items RUN [ROW [ID]] [--wrong] [--unread] ...` | show [items](items.md): wrong, unread, doubtful, or one |
| `jb export RUN --to FORMAT [--out FILE]` | write the items for [other programs](export.md): CSV, inspect, ... |
| `jb train prompt --judge A B ... --data FILE` | [choose](judges/choose-a-prompt.md) the best of several judges |
| `jb train probe --from RUN` (or `--data FILE`) | train a judge that reads [hidden states](judges/probes.md) |
| `jb train surrogate --data FILE --out DIR` | learn a judge of pairs that [asks no model](judges/surrogate.md) |
| `jb score FILE --probes DIR` | score question and answer pairs by such probes, without a run |
| `jb items RUN --parser NAME ...` | show the replies that another parser would read differently; sends nothing |
| `jb jobs RUN` | list the jobs of a run [on a cluster](clusters.md); `--stop` ends them |
| `jb merge DIR...` | make [one run of the runs of all shards](clusters.md#one-dataset-on-many-nodes); asks nothing |
| `jb requests [RUN] --out FILE` | write what a run still has to ask into [a file](batch.md#files-for-any-farm) |
| `jb replies RUN FILE...` | take the answers of such a file, and score what is complete |
| `jb view [RUN or FOLDER ...]` | look at runs in a browser on this machine; see [the viewer](viewer.md) |
| `jb schema [RECORD]` | print the JSON Schema of a record in a run folder; without RECORD, list the records |
| `jb run ...` | the same as `jb ...` |

Completion of flags and registered names: `source <(jb --print-completion bash)`, likewise `zsh`;
`jb --print-completion fish | source`.
"""

_MEANINGS = {
    ExitCode.DONE: "done",
    ExitCode.BUG: "a bug in jb",
    ExitCode.USAGE: "wrong flags, names or configs; nothing was run",
    ExitCode.PREREQUISITE: "something is missing: a service, a key, data, disk space, a package",
    ExitCode.ITEMS_FAILED: "finished, but more items failed or stayed unscored than allowed",
    ExitCode.GATE_FAILED: "a gate failed",
    ExitCode.GATE_UNDECIDED: "a gate could not decide, for example because the interval contains the bound",
    ExitCode.BUDGET_REACHED: "a limit is reached (`--max-calls`, `--max-tokens`, `--max-cost`); what came back is kept",
    ExitCode.WAITING: "answers are still to come: batches go on at a provider, or a file of requests is to be answered",
    ExitCode.INTERRUPTED: "interrupted; the last lines say how to resume",
}
"""Meanings of the exit codes that a command can end with."""


def reference() -> str:
    """Return the text of ``docs/command-line.md``."""
    parts = [_INTRODUCTION]
    for title, actions in build_parser().grouped():
        parts += [f"## {title[:1].upper()}{title[1:]}", "", "| flag | meaning |", "| --- | --- |"]
        parts += [f"| {_flag(action)} | {_meaning(action)} |" for action in actions]
        parts.append("")
    parts += [_VERBS, "## Exit codes", "", "| code | meaning |", "| --- | --- |"]
    parts += [f"| {int(code)} | {meaning} |" for code, meaning in _MEANINGS.items()]
    return "\n".join(parts) + "\n"


def _flag(action: argparse.Action) -> str:
    value = action.metavar if isinstance(action.metavar, str) else ""
    if not value and action.choices:
        value = "{" + ",".join(str(choice) for choice in action.choices) + "}"
    if action.nargs == "?":
        value = f"[{value}]"
    elif action.nargs == "+":
        value = f"{value}..."
    names = [flag for flag in action.option_strings if not flag.startswith("--no-") or len(action.option_strings) == 1]
    return f"`{' '.join(part for part in (', '.join(names), value) if part)}`".replace("|", "\\|")


def _meaning(action: argparse.Action) -> str:
    text = (action.help or "").replace("|", "\\|").replace("<", "\\<")
    return (
        f"{text} (undo: `{action.option_strings[1]}`)"
        if len(action.option_strings) == 2 and (action.option_strings[1].startswith("--no-"))
        else text
    )


if __name__ == "__main__":
    sys.stdout.write(reference())
