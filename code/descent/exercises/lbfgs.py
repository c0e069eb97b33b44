"""The exercises of the L-BFGS chapter."""

import math

import numpy as np

from descent.exercises import Exercise, Mistake, on
from descent.rules.lbfgs import remember, two_loop

__all__ = ["EXERCISES"]


def _pairs(count, size, seed=0):
    """Return a gradient and pairs from a random bowl, oldest first."""
    rng = np.random.default_rng(seed)
    root, pairs = rng.normal(size=(size, size)), ()
    for s in rng.normal(size=(count, size)):
        pairs = remember(pairs, s, root @ root.T @ s + s, count)
    return rng.normal(size=size), pairs


def _on_pairs(product):
    for count in (3, 1, 5, 0):
        g, pairs = _pairs(count, 4, seed=count)
        yield f"with {count} pairs", product(g, pairs)


def _loops(first=reversed, second=iter, alpha=lambda rho, s, y, q, g: rho * (s @ q),
           taken=lambda s, y: y, scale=lambda gamma, oldest: gamma, before=False,
           added=lambda alpha, beta, s, y: (alpha - beta) * s,
           beta=lambda rho, s, y, r: rho * (y @ r), matched=True, whole=True):
    """Return the two loops from their parts; `before` scales g, not what comes out of loop one."""
    def product(g, pairs):
        def gamma(pair):
            _, y, rho = pair
            return 1 / (rho * (y @ y))

        factor = scale(gamma(pairs[-1]), gamma(pairs[0])) if pairs else 1.0
        g = factor * g if before else g
        q, alphas = g, {}
        for k in first(range(len(pairs))):
            s, y, rho = pairs[k]
            alphas[k] = alpha(rho, s, y, q, g)
            q = q - alphas[k] * taken(s, y)
        r = q if before else factor * q
        for k in second(range(len(pairs))) if whole else ():
            s, y, rho = pairs[k]
            a = alphas[k if matched else len(pairs) - 1 - k]
            r = r + added(a, beta(rho, s, y, r), s, y)
        return r
    return product


_TWO_LOOP = (
    Mistake("first loop from the oldest", _loops(first=iter, second=reversed),
            "Both loops run the wrong way round. Peel off the newest pair first, and put it back "
            "last."),
    Mistake("second loop from the newest", _loops(second=reversed),
            "The second loop runs from the newest pair to the oldest; it must come back the other "
            "way."),
    Mistake("both loops from the oldest", _loops(first=iter),
            "The first loop starts with the oldest pair; the newest is the outermost factor of H, "
            "so it comes first."),
    Mistake("no gamma", _loops(scale=lambda new, old: 1.0),
            "It starts from H = I. Between the loops, multiply by yᵀs / yᵀy of the newest pair."),
    Mistake("gamma of the oldest pair", _loops(scale=lambda new, old: old),
            "It takes γ from the oldest pair. The newest knows the curvature here."),
    Mistake("gamma upside down", _loops(scale=lambda new, old: 1 / new),
            "Its γ is yᵀy / yᵀs, a curvature. H is an inverse: yᵀs / yᵀy."),
    Mistake("gamma at the start", _loops(before=True),
            "It multiplies g by γ before the first loop, so that the alphas are scaled too."),
    Mistake("sign", lambda g, pairs: -two_loop(g, pairs),
            "That is the direction, minus H g. H g is asked for."),
    Mistake("s and y swapped",
            lambda g, pairs: two_loop(g, tuple((y, s, rho) for s, y, rho in pairs)),
            "It has s and y in each other's place: that is an estimate of the Hessian, not of its "
            "inverse."),
    Mistake("no rho", _loops(alpha=lambda rho, s, y, q, g: s @ q, beta=lambda rho, s, y, r: y @ r),
            "It leaves out rho, 1 / yᵀs, in both loops."),
    Mistake("no rho in the second loop", _loops(beta=lambda rho, s, y, r: y @ r),
            "The second loop needs rho as well: beta = rho yᵀr."),
    Mistake("alphas mixed up", _loops(matched=False),
            "Each pair needs its own alpha again. They were made newest first and are used oldest "
            "first: turn the list round."),
    Mistake("g in the first loop", _loops(alpha=lambda rho, s, y, q, g: rho * (s @ g)),
            "alpha must look at q, what the newer pairs have left, not at g."),
    Mistake("s taken off", _loops(taken=lambda s, y: s),
            "The first loop takes alpha y off q, not alpha s."),
    Mistake("y put back", _loops(added=lambda alpha, beta, s, y: (alpha - beta) * y),
            "The second loop adds a multiple of s, a step, not of y."),
    Mistake("alpha plus beta", _loops(added=lambda alpha, beta, s, y: (alpha + beta) * s),
            "The second loop adds (alpha - beta) s; it has a plus there."),
    Mistake("no beta", _loops(added=lambda alpha, beta, s, y: alpha * s),
            "The second loop adds alpha s and forgets beta."),
    Mistake("one loop", _loops(whole=False), "The second loop is missing."),
)


