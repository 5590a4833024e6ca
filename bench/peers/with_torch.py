"""The problems as a user of PyTorch writes them."""

import torch
from torch.nn import functional

import inputs
from grid import Case

torch.set_num_threads(1)


def leaf(array):
    return torch.tensor(array).requires_grad_()


def elementwise(n, dtype):
    xs = [leaf(x) for x in inputs.elementwise(n, dtype)]
    state = {"iteration": 0, "total": 0.0}

    def step():
        i = state["iteration"]
        a, b, x = leaf(dtype(inputs.elementwise_a(i))), leaf(dtype(inputs.elementwise_b(i))), xs[i & 1]
        y = (torch.tanh(a * x + b) * torch.exp(-x * x) + torch.log1p(x * x)).sum()
        da, db, dx = torch.autograd.grad(y, (a, b, x))
        state["total"] += y.item() + dx[i % n].item()
        state["answer"] = [y.item(), da.item(), db.item(), state["total"], dx[0].item(), dx[-1].item()]
        state["iteration"] += 1

    return step, lambda: state["answer"]


def logistic(columns, dtype, batch_of):
    """`batch_of` takes the iteration to rows and labels."""
    w, b = leaf(inputs.np.zeros(columns, dtype)), leaf(dtype(0))
    optimizer = torch.optim.SGD([w, b], lr=inputs.LOGISTIC_RATE)
    state = {"iteration": 0, "total": 0.0}

    def step():
        x, y = batch_of(state["iteration"])
        optimizer.zero_grad()
        loss = functional.binary_cross_entropy_with_logits(x @ w + b, y)
        loss.backward()
        optimizer.step()
        state["loss"] = loss.item()
        state["total"] += state["loss"]
        state["iteration"] += 1

    return step, lambda: [state["total"], state["loss"], b.item(), w[0].item(), w[-1].item()]


def logistic_step(rows, columns, dtype):
    data = inputs.logistic(rows, columns, dtype)
    x, y = torch.from_numpy(data.x), torch.from_numpy(data.y)
    return logistic(columns, dtype, lambda i: (x, y))


def minibatch_sgd(size, dtype):
    data = inputs.minibatches(size, dtype)
    x, y = torch.from_numpy(data.x), torch.from_numpy(data.y)
    batches = [torch.from_numpy(batch) for batch in data.batches]

    def batch_of(i):
        batch = batches[i % len(batches)]
        return x[batch], y[batch]

    return logistic(30, dtype, batch_of)


def adam_update(dtype):
    data = inputs.adam(dtype)
    x, gradients = leaf(data.x), [torch.from_numpy(g) for g in data.gradients]
    optimizer = torch.optim.Adam([x], lr=inputs.ADAM_RATE)
    state = {"iteration": 0}

    def step():
        x.grad = gradients[state["iteration"] & 1]
        optimizer.step()
        state["iteration"] += 1

    return step, lambda: inputs.some_of(x.detach().numpy())


def mlp_step(dtype):
    data = inputs.mlp(dtype)
    xs, labels = [torch.from_numpy(x) for x in data.x], torch.from_numpy(data.labels)
    weights = [leaf(w) for w in data.weights]
    biases = [torch.zeros(w.shape[1], dtype=w.dtype, requires_grad=True) for w in weights]
    optimizer = torch.optim.Adam(weights + biases, lr=inputs.MLP_RATE)
    state = {"iteration": 0, "total": 0.0}

    def step():
        hidden = xs[state["iteration"] & 1]
        for w, b in zip(weights[:-1], biases):
            hidden = torch.relu(torch.addmm(b, hidden, w))
        optimizer.zero_grad()
        loss = functional.cross_entropy(torch.addmm(biases[-1], hidden, weights[-1]), labels)
        loss.backward()
        optimizer.step()
        state["loss"] = loss.item()
        state["total"] += state["loss"]
        state["iteration"] += 1

    def answer():
        return [state["total"], state["loss"], weights[0][0, 0], weights[2][-1, -1], biases[2][0]]

    return step, answer


def rosenbrock_value(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def rosenbrock(function):
    data, state = inputs.rosenbrock(), {"iteration": 0}
    direction = torch.from_numpy(data.direction)

    def step():
        state["result"] = function(leaf(data.x[state["iteration"] & 1]), direction)
        state["iteration"] += 1

    return step, lambda: inputs.some_of(state["result"])


def gradient(x, v):
    return torch.autograd.grad(rosenbrock_value(x), x)[0]


def product(x, v):
    return torch.autograd.functional.vhp(rosenbrock_value, x, v)[1]


def hessian(x, v):
    return torch.autograd.functional.hessian(rosenbrock_value, x)


def cases():
    all_cases = [
        Case("rosenbrock", function.__name__, "float64", "torch", lambda f=function: rosenbrock(f))
        for function in (gradient, product, hessian)
    ]
    for name, dtype in inputs.DTYPES.items():

        def add(problem, size, function, *arguments, large=False, name=name, dtype=dtype):
            all_cases.append(Case(problem, size, name, "torch", lambda: function(*arguments, dtype), large))

        for size, n in inputs.ELEMENTWISE_SIZES.items():
            add("elementwise", size, elementwise, n, large=n > 10**6)
        for size, (rows, columns) in inputs.LOGISTIC_SIZES.items():
            add("logistic_step", size, logistic_step, rows, columns, large=rows > 10**5)
        for size in inputs.MINIBATCH_SIZES:
            add("minibatch_sgd", str(size), minibatch_sgd, size)
        add("adam_update", "1e7", adam_update)
        add("mlp_step", "128", mlp_step)
    return all_cases
