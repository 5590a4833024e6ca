"""The problems as a user of JAX writes them: pure functions, compiled."""

import jax
import jax.numpy as jnp
import numpy as np

import inputs
from grid import Case

jax.config.update("jax_enable_x64", True)


def quadratic_step():
    s = inputs.quadratic()
    loss = lambda w: jnp.sum((s.x @ w.T - s.y) ** 2)

    @jax.jit
    def update(w):
        value, gradient = jax.value_and_grad(loss)(w)
        return value, w - s.rate * gradient

    state = {"w": jnp.asarray(s.w)}

    def step():
        state["loss"], state["w"] = update(state["w"])
        state["loss"] = float(state["loss"])

    return step, lambda: [*np.ravel(state["w"]), state["loss"]]


def scalar_gradient():
    function = jax.jit(jax.value_and_grad(lambda x, y: x * x + x * y + y * y, argnums=(0, 1)))
    state = {"iteration": 0, "total": 0.0}

    def step():
        i = state["iteration"]
        z, (dx, dy) = function(inputs.point(i), inputs.point(3 * i))
        z, dx, dy = float(z), float(dx), float(dy)
        state["total"] += z + dx + dy
        state["answer"] = [z, dx, dy, state["total"]]
        state["iteration"] += 1

    return step, lambda: state["answer"]


def elementwise(n, dtype):
    def value(a, b, x):
        return jnp.sum(jnp.tanh(a * x + b) * jnp.exp(-x * x) + jnp.log1p(x * x))

    function = jax.jit(jax.value_and_grad(value, argnums=(0, 1, 2)))
    xs = [jnp.asarray(x) for x in inputs.elementwise(n, dtype)]
    state = {"iteration": 0, "total": 0.0}

    def step():
        i = state["iteration"]
        y, (da, db, dx) = function(dtype(inputs.elementwise_a(i)), dtype(inputs.elementwise_b(i)), xs[i & 1])
        dx = np.asarray(dx)
        state["total"] += float(y) + float(dx[i % n])
        state["answer"] = [y, da, db, state["total"], dx[0], dx[-1]]
        state["iteration"] += 1

    return step, lambda: state["answer"]


def logistic_loss(w, b, x, y):
    z = x @ w + b
    return jnp.mean(jax.nn.softplus(z) - y * z)


def descend(w, b, x, y):
    loss, (dw, db) = jax.value_and_grad(logistic_loss, argnums=(0, 1))(w, b, x, y)
    return loss, w - inputs.LOGISTIC_RATE * dw, b - inputs.LOGISTIC_RATE * db


def logistic(columns, dtype, update):
    """`update` takes weights, bias and iteration."""
    state = {"w": jnp.zeros(columns, dtype), "b": jnp.zeros((), dtype), "iteration": 0, "total": 0.0}

    def step():
        loss, state["w"], state["b"] = update(state["w"], state["b"], state["iteration"])
        state["loss"] = float(loss)
        state["total"] += state["loss"]
        state["iteration"] += 1

    return step, lambda: [state["total"], state["loss"], state["b"], state["w"][0], state["w"][-1]]


def logistic_step(rows, columns, dtype):
    data = inputs.logistic(rows, columns, dtype)
    x, y, compiled = jnp.asarray(data.x), jnp.asarray(data.y), jax.jit(descend)
    return logistic(columns, dtype, lambda w, b, i: compiled(w, b, x, y))


def minibatch_sgd(size, dtype):
    data = inputs.minibatches(size, dtype)
    x, y, compiled = jnp.asarray(data.x), jnp.asarray(data.y), jax.jit(lambda w, b, x, y, k: descend(w, b, x[k], y[k]))
    return logistic(30, dtype, lambda w, b, i: compiled(w, b, x, y, data.batches[i % len(data.batches)]))


def adam(x, g, m, v, rate, t):
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g * g
    return x - rate / (1 - 0.9**t) * m / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8), m, v