def _lines():
    """Yield steps along three lines: step, value and slope there, and value and slope at 0."""
    lines = ((lambda x: (x - 1)**2, lambda x: 2 * (x - 1)),
             (lambda x: -x / (x**2 + 2), lambda x: (x**2 - 2) / (x**2 + 2)**2),
             (lambda x: 0.1 * x**2 - math.sin(3 * x), lambda x: 0.2 * x - 3 * math.cos(3 * x)))
    for f, slope in lines:
        for step in (0.01, 0.2, 0.4, 0.7, 1.0, 1.3, 1.6, 1.8, 1.99, 2.2, 2.5, 3.0, 4.3):
            yield step, f(step), slope(step), f(0.0), slope(0.0)


def _on_lines(accepts):
    for c1, c2 in ((1e-4, 0.9), (0.3, 0.9), (0.3, 0.4), (0.1, 0.1)):
        for line in _lines():
            yield f"at step {line[0]:g}, c1={c1:g}, c2={c2:g}", accepts(*line, c1, c2)


def _accepts(low=lambda step, f, f0, slope0, c1: f <= f0 + c1 * step * slope0,
             flat=lambda slope, slope0, c2: abs(slope) <= -c2 * slope0,
             both=lambda a, b: a and b, swapped=False):
    """Return the test from its two conditions and how they are joined."""
    def accepts(step, f, slope, f0, slope0, c1, c2):
        c1, c2 = (c2, c1) if swapped else (c1, c2)
        return both(low(step, f, f0, slope0, c1), flat(slope, slope0, c2))
    return accepts


_WOLFE = (
    Mistake("lower is enough", _accepts(low=lambda step, f, f0, slope0, c1: f < f0),
            "It asks for a lower value only. Armijo asks for a part c1 of the fall that the slope "
            "at 0 promises."),
    Mistake("weak", _accepts(flat=lambda slope, slope0, c2: slope >= c2 * slope0),
            "Those are the weak conditions: a slope that climbs steeply passes. The strong ones "
            "bound its modulus."),
    Mistake("low enough only", _accepts(both=lambda a, b: a),
            "It tests Armijo's condition alone: a tiny step passes."),
    Mistake("flat enough only", _accepts(both=lambda a, b: b),
            "It tests the slope alone: a step to another valley, higher up, passes."),
    Mistake("one of the two", _accepts(both=lambda a, b: a or b), "Both must hold, not one."),
    Mistake("constants swapped", _accepts(swapped=True),
            "c1 belongs to the fall of the value, c2 to the slope."),
    Mistake("c2 in both", lambda step, f, slope, f0, slope0, c1, c2: (
        _accepts()(step, f, slope, f0, slope0, c2, c2)),
            "c1 belongs to the fall of the value; it has c2 in both lines."),
    Mistake("no step", _accepts(low=lambda step, f, f0, slope0, c1: f <= f0 + c1 * slope0),
            "The fall that the slope promises grows with the step: c1 * step * slope_start."),
    Mistake("sign in the fall",
            _accepts(low=lambda step, f, f0, slope0, c1: f <= f0 - c1 * step * slope0),
            "The slope at 0 is negative: minus c1 times it lets the value rise."),
    Mistake("sign in the slope",
            _accepts(flat=lambda slope, slope0, c2: abs(slope) <= c2 * slope0),
            "The slope at 0 is negative, so no modulus is below c2 times it. Take minus, or its "
            "modulus."),
    Mistake("no modulus", _accepts(flat=lambda slope, slope0, c2: slope <= -c2 * slope0),
            "It bounds the slope from above only. A step that is still on the steep way down "
            "passes."),
    Mistake("slope by itself", _accepts(flat=lambda slope, slope0, c2: abs(slope) <= c2),
            "It compares the slope with c2 itself; c2 is a share of the slope at 0."),
    Mistake("slope at the step", lambda step, f, slope, f0, slope0, c1, c2: (
        f <= f0 + c1 * step * slope and abs(slope) <= -c2 * slope0),
            "Armijo's line has the slope at 0, not the one at the step."),
)


def _closure(zero=True, fresh=True, returns=True, backward=True, late=False):
    """Return a maker of closures from what its closure does; `late` clears after backward."""
    def make(p, optimizer, loss_of):
        stale = None if fresh else loss_of(p)

        def closure():
            if zero:
                optimizer.zero_grad()
            loss = loss_of(p) if fresh else stale
            if backward:
                loss.backward()
            if late:
                optimizer.zero_grad(set_to_none=False)
            return loss if returns else None
        return closure
    return make


