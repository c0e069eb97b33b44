"""The exercises of the Muon chapter."""

import numpy as np

from descent.exercises import Exercise, Mistake, lists, on
from descent.rules.muon import newton_schulz

__all__ = ["EXERCISES"]


def _root(x):
    return np.sqrt(np.sum(np.square(x)))


_LENGTHS = "How long, as one list of entries, is a matrix with these singular values?"
_GAIN = (
    Mistake("nuclear norm alone", lambda s: np.sum(s), ask="Compared with which other step?",
            why="That is what -UVᵀ gains; it is not yet compared with the other step.",
            do="Divide it by the gain of -G over its length, the root of the sum of squares."),
    Mistake("length alone", lambda s: _root(s), ask="Compared with which other step?",
            why="That is what the step along -G gains.",
            do="It belongs below the line; above it is the sum of the singular values."),
    Mistake("upside down, too", lambda s: _root(s) / np.sum(s),
            ask="Which of the two gains more?", why="It is upside down.",
            do="Muon's gain stands above the line."),
    Mistake("largest", lambda s: np.sum(s) / np.max(s), ask=_LENGTHS,
            why="It divides by the largest singular value, the spectral norm of G.",
            do="Divide by the root of the sum of squares."),
    Mistake("count", lambda s: len(s) + 0.0, ask="Do the sizes of the singular values count?",
            why="It counts the singular values.", do="Add them up, and divide by their length."),
    Mistake("root of the count", lambda s: np.sqrt(len(s)),
            ask="What if the singular values are not equal?",
            why="That is the most it can be, where all of them are equal.",
            do="Divide the sum by the root of the sum of squares."),
    Mistake("squares, no root", lambda s: np.sum(s) / np.sum(np.square(s)), ask=_LENGTHS,
            why="It leaves out the root below the line.",
            do="Take the root of the sum of squares."),
    Mistake("mean", lambda s: np.mean(s) / _root(s), ask="A sum or a mean?",
            why="It has the mean of the singular values above the line.",
            do="Put their sum there."),
    Mistake("equal lengths", lambda s: np.sum(s) / _root(s) / np.sqrt(len(s)),
            ask="Which size is 1 for both steps?",
            why="It gives both steps the same length as lists; -UVᵀ is longer.",
            do="Leave out the root of the count."),
)


def _scales(original, match):
    return lambda rows, columns, lr: lr * np.array([original(rows, columns), match(rows, columns)])


_RMS = "Of how many entries is it the mean, and what do their squares add up to?"


def _long(rows, columns):
    return max(rows, columns)**-0.5


def _tall(rows, columns):
    return max(1, rows / columns)**0.5 * _long(rows, columns)


_SCALES = (
    Mistake("factors alone", _scales(lambda r, k: max(1, r / k)**0.5,
                                     lambda r, k: 0.2 * max(r, k)**0.5), ask=_RMS,
            why="These are the factors, not the entries of what they multiply.",
            do="Multiply each by the root mean square of UVᵀ's entries."),
    Mistake("matrix alone", _scales(_long, _long), ask="What does `adjust_lr_fn` change?",
            why="It leaves the two factors out.", do="Multiply by the factor of each scaling."),
    Mistake("wide for tall", _scales(lambda r, k: max(1, k / r)**0.5 * _long(r, k),
                                     lambda r, k: 0.2),
            ask="Is a matrix of many rows tall or wide?",
            why="The second is right. The first has rows and columns exchanged.",
            do="Take the root of rows over columns, if that is above 1."),
    Mistake("no max", _scales(lambda r, k: (r / k)**0.5 * _long(r, k), lambda r, k: 0.2),
            ask="What becomes of a wide matrix?",
            why="The second is right. The first makes wide matrices' steps smaller.",
            do="The factor is never below 1."),
    Mistake("no root", _scales(lambda r, k: max(1, r / k) * _long(r, k), lambda r, k: 0.2),
            ask="Is there a root in the first factor?",
            why="The second is right. The first has no root in its factor.",
            do="Take the root of rows over columns."),
    Mistake("smaller side", _scales(lambda r, k: max(1, r / k)**0.5 * min(r, k)**-0.5,
                                    lambda r, k: 0.2 * (max(r, k) / min(r, k))**0.5), ask=_RMS,
            why="It divides by the root of the smaller side.",
            do="min(r, k) over r k is 1 over the larger one."),
    Mistake("mean square", _scales(lambda r, k: max(1, r / k)**0.5 / max(r, k),
                                   lambda r, k: 0.2 * max(r, k)**-0.5),
            ask="Mean, square, or root?",
            why="It takes the mean square of the entries without its root.",
            do="Take the root of 1/max(r, k)."),
    Mistake("swapped", lambda rows, columns, lr: lr * np.array([0.2, _tall(rows, columns)]),
            ask="Which of the two is asked for first?", why="They stand the other way round.",
            do="Return the original first."),
    Mistake("second factor alone", _scales(_tall, lambda r, k: 0.2 * max(r, k)**0.5), ask=_RMS,
            why="The first is right. The second is the factor, not yet the entries' size.",
            do="The roots of the larger side cancel."),
    Mistake("no fifth", _scales(_tall, lambda r, k: 1.0), ask="What is AdamW's usual step?",
            why="The first is right. The second leaves out the 0.2.", do="Multiply it by 0.2."),
    Mistake("spectral norm", _scales(lambda r, k: max(1, r / k)**0.5,
                                     lambda r, k: 0.2), ask=_RMS,
            why="The second is right. The first is the spectral norm of the step.",
            do="Divide it by the root of the larger side."),
)


