"""The exercises of the Adafactor chapter."""

import math

import numpy as np

from descent.exercises import Exercise, Mistake, on
from descent.exercises.seen import Odd

__all__ = ["EXERCISES"]


def _root_mean_square(x):
    return math.sqrt((x**2).mean())


def _capped(U):
    return U / max(1.0, _root_mean_square(U))


def _product(R, C):
    return R * C / R.mean()


def _size(p):
    return max(1e-3, _root_mean_square(p))


def _limited(lr, t):
    return min(lr, 1 / math.sqrt(t))


def _rule(share=lambda t: t**-0.8, square=lambda g, axis: (g**2).mean(axis=axis, keepdims=True),
          estimate=_product, divisor=np.sqrt, cap=_capped, size=_size, limit=_limited, sign=-1.0,
          late=False, correct=lambda V, t: V, lost=False):
    """Return Adafactor for a matrix from its parts; `late` takes the means before this gradient."""
    def rule(p, g, t, R=0.0, C=0.0, *, lr):
        w = share(t)
        rows = (1 - w) * R + w * square(g, 1)
        columns = (1 - w) * C + w * square(g, 0)
        V = correct(estimate(R, C) if late and t > 1 else estimate(rows, columns), t)
        step = size(p) * limit(lr, t) * cap(g / divisor(V))
        return p + sign * step, *((R, C) if lost else (rows, columns))
    return rule


def _matrices(rule):
    """Yield where six steps of a rule for matrices lead; the gradients jump at the fourth."""
    p, state = np.array([[1.0, -0.5, 2.0], [0.2, 0.4, -1.0]]), ()
    for t in range(1, 7):
        g = np.array([[math.sin(3 * t + 2 * i + 5 * j + 1) * (1 + i) * (1 + 2 * j)
                       for j in range(3)] for i in range(2)]) * (30.0 if t == 4 else 1.0)
        answer = rule(p, g, t, *state, lr=0.48)
        if answer is None:
            raise Odd("nothing", "")
        if not isinstance(answer, (tuple, list)):
            raise Odd("point alone", "It returns the point alone. Return the row means and the "
                      "column means behind it, or the next step begins without a memory.")
        p, *state = answer
        yield f"at step {t} with lr=0.48", p


