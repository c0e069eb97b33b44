"""Real data, real models, and the fair comparison of optimizers on them.

The data ship inside scikit-learn and the packages `names` and `mnist1d`. Many models (every
setting of a grid × every seed) are trained as one batch: their parameters are stacked along a
first axis, `torch.func.vmap` gives each its own gradient, and the rule, which takes arrays, steps
them all at once.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files

import mnist1d.data
import numpy as np
import torch
from scipy import stats
from sklearn import datasets
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import train_test_split
from torch import nn
from torch.func import functional_call, grad, stack_module_state, vmap
from torch.nn.functional import cross_entropy, embedding, gelu

from descent.device import device
from descent.driver import walk
from descent.rules import sgd
from descent.signature import hyperparameters
from descent.surfaces import plane

__all__ = ["Alone", "Fit", "Result", "Task", "breast_cancer", "by_rarity", "compare", "digit_rows",
           "digits", "digits_slice", "fit", "interval", "loss_of_flat", "mnist_1d", "names",
           "spelling", "tune"]


@dataclass(frozen=True)
class Task:
    """Data split three ways and a model: `make()` returns an untrained module.

    `train`, `validation` and `test` are pairs (inputs float32 or numbers int64, class numbers
    int64). The model's outputs have the classes on their axis 1; where it classifies every place
    of a sequence, the class numbers are -100 at the places that do not count.
    """

    name: str
    make: Callable
    train: tuple
    validation: tuple
    test: tuple

    def cut(self, **counts):
        """Return the task with the first so many examples of the parts named: `cut(train=200)`."""
        return replace(self, **{part: tuple(data[:count] for data in getattr(self, part))
                                for part, count in counts.items()})


@cache
def breast_cancer():
    """Malignant or benign? 569 tumours, 30 standardised features, logistic regression."""
    data = datasets.load_breast_cancer()
    return _task("breast cancer", lambda: nn.Linear(30, 2), data.data, data.target)


@cache
def digits():
    """Which digit? 1797 images of 8×8 pixels, a convolutional net of 3,706 parameters."""
    def make():
        return nn.Sequential(
            nn.Conv2d(1, 12, 3, stride=2, padding=1), nn.ReLU(),
            nn.Conv2d(12, 24, 3, stride=2, padding=1), nn.ReLU(),
            nn.Flatten(), nn.Linear(24 * 2 * 2, 10),
        )

    data = datasets.load_digits()
    return _task("digits", make, data.data, data.target, shape=(1, 8, 8))


@cache
def names():
    """Given name or surname? 6,222 names, logistic regression on 6,144 parts of 1 to 4 letters.

    The US Census lists of 1990, as the package `names` ships them: all given names that are no
    surname, and as many surnames, the most frequent first, that are no given name. Inputs are
    the numbers of a name's parts, counted from 1 and filled up with 0; a part counts if at least
    two names of the training part have it, and `<`, `>` mark the ends of a name.
    """
    (train, y), *rest = _split(*_census())
    counter = CountVectorizer(analyzer="char", ngram_range=(1, 4), binary=True, min_df=2,
                              lowercase=False).fit(train)
    parts = [(counter.transform(part), labels) for part, labels in ((train, y), *rest)]
    width = max(found.getnnz(1).max() for found, _ in parts)

    def numbers(found):
        rows = np.zeros((found.shape[0], width), dtype=np.int64)
        for row, start, stop in zip(rows, found.indptr, found.indptr[1:], strict=False):
            row[:stop - start] = np.sort(found.indices[start:stop]) + 1
        return rows

    return Task("names", lambda: _SumOfParts(len(counter.vocabulary_)),
                *((torch.tensor(numbers(found), device=device()),
                   torch.tensor(labels, device=device())) for found, labels in parts))


def _census():
    """Return the names, each between `<` and `>`, and 0 for a given name, 1 for a surname."""
    def read(part):
        return [line.split()[0].lower() for line in
                (files("names") / part).read_text(encoding="ascii").splitlines()]

    given, last = {*read("dist.female.first"), *read("dist.male.first")}, read("dist.all.last")
    both = given & set(last)
    given = sorted(given - both)
    words = [f"<{word}>" for word in given + [w for w in last if w not in both][:len(given)]]
    return np.array(words), np.repeat([0, 1], len(given))


class _SumOfParts(nn.Module):
    """Logistic regression on a set of numbers: the sum of their rows, from weights of zero."""

    def __init__(self, parts):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(parts + 1, 2))
        self.bias = nn.Parameter(torch.zeros(2))

    def forward(self, x):
        return embedding(x, self.weight, padding_idx=0).sum(-2) + self.bias


def by_rarity(task, often=10):
    """Return a task of `names`'s kind twice, each with one half of its test part.

    First the names of which the larger share of parts was seen at most `often` times in training,
    then the others.
    """
    seen = torch.bincount(task.train[0].flatten())
    x, y = task.test
    real = x > 0
    share = ((seen[x] <= often) & real).sum(1) / real.sum(1)
    order = share.argsort(descending=True, stable=True)
    return tuple(replace(task, name=f"{task.name} of {kind} parts", test=(x[half], y[half]))
                 for kind, half in zip(("rare", "frequent"), order.tensor_split(2), strict=True))


@cache
def spelling():
    """Which letter comes next? The names of `names`, a transformer of 27,740 parameters.

    Inputs are the numbers of a name's letters from its start mark on, filled up with end marks;
    the classes are the letters that follow, up to the first end mark. Losses are nats a letter.
    """
    alphabet = "><abcdefghijklmnopqrstuvwxyz"
    words, labels = _census()
    length = max(map(len, words)) - 1

    def numbers(words):
        rows = torch.zeros(len(words), length + 1, dtype=torch.int64)
        for row, word in zip(rows, words, strict=True):
            row[:len(word)] = torch.tensor([alphabet.index(letter) for letter in word])
        x, y = rows[:, :-1], rows[:, 1:].clone()
        y[(x == 0)] = -100  # nothing is asked after the end
        return x.to(device()), y.to(device())

    return Task("spelling", lambda: _Transformer(len(alphabet), length),
                *(numbers(part) for part, _ in _split(words, labels)))


class _Transformer(nn.Module):
    """Two pre-norm blocks of causal attention (two heads) and a perceptron, 32 wide."""

    def __init__(self, letters, length, width=32, heads=2, layers=2):
        super().__init__()
        self.letters = nn.Embedding(letters, width)
        self.places = nn.Parameter(0.1 * torch.randn(length, width))
        self.blocks = nn.ModuleList(_Block(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.leave = nn.Linear(width, letters)

    def forward(self, x):
        h = self.letters(x) + self.places
        for block in self.blocks:
            h = block(h)
        return self.leave(self.norm(h)).transpose(-1, -2)


class _Block(nn.Module):
    """Attention and perceptron, each on the normalised sum so far; written for `vmap`."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.enter, self.mix = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.widen, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, h):
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(-3, -2)
                   for part in self.enter(self.norm1(h)).chunk(3, -1))
        scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
        later = torch.ones(scores.shape[-2:], dtype=torch.bool, device=h.device).triu(1)
        found = scores.masked_fill(later, -math.inf).softmax(-1) @ v
        h = h + self.mix(found.transpose(-3, -2).flatten(-2))
        return h + self.narrow(gelu(self.widen(self.norm2(h))))


