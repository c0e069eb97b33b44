"""The exercises of the Adadelta chapter."""

import numpy as np

from descent.exercises import Exercise, Mistake, drive, on

__all__ = ["EXERCISES"]


def _mean(old, new, rho):
    return rho * old + (1 - rho) * new


def _rule(unit=lambda u, eps: np.sqrt(u + eps), size=lambda v, old, eps: np.sqrt(v + eps),
          grow=_mean, kept=lambda step, g, lr: step, move=lambda lr: lr):
    """Return Adadelta from what stands above and below its line and from what its means keep."""
    def rule(p, g, t, v=0.0, u=0.0, *, lr, rho, eps):
        new = grow(v, g**2, rho)
        step = unit(u, eps) / size(new, v, eps) * g
        return p - move(lr) * step, new, grow(u, kept(step, g, lr)**2, rho)
    return rule


def _this_step_too(p, g, t, v=0.0, u=0.0, *, lr, rho, eps):
    v = _mean(v, g**2, rho)
    u = _mean(u, (np.sqrt(u + eps) / np.sqrt(v + eps) * g)**2, rho)
    return p - lr * np.sqrt(u + eps) / np.sqrt(v + eps) * g, v, u


def _upside_down(p, g, t, v=0.0, u=0.0, *, lr, rho, eps):
    v = _mean(v, g**2, rho)
    step = np.sqrt(v + eps) / np.sqrt(u + eps) * g
    return p - lr * step, v, _mean(u, step**2, rho)


def _states_swapped(p, g, t, v=0.0, u=0.0, *, lr, rho, eps):
    p, v, u = _RIGHT(p, g, t, v, u, lr=lr, rho=rho, eps=eps)
    return p, u, v


def _v_whole(p, g, t, v=0.0, u=0.0, *, lr, rho, eps):
    v = rho * v + g**2
    step = np.sqrt(u + eps) / np.sqrt(v + eps) * g
    return p - lr * step, v, _mean(u, step**2, rho)


def _steps_not_squared(p, g, t, v=0.0, u=0.0, *, lr, rho, eps):
    v = _mean(v, g**2, rho)
    step = np.sqrt(u + eps) / np.sqrt(v + eps) * g
    return p - lr * step, v, _mean(u, step, rho)


_RIGHT = _rule()
_LR_INSIDE = _rule(kept=lambda step, g, lr: lr * step)
_RMSPROP = _rule(unit=lambda u, eps: np.sqrt(eps), kept=lambda step, g, lr: 0.0)
_NOT_KEPT = _rule(grow=lambda old, new, rho: (1 - rho) * new)
_BARE = _rule(grow=lambda old, new, rho: rho * old + new)
_MEANS = drive({"lr": 1.0, "rho": 0.9, "eps": 0.1}, {"lr": 0.5, "rho": 0.5, "eps": 1e-3}, rests=2)
_GIVES = "the new point and the new state, p, v, u"

_EPS = "Where does eps stand, above and below, and what acts on it?"
_GROWS = "How much of the old and of the new is in each mean?"
_ORDER = "When was each of the two means made that the step uses?"
_LR = "Where does lr enter, and what hears of it?"
_FOR_U = "Which quantity is it that u averages?"

