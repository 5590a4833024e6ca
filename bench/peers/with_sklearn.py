"""What scikit-learn has a method for: a step of Adam on a perceptron."""

import numpy as np
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


def cases():
    return [
        Case("mlp_step", "128", name, "sklearn", lambda dtype=dtype: mlp_step(dtype))
        for name, dtype in inputs.DTYPES.items()
    ]