@cache
def mnist_1d():
    """Which digit? 4,000 signals of 40 numbers, a net of three 1-D convolutions, 2,474 parameters.

    The generator of MNIST-1D (Greydanus and Kobak, 2024) at its default settings.
    """
    def make():
        return nn.Sequential(
            nn.Conv1d(1, 16, 5, stride=2, padding=2), nn.ReLU(),
            nn.Conv1d(16, 16, 3, stride=2, padding=1), nn.ReLU(),
            nn.Conv1d(16, 16, 3, stride=2, padding=1), nn.ReLU(),
            nn.Flatten(), nn.Linear(16 * 5, 10),
        )

    state = np.random.get_state()  # noqa: NPY002 - the generator seeds NumPy's global one
    with torch.random.fork_rng(devices=[]):
        made = mnist1d.data.make_dataset()
    np.random.set_state(state)  # noqa: NPY002
    return _task("MNIST-1D", make, made["x"], made["y"], shape=(1, 40))


def _split(x, y):
    """Split 60 : 20 : 20 and keep class proportions; return three pairs."""
    x, x_rest, y, y_rest = train_test_split(x, y, test_size=0.4, random_state=0, stratify=y)
    halves = train_test_split(x_rest, y_rest, test_size=0.5, random_state=0, stratify=y_rest)
    return (x, y), (halves[0], halves[2]), (halves[1], halves[3])