_IMPLEMENT = (
    Mistake("eps outside the roots",
            _rule(lambda u, eps: np.sqrt(u) + eps, lambda v, old, eps: np.sqrt(v) + eps),
            "eps stands outside the roots, as in Adagrad and RMSprop.", _EPS,
            "Add eps inside both roots."),
    Mistake("no eps above", _rule(lambda u, eps: np.sqrt(u)),
            "It never moves: u starts at 0, and without eps above the line it stays there.", _EPS,
            "Add eps to u under its root."),
    Mistake("no eps below", _rule(size=lambda v, old, eps: np.sqrt(v)),
            "Below the line it divides 0 by 0 where a coordinate has no gradient.", _EPS,
            "Add eps to v under its root."),
    Mistake("u holds this step too", _this_step_too,
            "It takes this step into u before it is made.", _ORDER,
            "Let the old u stand above the line."),
    Mistake("v updated after use", _rule(size=lambda v, old, eps: np.sqrt(old + eps)),
            "It divides by the mean before this gradient joins it.", _ORDER,
            "Let this gradient join v first."),
    Mistake("sums", _rule(grow=lambda old, new, rho: old + new),
            "It sums both, as Adagrad does.", _GROWS,
            "Weigh the old by rho and the new by 1 - rho."),
    Mistake("new square whole", _BARE,
            "It adds the new squares whole, so v and u are fading sums, not means.", _GROWS,
            "Weigh the new squares by 1 - rho."),
    Mistake("nothing kept", _NOT_KEPT, "Nothing of the past is in its means.", _GROWS,
            "Let rho times the old stay in each."),
    Mistake("lr inside the mean", _LR_INSIDE,
            "Its u averages the steps with lr in them; torch averages them without.", _LR,
            "Multiply by lr only where p moves."),
    Mistake("weights swapped", _rule(grow=lambda old, new, rho: (1 - rho) * old + rho * new),
            "It gives the past the weight of the new square, and the other way round.", _GROWS,
            "Let rho stay of the past, and give the new square 1 - rho."),
    Mistake("lr left out", _rule(move=lambda lr: 1.0), "It leaves lr out of the step.", _LR,
            "Multiply by lr where p moves."),
    Mistake("upside down", _upside_down, "It has gradients above the line and steps below.",
            "Which of the means stands above the line?", "Put u above and v below."),
    Mistake("states swapped", _states_swapped,
            "It returns u before v; the next step takes one for the other.",
            "In which order does it take its state back?", "Return p, v, u."),
    Mistake("one eps outside", _rule(size=lambda v, old, eps: np.sqrt(v) + eps),
            "Below the line eps stands outside the root.", _EPS, "Add eps inside both roots."),
    Mistake("other eps outside", _rule(lambda u, eps: np.sqrt(u) + eps),
            "Above the line eps stands outside the root.", _EPS, "Add eps inside both roots."),
    Mistake("no roots", _rule(lambda u, eps: u + eps, lambda v, old, eps: v + eps),
            "It leaves out the roots: the *root* of a mean square has the unit of a step.",
            "Which unit does the step have?", "Take the root above and below."),
    Mistake("gradients in u", _rule(kept=lambda step, g, lr: g),
            "Its u averages gradients, as v does.", _FOR_U, "Average the squares of the steps."),
    Mistake("RMSprop", _RMSPROP,
            "It keeps no mean of the steps: with √eps for lr, that is RMSprop.", _FOR_U,
            "Average the squares of the steps, and return that too."),
    Mistake("v takes squares whole", _v_whole,
            "It adds the new square to v whole, so v is a fading sum, not a mean.",
            _GROWS,
            "Weigh the new square by 1 - rho."),
    Mistake("steps not squared", _steps_not_squared,
            "It averages the steps in u, whose signs cancel.",
            _FOR_U,
            "Average their squares."),
)

_SETTLED = "What is w at one step, from w at the step before, once v is 1?"
_STEPS = (
    Mistake("lr left out", lambda lr, eps: np.sqrt(eps / (1 - lr**2)),
            "That is the root above the line; the step has lr before it.", _LR,
            "Multiply by lr."),
    Mistake("lr twice", lambda lr, eps: lr**2 * np.sqrt(eps / (1 - lr**2)),
            "It has one lr too many, or leaves out the eps that is added to u.",
            "What stands under the root above the line?",
            "Add eps to u, and take lr times the root of that."),
    Mistake("lr not squared", lambda lr, eps: lr * np.sqrt(eps / (1 - lr)),
            "It has lr where its square belongs: u averages squares of steps.", _SETTLED,
            "Square lr below the line."),
    Mistake("no root", lambda lr, eps: lr * eps / (1 - lr**2),
            "It takes w itself for its root.", "Is it w, or its root?", "Take the root of w."),
    Mistake("no past", lambda lr, eps: lr * np.sqrt(eps),
            "It takes u for 0: that is RMSprop, with the rate lr √eps.", _FOR_U,
            "Let u settle first, and put it in."),
    Mistake("gained", lambda lr, eps: lr * np.sqrt(eps / (1 + lr**2)),
            "A sign has turned: past steps make u larger, and the step with it.", _SETTLED,
            "Put 1 - lr² below the line."),
    Mistake("one part of u", lambda lr, eps: lr * np.sqrt(eps * (1 + lr**2)),
            "It puts eps alone into u once; what u adds joins it again at each step.", _SETTLED,
            "Set w equal before and after, and solve."),
)