_BY_HAND = "Take the three steps by hand of the chapter: which of its columns departs first?"
_CAP = "How long may the update be, and how long each of its entries?"
_NEW = "How much of the first square is in the mean after step 1?"
_ESTIMATE = "Which numbers make the estimate, and is its mean that of the squares?"
_ALPHA = "What multiplies the update, for large weights and for late steps?"
_IMPLEMENT = (
    Mistake("no cap", _rule(cap=lambda U: U), ask=_CAP,
            why="The update is not capped: it is right until gradients jump.",
            do="Divide U by `max(1.0, RMS of U)`."),
    Mistake("each entry capped", _rule(cap=lambda U: np.clip(U, -1.0, 1.0)), ask=_CAP,
            why="It cuts each entry to 1, which turns the update.",
            do="Divide all entries alike, by `max(1.0, RMS of U)`."),
    Mistake("always divided", _rule(cap=lambda U: U / _root_mean_square(U)), ask=_CAP,
            why="It makes every update of RMS 1, the short ones too.",
            do="Divide by the larger of 1 and the RMS."),
    Mistake("capped by the sum", _rule(cap=lambda U: U / max(1.0, math.sqrt((U**2).sum()))),
            ask=_CAP, why="It caps by the norm, a root of a sum of squares.",
            do="Take the root of the mean of squares."),
    Mistake("mean of means missing", _rule(estimate=lambda R, C: R * C), ask=_ESTIMATE,
            why="R times C is a square times a square.", do="Divide by `R.mean()`."),
    Mistake("rows alone", _rule(estimate=lambda R, C: R + 0 * C), ask=_ESTIMATE,
            why="It divides by the row means alone.", do="Use R * C / R.mean()."),
    Mistake("columns alone", _rule(estimate=lambda R, C: C + 0 * R), ask=_ESTIMATE,
            why="It divides by the column means alone.", do="Use R * C / R.mean()."),
    Mistake("sums for means",
            _rule(square=lambda g, axis: (g**2).sum(axis=axis, keepdims=True)), ask=_ESTIMATE,
            why="R and C are sums, and R.mean() is a mean of sums: the estimate is too large.",
            do="Take means of the squares."),
    Mistake("squares of means",
            _rule(square=lambda g, axis: g.mean(axis=axis, keepdims=True)**2), ask=_ESTIMATE,
            why="It squares the means of the gradients; signs cancel in them.",
            do="Square first, then take the mean."),
    Mistake("root missing", _rule(divisor=lambda V: V), ask=_BY_HAND,
            why="It divides by the mean square, not by its root.", do="Divide by `np.sqrt(V)`."),
    Mistake("share and rest swapped", _rule(share=lambda t: 1.0 if t == 1 else 1 - t**-0.8),
            ask=_NEW,
            why="The new square has the share that the old mean should keep.",
            do="Use (1 - w) * R + w * new, with w = t**-0.8."),
    Mistake("constant share", _rule(share=lambda t: 1.0 if t == 1 else 2**-0.8), ask=_NEW,
            why="The share of a new square stays as it is at step 2.",
            do="Use t: w = t**-0.8."),
    Mistake("plain mean", _rule(share=lambda t: 1 / t), ask=_NEW,
            why="The share is 1/t: all squares count alike.", do="Use w = t**-0.8."),
    Mistake("corrected too", _rule(correct=lambda V, t: V / (1 - (1 - t**-0.8)**t)), ask=_NEW,
            why="It corrects the means as Adam does, but they need none.",
            do="Leave the correction out."),
    Mistake("weights' size missing", _rule(size=lambda p: 1.0), ask=_ALPHA,
            why="It steps by lr, whatever the weights are.",
            do="Multiply by the RMS of p, or 0.001 if that is larger."),
    Mistake("1/√t missing", _rule(limit=lambda lr, t: lr), ask=_ALPHA,
            why="It takes lr at late steps too.", do="Take the smaller of lr and 1/√t."),
    Mistake("larger for smaller", _rule(limit=lambda lr, t: max(lr, 1 / math.sqrt(t))), ask=_ALPHA,
            why="It takes the larger of lr and 1/√t.", do="Take the smaller one."),
    Mistake("1/√t times lr", _rule(limit=lambda lr, t: lr / math.sqrt(t)), ask=_ALPHA,
            why="It divides lr by √t from the first step on.",
            do="Take the smaller of lr and 1/√t."),
    Mistake("sign", _rule(sign=1.0), ask="Does the loss fall along its step?",
            why="It climbs: it adds the step.", do="Take the step from p."),
    Mistake("old means", _rule(late=True), ask="Which comes first, the new means or the step?",
            why="It divides by the means before this gradient.",
            do="Renew R and C first, then step."),
    Mistake("state not kept", _rule(lost=True), ask="What does the next step begin with?",
            why="It returns the old means.", do="Return the new R and C."),
)

_LAST_TWO = "Which axes make a matrix, and how many such matrices are there?"
_SHARE = (
    Mistake("of the weights", lambda a, b, n, m: (n + m) / (n * m),
            ask="How many numbers does Adam keep for a weight?",
            why="That is the share of the weights.", do="Adam keeps two for each: divide by 2."),
    Mistake("one slice", lambda a, b, n, m: (n + m) / (2 * a * b * n * m), ask=_LAST_TWO,
            why="It counts the means of one slice and the weights of all.",
            do="Each slice keeps n + m."),
    Mistake("the number kept", lambda a, b, n, m: a * b * (n + m), ask="Is it a share?",
            why="That is how many numbers it keeps.", do="Divide by Adam's, 2 a b n m."),
    Mistake("first two axes", lambda a, b, n, m: (a + b) / (2 * a * b), ask=_LAST_TWO,
            why="It factors over the first two axes.", do="Take n and m."),
    Mistake("all axes", lambda a, b, n, m: (a + b + n + m) / (2 * a * b * n * m), ask=_LAST_TWO,
            why="It keeps one mean for each place along each axis.",
            do="Each of the a b slices keeps n + m."),
    Mistake("flattened", lambda a, b, n, m: (a + b * n * m) / (2 * a * b * n * m), ask=_LAST_TWO,
            why="It makes one matrix of it, the first axis against the rest. Torch does not.",
            do="Take the last two axes, slice by slice."),
    Mistake("nothing saved", lambda a, b, n, m: 0.5, ask=_LAST_TWO,
            why="That is a full table of squares.", do="A slice keeps n + m of n m."),
)


