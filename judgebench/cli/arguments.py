"""The flags of ``jb``: the parser, and what a parsed command line asks for.

Only argparse is imported here, so that ``jb --help`` stays fast; the request's types are imported when one is made.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Literal

from judgebench.cli.parser import (
    ALL,
    Parser,
    cost_or_none,
    count_or_all,
    percentage,
    scale,
    share,
    whole_from,
)
from judgebench.errors import UsageError

if TYPE_CHECKING:
    from judgebench.records.request import CustomDataset, RunRequest

MODES = ("all", "infer", "judge", "infer_judge", "eval", "viz")
_NEEDS_RUN = ("judge", "eval", "viz")
_SHELLS = ("bash", "zsh", "fish")

_EXAMPLES = """\
examples:
  jb --models vllm_api_general_chat --datasets aime2025_llmjudge
      ask the model, ask the judge, print the table
  jb --models vllm_api_general_chat --datasets gsm8k_gen --num-prompts 5 \\
     --override models.vllm-api-general-chat.host_port=9000
      a short trial run, with the model's service on another port
  jb --reuse --mode eval
      compute the results of the latest run again; a finished run sends nothing

commands (jb COMMAND --help says more):
  jb ls [KIND] [PATTERN]         list the available configs
  jb show NAME                   print a resolved config, key by key
  jb items RUN [ROW [ID]]        look at the items that are wrong or doubtful
  jb view [RUN or FOLDER]        look at runs in a browser on this machine
  jb compare RUN RUN             did the model change, or the judge?
  jb gate RUN --min CONDITION    pass or fail a finished run
  jb label RUN                   label answers, and correct the score by them
  jb export RUN --to FORMAT      write the items for other programs
  jb try JUDGE --answer TEXT     let a judge look at one answer now
  jb serve JUDGE                 offer a judge over HTTP, with a page to try it
  jb train KIND                  learn a judge from judgments or labels
  jb score FILE --probes DIR     score answers by trained probes
  jb jobs RUN                    list the jobs of a run on a cluster
  jb merge DIR...                make one run of the runs of all shards
  jb requests RUN --out FILE     write what a run still has to ask into a file
  jb replies RUN FILE            take the answers of such a file
  jb audit RUN --expected TABLE  compare published figures with a run's
  jb simulate WHAT               what intervals, metrics and gates are worth
  jb schema [RECORD]             print the JSON Schema of a record of a run
  jb run ...                     the same as jb ...

exit codes:
  0  done                     4  too many items failed or stayed unscored
  1  a bug in jb              5  gate failed
  2  wrong usage or config    6  gate undecided
  3  something is missing (service, key, data, disk space)
  7  a limit is reached (--max-calls, --max-tokens, --max-cost)
  8  answers are still to come (jb --reuse fetches them)
  130  interrupted (jb says how to resume)
