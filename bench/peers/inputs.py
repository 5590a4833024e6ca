"""The inputs of bench/inputs.hpp, number for number."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np

DTYPES = {"float32": np.float32, "float64": np.float64}
ELEMENTWISE_SIZES = {"1e4": 10**4, "1e5": 10**5, "1e6": 10**6, "1e7": 10**7}
LOGISTIC_SIZES = {"569x30": (569, 30), "1e5x100": (100000, 100), "1e6x50": (1000000, 50)}
SOFTMAX_SIZES, SOFTMAX_CLASSES = {"1e5x100x10": (100000, 100)}, 10
LOGISTIC_FIT_SIZES = {"1e5x50": (100000, 50), "1e6x50": (1000000, 50)}
LOGISTIC_FIT_TOLERANCE = 1e-6
MINIBATCH_SIZES = (32, 256)
ADAM_SIZE = 10**7
MLP_BATCH, MLP_WIDTHS = 128, (784, 256, 128, 10)
ROSENBROCK_SIZE = 100
LOGISTIC_RATE, ADAM_RATE, MLP_RATE = 0.125, 0.125, 0.001


def uniform(n, seed, dtype=np.float64):
    """The first n numbers in [-1, 1) from SplitMix64 (Steele, Lea, Flood 2014)."""
    z = np.uint64(seed) + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return ((z >> np.uint64(11)).astype(np.float64) * 2.0**-52 - 1).astype(dtype)


def point(iteration):
    return 0.5 + 2.0**-10 * (iteration & 1023)


def quadratic():
    return SimpleNamespace(
        rate=1e-9,
        x=np.array([[0.5, -1.0, 0.25], [1.5, 0.75, -0.5], [-0.25, 1.0, 2.0]]),
        y=np.array([[1.0, -2.0], [0.5, 1.5], [-1.0, 0.25]]),
        w=np.array([[0.1, -0.2, 0.3], [0.4, -0.5, 0.6]]),
    )


def elementwise_a(iteration):
    return 1.25 + 2.0**-10 * (iteration & 255)


def elementwise_b(iteration):
    return 0.25 - 2.0**-10 * (iteration & 127)


@lru_cache(maxsize=1)
def elementwise(n, dtype):
    return [uniform(n, seed, dtype) * dtype(2) for seed in (1, 2)]


@lru_cache(maxsize=1)
def logistic(rows, columns, dtype):
    x = uniform(rows * columns, 3, dtype).reshape(rows, columns)
    plane = np.arange(columns) % 3 - 1.0
    y = (0.5 * uniform(rows, 4) + x.astype(np.float64) @ plane > 0).astype(dtype)
    return SimpleNamespace(x=x, y=y)


@lru_cache(maxsize=1)
def softmax(rows, columns, dtype):
    x = uniform(rows * columns, 18, dtype).reshape(rows, columns)
    column, plane = np.arange(columns)[:, None], np.arange(SOFTMAX_CLASSES)
    planes = (column * (plane + 1) + plane) % 7 - 3.0
    return SimpleNamespace(x=x, labels=np.argmax(x.astype(np.float64) @ planes, axis=1))


def logistic_fit_answer(w, b, data):
    """The objective that scikit-learn has by default: a sum over rows, with half the sum of squares of the weights."""
    z = data.x @ w + b
    return np.sum(np.logaddexp(0, z) - data.y * z) + 0.5 * (w @ w)


def minibatches(size, dtype):
    """The data set, and the rows of each batch, round and round."""
    rows = 569
    order, numbers = np.arange(rows), uniform(rows, 5)
    for i in range(rows - 1, 0, -1):
        j = int((numbers[rows - 1 - i] + 1) / 2 * (i + 1))
        order[i], order[j] = order[j], order[i]
    data = logistic(rows, 30, dtype)
    batches = [order[k * size : (k + 1) * size].copy() for k in range(rows // size)]
    return SimpleNamespace(x=data.x, y=data.y, batches=batches)


@lru_cache(maxsize=1)
def adam(dtype):
    return SimpleNamespace(
        x=uniform(ADAM_SIZE, 8, dtype), gradients=[uniform(ADAM_SIZE, seed, dtype) for seed in (9, 10)]
    )


@lru_cache(maxsize=1)
def mlp(dtype):
    weights = []
    for i in range(3):
        shape = MLP_WIDTHS[i], MLP_WIDTHS[i + 1]
        scale = dtype(1 / np.sqrt(float(shape[0])))
        weights.append(uniform(shape[0] * shape[1], 13 + i, dtype).reshape(shape) * scale)
    x = [uniform(MLP_BATCH * MLP_WIDTHS[0], seed, dtype).reshape(MLP_BATCH, -1) for seed in (11, 12)]
    labels = np.arange(MLP_BATCH) ** 2 % 10
    return SimpleNamespace(x=x, weights=weights, labels=labels)


def rosenbrock():
    first, second, direction = (1 + uniform(3 * ROSENBROCK_SIZE, 17) / 2).reshape(3, -1)
    return SimpleNamespace(x=[first, second], direction=direction)


def some_of(elements):
    """Some elements of a long answer, the first and the last among them."""
    flat = np.asarray(elements).ravel()
    return [float(e) for e in flat[:: max(1, flat.size // 101)]] + [float(flat[-1])]