def _quintic(slope):
    return np.array([slope, 2.5 - 2 * slope, slope - 1.5])


_THREE = "Which three things must hold at 0 and at 1, and which of a, b, c do they fix?"
_QUINTIC = (
    Mistake("no fixed point", lambda a: np.array([a, -(a + 2.5) / 3, 0.5]), ask=_THREE,
            why="Its value at 1 is not 1.", do="a + b + c = 1."),
    Mistake("cubic", lambda a: np.array([a, 1 - a, 0.0]), ask=_THREE,
            why="It is a cubic that reaches 1 at 1; its slope there is not 0.",
            do="Take the second condition, a + 3b + 5c = 0, with c not 0."),
    Mistake("level cubic", lambda a: np.array([a, -a / 3, 0.0]), ask=_THREE,
            why="It is level at 1, but its value there is not 1.", do="a + b + c = 1, too."),
    Mistake("classic", lambda a: np.array([1.5, -0.5, 0.0]) + 0 * a,
            ask="How fast does it grow a small s?",
            why="That is the cubic of the text, of slope 1.5 at 0.", do="Let a be the slope."),
    Mistake("powers 1, 2, 3", lambda a: np.array([a, 3 - 2 * a, a - 2.0]),
            ask="Which powers of s are there?", why="It has s, s², s³.",
            do="The powers are 1, 3 and 5: a + 3b + 5c = 0."),
    Mistake("powers 1, 3, 4", lambda a: np.array([a, 4 - 3 * a, 2 * a - 3.0]),
            ask="What is the derivative of the last power?", why="It takes 4c for 5c.",
            do="The derivative of c s⁵ is 5c s⁴."),
    Mistake("other order", lambda a: np.array([a - 1.5, 2.5 - 2 * a, a]),
            ask="Which comes first, a or c?", why="The coefficients stand from s⁵ down.",
            do="Return a, b, c."),
    Mistake("sign of c", lambda a: np.array([a, 2.5 - 2 * a, 1.5 - a]), ask=_THREE,
            why="c has the wrong sign.", do="Put it back: a + b + c must be 1."),
    Mistake("Muon's", lambda a: np.array([a, -4.775, 2.0315]), ask="What is its value at 1?",
            why="These are Muon's b and c, which do not keep 1 at 1.",
            do="Solve the two equations for b and c."),
)


def _rounds(first=lambda X: X / np.sqrt(np.sum(X * X)), gram=lambda X: X @ X.T,
            last=lambda a, b, c, X, A: a * X + (b * A + c * A @ A) @ X, more=0):
    """Return the iteration from how it begins, which product it takes, and what a round makes."""
    def rounds(X, a, b, c, steps):
        X = first(X)
        for _ in range(steps + more):
            X = last(a, b, c, X, gram(X))
        return X
    return rounds


def _largest(X):
    """Return the largest singular value of a matrix of two rows."""
    A = X @ X.T
    half = (A[0, 0] + A[1, 1]) / 2
    return np.sqrt(half + np.sqrt(half**2 - A[0, 0] * A[1, 1] + A[0, 1] * A[1, 0]))


