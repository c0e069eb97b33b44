"""The exercises of the L-BFGS chapter."""

import math
import weakref

import numpy as np

from descent.exercises import Exercise, Mistake, on
from descent.exercises.seen import Odd
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
    for count, size in ((3, 4), (1, 2), (5, 6), (0, 3)):
        g, pairs = _pairs(count, size, seed=count)
        yield f"with {count} pair{'s' * (count != 1)} in {size} dimensions", product(g, pairs)


def _loops(first=reversed, second=iter, alpha=lambda rho, s, y, q, g: rho * (s @ q),
           taken=lambda s, y: y, gamma=lambda s, y, rho: 1 / (rho * (y @ y)), whose=-1,
           before=False, start=lambda q, g: q, added=lambda alpha, beta, s, y: (alpha - beta) * s,
           beta=lambda rho, s, y, r, q: rho * (y @ r), matched=True, whole=True):
    """Return the two loops from their parts; `before` scales g, not what comes out of loop one."""
    def product(g, pairs):
        factor = gamma(*pairs[whose]) if pairs else 1.0
        g = factor * g if before else g
        q, alphas = g, {}
        for k in first(range(len(pairs))):
            s, y, rho = pairs[k]
            alphas[k] = alpha(rho, s, y, q, g)
            q = q - alphas[k] * taken(s, y)
        r = start(q, g) if before else factor * start(q, g)
        for k in second(range(len(pairs))) if whole else ():
            s, y, rho = pairs[k]
            a = alphas[k if matched else len(pairs) - 1 - k]
            r = r + added(a, beta(rho, s, y, r, q), s, y)
        return r
    return product


