"""``jb train KIND``: judges that learn."""

from __future__ import annotations

import importlib

from judgebench.cli.parser import Parser

KINDS = {
    "judge": "judgebench.cli.train_judge",
    "probe": "judgebench.cli.train_probe",
    "prompt": "judgebench.cli.train_prompt",
    "surrogate": "judgebench.cli.train_surrogate",
}
"""What can be trained to the module whose ``run(argv) -> int`` does it; a new kind is one line here."""

_ABOUT = {
    "judge": "the model of a judge, with the judge's own prompts (LoRA)",
    "probe": "a linear probe on the hidden states of a small model",
    "prompt": "nothing: the best of several judge prompts, by labels",
    "surrogate": "a judge of pairs without a model, from the verdicts of another",
}


def build_parser() -> Parser:
    """Return the parser of ``jb train``; the flags of each kind are its own."""
    lines = "\n".join(f"  jb train {name:9} {_ABOUT[name]}; see: jb train {name} --help" for name in KINDS)
    parser = Parser(prog="jb train", description="Train a judge on the judgments of another one, or on labels.",
                    epilog=f"kinds:\n{lines}\n")  # fmt: skip
    parser.add_argument("kind", metavar="KIND", choices=[*KINDS], help=f"what is trained: {', '.join(KINDS)}")
    return parser


def run(argv: list[str]) -> int:
    """Carry out ``jb train`` and return its exit code.

    Raises:
        UsageError: There is no such kind.
        JudgebenchError: What the kind's own command raises.
    """
    if argv and argv[0] in KINDS:
        return int(importlib.import_module(KINDS[argv[0]]).run(argv[1:]))
    build_parser().parse_all(argv)
    return 0