def _second(one=lambda rho: 1 - rho, two=lambda rho: 1 - rho**2, mean=lambda rho: 1 - rho):
    """Return the second step from the weights of g² in v, once and then, and of the first in u."""
    def step(rho, eps, g):
        first = eps / (one(rho) * g**2 + eps) * g**2
        return -g * np.sqrt((mean(rho) * first + eps) / (two(rho) * g**2 + eps))
    return step


def _first_step(rho, eps, g):
    return -g * np.sqrt(eps / ((1 - rho) * g**2 + eps))


def _apart(rho, eps, g):
    """Return the second step with eps outside the roots."""
    first = eps * g / (np.sqrt(1 - rho) * abs(g) + eps)
    return -g * (np.sqrt(1 - rho) * abs(first) + eps) / (np.sqrt(1 - rho**2) * abs(g) + eps)


def _woken(new_u, new_v):
    """Return the step after a silence, from what the two means have become."""
    def step(v, u, g, silent, rho, eps):
        u, v = new_u(u, silent, rho), new_v(v, g, silent, rho)
        return -g * np.sqrt(u + eps) / np.sqrt(v + eps)
    return step


def _faded(old, n, rho):
    return rho**n * old


def _v_woken(v, g, n, rho):
    return rho**(n + 1) * v + (1 - rho) * g**2


def _woken_apart(v, u, g, silent, rho, eps):
    u, v = _faded(u, silent, rho), _v_woken(v, g, silent, rho)
    return -g * (np.sqrt(u) + eps) / (np.sqrt(v) + eps)


_BESIDE = "What does each eps stand beside, and how does that change?"
_ALL_OF_V = "How large is v after two steps with the same gradient?"
_FIRST = "How large is u after the first step?"
_WAY = "What do the steps add up to, and how does each grow?"
_U_FADES = "What becomes of u at each silent step, and when is it used?"
_V_FADES = "What becomes of v at each silent step and at the waking one?"