@cache
def digit_rows():
    """Which digit? The images of `digits`, read row by row by a GRU with 16 units."""
    data = datasets.load_digits()
    return _task("digit rows", lambda: _Gru(8, 16, 10), data.data, data.target, shape=(8, 8))


class _Gru(nn.Module):
    """A gated recurrent unit over sequences (batch, length, features), its last state to classes.

    Written in plain operators, because `vmap` has no rule for `nn.GRU`; the equations are its.
    """

    def __init__(self, features, units, classes):
        super().__init__()
        self.enter = nn.Linear(features, 3 * units)
        self.recur = nn.Linear(units, 3 * units)
        self.leave = nn.Linear(units, classes)

    def forward(self, x):
        h = torch.zeros_like(x[:, 0, :1]).expand(-1, self.recur.in_features)
        for row in self.enter(x).unbind(1):
            (r, z, n), (hr, hz, hn) = row.chunk(3, -1), self.recur(h).chunk(3, -1)
            r, z = torch.sigmoid(r + hr), torch.sigmoid(z + hz)
            h = (1 - z) * torch.tanh(n + r * hn) + z * h
        return self.leave(h)


def _task(name, make, x, y, shape=None):
    """Split, and standardise by the training part."""
    parts = _split(x, y)
    x = parts[0][0]
    mean, scale = (x.mean(0), x.std(0) + 1e-8) if shape is None else (x.mean(), x.std())

    def pair(features, labels):
        features = torch.tensor((features - mean) / scale, dtype=torch.float32)
        return (features if shape is None else features.reshape(-1, *shape)).to(device()), \
            torch.tensor(labels, dtype=torch.int64, device=device())

    return Task(name, make, *(pair(*part) for part in parts))


@dataclass(frozen=True)
class Fit:
    """What came of a batch of trainings; every array has shape (settings, seeds).

    A diverged training has loss inf. `gradients` counts gradient evaluations of one training.
    """

    train_loss: np.ndarray
    validation_loss: np.ndarray
    test_loss: np.ndarray
    test_accuracy: np.ndarray
    gradients: int


def fit(task, rule, *, seeds, steps, batch_size=64, spared=None, schedule=None, watch=None,
        **hyper):
    """Train one model for every setting and seed, all in one batched run; return a `Fit`.

    A hyper-parameter may be a list: all lists have one length, and setting number i takes the
    i-th member of each. A seed fixes the initial weights and the order of the mini-batches, so
    all settings of one seed see the same data in the same order. `spared` tells of a parameter's
    name that weight decay leaves it alone: `lambda name: "norm" in name or "bias" in name`.

    `schedule` is what multiplies lr: a function of the step number 0, 1, 2, … to a number, or to
    an array of shape (settings, seeds). `watch(done, validation)` is called after each step with
    the number of steps done and a function that returns the validation losses (settings, seeds).

    Raises ValueError for lists of different lengths, no seeds, or a batch larger than the data.
    """
    seeds = list(seeds)
    lengths = {len(h) for h in hyper.values() if isinstance(h, (list, np.ndarray))} or {1}
    if len(lengths) != 1:
        raise ValueError(f"lists of hyper-parameters must have one length, got {sorted(lengths)}")
    if not seeds:
        raise ValueError("seeds must hold at least one seed, got none")
    x, y = task.train
    if not 1 <= batch_size <= len(y):
        raise ValueError(f"batch_size must be in [1, {len(y)}], got {batch_size!r}")
    (settings,) = lengths
    params, skeleton = _models(task, seeds, settings)
    batches = _batches(len(y), batch_size, steps, seeds)
    gradient = vmap(grad(lambda p, x, y: cross_entropy(functional_call(skeleton, p, (x,)), y)))

    flat, unflatten = _flatten(params)
    hyper = {name: torch.tensor(h, dtype=flat.dtype, device=device()).repeat_interleave(len(seeds))
             if isinstance(h, (list, np.ndarray)) else h for name, h in hyper.items()}
    upcoming = iter(batches.unbind(1))

    def gradient_of_batch(flat):
        rows = next(upcoming).repeat(settings, 1)
        return _flatten(gradient(unflatten(flat), x[rows], y[rows]))[0]

    columns = {name: h[:, None] if isinstance(h, torch.Tensor) else h for name, h in hyper.items()}
    if spared is not None:
        kept = {name: torch.full_like(p[:1], 1.0 - spared(name)) for name, p in params.items()}
        columns["weight_decay"] = columns["weight_decay"] * _flatten(kept)[0]
    if schedule is not None:
        peak = columns.get("lr", hyperparameters(rule)["lr"])
        columns["lr"] = lambda k: peak * _column(schedule(k), flat)
    for step in walk(rule, gradient_of_batch, flat, steps, **columns):
        flat = step.p
        if watch is not None:
            watch(step.t, lambda p=flat: _losses(task.validation, skeleton, unflatten(p))[0]
                  .reshape(settings, len(seeds)))
    return _judge(task, skeleton, unflatten(flat), (settings, len(seeds)), steps)