_BEGIN = "What must be so before the first round?"
_ROUND = "Which powers of the singular values does a round hold?"
_ROUNDS = (
    Mistake("not divided", _rounds(first=lambda X: X), ask=_BEGIN,
            why="It does not divide by the norm.", do="Begin with X over the root of its squares."),
    Mistake("spectral norm", _rounds(first=lambda X: X / _largest(X)), ask=_BEGIN,
            why="It divides by the largest singular value. The rounds could take that, but to find "
                "it takes the decomposition that they spare.",
            do="Begin with X over the root of the sum of its squares."),
    Mistake("squared norm", _rounds(first=lambda X: X / np.sum(X * X)), ask=_BEGIN,
            why="It divides by the square of the norm.", do="Take the root of the sum."),
    Mistake("largest entry", _rounds(first=lambda X: X / np.max(abs(X))), ask=_BEGIN,
            why="It divides by the largest entry; singular values may still be above 1.",
            do="Divide by the root of the sum of squares."),
    Mistake("mean square", _rounds(first=lambda X: X / np.sqrt(np.mean(X * X))), ask=_BEGIN,
            why="It divides by the root mean square; singular values may still be above 1.",
            do="Take the sum in the place of the mean."),
    Mistake("divided in each round", _rounds(
        last=lambda a, b, c, X, A: (lambda Y: Y / np.sqrt(np.sum(Y * Y)))(
            a * X + (b * A + c * A @ A) @ X)),
            ask=_BEGIN, why="It divides after each round as well, which undoes what that did.",
            do="Divide once, before the first."),
    Mistake("entry by entry", _rounds(last=lambda a, b, c, X, A: a * X + b * X**3 + c * X**5),
            ask="Is X³ the cube of each entry?", why="It takes powers of the entries.",
            do="Take A = X @ X.T, and products with @."),
    Mistake("entry by entry in A", _rounds(last=lambda a, b, c, X, A: a * X + (b * A + c * A * A)
                                           @ X),
            ask="What is the square of a matrix?", why="It squares A entry by entry.",
            do="Write A @ A."),
    Mistake("cubic part alone", _rounds(last=lambda a, b, c, X, A: a * X + b * A @ X), ask=_ROUND,
            why="The fifth power is missing.", do="Add c A @ A @ X."),
    Mistake("no first power", _rounds(last=lambda a, b, c, X, A: (b * A + c * A @ A) @ X),
            ask=_ROUND, why="The first power is missing.", do="Add a X."),
    Mistake("sixth power", _rounds(last=lambda a, b, c, X, A: a * X + (b * A + c * A @ A @ A) @ X),
            ask=_ROUND, why="Its last power is 7, not 5.", do="Two factors A make s⁴ of s⁰."),
    Mistake("one round too few", _rounds(more=-1), ask="How many rounds are there?",
            why="It makes one round too few.", do="Make `steps` of them."),
    Mistake("one round too many", _rounds(more=1), ask="How many rounds are there?",
            why="It makes one round too many.", do="Make `steps` of them."),
    Mistake("b and c exchanged", _rounds(last=lambda a, b, c, X, A: a * X + (c * A + b * A @ A)
                                         @ X),
            ask=_ROUND, why="b and c are in each other's place.",
            do="b belongs to the third power."),
    Mistake("sign of b", _rounds(last=lambda a, b, c, X, A: a * X - (b * A - c * A @ A) @ X),
            ask="Which sign does b bring along?",
            why="It subtracts b's part; b is negative itself.",
            do="Add it."),
)
_MATRICES = (np.array([[3.0, 0.0], [0.0, -4.0]]), np.array([[1.0, 2.0, 0.5], [-1.0, 1.0, 3.0]]),
             np.array([[2.0, 1.0], [1.0, -1.0]]))


def _row(made):
    """Return a matrix as a list of its entries, anything else as it is."""
    return np.ravel(made) if getattr(made, "ndim", 0) == 2 else made


def _on_matrices(answer):
    """Run the iteration on three matrices, with Muon's coefficients and with the cubic's."""
    for steps, (a, b, c) in ((1, (3.4445, -4.775, 2.0315)), (3, (1.5, -0.5, 0.0)),
                             (5, (3.4445, -4.775, 2.0315))):
        for X in _MATRICES:
            shape = "×".join(map(str, X.shape))
            made = answer(X.copy(), a, b, c, steps)
            yield f"in a {shape} matrix, with steps={steps}, a={a:g}, all entries", _row(made)