def _on_calls(make):
    """Call the closure at three points; a loss whose graph is used up counts as no gradient."""
    import torch  # not before: in a page there is none

    p = torch.tensor([1.0, -2.0], dtype=torch.float64, requires_grad=True)
    weights = torch.tensor([1.0, 3.0], dtype=torch.float64)
    closure = make(p, torch.optim.LBFGS([p]), lambda p: (weights * p**4).sum())
    for k, point in enumerate(([1.0, -2.0], [0.5, 1.0], [2.0, 0.3]), start=1):
        if k > 1:
            with torch.no_grad():
                p.copy_(torch.tensor(point))
        try:
            loss = closure()
        except RuntimeError:  # backward through a graph that is gone, or of another point
            loss = -1.0
        loss = loss.item() if isinstance(loss, torch.Tensor) else loss
        yield f"in call {k} it returns", math.nan if loss is None else float(loss)
        gradient = [math.nan] * 2 if p.grad is None else p.grad.tolist()
        yield f"after call {k} the gradient is", np.array(gradient)


_ZERO = "The gradients are not cleared: each call adds to those of the calls before."
_STALE = "The loss is computed once, outside: the closure must compute it anew at every call."
_NONE = "The closure returns nothing; torch wants the loss."
_CLOSURE = (
    Mistake("no zero_grad, stale loss, no return",
            _closure(zero=False, fresh=False, returns=False),
            f"All three are still there. {_ZERO} {_STALE} {_NONE}"),
    Mistake("no zero_grad, stale loss", _closure(zero=False, fresh=False),
            f"Two remain. {_ZERO} {_STALE}"),
    Mistake("no zero_grad, no return", _closure(zero=False, returns=False),
            f"Two remain. {_ZERO} {_NONE}"),
    Mistake("stale loss, no return", _closure(fresh=False, returns=False),
            f"Two remain. {_STALE} {_NONE}"),
    Mistake("no zero_grad", _closure(zero=False), f"One remains. {_ZERO}"),
    Mistake("stale loss", _closure(fresh=False), f"One remains. {_STALE}"),
    Mistake("no return", _closure(returns=False), f"One remains. {_NONE}"),
    Mistake("no backward", _closure(backward=False),
            "There is no gradient after the call: backward is missing, or zero_grad comes after "
            "it. Torch takes none for 0, and the run looks converged."),
    Mistake("zero_grad after backward", _closure(zero=False, late=True),
            "The gradient is 0 after the call: it is cleared when backward has made it. Clear it "
            "before."),
)


def _rank_two(taken, given):
    """Return B minus one term plus another; each takes B, s, y."""
    return lambda B, s, y: B - taken(B, s, y) + given(B, s, y)


def _along_s(B, s, y):
    return np.outer(B @ s, B @ s) / (s @ B @ s)


def _along_y(B, s, y):
    return np.outer(y, y) / (y @ s)


def _inverse(B, s, y):
    left = np.eye(len(s)) - np.outer(s, y) / (y @ s)
    return left @ B @ left.T + np.outer(s, s) / (y @ s)


def _symmetric_rank_one(B, s, y):
    r = y - B @ s
    return B + np.outer(r, r) / (r @ s)


def _on_matrices(update):
    for size in (3, 5):
        rng = np.random.default_rng(size)
        B, A = (root @ root.T + np.eye(size) for root in rng.normal(size=(2, size, size)))
        s = rng.normal(size=size)
        yield f"on a matrix of {size} rows", update(B, s, A @ s)


_UPDATE = (
    Mistake("the inverse's formula", _inverse,
            "That is the update of H, and it gives H y = s. B is its inverse: B s = y is asked "
            "for."),
    Mistake("DFP", lambda B, s, y: _inverse(B, y, s),
            "It satisfies B s = y, and it is another method's: DFP, the least change of B. BFGS is "
            "the least change of H; invert that."),
    Mistake("rank one", _symmetric_rank_one,
            "It satisfies B s = y with one term: the symmetric rank-one update. It need not stay "
            "positive definite."),
    Mistake("Broyden's", lambda B, s, y: B + np.outer(y - B @ s, s) / (s @ s),
            "That is Broyden's update: it satisfies B s = y, but it is not symmetric."),
    Mistake("nothing taken away", _rank_two(lambda B, s, y: 0.0, _along_y),
            "It adds the new curvature and leaves the old one along s in place: B s is too much."),
    Mistake("nothing added", _rank_two(_along_s, lambda B, s, y: 0.0),
            "It takes the old curvature along s away and adds no new one: B s = 0."),
    Mistake("signs", lambda B, s, y: B + _along_s(B, s, y) - _along_y(B, s, y),
            "The signs of the two terms are swapped."),
    Mistake("y yᵀ / yᵀy", _rank_two(_along_s, lambda B, s, y: np.outer(y, y) / (y @ y)),
            "It divides y yᵀ by yᵀy; then B s is not y. Which product makes it so?"),
    Mistake("y yᵀ not divided", _rank_two(_along_s, lambda B, s, y: np.outer(y, y)),
            "y yᵀ must be divided by yᵀs, or B s is y times yᵀs."),
    Mistake("B s not divided", _rank_two(lambda B, s, y: np.outer(B @ s, B @ s), _along_y),
            "(B s)(B s)ᵀ must be divided by sᵀB s."),
    Mistake("s for B s", _rank_two(lambda B, s, y: np.outer(s, s) / (s @ s), _along_y),
            "It takes s sᵀ / sᵀs away. What B says along s is B s sᵀB / sᵀB s."),
)