def _models(task, seeds, settings):
    """Return the stacked initial parameters (settings × seeds, …) and a module to run them."""
    modules = []
    for seed in seeds:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            modules.append(task.make())
    params, _ = stack_module_state(modules)
    return ({name: p.detach().repeat(settings, *[1] * (p.ndim - 1)).to(device())
             for name, p in params.items()}, task.make().to(device()))


def _flatten(params):
    """Return parameters stacked by model as one matrix, a row a model, and the way back."""
    shapes = {name: p.shape[1:] for name, p in params.items()}
    sizes = [math.prod(shape) for shape in shapes.values()]

    def unflatten(flat):
        parts = flat.split(sizes, dim=1)
        return {name: part.reshape(-1, *shape)
                for (name, shape), part in zip(shapes.items(), parts, strict=True)}

    return torch.cat([p.reshape(len(p), -1) for p in params.values()], dim=1), unflatten


def _batches(examples, batch_size, steps, seeds):
    """Return row numbers of shape (seeds, steps, batch): shuffled epochs, their rests dropped."""
    per_epoch = examples // batch_size
    orders = []
    for seed in seeds:
        random = torch.Generator().manual_seed(seed)
        epochs = [torch.randperm(examples, generator=random)[:per_epoch * batch_size]
                  for _ in range(math.ceil(steps / per_epoch))]
        orders.append(torch.cat(epochs).reshape(-1, batch_size)[:steps])
    return torch.stack(orders).to(device())


def _column(factor, like):
    """Return a factor of lr for each model as a column; a number as it is."""
    if np.ndim(factor) == 0:
        return factor
    return torch.as_tensor(factor, dtype=like.dtype, device=like.device).reshape(-1, 1)


@torch.no_grad()
def _losses(part, skeleton, params):
    """Return the loss, inf if diverged, and the accuracy of each model on a part of the data."""
    x, y = part

    def one(p):
        logits = functional_call(skeleton, p, (x,))
        return cross_entropy(logits, y), (logits.argmax(1) == y).sum() / (y >= 0).sum()

    losses, right = vmap(one, chunk_size=8)(params)
    losses = torch.where(losses.isfinite(), losses, math.inf)
    return losses.cpu().numpy(), right.cpu().numpy()


def _judge(task, skeleton, params, shape, steps):
    (train, _), (validation, _), test = (
        [measured.reshape(shape) for measured in _losses(part, skeleton, params)]
        for part in (task.train, task.validation, task.test))
    return Fit(train, validation, *test, gradients=steps)


def interval(values, level=0.95):
    """Return (mean, half-width) of Student's confidence interval over seeds.

    Raises ValueError for fewer than two values.
    """
    values = np.asarray(values, dtype=float)
    if values.ndim != 1 or len(values) < 2:
        raise ValueError(f"values must be two or more numbers, got shape {values.shape}")
    half = stats.t.ppf((1 + level) / 2, len(values) - 1) * stats.sem(values)
    return float(values.mean()), float(half)


@dataclass(frozen=True)
class Result:
    """A tuned method: the grid's validation losses, the choice, and what it gave on fresh seeds.

    `validation` has shape (grid, tuning seeds); `final` is a `Fit` of shape (1, final seeds).
    """

    grid: np.ndarray
    validation: np.ndarray
    lr: float
    at_edge: bool
    final: Fit
    hyper: dict = field(default_factory=dict)