def _after(old=lambda t, n: np.prod(1 - np.arange(t, t + n + 1)**-0.8), power=2, root=math.sqrt,
           turned=False, cap=math.inf):
    """Return the update after a jump from what is left of the old mean; `turned` swaps them."""
    def update(jump, t, n):
        P = 1 - old(t, n) if turned else old(t, n)
        return min(cap, jump / root(P + (1 - P) * jump**power))
    return update


_LEFT = "What do the steps from t to t + n leave of the old mean?"
_JUMP = (
    Mistake("first step alone", _after(lambda t, n: 1 - t**-0.8), ask=_LEFT,
            why="That is the update at the jump itself, n = 0.",
            do="Multiply 1 - i**-0.8 for all i from t to t + n."),
    Mistake("last step alone", _after(lambda t, n: 1 - (t + n)**-0.8), ask=_LEFT,
            why="It lets the last step alone renew the mean.",
            do="Multiply 1 - i**-0.8 for all i from t to t + n."),
    Mistake("constant share", _after(lambda t, n: (1 - t**-0.8)**(n + 1)), ask=_LEFT,
            why="It takes the share of step t for all steps.", do="Step i has its own, i**-0.8."),
    Mistake("jump's step missing",
            _after(lambda t, n: np.prod(1 - np.arange(t + 1, t + n + 1)**-0.8)), ask=_LEFT,
            why="The product begins a step too late: step t brings a new square already.",
            do="Begin at t."),
    Mistake("last step missing", _after(lambda t, n: np.prod(1 - np.arange(t, t + n)**-0.8)),
            ask="Does the mean know of the gradient that it divides?",
            why="The product ends a step too soon.", do="End at t + n, included."),
    Mistake("counted from 1", _after(lambda t, n: np.prod(1 - np.arange(2, n + 3)**-0.8)),
            ask=_LEFT, why="It counts the steps from the jump on, not from the beginning.",
            do="The shares are those of the steps t to t + n."),
    Mistake("shares for rests", _after(lambda t, n: np.prod(np.arange(t, t + n + 1)**-0.8)),
            ask="Which is w, the share of the new or of the old?",
            why="It multiplies the shares of the new squares.", do="The old mean keeps 1 - w."),
    Mistake("old and new swapped", _after(turned=True), ask="Which squares weigh 1 - P?",
            why="It has the old squares in the place of the new ones.",
            do="P is for the old squares, which are 1."),
    Mistake("square missing", _after(power=1), ask="Of what is V a mean?",
            why="It is a mean of gradients, not of squares.", do="Put jump**2 into the mean."),
    Mistake("root missing", _after(root=lambda v: v), ask="By what is the gradient divided?",
            why="It divides by the mean of squares.", do="Divide by its root."),
    Mistake("capped", _after(cap=1.0), ask="With the cap, or without?",
            why="It is cut to 1.", do="Leave the cap out."),
)


def _stacks(answer):
    """Yield the estimates of two stacks of squares, as tables with a row a head."""
    for heads, scale in ((2, 100.0), (3, 0.01)):
        squares = np.array([[[(1.0 + (3 * h + 2 * i + 5 * j) % 7) * scale**h for j in range(3)]
                             for i in range(2)] for h in range(heads)])
        yield f"for {heads} heads of 2 × 3", answer(squares)