_ORDER = "Which pair does each loop take first?"
_BETWEEN = "What happens between the two loops, and with which pair?"
_FIRST = "What does each line of the first loop read, and what does it change?"
_SECOND = "What does each line of the second loop read, and what does it change?"
_ORDERED = "Go from the newest to the oldest first, and then from the oldest to the newest."
_TWO_LOOP = (
    Mistake("first loop from the oldest", _loops(first=iter, second=reversed),
            "Both loops run the wrong way round.", _ORDER, _ORDERED),
    Mistake("second loop from the newest", _loops(second=reversed),
            "The second loop runs from the newest pair to the oldest, like the first.", _ORDER,
            _ORDERED),
    Mistake("both loops from the oldest", _loops(first=iter),
            "The first loop starts with the oldest pair; but the newest is the outermost factor "
            "of H.", _ORDER, _ORDERED),
    Mistake("no gamma", _loops(gamma=lambda s, y, rho: 1.0),
            "It starts from H = I: nothing is scaled between the loops.", _BETWEEN,
            "Multiply q by yᵀs / yᵀy of the newest pair there."),
    Mistake("gamma of the oldest pair", _loops(whose=0),
            "It takes γ from the oldest pair, which knows least of the curvature here.", _BETWEEN,
            "Take `pairs[-1]`."),
    Mistake("gamma upside down", _loops(gamma=lambda s, y, rho: rho * (y @ y)),
            "Its γ is yᵀy / yᵀs, a curvature; and H is an inverse.",
            "Is your γ a curvature, or one over a curvature?", "Take yᵀs / yᵀy."),
    Mistake("the other gamma", _loops(gamma=lambda s, y, rho: rho * (s @ s)),
            "Its γ is sᵀs / yᵀs: also one over a curvature, but not the one of the chapter.",
            "What is divided by what in your γ?", "Take yᵀs / yᵀy."),
    Mistake("gamma at the start", _loops(before=True),
            "It multiplies g by γ before the first loop, so that the alphas are scaled too.",
            _BETWEEN, "Scale q when the first loop is through."),
    Mistake("sign", lambda g, pairs: -two_loop(g, pairs),
            "That is the direction of the step, minus H g.", "Is H g asked for, or the direction?",
            "Leave the minus out."),
    Mistake("s and y swapped",
            lambda g, pairs: two_loop(g, tuple((y, s, rho) for s, y, rho in pairs)),
            "It has s and y in each other's place: that is an estimate of the Hessian, not of its "
            "inverse.", "In which order does a pair hold its three?",
            "Unpack `s, y, rho`, in this order."),
    Mistake("no rho", _loops(alpha=lambda rho, s, y, q, g: s @ q,
                             beta=lambda rho, s, y, r, q: y @ r),
            "It leaves out rho, 1 / yᵀs, in both loops.", "Which of a pair's three do you use?",
            "Multiply both products by rho."),
    Mistake("no rho in the second loop", _loops(beta=lambda rho, s, y, r, q: y @ r),
            "The second loop leaves out rho.", _SECOND, "beta = rho yᵀr."),
    Mistake("alphas mixed up", _loops(matched=False),
            "The alphas were made newest first and are used oldest first, so each pair gets "
            "another's.", "Which alpha does the oldest pair get in the second loop?",
            "Turn the list of alphas round."),
    Mistake("g in the first loop", _loops(alpha=lambda rho, s, y, q, g: rho * (s @ g)),
            "Its alpha looks at g, not at what the newer pairs have left of it.", _FIRST,
            "alpha = rho sᵀq, with the q of this turn."),
    Mistake("nothing taken off", _loops(taken=lambda s, y: 0.0),
            "The first loop leaves q as it is, so all alphas look at g.", _FIRST,
            "Take alpha y off q in every turn."),
    Mistake("g between the loops", _loops(start=lambda q, g: g),
            "The second loop begins with γ g: what the first has taken off is forgotten.",
            _BETWEEN, "Begin with γ q."),
    Mistake("s taken off", _loops(taken=lambda s, y: s),
            "The first loop takes a multiple of s off q: a step off a gradient.", _FIRST,
            "Take alpha y off."),
    Mistake("y put back", _loops(added=lambda alpha, beta, s, y: (alpha - beta) * y),
            "The second loop adds a multiple of y, a change of gradient, to what is to be a step.",
            _SECOND, "Add a multiple of s."),
    Mistake("alpha plus beta", _loops(added=lambda alpha, beta, s, y: (alpha + beta) * s),
            "The second loop adds (alpha + beta) s.", _SECOND, "It is alpha minus beta."),
    Mistake("no beta", _loops(added=lambda alpha, beta, s, y: alpha * s),
            "The second loop adds alpha s and forgets beta.", _SECOND,
            "Add (alpha - beta) s, with beta = rho yᵀr."),
    Mistake("beta looks at q", _loops(beta=lambda rho, s, y, r, q: rho * (y @ q)),
            "Its beta looks at q, not at r, which grows from turn to turn.", _SECOND,
            "beta = rho yᵀr, with the r of this turn."),
    Mistake("beta looks at s", _loops(beta=lambda rho, s, y, r, q: rho * (s @ r)),
            "Its beta has s in the place of y.", _SECOND, "beta = rho yᵀr."),
    Mistake("returns too soon", _loops(second=lambda pairs: pairs[:1]),
            "Its second loop is over after the first pair.", "How often does the second loop turn?",
            "Is the `return` inside the loop? Move it behind."),
    Mistake("no second loop, no gamma", _loops(whole=False, gamma=lambda s, y, rho: 1.0),
            "It returns q, the end of the first loop.", "What comes after the first loop?",
            "Multiply by γ, and then go back over the pairs."),
    Mistake("one loop", _loops(whole=False),
            "The second loop is missing, or changes nothing.", _SECOND,
            "Add (alpha - beta) s for every pair, the oldest first."),
    Mistake("the gradient", lambda g, pairs: 1.0 * g,
            "It returns g: the pairs are not used.", "What becomes of the pairs?",
            "Return r, the end of the second loop."),
    Mistake("y for s in alpha", _loops(alpha=lambda rho, s, y, q, g: rho * (y @ q)),
            "alpha looks along y.",
            _FIRST,
            "alpha is rho times s @ q."),
    Mistake("gamma by s", _loops(gamma=lambda s, y, rho: 1 / (rho * (s @ s))),
            "It divides by s @ s: no inverse curvature.",
            _BETWEEN,
            "Divide s @ y by y @ y."),
    Mistake("beta minus alpha", _loops(added=lambda alpha, beta, s, y: (beta - alpha) * s),
            "It has alpha and beta the wrong way round in the difference.",
            _SECOND,
            "Add (alpha - beta) s."),
)


def _lines():
    """Yield steps along three lines: step, value and slope there, and value and slope at 0."""
    lines = ((lambda x: (x - 1)**2, lambda x: 2 * (x - 1)),
             (lambda x: 5 - x / (x**2 + 2), lambda x: (x**2 - 2) / (x**2 + 2)**2),
             (lambda x: -x - 0.5 * x**2 + 0.5 * x**3, lambda x: -1 - x + 1.5 * x**2),
             (lambda x: 0.1 * x**2 - math.sin(3 * x), lambda x: 0.2 * x - 3 * math.cos(3 * x)))
    for f, slope in lines:
        for step in (0.01, 0.2, 0.45, 0.7, 1.0, 1.3, 1.5, 1.6, 1.75, 1.99, 2.2, 2.5, 3.0, 4.3):
            yield step, f(step), slope(step), f(0.0), slope(0.0)


