"""The problems as a user of NumPy writes them: derivatives worked out on paper, arrays as a whole."""

import numpy as np

import inputs
from grid import Case


def quadratic_step():
    s = inputs.quadratic()
    state = {"w": s.w.copy()}

    def step():
        residual = s.x @ state["w"].T - s.y
        state["loss"] = np.sum(residual * residual)
        state["w"] -= s.rate * 2 * residual.T @ s.x

    return step, lambda: [*state["w"].ravel(), state["loss"]]


def elementwise(n, dtype):
    xs = inputs.elementwise(n, dtype)
    state = {"iteration": 0, "total": 0.0}

    def step():
        i = state["iteration"]
        a, b, x = dtype(inputs.elementwise_a(i)), dtype(inputs.elementwise_b(i)), xs[i & 1]
        square = x * x
        t, e = np.tanh(a * x + b), np.exp(-square)
        value = np.sum(t * e + np.log1p(square))
        s = e * (1 - t * t)
        dx = a * s + 2 * x * (1 / (1 + square) - t * e)
        state["total"] += float(value) + float(dx[i % n])
        state["answer"] = [value, s @ x, np.sum(s), state["total"], dx[0], dx[-1]]
        state["iteration"] += 1

    return step, lambda: state["answer"]


def descend(state, x, y):
    """A step of gradient descent for logistic regression."""
    z = x @ state["w"] + state["b"]
    loss = np.mean(np.logaddexp(0, z) - y * z)
    s = (1 / (1 + np.exp(-z)) - y) / len(y)
    state["w"] -= s.dtype.type(inputs.LOGISTIC_RATE) * (s @ x)
    state["b"] -= s.dtype.type(inputs.LOGISTIC_RATE) * np.sum(s)
    state["loss"] = float(loss)
    state["total"] += float(loss)


def logistic_state(columns, dtype):
    return {"w": np.zeros(columns, dtype), "b": dtype(0), "total": 0.0}


def logistic_answer(state):
    return [state["total"], state["loss"], state["b"], state["w"][0], state["w"][-1]]


def logistic_step(rows, columns, dtype):
    data, state = inputs.logistic(rows, columns, dtype), logistic_state(columns, dtype)
    return lambda: descend(state, data.x, data.y), lambda: logistic_answer(state)


def softmax_step(rows, columns, dtype):
    data = inputs.softmax(rows, columns, dtype)
    w, b = np.zeros((columns, inputs.SOFTMAX_CLASSES), dtype), np.zeros(inputs.SOFTMAX_CLASSES, dtype)
    state, each, rate = {"total": 0.0}, np.arange(rows), dtype(inputs.LOGISTIC_RATE)

    def step():
        nonlocal w, b
        z = data.x @ w + b
        z -= np.max(z, axis=1, keepdims=True)
        picked = z[each, data.labels]
        residual = np.exp(z)
        sums = np.sum(residual, axis=1, keepdims=True)
        state["loss"] = float(np.mean(np.log(sums[:, 0]) - picked))
        state["total"] += state["loss"]
        residual /= sums
        residual[each, data.labels] -= 1
        residual /= dtype(rows)
        w -= rate * (data.x.T @ residual)
        b -= rate * np.sum(residual, axis=0)

    return step, lambda: [*inputs.some_of(w), state["total"], state["loss"], b[0]]


def minibatch_sgd(size, dtype):
    data, state = inputs.minibatches(size, dtype), logistic_state(30, dtype)
    state["iteration"] = 0

    def step():
        batch = data.batches[state["iteration"] % len(data.batches)]
        descend(state, data.x[batch], data.y[batch])
        state["iteration"] += 1

    return step, lambda: logistic_answer(state)


def adam(x, g, m, v, rate, t):
    """In place."""
    m *= 0.9
    m += 0.1 * g
    v *= 0.999
    v += 0.001 * g * g
    x -= rate / (1 - 0.9**t) * m / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)


def adam_update(dtype):
    data = inputs.adam(dtype)
    x, m, v = data.x.copy(), np.zeros_like(data.x), np.zeros_like(data.x)
    state = {"iteration": 0}

    def step():
        g = data.gradients[state["iteration"] & 1]
        state["iteration"] += 1
        adam(x, g, m, v, inputs.ADAM_RATE, state["iteration"])

    return step, lambda: inputs.some_of(x)


