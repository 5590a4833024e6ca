"""Checks and times cases, as bench/grid.cpp does."""

import json
import random
import statistics
import time
from dataclasses import dataclass
from typing import Callable

CHECKED_ITERATIONS = 3


@dataclass
class Case:
    """`make` gives a problem's step and, for after some steps, its answer."""

    problem: str
    size: str
    dtype: str
    implementation: str
    make: Callable
    large: bool = False


def seconds_of(step, iterations):
    """The time that passes, and that of the CPU."""
    begin, cpu_begin = time.perf_counter(), time.process_time()
    for _ in range(iterations):
        step()
    return time.perf_counter() - begin, time.process_time() - cpu_begin


def enough_iterations(step, least):
    iterations = 1
    while (seconds := seconds_of(step, iterations)[0]) < least and iterations < 10**6:
        iterations = max(2 * iterations, int(iterations * least / max(seconds, 1e-9)))
    return iterations


def run_group(group, quick):
    """Repetitions of the implementations alternate at random, so that a disturbance does not hit one alone."""
    steps, rows = [], []
    for case in group:
        step, answer = case.make()
        for _ in range(CHECKED_ITERATIONS):
            step()
        steps.append(step)
        rows.append(
            {
                "problem": case.problem,
                "size": case.size,
                "dtype": case.dtype,
                "threads": 1,
                "implementation": case.implementation,
                "answer": [float(figure) for figure in answer()],
                "resident_mib": 0,
                "file_mib": 0,
            }
        )
    iterations = [enough_iterations(step, 0.02 if quick else 0.06) for step in steps]
    times = [[] for _ in group]
    for _ in range(3 if quick else 9):
        for i in random.sample(range(len(group)), len(group)):
            times[i].append([seconds / iterations[i] for seconds in seconds_of(steps[i], iterations[i])])
    for row, measured in zip(rows, times):
        row["seconds"], row["cpu_seconds"] = map(statistics.median, zip(*measured))
        row["runs"] = len(measured)
        print("{problem:16} {size:8} {dtype:8} 1  {implementation:14} {cpu_seconds:12.4g} s".format(**row), flush=True)
    return rows


def run_grid(cases, only, quick, out):
    groups = {}
    for case in cases:
        if only in f"{case.problem} {case.size}" and not (quick and case.large):
            groups.setdefault((case.problem, case.size, case.dtype), []).append(case)
    rows = [row for group in groups.values() for row in run_group(group, quick)]
    with open(out, "w", encoding="utf-8") as file:
        json.dump(rows, file, indent=1)