def _on_lines(accepts):
    """Try the lines; on the first a step of 1.5 just holds, with constants of 1/4 and 1/2."""
    for c1, c2 in ((1e-4, 0.9), (0.3, 0.9), (0.3, 0.4), (0.1, 0.15), (0.25, 0.5)):
        for step, f, slope, f0, slope0 in _lines():
            yield (f"at step {step:g}, value {f:.4g} and slope {slope:.4g}, from value {f0:g} and "
                   f"slope {slope0:g}, with c1={c1:g}, c2={c2:g}",
                   accepts(step, f, slope, f0, slope0, c1, c2))


def _accepts(low=lambda step, f, f0, slope0, c1: f <= f0 + c1 * step * slope0,
             flat=lambda slope, slope0, c2: abs(slope) <= -c2 * slope0,
             both=lambda a, b: a and b, constants=lambda c1, c2: (c1, c2)):
    """Return the test from its two conditions, how they are joined, and their constants."""
    def accepts(step, f, slope, f_start, slope_start, c1, c2):
        c1, c2 = constants(c1, c2)
        return both(low(step, f, f_start, slope_start, c1), flat(slope, slope_start, c2))
    return accepts


_JOINED = "Which conditions must hold, and how do you join them?"
_FALL = "How deep must the value be at this step: what does your line say?"
_SLOPES = "Which slopes are flat enough: a steep climb, a steep fall?"
_CONSTANTS = "Which of c1 and c2 belongs to which condition?"
_LOW = "Ask for f <= f_start + c1 * step * slope_start."
_FLAT = "Compare the modulus of the slope with c2 times that of the start."
_WOLFE = (
    Mistake("lower is enough", _accepts(low=lambda step, f, f0, slope0, c1: f < f0),
            "It asks for a lower value only, however little lower.", _FALL, _LOW),
    Mistake("weak", _accepts(flat=lambda slope, slope0, c2: slope >= c2 * slope0),
            "Those are the weak conditions: a slope that climbs steeply passes.", _SLOPES, _FLAT),
    Mistake("low enough only", _accepts(both=lambda a, b: a),
            "It tests Armijo's condition alone: a tiny step passes.", _JOINED,
            "Ask for a flat slope as well."),
    Mistake("flat enough only", _accepts(both=lambda a, b: b),
            "It tests the slope alone: a step to another valley, higher up, passes.", _JOINED,
            "Ask for a low value as well."),
    Mistake("one of the two", _accepts(both=lambda a, b: a or b),
            "It is content with one of the two.", _JOINED, "Join them by `and`."),
    Mistake("the other way round", _accepts(both=lambda a, b: not (a and b)),
            "It returns True where the step will not do.", "What does True stand for?",
            "Return True if both hold."),
    Mistake("strictly", _accepts(lambda step, f, f0, slope0, c1: f < f0 + c1 * step * slope0,
                                 lambda slope, slope0, c2: abs(slope) < -c2 * slope0),
            "It turns away a step that meets its bound exactly.",
            "What if both sides are equal?", "Take `<=` in both."),
    Mistake("constants swapped", _accepts(constants=lambda c1, c2: (c2, c1)),
            "It has c1 and c2 in each other's place.", _CONSTANTS,
            "c1 belongs to the fall of the value, c2 to the slope."),
    Mistake("c2 in both", _accepts(constants=lambda c1, c2: (c2, c2)),
            "It has c2 in both lines.", _CONSTANTS, "c1 belongs to the fall of the value."),
    Mistake("c1 in both", _accepts(constants=lambda c1, c2: (c1, c1)),
            "It has c1 in both lines.", _CONSTANTS, "c2 belongs to the slope."),
    Mistake("torch's constants", _accepts(constants=lambda c1, c2: (1e-4, 0.9)),
            "It has torch's constants, whatever it is given.", "Where do c1 and c2 enter?",
            "Use the arguments c1 and c2."),
    Mistake("no step", _accepts(low=lambda step, f, f0, slope0, c1: f <= f0 + c1 * slope0),
            "Its fall is the same for every step; what the slope promises grows with the step.",
            _FALL, _LOW),
    Mistake("no slope", _accepts(low=lambda step, f, f0, slope0, c1: f <= f0 - c1 * step),
            "Its fall leaves out the slope at the start.", _FALL, _LOW),
    Mistake("no value", _accepts(low=lambda step, f, f0, slope0, c1: f <= c1 * step * slope0),
            "It compares the value with the fall alone, as if the line began at 0.", _FALL, _LOW),
    Mistake("sign in the fall",
            _accepts(low=lambda step, f, f0, slope0, c1: f <= f0 - c1 * step * slope0),
            "The slope at the start is negative: minus c1 times it lets the value rise.", _FALL,
            _LOW),
    Mistake("sign in the slope",
            _accepts(flat=lambda slope, slope0, c2: abs(slope) <= c2 * slope0),
            "The slope at the start is negative, so no modulus is below c2 times it.",
            "Which sign has each side of your second condition?", _FLAT),
    Mistake("no modulus", _accepts(flat=lambda slope, slope0, c2: slope <= -c2 * slope0),
            "It bounds the slope from above only: a step still on the steep way down passes.",
            _SLOPES, _FLAT),
    Mistake("steep enough", _accepts(flat=lambda slope, slope0, c2: abs(slope) >= -c2 * slope0),
            "It asks for a slope that is still steep.", _SLOPES, _FLAT),
    Mistake("still falling", _accepts(flat=lambda slope, slope0, c2: slope <= c2 * slope0),
            "It asks for a slope that still falls steeply.", _SLOPES, _FLAT),
    Mistake("slope by itself", _accepts(flat=lambda slope, slope0, c2: abs(slope) <= c2),
            "It compares the slope with c2 itself, which is a share.",
            "A share of what is c2?", _FLAT),
    Mistake("slope at the step", lambda step, f, slope, f0, slope0, c1, c2: (
        f <= f0 + c1 * step * slope and abs(slope) <= -c2 * slope0),
            "Its line of the fall has the slope at the step.",
            "Which slope stands in your line of the fall?", _LOW),
    Mistake("no climb", _accepts(flat=lambda slope, slope0, c2: c2 * slope0 <= slope <= 0),
            "It allows no climb at all; a gentle one is flat enough.",
            _SLOPES,
            _FLAT),
)


