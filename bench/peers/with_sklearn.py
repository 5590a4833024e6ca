"""What scikit-learn has a method for: a step of Adam on a perceptron, and logistic regression by L-BFGS."""

import bisect
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

import inputs
from grid import Case


def epsilon_at(step):
    """1e-8 beside the corrected root of Adam's paper; scikit-learn's epsilon stands beside the root as it is."""
    return 1e-8 * np.sqrt(1 - 0.999**step)


def mlp_step(dtype):
    data = inputs.mlp(dtype)
    model = MLPClassifier(
        hidden_layer_sizes=inputs.MLP_WIDTHS[1:-1],
        alpha=0,
        batch_size=inputs.MLP_BATCH,
        learning_rate_init=inputs.MLP_RATE,
        epsilon=epsilon_at(1),
        shuffle=False,
    )
    model.partial_fit(data.x[0], data.labels, classes=np.arange(10))
    model.coefs_ = [w.copy() for w in data.weights]
    model.intercepts_ = [np.zeros(n, dtype) for n in inputs.MLP_WIDTHS[1:]]
    del model._optimizer  # partial_fit makes a new one, which knows the new parameters
    model.t_ = 0
    state = {"iteration": 0, "total": 0.0}

    def step():
        i = state["iteration"]
        if i > 0:
            model._optimizer.epsilon = epsilon_at(i + 1)
        model.partial_fit(data.x[i & 1], data.labels)
        state["iteration"] += 1
        state["total"] += model.loss_

    def answer():
        w, b = model.coefs_, model.intercepts_
        return [state["total"], model.loss_, w[0].flat[0], w[2].flat[-1], b[2][0]]

    return step, answer


def fitted(data, most_iterations):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return LogisticRegression(tol=1e-6, max_iter=most_iterations).fit(data.x, data.y)


def objective(model, data):
    return inputs.logistic_fit_answer(model.coef_[0], model.intercept_[0], data)


def iterations_needed(data):
    """Iterations until the objective, which falls with each, is within the tolerance of the optimum, relatively."""
    best = fitted(data, 1000)
    bound = objective(best, data) * (1 + inputs.LOGISTIC_FIT_TOLERANCE)
    candidates = range(1, best.n_iter_[0] + 1)
    return candidates[bisect.bisect_left(candidates, True, key=lambda k: objective(fitted(data, k), data) <= bound)]


def logistic_fit(rows, columns):
    data = inputs.logistic(rows, columns, np.float64)
    state = {"iterations": iterations_needed(data)}

    def step():
        state["model"] = fitted(data, state["iterations"])

    return step, lambda: [objective(state["model"], data)]


def cases():
    steps = [
        Case("mlp_step", "128", name, "sklearn", lambda dtype=dtype: mlp_step(dtype))
        for name, dtype in inputs.DTYPES.items()
    ]
    fits = [
        Case("logistic_fit", size, "float64", "sklearn", lambda shape=shape: logistic_fit(*shape), shape[0] > 10**5)
        for size, shape in inputs.LOGISTIC_FIT_SIZES.items()
    ]
    return steps + fits
