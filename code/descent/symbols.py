"""A rule run on symbols: what it computes, as formulas."""

import sympy
from IPython.display import Math

from descent.signature import hyperparameters, known

__all__ = ["as_latex", "equal", "symbol", "unroll"]


def symbol(name):
    """Return the real symbol of that LaTeX name; `symbol("eta")` prints as the Greek letter."""
    return sympy.Symbol(name, real=True)


def unroll(rule, steps, *, point="theta", gradient="g", **hyper):
    """Return [p_1, …, p_steps] as expressions in p_0, the gradients g_1, g_2, … and symbols.

    A hyper-parameter given as a string becomes the symbol of that name; all others keep their
    value or the rule's default. A tuple may hold strings: `betas=("beta_1", "beta_2")`.
    """
    known(rule, hyper)
    now = {k: _symbolic(h) for k, h in {**hyperparameters(rule), **hyper}.items()}
    p, state, points = symbol(f"{point}_0"), (), []
    for t in range(1, steps + 1):
        p, *state = rule(p, symbol(f"{gradient}_{t}"), t, *state, **now)
        points.append(p)
    return points


def equal(a, b):
    """Tell whether two expressions are the same for all values of their symbols."""
    return sympy.simplify(sympy.expand(a - b)) == 0


def as_latex(points, *, point="theta", gradient="g", step=None):
    """Return the expressions as aligned LaTeX, one line a step, for the page.

    `step` names the symbol of the learning rate: what it multiplies is written as one bracket
    behind a minus, with the weight of each gradient gathered.
    """
    gradients = [symbol(f"{gradient}_{t}") for t in range(1, len(points) + 1)]
    lines = []
    for t, p in enumerate(points, start=1):
        p = sympy.expand(sympy.nsimplify(p))
        text = (step and _in_one_bracket(p, symbol(step), gradients)) or sympy.latex(p)
        lines.append(rf"{sympy.latex(symbol(f'{point}_{t}'))} &= {text}")
    return Math(r"\begin{aligned}" + r" \\ ".join(lines) + r"\end{aligned}")


def _in_one_bracket(p, step, gradients):
    """Return LaTeX of rest - step (sum of weighted gradients), or None if `p` has other terms."""
    weights = [-p.coeff(step).coeff(g) for g in gradients]
    rest = sympy.expand(p + step * sum(w * g for w, g in zip(weights, gradients, strict=True)))
    if rest.has(step):
        return None
    terms = [_weighted(w, g) for w, g in zip(weights, gradients, strict=True) if w != 0]
    return rf"{sympy.latex(rest)} - {sympy.latex(step)} \left({' + '.join(terms)}\right)"


def _weighted(weight, g):
    if weight == 1:
        return sympy.latex(g)
    bracket = rf"\left({sympy.latex(weight)}\right)" if weight.is_Add else sympy.latex(weight)
    return f"{bracket} {sympy.latex(g)}"


def _symbolic(value):
    if isinstance(value, tuple):
        return tuple(_symbolic(v) for v in value)
    if isinstance(value, str):
        return symbol(value)
    if isinstance(value, bool):
        return value
    return sympy.nsimplify(value)