EXERCISES = {
    "units": Exercise(
        lambda c: np.array([c**2, c**-2.0]),
        on((1000.0,), (2.0,), (0.5,)), (
            Mistake("no squares", lambda c: np.array([c, 1 / c]),
                    "Right way round, but eps stands beside a mean *square*.", _BESIDE,
                    "Square both."),
            Mistake("swapped", lambda c: np.array([c**-2.0, c**2]),
                    "It is the other way round.", "As the numbers of θ grow, what does its slope?",
                    "The numbers of θ grow and those of its slope shrink: swap the two."),
            Mistake("both alike", lambda c: np.array([c**2, c**2]),
                    "It has one factor for both; steps and gradients differ in their units.",
                    _BESIDE, "The slope is loss per θ: divide by c²."),
            Mistake("gradient unchanged", lambda c: np.array([c**2, 1.0]),
                    "It leaves the slope as it was.", _BESIDE,
                    "The same loss over more units of θ: divide by c²."),
            Mistake("step unchanged", lambda c: np.array([1.0, c**-2.0]),
                    "It leaves the steps as they were.", _BESIDE,
                    "In the new unit they are c times as long: multiply by c²."),
            Mistake("one square", lambda c: np.array([c**2, 1 / c]),
                    "The first is right; the second is not squared.", _BESIDE,
                    "Square the second too."),
            Mistake("other square", lambda c: np.array([c, c**-2.0]),
                    "The second is right; the first is not squared.", _BESIDE,
                    "Square the first too."),
            Mistake("slope divided twice", lambda c: np.array([c**2, c**-4.0]),
                    "The first is right. The second has c² in the slope: the loss stays as it is.",
                    "The loss stays as it is. What does one slope become?",
                    "A slope is divided by c, once; its square by c²."),
            Mistake("nothing to do", lambda c: np.array([1.0, 1.0]),
                    "That would be so if eps had no unit.", _BESIDE,
                    "Each is added to a mean square: give it that unit."),
            Mistake("both upside down", lambda c: np.array([c**-2, c**-2]),
                    "It takes both for a gradient's square. One of them is a step's.",
                    "In which unit is u, and in which v?",
                    "Let eps_u grow with the square of c."),
        ), gives="two numbers, the factor of eps_u and that of eps_v"),
    "second_step": Exercise(
        _second(), on((0.9, 1e-6, 3.0), (0.5, 0.01, -0.1), (0.95, 1e-3, 1e-3), (0.8, 2.0, 1.0)), (
            Mistake("first step", _first_step,
                    "It is as long as the first step: nothing has changed, or u alone and not v.",
                    "How has each of the two means changed since the first step?",
                    "Let both fade by rho; u takes in the first step, v the second gradient."),
            Mistake("u still 0", _second(mean=lambda rho: 0.0), "It has no first step in u.",
                    _FIRST, "Put (1 - rho) times the square of the first step in u."),
            Mistake("u whole", _second(mean=lambda rho: 1.0),
                    "It has the square of the first step in u whole.", _FIRST,
                    "Weigh it by 1 - rho."),
            Mistake("v of one step", _second(two=lambda rho: 1 - rho),
                    "Its v has one gradient in it.", _ALL_OF_V,
                    "Let v fade by rho and take in g² again."),
            Mistake("full mean", _second(lambda rho: 1.0, lambda rho: 1.0),
                    "It takes v for g²; the mean starts at 0.", _ALL_OF_V,
                    "Weigh the squares: v is (1 - rho²) g² by then."),
            Mistake("place", lambda rho, eps, g: _first_step(rho, eps, g) + _second()(rho, eps, g),
                    "That is where the two steps lead.", "Is it a step, or a place?",
                    "Leave the first step out."),
            Mistake("factor", lambda rho, eps, g: _second()(rho, eps, g) / _first_step(rho, eps, g),
                    "That is the second step in units of the first.",
                    "Is it a step, or the ratio of two?", "Multiply by the first step."),
            Mistake("no roots", lambda rho, eps, g: -g * (_second()(rho, eps, g) / g)**2,
                    "It leaves out the roots.", "Is it the mean squares, or their roots?",
                    "Take the root above and below."),
            Mistake("eps outside", _apart, "eps stands outside the roots.", _EPS,
                    "Add eps inside both roots."),
            Mistake("eps outside the roots",
                    lambda rho, eps, g:
                        -g * (np.sqrt((1 - rho) * g**2 * eps / ((1 - rho) * g**2 + eps)) + eps)
                        / (np.sqrt(1 - rho**2) * abs(g) + eps),
                    "eps stands outside the roots, as in Adagrad and RMSprop.",
                    _EPS,
                    "Add eps inside both roots."),
        )),
    "implement": Exercise(_RIGHT, _MEANS, _IMPLEMENT, _GIVES),
    "steps": Exercise(lambda lr, eps: lr * np.sqrt(eps / (1 - lr**2)),
                      on((0.5, 1e-6), (0.9, 1e-4), (0.2, 0.01)), _STEPS),
    "reach": Exercise(
        lambda D, rho, eps: (1.5 * D)**(2 / 3) / (eps * (1 - rho))**(1 / 3),
        on((1.0, 0.9, 1e-6), (100.0, 0.5, 1e-4), (3.0, 0.99, 1e-8), (1.5, 0.9, 1e-6)), (
            Mistake("constant step", lambda D, rho, eps: D / np.sqrt(eps / (1 - rho)),
                    "It takes all steps to be as long as the first.", _WAY,
                    "Integrate the length of step t, which grows as √t."),
            Mistake("last step only", lambda D, rho, eps: D**2 / (eps * (1 - rho)),
                    "That is when one step has the length D.", _WAY, "Add up the steps before it."),
            Mistake("no factor", lambda D, rho, eps: D**(2 / 3) / (eps * (1 - rho))**(1 / 3),
                    "It has lost a factor in the integral.", "What is the integral of √t?",
                    "Put ⅔ before t to the power 3/2, and solve again."),
            Mistake("factor upside down",
                    lambda D, rho, eps: (D / 1.5)**(2 / 3) / (eps * (1 - rho))**(1 / 3),
                    "It has ⅔ where 3/2 belongs.", "On which side does the factor ⅔ end up?",
                    "Multiply D by 3/2."),
            Mistake("exponent upside down",
                    lambda D, rho, eps: (1.5 * D / np.sqrt(eps * (1 - rho)))**1.5,
                    "It raises to the power 3/2.", "How do you undo a power of 3/2?",
                    "Raise to the power ⅔."),
            Mistake("steps like t", lambda D, rho, eps: np.sqrt(2 * D / np.sqrt(eps * (1 - rho))),
                    "Its steps grow as t, and the way as t².", _WAY, "Integrate √t instead."),
            Mistake("no root", lambda D, rho, eps: (1.5 * D / (eps * (1 - rho)))**(2 / 3),
                    "It takes the square of a step's length for the length.", _WAY,
                    "Take the root of eps (1 - rho)."),
            Mistake("divided by 1 - rho",
                    lambda D, rho, eps: (1.5 * D / np.sqrt(eps / (1 - rho)))**(2 / 3),
                    "It grows from the first step's length.", "How much does u grow at each step?",
                    "Let u grow by (1 - rho) eps a step: multiply, do not divide."),
            Mistake("rho forgotten", lambda D, rho, eps: (1.5 * D)**(2 / 3) / eps**(1 / 3),
                    "Its u grows by eps at each step.", "How much does u grow at each step?",
                    "Let u grow by (1 - rho) eps."),
            Mistake("no power", lambda D, rho, eps: 1.5 * D / np.sqrt(eps * (1 - rho)),
                    "That is T to the power 3/2.",
                    "Which power of T is the distance?",
                    "Take it to the power 2/3."),
        )),
    "wake": Exercise(
        _woken(_faded, _v_woken),
        on((9.0, 0.04, 2.0, 50, 0.9, 1e-6), (1.0, 0.01, -0.5, 3, 0.5, 1e-4),
           (4.0, 1.0, 1.0, 0, 0.8, 1e-3)), (
            Mistake("u remembers", _woken(lambda u, n, rho: u, _v_woken),
                    "Its u does not fade, though a step of 0 is a step, and joins the mean.",
                    _U_FADES, "Multiply u by rho at each silent step."),
            Mistake("v one short",
                    _woken(_faded, lambda v, g, n, rho: rho**n * v + (1 - rho) * g**2),
                    "Its v fades once too few.", _V_FADES,
                    "Let it fade once more when the gradient that ends the silence joins it."),
            Mistake("all forgotten", _woken(lambda u, n, rho: 0.0,
                                            lambda v, g, n, rho: (1 - rho) * g**2),
                    "That is where a long silence leads.", "Is it exact for a short silence too?",
                    "Keep what is left of both means after `silent` steps."),
            Mistake("v remembers", _woken(_faded, lambda v, g, n, rho: rho * v + (1 - rho) * g**2),
                    "Its v does not fade in the silence, though a gradient of 0 joins it too.",
                    _V_FADES, "Multiply v by rho at each silent step."),
            Mistake("no new gradient", _woken(_faded, lambda v, g, n, rho: rho**n * v),
                    "Its v does not hear of the gradient that ends the silence.", _V_FADES,
                    "Let that gradient join v before v divides."),
            Mistake("one too many", _woken(lambda u, n, rho: rho**(n + 1) * u, _v_woken),
                    "Its u fades once too often: the step uses the u before it.", _U_FADES,
                    "Let u fade `silent` times."),
            Mistake("v forgotten", _woken(_faded, lambda v, g, n, rho: (1 - rho) * g**2),
                    "It has nothing of the old v.", _V_FADES,
                    "Add what is left of the old v."),
            Mistake("new square whole", _woken(_faded,
                                               lambda v, g, n, rho: rho**(n + 1) * v + g**2),
                    "It adds the new square whole.", _V_FADES, "Weigh it by 1 - rho."),
            Mistake("eps outside", _woken_apart, "eps stands outside the roots.", _EPS,
                    "Add eps inside both roots."),
            Mistake("nothing fades",
                    _woken(lambda u, n, rho: u,
                           lambda v, g, n, rho: rho * v + (1 - rho) * g**2),
                    "That would be so if silent steps were skipped.", _V_FADES,
                    "Both means take in a zero at each: multiply both by rho."),
            Mistake("times for power",
                    lambda v, u, g, silent, rho, eps:
                        -g * np.sqrt((rho * silent * u + eps) / (rho * (silent + 1) * v + (1 -
                        rho) * g**2 + eps)),
                    "It multiplies rho by the number of steps; each step multiplies once more by "
                    "rho.",
                    "What is left of u after two silent steps?",
                    "Take rho to the power of the steps."),
            Mistake("no gradient above",
                    lambda v, u, g, silent, rho, eps:
                        -np.sqrt((rho**silent * u + eps) / (rho**(silent + 1) * v + (1 - rho) *
                        g**2 + eps)),
                    "That is the rate; the gradient is not in it.",
                    "Is it the step, or the rate?",
                    "Multiply the rate by g."),
        )),
}