def tune(task, rule, grid, *, steps, batch_size=64, tuning_seeds=range(3),
         final_seeds=range(100, 105), **hyper):
    """Choose lr on the validation part, then report once on the test part with fresh seeds.

    The choice has the least mean validation loss over the tuning seeds. `at_edge` tells that it
    is the first or last of `grid`: then the grid was too narrow. Raises ValueError if the two
    sets of seeds overlap.
    """
    if set(tuning_seeds) & set(final_seeds):
        raise ValueError(
            f"tuning_seeds and final_seeds must differ, got {tuning_seeds} and {final_seeds}")
    budget = {"steps": steps, "batch_size": batch_size, **hyper}
    validation = fit(task, rule, seeds=tuning_seeds, lr=list(grid), **budget).validation_loss
    best = int(validation.mean(1).argmin())
    final = fit(task, rule, seeds=final_seeds, lr=[grid[best]], **budget)
    return Result(np.asarray(grid), validation, float(grid[best]),
                  best in (0, len(grid) - 1), final, hyper)


def compare(a, b):
    """Return (mean, half-width) of the difference a - b, paired by seed, and what it says.

    `a`, `b` are one number a seed. The third value is "a lower", "b lower" or "no difference"
    (the 95 % interval holds zero).
    """
    mean, half = interval(np.asarray(a) - np.asarray(b))
    if abs(mean) <= half:
        return mean, half, "no difference"
    return mean, half, "a lower" if mean < 0 else "b lower"


def loss_of_flat(model, x, y):
    """Return the mean cross-entropy on (x, y) as a function of the model's parameters in a row."""
    shapes = {name: p.shape for name, p in model.named_parameters()}

    def loss(flat):
        parts = flat.split([shape.numel() for shape in shapes.values()])
        params = {name: part.reshape(shape)
                  for (name, shape), part in zip(shapes.items(), parts, strict=True)}
        return cross_entropy(functional_call(model, params, (x,)), y)

    return loss


@cache
def digits_slice():
    """A plane through the loss of a trained network: from its start to its end, and across.

    The network (64-16-10, tanh, float64) has 1,210 weights and sees 360 digits. The x axis leads
    from the trained weights (origin) back to the initial ones; y is the direction in which the
    loss at the trained weights curves most, made orthogonal to x.
    """
    x, y = (part[:360].cpu() for part in digits().train)
    x = x.reshape(len(x), -1).double()
    net = nn.Sequential(nn.Linear(64, 16), nn.Tanh(), nn.Linear(16, 10)).double()
    random = torch.Generator().manual_seed(1)
    start = torch.cat([torch.randn(p.numel(), generator=random, dtype=torch.float64)
                       / math.sqrt(p.shape[-1]) for p in net.parameters()])
    loss, trained = loss_of_flat(net, x, y), start
    for step in walk(sgd, grad(loss), start, 150, lr=0.3, momentum=0.8):
        trained = step.p
    along = (start - trained) / (start - trained).norm()
    steep = torch.randn(len(start), generator=random, dtype=torch.float64)
    for _ in range(30):  # power iteration on the Hessian
        steep = steep / steep.norm()
        steep = grad(lambda p, v=steep: grad(loss)(p) @ v)(trained)
    across = steep - (steep @ along) * along
    return plane("slice of a network's loss", loss, trained, along, across / across.norm(),
                 start=float((start - trained).norm()))


class Alone:
    """One model, as `fit` trains it with that seed, for an optimizer that must look again.

    `start` is a row of its first weights.
    """

    def __init__(self, task, seed, *, steps, batch_size=64):
        params, self._skeleton = _models(task, [seed], 1)
        flat, self._unflatten = _flatten(params)
        self._task, self.start = task, flat[0]
        self._batches = iter(_batches(len(task.train[1]), batch_size, steps, [seed])[0])

    def draw(self):
        """Return the loss on the next mini-batch, and its gradient, as a function of a row."""
        rows = next(self._batches)
        x, y = (part[rows] for part in self._task.train)

        def look(flat):
            flat = flat.detach().requires_grad_()
            model = {name: p[0] for name, p in self._unflatten(flat[None]).items()}
            loss = cross_entropy(functional_call(self._skeleton, model, (x,)), y)
            return loss.detach(), torch.autograd.grad(loss, flat)[0]

        return look

    def judge(self, flat, gradients):
        """Return the `Fit`, of shape (1, 1), of a row that took so many gradients."""
        return _judge(self._task, self._skeleton, self._unflatten(flat[None]), (1, 1), gradients)
