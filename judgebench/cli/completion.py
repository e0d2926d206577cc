"""``jb --print-completion SHELL``: a script that completes flags, files and registered names."""

from __future__ import annotations

from judgebench.cli.arguments import build_parser

_FILES = {"bash": "_shtab_compgen_files", "zsh": "_files", "fish": "(__fish_complete_path (commandline -ct))"}
_FOLDERS = {"bash": "_shtab_compgen_dirs", "zsh": "_files -/", "fish": "(__fish_complete_directories)"}
_COMPLETIONS = {
    "config": _FILES, "gate": _FILES, "custom_dataset_path": _FILES, "custom_dataset_meta_path": _FILES,
    "predictions": _FILES, "rubric": _FILES, "out": _FILES,
    "config_dir": _FOLDERS, "data_dir": _FOLDERS, "work_dir": _FOLDERS,
    **{
        flag: {"bash": f"_jb_names_{kind}", "zsh": f"_jb_names_{kind}", "fish": f"(_jb_names_{kind})"}
        for flag, kind in (
            ("models", "models"), ("datasets", "datasets"), ("judges", "judges"), ("summarizer", "summarizers"),
            ("executor", "executors"), ("listeners", "listeners"),
        )
    },
}  # fmt: skip
"""What completes the value of a flag in each shell: files, folders, or the registered names."""


def completion_script(shell: str) -> str:
    """Return a script that completes flags, files and registered names in a shell."""
    import shtab

    parser = build_parser()
    for action in parser.completable():
        if action.dest in _COMPLETIONS:
            action.complete = _COMPLETIONS[action.dest]  # type: ignore[attr-defined]
    kinds = ("models", "datasets", "judges", "summarizers", "executors", "listeners")
    names = {
        "bash": '_jb_names_{kind}() {{ compgen -W "$(jb ls {kind} 2>/dev/null | awk \'{{print $2}}\')" -- "$1"; }}',
        "zsh": "_jb_names_{kind}() {{ compadd -- ${{(f)\"$(jb ls {kind} 2>/dev/null | awk '{{print $2}}')\"}}; }}",
        "fish": "function _jb_names_{kind}; jb ls {kind} 2>/dev/null | awk '{{print $2}}'; end",
    }
    preamble = "\n".join(names[shell].format(kind=kind) for kind in kinds)
    script: str = shtab.complete(parser, shell=shell, preamble={shell: preamble})
    return script