def adam_update(dtype):
    data = inputs.adam(dtype)
    gradients = [jnp.asarray(g) for g in data.gradients]
    compiled = jax.jit(lambda x, g, m, v, t: adam(x, g, m, v, inputs.ADAM_RATE, t), donate_argnums=(0, 2, 3))
    state = {"xmv": (jnp.array(data.x), jnp.zeros_like(data.x), jnp.zeros_like(data.x)), "iteration": 0}

    def step():
        g, (x, m, v) = gradients[state["iteration"] & 1], state["xmv"]
        state["iteration"] += 1
        state["xmv"] = jax.block_until_ready(compiled(x, g, m, v, dtype(state["iteration"])))

    return step, lambda: inputs.some_of(state["xmv"][0])


def mlp_loss(parameters, x, labels):
    for w, b in parameters[:-1]:
        x = jax.nn.relu(x @ w + b)
    w, b = parameters[-1]
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(x @ w + b), labels[:, None], axis=1))


@jax.jit
def mlp_update(parameters, moments, x, labels, t):
    loss, gradients = jax.value_and_grad(mlp_loss)(parameters, x, labels)
    leaves, tree = jax.tree_util.tree_flatten(parameters)
    flat = zip(leaves, jax.tree_util.tree_leaves(gradients), moments)
    updated = [adam(p, g, m, v, inputs.MLP_RATE, t) for p, g, (m, v) in flat]
    return loss, jax.tree_util.tree_unflatten(tree, [u[0] for u in updated]), [u[1:] for u in updated]


def mlp_step(dtype):
    data = inputs.mlp(dtype)
    parameters = [(jnp.asarray(w), jnp.zeros(w.shape[1], dtype)) for w in data.weights]
    moments = [(jnp.zeros_like(p), jnp.zeros_like(p)) for pair in parameters for p in pair]
    state = {"parameters": parameters, "moments": moments, "iteration": 0, "total": 0.0}

    def step():
        x = data.x[state["iteration"] & 1]
        state["iteration"] += 1
        t = dtype(state["iteration"])
        loss, state["parameters"], state["moments"] = mlp_update(
            state["parameters"], state["moments"], x, data.labels, t
        )
        state["loss"] = float(jax.block_until_ready((loss, state["parameters"]))[0])
        state["total"] += state["loss"]

    def answer():
        p = state["parameters"]
        return [state["total"], state["loss"], p[0][0][0, 0], p[2][0][-1, -1], p[2][1][0]]

    return step, answer


def rosenbrock(function):
    data, compiled, state = inputs.rosenbrock(), jax.jit(function), {"iteration": 0}

    def step():
        result = compiled(data.x[state["iteration"] & 1], data.direction)
        state["result"] = jax.block_until_ready(result)
        state["iteration"] += 1

    return step, lambda: inputs.some_of(state["result"])


def rosenbrock_cases():
    value = lambda x: jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)
    functions = {
        "gradient": lambda x, v: jax.grad(value)(x),
        "product": lambda x, v: jax.jvp(jax.grad(value), (x,), (v,))[1],
        "hessian": lambda x, v: jax.hessian(value)(x),
    }
    return [
        Case("rosenbrock", size, "float64", "jax", lambda f=function: rosenbrock(f))
        for size, function in functions.items()
    ]


def cases():
    all_cases = [
        Case("quadratic_step", "2x3", "float64", "jax", quadratic_step),
        Case("scalar_gradient", "2", "float64", "jax", scalar_gradient),
        *rosenbrock_cases(),
    ]
    for name, dtype in inputs.DTYPES.items():

        def add(problem, size, function, *arguments, large=False, name=name, dtype=dtype):
            all_cases.append(Case(problem, size, name, "jax", lambda: function(*arguments, dtype), large))

        for size, n in inputs.ELEMENTWISE_SIZES.items():
            add("elementwise", size, elementwise, n, large=n > 10**6)
        for size, (rows, columns) in inputs.LOGISTIC_SIZES.items():
            add("logistic_step", size, logistic_step, rows, columns, large=rows > 10**5)
        for size in inputs.MINIBATCH_SIZES:
            add("minibatch_sgd", str(size), minibatch_sgd, size)
        add("adam_update", "1e7", adam_update)
        add("mlp_step", "128", mlp_step)
    return all_cases
