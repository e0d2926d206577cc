"""What a bias test changes about a case: one perturbation a file; the contract is ``judges/wrappers/perturbed.py``."""