def _closure(clear="first", shares=(True, True), returns="mean", backward=True, whole=False):
    """Return a maker of closures from when its closure clears, what it divides, what it returns.

    `shares` tells whether the loss of a part is divided before backward, and in what is returned;
    `whole`, whether there is one backward for all parts.
    """
    def make(p, optimizer, losses):
        def closure():
            if clear in ("first", "each"):
                optimizer.zero_grad()
            total, kept = 0.0, 0.0
            for loss_of in losses:
                if clear == "each":
                    optimizer.zero_grad()
                loss = loss_of(p)
                share = loss / len(losses)
                if backward and not whole:
                    (share if shares[0] else loss).backward()
                kept = kept + (share if shares[0] else loss) if whole else 0.0
                total = total + (share if shares[1] else loss).detach()
            if whole:
                kept.backward()
            if clear == "last":
                optimizer.zero_grad(set_to_none=False)
            last = (share if shares[1] else loss).detach()
            return {"mean": total, "last": last, "nothing": None}[returns]
        return closure
    return make


class _Graph:
    """Stands for what a part's loss keeps in memory for backward."""


def _on_calls(make):
    """Call the closure at three points; a loss whose graph is used up counts as none.

    A part is held from its call until backward has passed it or nothing refers to it any more.
    """
    import torch

    held, most = weakref.WeakSet(), []

    def part(w):
        def loss_of(p):
            loss, graph = (w * p**4).sum(), _Graph()
            held.add(graph)
            most.append(len(held))
            if loss.requires_grad:
                loss.register_hook(lambda _, graph=graph: held.discard(graph))
            return loss
        return loss_of

    p = torch.tensor([1.0, -2.0], dtype=torch.float64, requires_grad=True)
    weights = torch.tensor([[1.0, 3.0], [2.0, 0.5], [0.3, 4.0]], dtype=torch.float64)
    losses = [part(w) for w in weights]
    closure = make(p, torch.optim.LBFGS([p]), losses)
    for k, point in enumerate(([1.0, -2.0], [0.5, 1.0], [2.0, 0.3]), start=1):
        if k > 1:
            with torch.no_grad():
                p.copy_(torch.tensor(point))
        held.clear()
        most[:] = [0]
        try:
            loss = closure()
        except RuntimeError:  # backward through a graph that is gone, or of another point
            loss = None
        if callable(loss):
            raise Odd("function", "Calling the closure gives another function. Return the loss.")
        loss = loss.item() if hasattr(loss, "item") else loss
        none = ", -1 for none" if loss is None else ""
        yield f"in call {k} the loss that it returns{none}", -1.0 if loss is None else float(loss)
        gradient, none = p.grad, ", -1 for none" if p.grad is None else ""
        yield f"after call {k} the gradient{none}", np.array(
            [-1.0] * 2 if gradient is None else gradient.tolist())
        yield f"in call {k} the parts in memory at once", float(max(most))


