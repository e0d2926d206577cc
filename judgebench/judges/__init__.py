"""Judge methods, their prompts, verdict grammars and folds; no I/O."""
