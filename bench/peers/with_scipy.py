"""What SciPy has a method for: logistic regression by L-BFGS, with the derivative worked out on paper."""

import numpy as np
from scipy.optimize import minimize

import inputs
from grid import Case


def objective(parameters, data):
    """Value and gradient of the mean cross-entropy with the penalty; the bias comes last."""
    rows, w, b = len(data.y), parameters[:-1], parameters[-1]
    z = data.x @ w + b
    loss = np.mean(np.logaddexp(0, z) - data.y * z) + 0.5 / rows * (w @ w)
    s = (1 / (1 + np.exp(-z)) - data.y) / rows
    return loss, np.append(s @ data.x + w / rows, np.sum(s))


def fit(data, most_iterations, callback=None):
    return minimize(
        objective,
        np.zeros(data.x.shape[1] + 1),
        args=(data,),
        jac=True,
        method="L-BFGS-B",
        callback=callback,
        options={"maxiter": most_iterations, "maxfun": 10**6, "ftol": 0, "gtol": 1e-9},
    )


def iterations_needed(data):
    """Iterations until the objective is within the tolerance of the optimum, relatively."""
    values = []
    best = fit(data, 1000, lambda parameters: values.append(objective(parameters, data)[0])).fun
    return 1 + next(i for i, value in enumerate(values) if value <= best * (1 + inputs.LOGISTIC_FIT_TOLERANCE))


def logistic_fit(rows, columns):
    data = inputs.logistic(rows, columns, np.float64)
    state = {"iterations": iterations_needed(data)}

    def step():
        state["parameters"] = fit(data, state["iterations"]).x

    return step, lambda: [inputs.logistic_fit_answer(state["parameters"][:-1], state["parameters"][-1], data)]


def cases():
    return [
        Case("logistic_fit", size, "float64", "scipy", lambda shape=shape: logistic_fit(*shape), shape[0] > 10**5)
        for size, shape in inputs.LOGISTIC_FIT_SIZES.items()
    ]
