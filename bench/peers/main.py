"""Runs the problems by NumPy, SciPy and scikit-learn, and by JAX and PyTorch where they can be imported, on one thread."""

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # read when NumPy is imported
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import argparse
import importlib

from grid import run_grid

PEERS = {"numpy": "with_numpy", "scipy": "with_scipy", "sklearn": "with_sklearn", "jax": "with_jax", "torch": "with_torch"}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", required=True)
    flags = parser.parse_args()
    cases = []
    for package, module in PEERS.items() if flags.threads == 1 else ():
        try:
            print(f"{package} {importlib.import_module(package).__version__}")
        except ImportError:
            continue
        cases += importlib.import_module(module).cases()
    run_grid(cases, flags.only, flags.quick, flags.out)


if __name__ == "__main__":
    main()