def _on_curvatures(steps):
    for curvatures in ([1.0, 2.0, 5.0], [3.0, 3.0, 3.0, 3.0], [1.0, 1.0, 1.0, 7.0, 7.0],
                       [1.0, 10.0, 100.0, 100.0, 1000.0, 1000.0, 1000.0]):
        yield f"with curvatures {curvatures}", steps(np.array(curvatures))


_OF_ROOT = ("The root of the condition number bounds how fast the error falls on the way. The end "
            "comes at a fixed step.")

EXERCISES = {
    "by_hand": Exercise(
        lambda sg, yg, ys, yy: 2 * sg / ys - yg / yy,
        on((1.0, 2.0, 4.0, 5.0), (-3.0, 0.5, 2.0, 10.0), (2.0, -1.0, 0.5, 0.3)), (
            Mistake("alpha alone", lambda sg, yg, ys, yy: sg / ys,
                    "That is alpha, all that the first loop knows. The second loop adds alpha "
                    "minus beta."),
            Mistake("beta with a plus", lambda sg, yg, ys, yy: yg / yy,
                    "That is alpha + beta. The factor is alpha - beta."),
            Mistake("beta looks at g", lambda sg, yg, ys, yy: sg / ys - yg / yy,
                    "Its beta looks at γ g. The second loop sees r = γ (g - alpha y)."),
            Mistake("no gamma", lambda sg, yg, ys, yy: sg / ys - yg / ys + sg * yy / ys**2,
                    "It leaves γ out between the loops, so beta is too large or too small by it."),
            Mistake("sign", lambda sg, yg, ys, yy: yg / yy - 2 * sg / ys,
                    "That is the factor in the direction -H g. H g is asked for."),
            Mistake("beta alone", lambda sg, yg, ys, yy: yg / yy - sg / ys,
                    "That is beta. The factor of s is alpha - beta."),
            Mistake("beta's y dropped", lambda sg, yg, ys, yy: 2 * sg / ys - yg / ys,
                    "γ times rho is 1 / yᵀy: beta has that in front, not 1 / yᵀs."),
        )),
    "two_loop": Exercise(two_loop, _on_pairs, _TWO_LOOP),
    "wolfe": Exercise(_accepts(), _on_lines, _WOLFE),
    "closure": Exercise(_closure(), _on_calls, _CLOSURE),
    "update": Exercise(_rank_two(_along_s, _along_y), _on_matrices, _UPDATE),
    "steps": Exercise(
        lambda curvatures: float(len(np.unique(curvatures))), _on_curvatures, (
            Mistake("the dimension", lambda curvatures: float(len(curvatures)),
                    "That is the most it can take. Equal curvatures are dealt with at once."),
            Mistake("one too many", lambda curvatures: len(np.unique(curvatures)) + 1.0,
                    "One too many: in a round bowl the very first step, along minus the gradient, "
                    "ends at the minimum."),
            Mistake("one too few", lambda curvatures: len(np.unique(curvatures)) - 1.0,
                    "One too few: that is the number of pairs it has when it arrives."),
            Mistake("the condition number",
                    lambda curvatures: float(curvatures.max() / curvatures.min()),
                    "That is the condition number. It rules gradient descent; here only how many "
                    "different curvatures there are counts."),
            Mistake("the root of the condition number",
                    lambda curvatures: float(np.sqrt(curvatures.max() / curvatures.min())),
                    _OF_ROOT),
            Mistake("the root, rounded up",
                    lambda curvatures: float(math.ceil(
                        math.sqrt(curvatures.max() / curvatures.min()))), _OF_ROOT),
            Mistake("the most frequent",
                    lambda curvatures: float(np.unique(curvatures, return_counts=True)[1].max()),
                    "That counts how often one curvature occurs. Count the different ones."),
        )),
}
