"""The data, from scikit-learn and the packages `names` and `mnist1d`, each split in three parts."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

import mnist1d.data
import numpy as np
import torch
from sklearn import datasets
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import train_test_split

from descent.device import device
from descent.tasks.models import Gru, SumOfParts, Transformer, digits_net, signals_net

__all__ = ["Task", "breast_cancer", "by_rarity", "digit_rows", "digits", "mnist_1d", "names",
           "resplit", "spelling"]


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
    return _task("breast cancer", lambda: torch.nn.Linear(30, 2), data.data, data.target)


@cache
def digits():
    """Which digit? 1797 images of 8×8 pixels, a convolutional net of 3,706 parameters."""
    data = datasets.load_digits()
    return _task("digits", digits_net, data.data, data.target, shape=(1, 8, 8))


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

    return Task("names", lambda: SumOfParts(len(counter.vocabulary_)),
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

    return Task("spelling", lambda: Transformer(len(alphabet), length),
                *(numbers(part) for part, _ in _split(words, labels)))


@cache
def mnist_1d():
    """Which digit? 4,000 signals of 40 numbers, a net of three 1-D convolutions, 2,474 parameters.

    The generator of MNIST-1D (Greydanus and Kobak, 2024) at its default settings.
    """
    state = np.random.get_state()  # noqa: NPY002 - the generator seeds NumPy's global one
    with torch.random.fork_rng(devices=[]):
        made = mnist1d.data.make_dataset()
    np.random.set_state(state)  # noqa: NPY002
    return _task("MNIST-1D", signals_net, made["x"], made["y"], shape=(1, 40))


@cache
def digit_rows():
    """Which digit? The images of `digits`, read row by row by a GRU with 16 units."""
    data = datasets.load_digits()
    return _task("digit rows", lambda: Gru(8, 16, 10), data.data, data.target, shape=(8, 8))


def resplit(task, seed):
    """Return a task with its examples dealt anew, 60 : 20 : 20, and standardised anew.

    Raises ValueError where the inputs are numbers of letters or parts of words: what those number
    was found in the training part.
    """
    x, y = (torch.cat(part).cpu() for part in zip(task.train, task.validation, task.test,
                                                  strict=True))
    if not x.is_floating_point():
        raise ValueError(f"task must have inputs that can be standardised, and {task.name!r} has "
                         f"numbers of parts: its training part made them")
    parts = _split(np.arange(len(y)), y.numpy(), seed)
    first = x[parts[0][0]]
    mean, scale = (first.mean(0), first.std(0, correction=0) + 1e-8) if x.ndim == 2 else (
        first.mean(), first.std(correction=0))
    train, validation, test = ((((x[rows] - mean) / scale).to(device()), y[rows].to(device()))
                               for rows, _ in parts)
    return replace(task, train=train, validation=validation, test=test)


def _split(x, y, seed=0):
    """Split 60 : 20 : 20 and keep class proportions; return three pairs."""
    x, x_rest, y, y_rest = train_test_split(x, y, test_size=0.4, random_state=seed, stratify=y)
    halves = train_test_split(x_rest, y_rest, test_size=0.5, random_state=seed, stratify=y_rest)
    return (x, y), (halves[0], halves[2]), (halves[1], halves[3])


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