def _share(rows, columns, tokens, rounds):
    small, large = min(rows, columns), max(rows, columns)
    return rounds * (4 * small**2 * large + 2 * small**3) / (6 * rows * columns * tokens)


_COUNT = "Which three products does a round hold, and of what shapes?"


def _cost(round_=lambda m, n: 4 * m**2 * n + 2 * m**3, model=6, turned=False, once=False):
    def cost(rows, columns, tokens, rounds):
        m, n = min(rows, columns), max(rows, columns)
        m, n = (n, m) if turned else (m, n)
        return (1 if once else rounds) * round_(m, n) / (model * rows * columns * tokens)
    return cost


_COST = (
    Mistake("no square product", _cost(lambda m, n: 4 * m**2 * n), ask=_COUNT,
            why="It leaves out A @ A.", do="Add 2 m³."),
    Mistake("one long product", _cost(lambda m, n: 2 * m**2 * n + 2 * m**3), ask=_COUNT,
            why="It counts one of the two products with X.",
            do="X @ X.T and (…) @ X take 2 m² n each."),
    Mistake("multiplications alone", _cost(lambda m, n: 2 * m**2 * n + m**3),
            ask="How many flops is a multiplication with its addition?",
            why="It counts multiplications only in the rounds.",
            do="A product of p×q by q×r takes 2 p q r flops."),
    Mistake("longer side", _cost(turned=True), ask="Which side has A?",
            why="Its A is as large as the longer side; a tall X is transposed first.",
            do="m is the smaller side."),
    Mistake("one round", _cost(once=True), ask="How many rounds are there?",
            why="It counts one round.", do="Multiply by the rounds."),
    Mistake("forward alone", _cost(model=2), ask="What does the model do beside going forward?",
            why="It compares with the forward pass alone.",
            do="Forward and backward take 6 flops a weight and token."),
    Mistake("backward alone", _cost(model=4), ask="What does the model do beside going backward?",
            why="It compares with the backward pass alone.",
            do="Forward and backward take 6 flops a weight and token."),
    Mistake("always rows", lambda rows, columns, tokens, rounds: rounds
            * (4 * rows**2 * columns + 2 * rows**3) / (6 * rows * columns * tokens),
            ask="What happens first to a tall matrix?",
            why="Right for a wide matrix. A tall one is transposed first.",
            do="Take the smaller side for m."),
    Mistake("square formula", lambda rows, columns, tokens, rounds: rounds
            * min(rows, columns) / tokens, ask="Which three products are there, if not square?",
            why="That is right for a square matrix. Else it has three long products, as A (A X) "
                "takes; a round squares A, which is small.",
            do="A @ A takes 2 m³: keep m and n apart, 4 m² n + 2 m³."),
)


def _muon(mean_first=True, scale=lambda r, k: max(1, r / k)**0.5, nesterov=True,
          shrink=lambda W, lr, wd: (1 - lr * wd) * W, keep=True, after=False, total=False, sign=1):
    """Return Muon's step with a part of it exchanged."""
    def step(W, G, t, B=0.0, *, orthogonal, lr, momentum, weight_decay):
        G_in = G if mean_first else orthogonal(G)
        new = momentum * B + (1 if total else 1 - momentum) * G_in
        ahead = new
        if nesterov:
            ahead = (1 - momentum) * G_in + momentum * new
        made = orthogonal(ahead) if mean_first else ahead
        move = sign * lr * scale(*W.shape) * made
        W = shrink(W - move, lr, weight_decay) if after else shrink(W, lr, weight_decay) - move
        return W, new if keep else B
    return step


def _orthogonal(X):
    return newton_schulz(X, (3.4445, -4.775, 2.0315), 5, 1e-7)


def _driven(rule):
    """Drive a rule for four steps on a tall and on a wide matrix."""
    hyper = {"orthogonal": _orthogonal, "lr": 0.1, "momentum": 0.8, "weight_decay": 0.5}
    for shape in ((4, 2), (2, 3)):
        slopes, state = np.random.default_rng(3).normal(size=(4, *shape)), ()
        W = np.array([[1.0 + i - 0.5 * j for j in range(shape[1])] for i in range(shape[0])])
        for t, G in enumerate(slopes, start=1):
            W, *state = rule(W, G.copy(), t, *state, **hyper)
            where = f"of a {shape[0]}×{shape[1]} matrix at step {t}, all entries"
            yield where[:1].upper() + where[1:], np.ravel(W)