def _estimated(R_by=lambda x: x.mean(-1, keepdims=True), C_by=lambda x: x.mean(-2, keepdims=True),
               over=lambda R, C: R.mean(-2, keepdims=True)):
    def estimate(squares):
        R, C = R_by(squares), C_by(squares)
        return R * C / over(R, C)
    return estimate


_HEAD = "Of which numbers is each of the means a mean?"
_STACK = (
    Mistake("mean of all heads", _estimated(over=lambda R, C: R.mean()), ask=_HEAD,
            why="`R.mean()` is the mean over all heads.",
            do="Take R's mean over the rows of each head, with `keepdims`."),
    Mistake("mean over heads", _estimated(over=lambda R, C: R.mean(0, keepdims=True)), ask=_HEAD,
            why="It takes the mean over the heads, row by row.",
            do="Take the mean over the rows, axis -2."),
    Mistake("rows cancel", _estimated(over=lambda R, C: R.mean(-1, keepdims=True)),
            ask="Along which axis do the row means differ?",
            why="R has one column: its mean over columns is R itself, and cancels.",
            do="Take the mean over the rows, axis -2."),
    Mistake("columns cancel", _estimated(over=lambda R, C: C.mean(-2, keepdims=True)),
            ask="Along which axis do the column means differ?",
            why="C has one row: its mean over rows is C itself, and cancels.",
            do="Take the mean of R over axis -2, or of C over axis -1."),
    Mistake("not divided", _estimated(over=lambda R, C: 1.0), ask="What is the unit of R times C?",
            why="It leaves out the mean of means.", do="Divide by R's mean over the rows."),
    Mistake("sum for mean", _estimated(over=lambda R, C: R.sum(-2, keepdims=True)),
            ask="Is its mean that of the squares?", why="It divides by the sum of row means.",
            do="Take their mean."),
    Mistake("one head for all", _estimated(over=lambda R, C: R[:1].mean(-2, keepdims=True)),
            ask=_HEAD, why="It divides all by the mean of the first head.",
            do="Each head has its own."),
    Mistake("heads averaged", _estimated(R_by=lambda x: x.mean((0, -1), keepdims=True) + 0 * x[
        :, :, :1], C_by=lambda x: x.mean((0, -2), keepdims=True) + 0 * x[:, :1]), ask=_HEAD,
            why="R and C are means over all heads.", do="Leave the first axis alone."),
)


def _spike(rows=True, columns=True, whole=True, over=True):
    def ratio(n, m, q):
        return ((1 + q / m if rows else 1) * (1 + q / n if columns else 1)
                / (1 + q / (n * m) if whole else 1) / (1 + q if over else 1))
    return ratio


_MEANS = "What are the three means, and which entries are in each?"
_SPIKE = (
    Mistake("the estimate alone", _spike(over=False), ask="Of what is it the factor?",
            why="That is the estimate.", do="Divide by the entry, 1 + q."),
    Mistake("row alone", _spike(columns=False, whole=False), ask=_MEANS,
            why="That is the row mean over the entry.", do="Use column and whole mean as well."),
    Mistake("column alone", _spike(rows=False, whole=False), ask=_MEANS,
            why="That is the column mean over the entry.", do="Use row and whole mean as well."),
    Mistake("not divided by the whole", _spike(whole=False), ask=_MEANS,
            why="It leaves the mean of all out.", do="Divide by 1 + q/(nm)."),
    Mistake("a neighbour in the row", lambda n, m, q: (1 + q / m) / (1 + q / (n * m)),
            ask="Which entry is asked for?", why="That is the factor of a neighbour in its row.",
            do="For the spike both means are raised; divide by 1 + q."),
    Mistake("a neighbour in the column", lambda n, m, q: (1 + q / n) / (1 + q / (n * m)),
            ask="Which entry is asked for?",
            why="That is the factor of a neighbour in its column.",
            do="For the spike both means are raised; divide by 1 + q."),
    Mistake("whole alone", _spike(rows=False, columns=False), ask=_MEANS,
            why="It leaves out how row and column means are raised.",
            do="Multiply by (1 + q/m) (1 + q/n)."),
    Mistake("q for 1 + q", lambda n, m, q: (1 + q / m) * (1 + q / n) / (1 + q / (n * m)) / q,
            ask="What is the mean square of the spike?", why="It takes q for the spike.",
            do="The spike is 1 + q."),
    Mistake("spike for q", lambda n, m, q: (1 + (1 + q) / m) * (1 + (1 + q) / n)
            / (1 + (1 + q) / (n * m)) / (1 + q), ask=_MEANS,
            why="Its means have the whole spike on top of the 1s.",
            do="Only q is added: (m - 1 + 1 + q)/m is 1 + q/m."),
)