"""


def build_parser() -> Parser:
    """Return the parser of ``jb`` without its verbs."""
    parser = Parser(
        prog="jb",
        description="Run benchmarks in which one model answers and another model judges.",
        usage="jb [CONFIG] --models NAME... --datasets NAME... [flags]",
        epilog=_EXAMPLES,
        allow_abbrev=False,
        add_help=False,
    )
    _add_selection(parser)
    _add_stages(parser)
    _add_samples(parser)
    _add_limits(parser)
    _add_custom(parser)
    _add_predictions(parser)
    _add_results(parser)
    _add_lookup(parser)
    return parser


def _add_selection(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what to run")
    group.add_argument("config", nargs="?", default="", metavar="CONFIG", help="config file with models, datasets, ...")
    _names(group, "--models", "model configs to test")
    _names(group, "--datasets", "dataset configs; NAME/SUFFIX takes only the lists whose names end in SUFFIX")
    _names(group, "--judges", "judge (or model) configs that replace the datasets' own judges")
    group.add_argument(
        "--summarizer", default="default", metavar="NAME", help="config with the order and groups of the table"
    )
    meaning = "change config values: models.<abbr>.<key>=<value>, also judges, datasets; * means every abbr"
    _names(group, "--override", meaning, "KEY=VALUE")
    group.add_argument(
        "--config-dir", action="append", default=[], metavar="DIR",
        help="your own configs: a folder with models/, datasets/, judges/, ... (default: ./configs)",
    )  # fmt: skip
    group.add_argument("--data-dir", default="", metavar="DIR", help="folder of data files (default: $JB_DATA_DIR)")


def _add_stages(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("how to run it")
    group.add_argument(
        "-m", "--mode", choices=MODES, default="all", metavar="MODE",
        help="stages to run: all, infer, judge, infer_judge, eval (verdicts, metrics, table), viz (table)",
    )  # fmt: skip
    group.add_argument(
        "-r", "--reuse", nargs="?", const="latest", metavar="RUN",
        help="continue a run (the latest, a timestamp, or its folder): only what is missing or failed is asked again",
    )  # fmt: skip
    group.add_argument(
        "-w",
        "--work-dir",
        default="outputs/default",
        metavar="DIR",
        help="folder for the run folders (default: outputs/default)",
    )
    group.add_argument(
        "--max-num-workers", type=whole_from(1), default=4, metavar="N", help="maximum number of tasks at once"
    )
    group.add_argument(
        "--shards", type=whole_from(1), default=0, metavar="N",
        help="divide each dataset into N parts, each with tasks of its own; the results are the same",
    )  # fmt: skip
    group.add_argument("--executor", default="", metavar="NAME", help="where tasks run (default: on this machine)")
    _names(group, "--listeners", "listener configs: what else hears the run")
    group.add_argument("--no-overlap", action="store_true", help="start judging only after the last answer")
    group.add_argument("--merge-ds", action="store_true", help="run the sub-datasets of one group as one task")
    group.add_argument(
        "--retry-failed", action=argparse.BooleanOptionalAction, default=True,
        help="with --reuse: ask again what failed (default: yes)",
    )  # fmt: skip
    group.add_argument("--rejudge", action="store_true", help="with --reuse: judge everything again")
    group.add_argument(
        "--redo-changed", action="store_true", help="with --reuse: ask items again whose settings changed"
    )
    group.add_argument(
        "--dedup", action="store_true", help="ask identical questions of a task only once if the temperature is 0"
    )
    group.add_argument(
        "--cache",
        default="",
        metavar="DIR",
        help="cache replies in DIR across runs; send no request whose reply is cached",
    )
    group.add_argument(
        "--labels",
        default="",
        metavar="FILE",
        help="people's labels (CSV or JSONL) that correct the scores; they count where the answer is the same",
    )
    group.add_argument(
        "--dry-run",
        action="store_true",
        help="print the tasks, what they will ask and what that will cost; send nothing",
    )
    group.add_argument("--no-preflight", action="store_true", help="skip the checks before the first request")
    group.add_argument(
        "--go-on", action="store_true", help="run although the first calls were refused or could not be read"
    )
    group.add_argument(
        "--debug", action="store_true", help="log to the terminal, run one task at a time, show full tracebacks"
    )


def _add_samples(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("which samples")
    group.add_argument(
        "--num-prompts",
        type=count_or_all,
        metavar="N",
        help="only the first N samples of each dataset; none: all, also of a run that had a limit",
    )
    _names(group, "--ids", "only these samples: row numbers from 0, ranges such as 3-9, or the data's own keys", "ID")
    group.add_argument(
        "--shuffle", type=whole_from(0), metavar="SEED", help="ask in a random order, the same for the same SEED",
    )  # fmt: skip
    group.add_argument(
        "--shard", default="", metavar="I/N",
        help="only part I of N, from 0, for jb merge; auto or auto/N: as a job array (Slurm, Kubernetes) numbers it",
    )  # fmt: skip
    group.add_argument(
        "--num-warmups",
        type=whole_from(0),
        default=0,
        metavar="N",
        help="warm-up requests before the first measured one",
    )


def _add_limits(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what it may cost")
    group.add_argument(
        "--max-calls", type=count_or_all, metavar="N",
        help="stop with exit code 7 after N requests in all, also over --reuse; none: lift the limit of a run",
    )  # fmt: skip
    group.add_argument("--max-tokens", type=count_or_all, metavar="N", help="likewise after N tokens, read and written")
    group.add_argument("--max-cost", type=cost_or_none, metavar="AMOUNT", help="likewise after a cost: 5 (USD) or 5EUR")
    group.add_argument(
        "--prices", default="", metavar="FILE",
        help=".json or .csv with the prices of models, before those of the configs and of genai-prices",
    )  # fmt: skip


def _add_custom(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("your own data file")
    group.add_argument(
        "--custom-dataset-path", metavar="FILE", help=".jsonl, .csv, .tsv or .parquet with question and answer columns"
    )
    group.add_argument(
        "--custom-dataset-meta-path", default="", metavar="FILE", help="its meta file (default: FILE.meta.json)"
    )
    group.add_argument(
        "--custom-dataset-data-type", choices=("qa", "mcq"), default="", help="default: mcq with columns A, B, ..."
    )
    group.add_argument(
        "--custom-dataset-infer-method",
        choices=("gen",),
        default="gen",
        help="how the model answers; gen is the only way",
    )


def _add_predictions(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("answers that you already have")
    group.add_argument(
        "--predictions", default="", metavar="FILE",
        help=".jsonl, .csv, .tsv or .parquet with a column prediction, response or output; no model is asked",
    )  # fmt: skip
    group.add_argument("--rubric", default="", metavar="FILE", help="text file with the rubric by which --judges score")
    group.add_argument("--scale", type=scale, metavar="LOW-HIGH", help="scale of the --rubric, such as 1-5")
    group.add_argument(
        "--out", default="", metavar="FILE", help="write each row of --predictions with its verdict: .csv or .jsonl"
    )


def _add_results(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("results")
    group.add_argument(
        "--max-fail-rate", type=share, default=None, metavar="SHARE",
        help="stop with exit code 4 if more than this share of items fails (default: finish, then 4 if any failed)",
    )  # fmt: skip
    group.add_argument(
        "--min-scored",
        type=percentage,
        metavar="PERCENT",
        help="exit with code 4 if less than this percentage of items is scored (default: if none of a row is)",
    )
    group.add_argument("--gate", default="", metavar="FILE", help="apply the gate conditions in FILE at the end")
    group.add_argument(
        "--stop-when-decided", action="store_true",
        help="ask in random order, and stop as soon as every rule of the --gate is decided",
    )  # fmt: skip
    group.add_argument("--dump-eval-details", action="store_true", help="write every item into the results")
    group.add_argument(
        "--dump-extract-rate",
        action="store_true",
        help="report the share of answers from which a final answer could be extracted",
    )
    group.add_argument(
        "--json", action="store_true", help="print one JSON event per line on stdout, all else on stderr"
    )


def _add_lookup(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("looking things up")
    group.add_argument("-s", "--search", action="store_true", help="print the config file behind each name")
    group.add_argument(
        "--list", nargs="?", const="", metavar="PATTERN", help="list the configs, or those whose name contains PATTERN"
    )
    group.add_argument("--show", metavar="NAME", help="print a resolved config and the file each key came from")
    group.add_argument("--print-completion", choices=_SHELLS, metavar="SHELL", help="print a completion script")
    group.add_argument("--version", action="store_true", help="print the version")
    group.add_argument("-h", "--help", action="store_true", help="print this help")


def to_request(args: argparse.Namespace) -> RunRequest:
    """Return the run that a parsed command line asks for.

    Raises:
        UsageError: Flags that do not fit together.
        DataError: A meta file of custom data that cannot be used.
    """
    import os

    from judgebench.records.request import Rubric, RunRequest, Selection
    from judgebench.records.run import Options

    check_together(args)
    ids = [part for text in args.ids for part in text.split(",") if part.strip()]
    if args.ids and not ids:
        raise UsageError("--ids names no sample.", hint="Write row numbers, ranges such as 3-9, or keys.")
    custom = _custom(args)
    count, shuffle = _sampling(args, custom)
    rubric = Rubric(path=args.rubric, low=args.scale[0], high=args.scale[1]) if args.rubric else None
    options = Options(
        num_prompts=count,
        ids=ids,
        shuffle=shuffle,
        shards=args.shards,
        shard=_shard(args.shard),
        num_warmups=args.num_warmups,
        retry_failed=args.retry_failed,
        rejudge=args.rejudge,
        redo_changed=args.redo_changed,
        max_fail_rate=args.max_fail_rate,
        min_scored=args.min_scored,
        dump_details=args.dump_eval_details or bool(args.out),
        dump_extract_rate=args.dump_extract_rate,
        data_dir=args.data_dir or os.environ.get("JB_DATA_DIR", ""),
        dedup=args.dedup,
        cache=args.cache,
        max_calls=args.max_calls or None,
        max_tokens=args.max_tokens or None,
        max_cost=args.max_cost[0] or None if args.max_cost else None,
        currency=args.max_cost[1] or "USD" if args.max_cost else "USD",
        labels=os.path.abspath(args.labels) if args.labels else "",  # noqa: PTH100 - no pathlib at start-up
        preflight=not args.no_preflight,
        go_on=args.go_on,
        debug=args.debug,
    )
    return RunRequest(
        selection=Selection(
            config=args.config,
            models=args.models,
            datasets=args.datasets,
            judges=args.judges,
            summarizer=args.summarizer,
            executor=args.executor,
            listeners=args.listeners,
            config_dirs=args.config_dir,
            overrides=args.override,
            custom=custom,
            predictions=args.predictions,
            rubric=rubric,
        ),
        mode=args.mode,
        work_dir=args.work_dir,
        reuse=args.reuse,
        max_num_workers=args.max_num_workers,
        overlap=not args.no_overlap,
        merge_datasets=args.merge_ds,
        dry_run=args.dry_run,
        json_events=args.json,
        gate=args.gate,
        out=args.out,
        all_samples=args.num_prompts == ALL,
        lifted=_lifted(args),
        prices=args.prices,
        stop_when_decided=args.stop_when_decided,
        options=options,
    )


def _shard(text: str) -> str:
    if not text:
        return ""
    import os

    from judgebench.cli.shard import shard_in

    return str(shard_in(text, os.environ))


def _lifted(args: argparse.Namespace) -> list[Literal["max_calls", "max_tokens", "max_cost"]]:
    lifted: list[Literal["max_calls", "max_tokens", "max_cost"]] = []
    if args.max_calls == ALL:
        lifted.append("max_calls")
    if args.max_tokens == ALL:
        lifted.append("max_tokens")
    if args.max_cost and args.max_cost[0] == ALL:
        lifted.append("max_cost")
    return lifted


def check_together(args: argparse.Namespace) -> None:
    """Refuse flags that do not fit together.

    Raises:
        UsageError: A mode without a run to work on, or a flag without the one it belongs to.
    """
    if args.mode in _NEEDS_RUN and args.reuse is None:
        raise UsageError(
            f"--mode {args.mode} works on the answers of a previous run, but --reuse is missing.",
            hint="Add --reuse for the latest run, or --reuse TIMESTAMP.",
        )
    if args.reuse is None and (args.rejudge or args.redo_changed):
        flag = "--rejudge" if args.rejudge else "--redo-changed"
        raise UsageError(f"{flag} needs a previous run, but --reuse is missing.", hint=f"Write: --reuse {flag}")
    if args.reuse and args.reuse.endswith(".py"):
        raise UsageError(
            f"--reuse takes a timestamp, not the file {args.reuse!r}.",
            hint=f"Put the config file first: jb {args.reuse} --reuse",
        )
    if not args.custom_dataset_path and (args.custom_dataset_meta_path or args.custom_dataset_data_type):
        raise UsageError("The flags of custom data need --custom-dataset-path.")
    if args.stop_when_decided and not args.gate:
        raise UsageError("--stop-when-decided needs --gate.", hint="Write: --gate gate.toml --stop-when-decided")
    _check_predictions(args)


def _check_predictions(args: argparse.Namespace) -> None:
    others = {
        "--models": args.models, "--datasets": args.datasets, "--custom-dataset-path": args.custom_dataset_path,
        "the config file": args.config,
    }  # fmt: skip
    if args.predictions and (other := next((name for name, given in others.items() if given), "")):
        raise UsageError(
            f"--predictions already names the questions and the answers, so {other} cannot be used with it.",
            hint="Name judges alone: jb --predictions FILE --judges NAME",
        )
    if bool(args.rubric) != (args.scale is not None):
        given, lacking = ("--rubric", "--scale") if args.rubric else ("--scale", "--rubric")
        raise UsageError(f"{given} needs {lacking}.", hint="For example: --rubric rubric.txt --scale 1-5")
    if args.rubric and not args.judges:
        raise UsageError("--rubric needs a judge that scores by it.", hint="Name a model or a judge: --judges NAME")
    if args.out and not args.out.endswith((".csv", ".jsonl")):
        raise UsageError(f"--out {args.out!r} is neither .csv nor .jsonl.", hint="For example: --out scored.csv")


def _custom(args: argparse.Namespace) -> CustomDataset | None:
    from judgebench.records.request import CustomDataset

    if not args.custom_dataset_path:
        return None
    return CustomDataset(
        path=args.custom_dataset_path,
        meta_path=args.custom_dataset_meta_path,
        data_type=args.custom_dataset_data_type,
        infer_method=args.custom_dataset_infer_method,
    )


def _sampling(args: argparse.Namespace, custom: CustomDataset | None) -> tuple[int | None, int | None]:
    """Return number and order of samples: the flags', else those of the meta file of the user's own data."""
    if custom is None and not args.predictions:
        return args.num_prompts or None, args.shuffle
    from judgebench.config.custom import sampling
    from judgebench.config.predictions import predictions_file

    wanted = sampling(custom or predictions_file(args.predictions))
    return (
        wanted.first if args.num_prompts is None else args.num_prompts or None,
        wanted.shuffle if args.shuffle is None else args.shuffle,
    )


def _names(group: argparse._ArgumentGroup, flag: str, text: str, metavar: str = "NAME") -> None:
    group.add_argument(flag, nargs="+", action="extend", default=[], metavar=metavar, help=text)