def _colleague(scale):
    """Return the exercise's own step: each gradient is made orthogonal, and then comes the mean."""
    def step(W, G, t, B=0.0, *, orthogonal, lr, momentum, weight_decay):
        made = orthogonal(G)
        B = momentum * B + (1 - momentum) * made
        made = (1 - momentum) * made + momentum * B if t > 1 else made
        return (1 - lr * weight_decay) * W - lr * scale(*W.shape) * made, B
    return step


_ORDER = "What is made orthogonal: one gradient, or the mean?"
_MEND = (
    Mistake("as it stands", _colleague(lambda r, k: max(1, k / r)**0.5),
            ask="Is this matrix tall or wide, and which gets the longer step?",
            why="The scale has rows and columns exchanged; and more is wrong from the second step.",
            do="Take rows / columns; then see what the mean is made of."),
    Mistake("scale mended", _colleague(lambda r, k: max(1, r / k)**0.5), ask=_ORDER,
            why="The scale is right. Each gradient is orthogonalised, and then comes the mean.",
            do="Take the mean of the gradients as they are, and orthogonalise the step."),
    Mistake("orthogonalised before the mean", _muon(mean_first=False), ask=_ORDER,
            why="It orthogonalises each gradient and then takes the mean: small gradients count as "
                "much as large ones, and the step's singular values are not equal.",
            do="Take the mean of the gradients as they are, and orthogonalise the step."),
    Mistake("rows and columns", _muon(scale=lambda r, k: max(1, k / r)**0.5),
            ask="Which shape gets a longer step?", why="The scale has rows and columns exchanged.",
            do="Take the root of max(1, rows / columns)."),
    Mistake("no scale", _muon(scale=lambda r, k: 1.0), ask="What does the shape change?",
            why="A tall matrix gets no longer step.",
            do="Multiply by the root of max(1, rows / columns)."),
    Mistake("no root in the scale", _muon(scale=lambda r, k: max(1, r / k)),
            ask="What does the shape change?", why="The scale lacks its root.",
            do="Take the root of max(1, rows / columns)."),
    Mistake("no look ahead", _muon(nesterov=False), ask="What is made orthogonal?",
            why="It steps along the new B, or mixes in the old one, which is the same.",
            do="Renew B; then mix the gradient with it once more."),
    Mistake("no decay", _muon(shrink=lambda W, lr, wd: W), ask="Does W shrink?",
            why="The decay is lost.", do="Multiply the old W by 1 - lr * weight_decay."),
    Mistake("decay without lr", _muon(shrink=lambda W, lr, wd: (1 - wd) * W),
            ask="By which factor does W shrink?", why="It shrinks by weight_decay alone.",
            do="By lr times weight_decay."),
    Mistake("decay after the step", _muon(after=True), ask="Which W shrinks?",
            why="The new W shrinks, and so a part of the step.", do="Shrink the old one."),
    Mistake("B not kept", _muon(keep=False), ask="What does the next step begin with?",
            why="It returns the old B.", do="Return the new one."),
    Mistake("uphill", _muon(sign=-1), ask="Does the loss fall along its step?",
            why="It adds the step.", do="Take it away."),
    Mistake("a sum for the mean", _muon(total=True), ask="What weighs the new gradient in B?",
            why="B is a sum of fading gradients, and the look ahead weighs them otherwise.",
            do="Weigh the new gradient by 1 - momentum."),
)

EXERCISES = {
    "gain": Exercise(lambda s: np.sum(s) / _root(s),
                     lists([3.0, 1.0], [10.0, 1.0, 1.0, 0.5], [2.0, 2.0, 2.0], [5.0]), _GAIN),
    "scales": Exercise(_scales(_tall, lambda r, k: 0.2),
                       on((128, 32, 0.02), (32, 128, 0.1), (50, 7, 0.5)), _SCALES,
                       gives="two numbers, of `None` and of `match_rms_adamw`"),
    "quintic": Exercise(_quintic, on((1.5,), (2.0,), (3.4445,)), _QUINTIC,
                        gives="the three coefficients a, b, c"),
    "implement": Exercise(_rounds(), _on_matrices, _ROUNDS,
                          gives="a matrix of the shape of X"),
    "cost": Exercise(_share, on((768, 768, 500_000, 5), (3072, 768, 10_000, 5),
                                (32, 128, 300, 6)), _COST),
    "mend": Exercise(_muon(), _driven, _MEND, gives="the new matrix and the new B"),
}
