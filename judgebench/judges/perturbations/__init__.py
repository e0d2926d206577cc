"""One perturbation a file: what a bias test changes about a judged item. The contract is
``judges/wrappers/perturbed.py``."""