def _floored(V, root):
    return lambda g, eps1: g / root(V(g, eps1), eps1)


def _small_mean(g, eps1):
    return g**4 / max(g**2, eps1)


def _outer_floor(V, eps1):
    return math.sqrt(max(V, eps1**2))


_FLOORS = "Where does eps1 stand, and is it floored there or added?"
_FLOOR = (
    Mistake("no floor", lambda g, eps1: 1.0, ask=_FLOORS, why="That is the case without eps1.",
            do="Put eps1 into both maxima."),
    Mistake("middle case missing", lambda g, eps1: 1.0 if g**2 >= eps1 else g / eps1, ask=_FLOORS,
            why="Between the two floors, where only the mean meets its own, there is a third case.",
            do="There V is g**4 / eps1, as long as that is above eps1**2."),
    Mistake("no growth", lambda g, eps1: 1.0 if g >= eps1**0.75 else g / eps1,
            ask=_FLOORS, why="Once g**2 is below eps1 the update is no longer 1.",
            do="There V is g**4 / eps1, as long as that is above eps1**2."),
    Mistake("mean's floor alone", _floored(_small_mean, lambda V, eps1: math.sqrt(V)), ask=_FLOORS,
            why="It has the floor of the mean and not that of V.",
            do="Take the larger of V and eps1**2."),
    Mistake("root's floor alone", _floored(lambda g, eps1: g**2, _outer_floor), ask=_FLOORS,
            why="It is never above 1: the root has its floor and the mean has none, or it is "
                "capped already.",
            do="Divide R C by the larger of the mean and eps1."),
    Mistake("added", lambda g, eps1: g / (g + eps1), ask=_FLOORS,
            why="It adds eps1 to the root, as Adam does.", do="Take maxima."),
    Mistake("the paper's", lambda g, eps1: g / math.sqrt(g**2 + eps1), ask=_FLOORS,
            why="It adds eps1 to the square, as the paper does.", do="Take maxima."),
    Mistake("square missing", _floored(_small_mean, lambda V, eps1: math.sqrt(max(V, eps1))),
            ask=_FLOORS, why="It floors V by eps1.", do="V is a square: floor it by eps1**2."),
    Mistake("root missing", lambda g, eps1: g / max(_small_mean(g, eps1), eps1**2),
            ask="By what is the gradient divided?", why="It divides by V.", do="Take V's root."),
)

EXERCISES = {
    "share": Exercise(lambda a, b, n, m: (n + m) / (2 * n * m),
                      on((64, 32, 3, 3), (2, 3, 5, 7), (1, 4, 100, 10)), _SHARE),
    "jump": Exercise(_after(), on((10.0, 100, 3), (3.0, 1000, 40), (100.0, 20, 0), (0.1, 50, 5)),
                     _JUMP),
    "implement": Exercise(_rule(), _matrices, _IMPLEMENT,
                          gives="the new point, the row means and the column means"),
    "stack": Exercise(_estimated(), _stacks, _STACK, gives="an array like `squares`"),
    "spike": Exercise(_spike(), on((10, 5, 3.0), (100, 20, 50.0), (2, 3, 0.5)), _SPIKE),
    "floor": Exercise(_floored(_small_mean, _outer_floor),
                      on((1.0, 0.01), (0.05, 0.01), (0.02, 0.01), (0.005, 0.01), (1e-3, 1e-4),
                         (1e-4, 1e-6)),
                      _FLOOR),
}