_GATHERS = "Of which parts are the loss that it returns and the gradient that it leaves?"
_EACH = "The gradient is cleared before every part, so that the last part's alone is left."
_SUM = "The gradients of the parts are added up; theirs is a mean."
_SUM_BACK = "What it returns is a sum of the parts, not their mean."
_LAST = "It returns the loss of the last part."
_CLEAR = "Clear once, before the parts."
_DIVIDE = "Divide each part's loss by their number before backward."
_ADD = "Add up what the parts contribute to the mean, and return that."
_SIZE = "If every part stood in the list twice, what should become of loss and gradient?"
_CLOSURE = (
    Mistake("as given", _closure("each", (False, False), "last"),
            f"All three are still there. {_EACH} {_LAST} And nothing makes a mean of the parts.",
            _GATHERS, f"{_CLEAR} {_DIVIDE} {_ADD}"),
    Mistake("cleared for each, the last returned", _closure("each", returns="last"),
            f"Two remain. {_EACH} {_LAST}", _GATHERS, f"{_CLEAR} {_ADD}"),
    Mistake("cleared for each, a sum", _closure("each", (False, False)),
            f"Two remain. {_EACH} And nothing makes a mean.", _GATHERS, f"{_CLEAR} {_DIVIDE}"),
    Mistake("a sum, the last returned", _closure(shares=(False, False), returns="last"),
            f"Two remain. {_SUM} {_LAST}", _SIZE, f"{_DIVIDE} {_ADD}"),
    Mistake("divided, the last returned", _closure(shares=(True, False), returns="last"),
            f"One remains. {_LAST}", "Of which parts is the loss that it returns?", _ADD),
    Mistake("the last share returned", _closure(returns="last"),
            "One remains. It returns the last part's share of the mean.",
            "Of which parts is the loss that it returns?", _ADD),
    Mistake("cleared for each", _closure("each"), f"One remains. {_EACH}", _GATHERS, _CLEAR),
    Mistake("cleared for each, a mean returned", _closure("each", (False, True)),
            f"Two remain. {_EACH} And it is not divided.", _GATHERS, f"{_CLEAR} {_DIVIDE}"),
    Mistake("a sum", _closure(shares=(False, False)),
            "One remains. Loss and gradient are sums of the parts, not means.", _SIZE, _DIVIDE),
    Mistake("a sum of gradients", _closure(shares=(False, True)), f"One remains. {_SUM}", _SIZE,
            _DIVIDE),
    Mistake("a sum returned", _closure(shares=(True, False)), f"One remains. {_SUM_BACK}", _SIZE,
            "Divide what you return by the number of parts."),
    Mistake("all at once", _closure(whole=True),
            "Loss and gradient are right. But all parts are kept until the one backward at the "
            "end, and they do not fit into memory together.",
            "What has to stay in memory until backward is called?",
            "Call backward for each part's share, inside the loop."),
    Mistake("never cleared", _closure("never"),
            "It is not cleared at all: a call adds to the gradient of the call before.",
            "What is in the gradient when the second call begins?", _CLEAR),
    Mistake("no return", _closure(returns="nothing"),
            "The closure returns nothing; torch wants the loss.",
            "What does torch get from the closure?", _ADD),
    Mistake("no backward", _closure(backward=False),
            "There is no gradient after the call. Torch takes none for 0, and the run looks "
            "converged.", "What is in the gradient when the call ends?",
            "Call backward for each part."),
    Mistake("cleared last", _closure("last"),
            "The gradient is 0 after the call: it is cleared when backward has made it.",
            "What is in the gradient when the call ends?", _CLEAR),
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


_SECANT = "What is your B₊ times s?"
_ALONG = "What does your update take away along s?"
_GIVES = "The new term is y yᵀ / yᵀs."
_TAKES = "Take (B s)(B s)ᵀ / sᵀB s away."
_UPDATE = (
    Mistake("the inverse's formula", _inverse,
            "That is the update of H, and it gives H y = s. B is its inverse.", _SECANT,
            "Ask for B₊ s = y: take one matrix of rank one away and add another."),
    Mistake("DFP", lambda B, s, y: _inverse(B, y, s),
            "It satisfies B₊ s = y, and it is another method's: DFP, the least change of B. BFGS "
            "is the least change of H.", "Is your B₊ the inverse of the chapter's H₊?",
            "Invert H₊: only two matrices of rank one change."),
    Mistake("rank one", _symmetric_rank_one,
            "It satisfies B₊ s = y with one term: the symmetric rank-one update. It need not stay "
            "positive definite.", "How many terms does your update have?",
            "Take one matrix of rank one away and add another."),
    Mistake("Broyden's", lambda B, s, y: B + np.outer(y - B @ s, s) / (s @ s),
            "That is Broyden's update: it satisfies B₊ s = y, but it is not symmetric.",
            "Is your B₊ symmetric?", "Build both terms as a vector times its own transpose."),
    Mistake("nothing taken away", _rank_two(lambda B, s, y: 0.0, _along_y),
            "It adds the new curvature and leaves the old one along s in place: B₊ s is too much.",
            _SECANT, _TAKES),
    Mistake("nothing added", _rank_two(_along_s, lambda B, s, y: 0.0),
            "It takes the old curvature along s away and adds no new one: B₊ s = 0.", _SECANT,
            _GIVES),
    Mistake("no B", lambda B, s, y: _along_y(B, s, y) - _along_s(B, s, y),
            "That is the change of B, without B.", "What is your B₊ across s and y?",
            "Add the change to B."),
    Mistake("signs", lambda B, s, y: B + _along_s(B, s, y) - _along_y(B, s, y),
            "The signs of the two terms are swapped.", _SECANT,
            "Take the term of B s away, and add the one of y."),
    Mistake("both added", lambda B, s, y: B + _along_s(B, s, y) + _along_y(B, s, y),
            "It adds both terms: the old curvature along s counts twice.", _SECANT,
            "Take the term of B s away."),
    Mistake("y yᵀ / yᵀy", _rank_two(_along_s, lambda B, s, y: np.outer(y, y) / (y @ y)),
            "It divides y yᵀ by yᵀy; then B₊ s is only a multiple of y.", _SECANT, _GIVES),
    Mistake("y yᵀ not divided", _rank_two(_along_s, lambda B, s, y: np.outer(y, y)),
            "Its y yᵀ is not divided: B₊ s is y times yᵀs.", _SECANT, _GIVES),
    Mistake("B s not divided", _rank_two(lambda B, s, y: np.outer(B @ s, B @ s), _along_y),
            "Its (B s)(B s)ᵀ is not divided.", _ALONG, _TAKES),
    Mistake("B s divided by sᵀs",
            _rank_two(lambda B, s, y: np.outer(B @ s, B @ s) / (s @ s), _along_y),
            "It divides (B s)(B s)ᵀ by sᵀs; then not all of B s goes, or too much.", _ALONG,
            _TAKES),
    Mistake("B s divided by yᵀs",
            _rank_two(lambda B, s, y: np.outer(B @ s, B @ s) / (y @ s), _along_y),
            "It divides (B s)(B s)ᵀ by yᵀs; then not all of B s goes, or too much.", _ALONG,
            _TAKES),
    Mistake("y yᵀ / sᵀB s",
            _rank_two(_along_s, lambda B, s, y: np.outer(y, y) / (s @ B @ s)),
            "It divides y yᵀ by sᵀB s; then B₊ s is only a multiple of y.", _SECANT, _GIVES),
    Mistake("B once", _rank_two(lambda B, s, y: np.outer(B @ s, s) / (s @ s), _along_y),
            "It takes B s sᵀ / sᵀs away: B₊ s is y, but B₊ is not symmetric.",
            "Is your B₊ symmetric?", _TAKES),
    Mistake("entry by entry",
            _rank_two(lambda B, s, y: (B @ s)**2 / (s @ B @ s), lambda B, s, y: y**2 / (y @ s)),
            "The product of two vectors, entry by entry, is a vector; added to B it changes every "
            "row alike.", "What shape has each of your two terms?", "Use `np.outer`."),
    Mistake("s for B s", _rank_two(lambda B, s, y: np.outer(s, s) / (s @ s), _along_y),
            "It takes s sᵀ / sᵀs away, which knows nothing of B.", _ALONG, _TAKES),
    Mistake("s for B s above", _rank_two(lambda B, s, y: np.outer(s, s) / (s @ B @ s), _along_y),
            "It takes s sᵀ away, without B.",
            _SECANT,
            _TAKES),
    Mistake("B s once", _rank_two(lambda B, s, y: np.outer(B @ s, s) / (s @ B @ s), _along_y),
            "What it takes away has B on one side only, and is not symmetric.",
            _SECANT,
            _TAKES),
    Mistake("a number for a matrix", _rank_two(_along_s, lambda B, s, y: (y @ y) / (y @ s)),
            "`y @ y` is a number, and is added to every entry.",
            "Which of your products are matrices?",
            "Use `np.outer(y, y)`."),
    Mistake("numbers for matrices",
            _rank_two(lambda B, s, y: (B @ s) @ (B @ s) / (s @ B @ s), lambda B, s, y: (y @ y)
                / (y @ s)),
            "`@` of two vectors is a number, and is added to every entry.",
            "Which of your products are matrices?",
            "Use `np.outer` above both lines."),
)


def _on_curvatures(steps):
    for curvatures in ([5.0, 1.0, 2.0], [3.0, 3.0, 3.0, 3.0], [7.0, 1.0, 7.0, 1.0, 7.0, 1.0],
                       [100.0, 1000.0, 10.0, 1000.0, 100.0, 1.0, 1000.0], [0.5], [2.0, 8.0, 2.0],
                       [1.5, 1.0, 1.25]):
        yield f"with curvatures {curvatures}", steps(np.array(curvatures))


_RATIO = "Does the spread of the curvatures count, or how many there are?"
_COUNT = "Count the different curvatures."
_OF_ROOT = ("The root of the condition number bounds how fast the error falls on the way. The end "
            "comes at a fixed step.")
_COEFFICIENT = "Write alpha, r and beta one after another: what does beta see?"

EXERCISES = {
    "by_hand": Exercise(
        lambda sg, yg, ys, yy: 2 * sg / ys - yg / yy,
        on((1.0, 2.0, 4.0, 5.0), (-3.0, 0.5, 2.0, 10.0), (2.0, -1.0, 0.5, 0.3)), (
            Mistake("alpha alone", lambda sg, yg, ys, yy: sg / ys,
                    "That is alpha, all that the first loop knows.",
                    "What does the second loop add?", "Take beta off."),
            Mistake("beta with a plus", lambda sg, yg, ys, yy: yg / yy,
                    "That is alpha + beta.", "What stands in front of s in the second loop?",
                    "The factor is alpha - beta."),
            Mistake("beta looks at g", lambda sg, yg, ys, yy: sg / ys - yg / yy,
                    "Its beta looks at γ g, as if the first loop had taken nothing off.",
                    _COEFFICIENT, "Put in r = γ (g - alpha y)."),
            Mistake("beta looks at g itself", lambda sg, yg, ys, yy: (sg - yg) / ys,
                    "Its beta looks at g, not at what γ and the first loop have made of it.",
                    _COEFFICIENT, "Put in r = γ (g - alpha y)."),
            Mistake("no rho in beta", lambda sg, yg, ys, yy:
                    sg / ys - ys / yy * (yg - sg * yy / ys),
                    "It leaves rho out of beta.", "Where does rho enter?", "beta = rho yᵀr."),
            Mistake("no gamma", lambda sg, yg, ys, yy: sg / ys - yg / ys + sg * yy / ys**2,
                    "It leaves γ out between the loops.", _COEFFICIENT,
                    "Put in r = γ (g - alpha y), with γ = yᵀs / yᵀy."),
            Mistake("gamma on g alone",
                    lambda sg, yg, ys, yy: sg / ys - yg / yy + sg * yy / ys**2,
                    "It scales g by γ, but not what the first loop has taken off.", _COEFFICIENT,
                    "γ multiplies all of g - alpha y."),
            Mistake("gamma upside down", lambda sg, yg, ys, yy:
                    sg / ys - yy / ys**2 * (yg - sg * yy / ys),
                    "Its γ is yᵀy / yᵀs.", "Is your γ a curvature, or one over a curvature?",
                    "γ = yᵀs / yᵀy."),
            Mistake("no rho", lambda sg, yg, ys, yy: sg - ys / yy * (yg - sg * yy),
                    "It leaves rho out, in alpha and in beta.", "Where does rho enter?",
                    "Both have rho = 1 / yᵀs in front."),
            Mistake("sign", lambda sg, yg, ys, yy: yg / yy - 2 * sg / ys,
                    "That is the factor in the direction, -H g.",
                    "Is H g asked for, or the direction?", "Turn the sign round."),
            Mistake("beta alone", lambda sg, yg, ys, yy: yg / yy - sg / ys,
                    "That is beta.", "What stands in front of s in the second loop?",
                    "The factor is alpha - beta."),
            Mistake("beta's y dropped", lambda sg, yg, ys, yy: 2 * sg / ys - yg / ys,
                    "It has yᵀg / yᵀs in beta.", "What is rho times γ?",
                    "rho γ = 1 / yᵀy stands in front of yᵀg."),
            Mistake("plus", lambda sg, yg, ys, yy: 2 * sg / ys + yg / yy,
                    "alpha counts twice, and the rest has the wrong sign.",
                    _COEFFICIENT,
                    "Take beta from alpha: its y g / y y comes off."),
            Mistake("two alphas alone", lambda sg, yg, ys, yy: 2 * sg / ys,
                    "beta sees r, of which g is a part; here it sees -alpha y alone.",
                    _COEFFICIENT,
                    "Put the whole r = gamma (g - alpha y) into beta."),
            Mistake("added once", lambda sg, yg, ys, yy: sg / ys + yg / yy,
                    "That is alpha plus the part of beta that looks at g.",
                    _COEFFICIENT,
                    "Write beta in full, and take it from alpha."),
            Mistake("gamma upside down in beta",
                    lambda sg, yg, ys, yy: 2 * sg / ys - yg * yy / ys**2,
                    "gamma stands upside down.",
                    "What is rho times gamma?",
                    "gamma is ys / yy: rho gamma = 1 / yy."),
            Mistake("two on the wrong part", lambda sg, yg, ys, yy: sg / ys - 2 * yg / yy,
                    "The 2 stands before the wrong part: it is alpha that comes twice.",
                    _COEFFICIENT,
                    "Take beta from alpha, and collect the alphas."),
        )),
    "two_loop": Exercise(two_loop, _on_pairs, _TWO_LOOP, gives="a vector, H g"),
    "wolfe": Exercise(_accepts(), _on_lines, _WOLFE, gives="True or False"),
    "closure": Exercise(_closure(), _on_calls, _CLOSURE,
                        gives="a closure: a function without arguments that returns the loss"),
    "update": Exercise(_rank_two(_along_s, _along_y), _on_matrices, _UPDATE,
                       gives="a matrix like B"),
    "steps": Exercise(
        lambda curvatures: float(len(np.unique(curvatures))), _on_curvatures, (
            Mistake("the dimension", lambda curvatures: float(len(curvatures)),
                    "That is the most it can take: equal curvatures are dealt with at once.",
                    "How many steps does a round bowl take?", _COUNT),
            Mistake("the dimension and one", lambda curvatures: len(curvatures) + 1.0,
                    "That is one more than the dimension, and the dimension is the most it can "
                    "take.", "How many steps does a round bowl take?", _COUNT),
            Mistake("one too many", lambda curvatures: len(np.unique(curvatures)) + 1.0,
                    "One too many: in a round bowl the very first step, along minus the gradient, "
                    "ends at the minimum.", "How many steps does a round bowl take?", _COUNT),
            Mistake("one too few", lambda curvatures: len(np.unique(curvatures)) - 1.0,
                    "One too few: that is the number of pairs it has before its last step.",
                    "How many steps does a round bowl take?", _COUNT),
            Mistake("changes", lambda curvatures: 1.0 + np.count_nonzero(np.diff(curvatures)),
                    "It counts how often the curvature changes along the array, which is in no "
                    "order.", "What if the same array comes in another order?", _COUNT),
            Mistake("once", lambda curvatures: float(sum(
                np.unique(curvatures, return_counts=True)[1] == 1)),
                    "It counts only the curvatures that occur once.",
                    "What does a curvature that occurs twice cost?", _COUNT),
            Mistake("the condition number",
                    lambda curvatures: float(curvatures.max() / curvatures.min()),
                    "That is the condition number, which rules gradient descent.", _RATIO,
                    _COUNT),
            Mistake("the root of the condition number",
                    lambda curvatures: float(np.sqrt(curvatures.max() / curvatures.min())),
                    _OF_ROOT, _RATIO, _COUNT),
            Mistake("the root, rounded up",
                    lambda curvatures: float(math.ceil(
                        math.sqrt(curvatures.max() / curvatures.min()))), _OF_ROOT, _RATIO,
                    _COUNT),
            Mistake("the most frequent",
                    lambda curvatures: float(np.unique(curvatures, return_counts=True)[1].max()),
                    "That counts how often one curvature occurs.",
                    "What does a curvature that occurs twice cost?", _COUNT),
            Mistake("Newton's", lambda curvatures: 1.0,
                    "That is Newton's method, which knows all curvatures. L-BFGS has to meet them.",
                    "What does it know of the other curvatures at its first step?",
                    _COUNT),
            Mistake("repetitions",
                    lambda curvatures: float(len(curvatures) - len(np.unique(curvatures))),
                    "It counts what is there once more.",
                    "What does a curvature that occurs once cost?",
                    _COUNT),
        )),
}