def mlp_gradients(x, labels, weights, biases):
    values = [x]
    for w, b in zip(weights, biases):
        values.append(values[-1] @ w + b)
        if w is not weights[-1]:
            np.maximum(values[-1], 0, out=values[-1])
    logits, rows = values.pop(), np.arange(len(labels))
    logits -= logits.max(axis=1, keepdims=True)
    p = np.exp(logits)
    sums = p.sum(axis=1, keepdims=True)
    loss = np.mean(np.log(sums[:, 0]) - logits[rows, labels])
    d = p / sums
    d[rows, labels] -= 1
    d /= len(labels)
    gradients = []
    for w, value in zip(reversed(weights), reversed(values)):
        gradients = [value.T @ d, d.sum(axis=0)] + gradients
        if value is not x:
            d = (d @ w.T) * (value > 0)
    return loss, gradients


def mlp_step(dtype):
    data = inputs.mlp(dtype)
    weights, biases = [w.copy() for w in data.weights], [np.zeros(n, dtype) for n in inputs.MLP_WIDTHS[1:]]
    parameters = [p for pair in zip(weights, biases) for p in pair]
    moments = [(np.zeros_like(p), np.zeros_like(p)) for p in parameters]
    state = {"iteration": 0, "total": 0.0}

    def step():
        x = data.x[state["iteration"] & 1]
        state["iteration"] += 1
        loss, gradients = mlp_gradients(x, data.labels, weights, biases)
        for p, g, (m, v) in zip(parameters, gradients, moments):
            adam(p, g, m, v, inputs.MLP_RATE, state["iteration"])
        state["loss"] = float(loss)
        state["total"] += state["loss"]

    return step, lambda: [state["total"], state["loss"], weights[0].flat[0], weights[2].flat[-1], biases[2][0]]


def rosenbrock_gradient(x):
    rise = x[1:] - x[:-1] ** 2
    g = np.zeros_like(x)
    g[:-1] = -400 * x[:-1] * rise - 2 * (1 - x[:-1])
    g[1:] += 200 * rise
    return g


def rosenbrock_diagonals(x):
    diagonal = np.zeros_like(x)
    diagonal[:-1] = 1200 * x[:-1] ** 2 - 400 * x[1:] + 2
    diagonal[1:] += 200
    return diagonal, -400 * x[:-1]


def rosenbrock_product(x, v):
    diagonal, beside = rosenbrock_diagonals(x)
    result = diagonal * v
    result[:-1] += beside * v[1:]
    result[1:] += beside * v[:-1]
    return result


def rosenbrock_hessian(x):
    diagonal, beside = rosenbrock_diagonals(x)
    return np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)


def rosenbrock(function):
    data, state = inputs.rosenbrock(), {"iteration": 0}

    def step():
        state["result"] = function(data.x[state["iteration"] & 1], data.direction)
        state["iteration"] += 1

    return step, lambda: inputs.some_of(state["result"])


def cases():
    all_cases = [
        Case("quadratic_step", "2x3", "float64", "numpy", quadratic_step),
        Case("rosenbrock", "gradient", "float64", "numpy", lambda: rosenbrock(lambda x, v: rosenbrock_gradient(x))),
        Case("rosenbrock", "product", "float64", "numpy", lambda: rosenbrock(rosenbrock_product)),
        Case("rosenbrock", "hessian", "float64", "numpy", lambda: rosenbrock(lambda x, v: rosenbrock_hessian(x))),
    ]
    for name, dtype in inputs.DTYPES.items():

        def add(problem, size, function, *arguments, large=False, name=name, dtype=dtype):
            make = lambda: function(*arguments, dtype)
            all_cases.append(Case(problem, size, name, "numpy", make, large))

        for size, n in inputs.ELEMENTWISE_SIZES.items():
            add("elementwise", size, elementwise, n, large=n > 10**6)
        for size, (rows, columns) in inputs.LOGISTIC_SIZES.items():
            add("logistic_step", size, logistic_step, rows, columns, large=rows > 10**5)
        for size, (rows, columns) in inputs.SOFTMAX_SIZES.items():
            add("softmax_step", size, softmax_step, rows, columns)
        for size in inputs.MINIBATCH_SIZES:
            add("minibatch_sgd", str(size), minibatch_sgd, size)
        add("adam_update", "1e7", adam_update)
        add("mlp_step", "128", mlp_step)
    return all_cases
