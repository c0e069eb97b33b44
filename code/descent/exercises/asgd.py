"""The exercises of the chapter on ASGD and averaging."""

import math

from descent.exercises import Exercise, Mistake, on

__all__ = ["EXERCISES"]


def _left(total=lambda q, n: q * (1 - q**n) / (1 - q), count=lambda n: n):
    def answer(away, lr, h, n):
        q = 1 - lr * h
        return away * total(q, n) / count(n)
    return answer


_WHICH = "Which points are in the mean: is the start one of them?"
_SUM = "What do the powers of 1 - lr h add up to, from the first to the n-th?"
_LEFT = (
    Mistake("from the start", _left(lambda q, n: (1 - q**n) / (1 - q)),
            "That is the mean of the points before each step, with the start in it.", _WHICH,
            "Begin with the point after the first step: one factor 1 - lr h more."),
    Mistake("last point", _left(lambda q, n: q**n, lambda n: 1),
            "That is how far the last point is, not the mean.",
            "The last point, or the mean of all?",
            "Add up the geometric series, and divide by n."),
    Mistake("sum for mean", _left(count=lambda n: 1), "It adds up, and does not divide.",
            "A sum or a mean?", "Divide by n."),
    Mistake("start and all", _left(lambda q, n: (1 - q**(n + 1)) / (1 - q), lambda n: n + 1),
            "The start is one of its n + 1 points.", _WHICH, "Leave the start out: n points."),
    Mistake("first term alone", _left(lambda q, n: q / (1 - q)),
            "It adds up the series to infinity.", _SUM, "Take away what comes after the n-th."),
    Mistake("as if arrived", _left(lambda q, n: 1 / (1 - q)),
            "That is the start over lr h n: it takes the last point for arrived, and counts the "
            "start.", _SUM, "The n-th point is not at the minimum yet."),
    Mistake("one power short", _left(lambda q, n: q * (1 - q**(n - 1)) / (1 - q)),
            "It adds up n - 1 of the points.", _SUM, "There are n of them."),
    Mistake("middle of both ends", _left(lambda q, n: (1 + q**n) / 2, lambda n: 1),
            "It takes the middle between start and end, as if the way were even.",
            "Are the points evenly spaced?", "The steps shrink: add up the powers."),
)


def _as_good(points=lambda lr, h, ratio: (2 * ratio - lr * h) / (lr * h)):
    return points


_EQUAL = "Which two losses are to be equal?"
_FLOOR = "What is the floor at lr / ratio, with nothing left out?"
_GOOD = (
    Mistake("small steps", lambda lr, h, ratio: 2 * ratio / (lr * h),
            "It takes lr h for small, and 2 - lr h / ratio for 2.", _FLOOR,
            "Keep the h in the floor's 2 - lr h / ratio."),
    Mistake("floor of lr itself", lambda lr, h, ratio: (2 - lr * h) / (lr * h),
            "That is where the mean meets the floor of lr itself.", _EQUAL,
            "Divide lr by ratio in the floor."),
    Mistake("ratio times that", lambda lr, h, ratio: ratio * (2 - lr * h) / (lr * h),
            "It makes the floor of lr ratio times lower; the floor is not quite proportional to "
            "lr.", _FLOOR, "Put lr / ratio for lr, everywhere in the floor."),
    Mistake("times ratio", lambda lr, h, ratio: (2 / ratio - lr * h) / (lr * h),
            "It multiplies lr by ratio.", _EQUAL, "Divide lr by it."),
    Mistake("ratio in front only", lambda lr, h, ratio: (2 - lr * h / ratio) / (lr * h),
            "It has lr / ratio in one place of the floor only.", _FLOOR,
            "The floor has lr above the line, too."),
    Mistake("variance and loss", lambda lr, h, ratio: (2 * ratio - lr * h) / (2 * lr),
            "It sets the loss of the mean equal to the variance of the points.", _EQUAL,
            "Both are losses: h / 2 times a variance."),
    Mistake("loss and variance", lambda lr, h, ratio: 2 * (2 * ratio - lr * h) / (lr * h**2),
            "It sets the variance of the mean equal to the loss of the points.", _EQUAL,
            "Both are losses: h / 2 times a variance."),
    Mistake("noise of the gradient", lambda lr, h, ratio: h * (2 * ratio - lr * h) / lr,
            "It takes an n-th of the gradient's noise for the variance of the mean.",
            "What is the variance of one measurement of the minimum?",
            "A measurement is off by the noise over h: its variance has h**2 below the line."),
    Mistake("h forgotten", lambda lr, h, ratio: (2 * ratio - lr * h) / lr,
            "The loss of the mean has h below the line.", _EQUAL, "Divide by h."),
    Mistake("a quarter", lambda lr, h, ratio: (2 * ratio - lr * h) / (4 * lr * h),
            "A factor 4 is lost.", _EQUAL, "Write both losses down again."),
)

_RATES = ((0.1, 0.1, 0.1, 0.02), (0.5, 0.3, 0.2, 0.1), (0.0, 0.4, 0.4, 0.05))
_KNOBS = ((0.0, 0.75), (0.1, 0.75), (0.5, 0.5))


def _rate(before=lambda t: max(t - 2, 0), times=lambda t: t - 1,
          fallen=lambda lr, lambd, alpha, k: lr / (1 + lambd * lr * k)**alpha):
    def answer(rates, t, lambd, alpha):
        lr = rates[min(before(t), len(rates) - 1)]
        return fallen(lr, lambd, alpha, times(t))
    return answer


def _each_step(answer):
    for rates in _RATES:
        for lambd, alpha in _KNOBS:
            for t in range(1, len(rates) + 1):
                yield (f"at step {t} with rates={list(rates)}, lambd={lambd:g}, alpha={alpha:g}",
                       answer(list(rates), t, lambd, alpha))


_WHEN = "At the end of which step was this eta made, and which lr did that step see?"
_COUNT = "How many steps had been made when this eta was made?"
_POWER = "How does eta fall: what is the power of?"
_RATE = (
    Mistake("at once", _rate(lambda t: t - 1), "It uses the new lr at once: torch is a step late.",
            _WHEN, "Take the rate of the step before, and for the first step its own."),
    Mistake("the scheduler's", _rate(lambda t: t - 1, fallen=lambda lr, lambd, alpha, k: lr),
            "It is what the scheduler has set, at once and with no fall.", _WHEN,
            "Take the rate of the step before, and let it fall by lambd and alpha."),
    Mistake("two late", _rate(lambda t: max(t - 3, 0)), "It is two steps late.", _WHEN,
            "rates[0] is that of step 1, so the step before t has rates[t - 2]."),
    Mistake("always the first", _rate(lambda t: 0), "It keeps the first rate for ever.", _WHEN,
            "eta is made anew at the end of every step."),
    Mistake("round the corner", lambda rates, t, lambd, alpha:
            _rate()(rates, t, lambd, alpha) if t > 1 else rates[-1] + 0 * lambd,
            "At step 1 it takes the last of the rates: rates[-1].", _WHEN,
            "Step 1 has no step before it; it uses its own rate."),
    Mistake("counts this step", _rate(times=lambda t: t),
            "It counts this step, too, in the fall.", _COUNT, "Multiply by t - 1."),
    Mistake("counts this step, but the first", lambda rates, t, lambd, alpha:
            _rate(times=lambda t: t if t > 1 else 0)(rates, t, lambd, alpha),
            "It counts this step, too, in the fall.", _COUNT, "Multiply by t - 1."),
    Mistake("counts one too few", _rate(times=lambda t: max(t - 2, 0)),
            "It counts one step too few in the fall.", _COUNT, "Multiply by t - 1."),
    Mistake("no fall", _rate(fallen=lambda lr, lambd, alpha, k: lr),
            "It leaves the fall by lambd and alpha out.", _POWER,
            "Divide by (1 + lambd lr (t - 1))**alpha."),
    Mistake("power of the product alone",
            _rate(fallen=lambda lr, lambd, alpha, k: lr / (1 + (lambd * lr * k)**alpha)),
            "The power stands on the product, without the 1.", _POWER,
            "Put the 1 into the bracket."),
    Mistake("no power", _rate(fallen=lambda lr, lambd, alpha, k: lr / (1 + lambd * lr * k)),
            "It leaves alpha out.", _POWER, "Raise the bracket to the power alpha."),
    Mistake("lr not in the bracket",
            _rate(fallen=lambda lr, lambd, alpha, k: lr / (1 + lambd * k)**alpha),
            "The bracket has no lr.", _POWER, "It is 1 + lambd * lr * (t - 1)."),
    Mistake("grows", _rate(fallen=lambda lr, lambd, alpha, k: lr * (1 + lambd * lr * k)**alpha),
            "It multiplies by the bracket: the rate grows.", _POWER, "Divide by it."),
)


def _pushes(settings, state):
    """Return trials that drive a rule of numbers for six steps and look at point and mean.

    lr falls to a tenth after three steps.
    """
    slopes = (1.0, 0.5, -0.2, 0.8, -0.6, 0.3)

    def trials(answer):
        for setting in settings:
            p, kept = 1.0, ()
            for t, g in enumerate(slopes, start=1):
                now = {**setting, "lr": setting["lr"] * (1.0 if t <= 3 else 0.1)}
                words = ", ".join(f"{name}={value:g}" for name, value in now.items())
                p, *kept = answer(p, g, t, *kept, **now)
                yield f"the point after step {t} with {words}", p
                yield f"the mean after step {t} with {words}", (kept or [math.nan])[0]
                if len(kept) < state:  # whoever keeps less cannot go on
                    return
    return trials


def _asgd(eta_of=lambda eta, lr, t: lr if t == 1 else eta, share=lambda t, t0: max(1, t - 1 - t0),
          shrink=lambda lambd, eta: lambd * eta, of=lambda old, new: new,
          point=lambda new, ax: new, sign=-1.0, late=False,
          fall=lambda lr, lambd, alpha, t: lr / (1 + lambd * lr * t)**alpha,
          mean=lambda ax, p, n: ax + (p - ax) / n):
    def rule(p, g, t, ax=0.0, eta=0.0, *, lr, lambd, alpha, t0):
        eta = eta_of(eta, lr, t)
        new = ((1 - shrink(lambd, eta)) * (p + sign * eta * g) if late
               else (1 - shrink(lambd, eta)) * p + sign * eta * g)
        ax = mean(ax, of(p, new), share(t, t0))
        return point(new, ax), ax, fall(lr, lambd, alpha, t)
    return rule


def _at_once(p, g, t, ax=0.0, eta=0.0, *, lr, lambd, alpha, t0):
    now = lr / (1 + lambd * lr * (t - 1))**alpha
    return _asgd()(p, g, t, ax, now, lr=lr, lambd=lambd, alpha=alpha, t0=t0)


_BEGINS = "At which t does your mean first hold two points, if t0 is 0?"
_BY = "By which share does the mean move, and towards what?"
_SHRINKS = "By how much does the point shrink, and before or after the step?"
_FALLS = "What is eta for the next step, and what is the power of?"
_MADE = "With which eta is a step made, and with which the first?"
_GOES_ON = "From where does the next step go on?"
_IMPLEMENT = (
    Mistake("SGD", lambda p, g, t, ax=0.0, eta=0.0, *, lr, lambd, alpha, t0: (p - lr * g, ax, eta),
            "That is SGD still: nothing falls, shrinks or is averaged.",
            "Which three things does ASGD do beside SGD's step?",
            "Shrink and step with eta, move ax, and make the next eta."),
    Mistake("no mean", _asgd(mean=lambda ax, p, n: p), "The mean is always the point.", _BY,
            "Move ax by (p - ax) / max(1, t - 1 - t0)."),
    Mistake("no mean, zero", _asgd(mean=lambda ax, p, n: ax), "ax never moves.", _BY,
            "Move ax by (p - ax) / max(1, t - 1 - t0)."),
    Mistake("a step early", _asgd(share=lambda t, t0: max(1, t - t0)),
            "Its mean begins a step early.", _BEGINS, "Write max(1, t - 1 - t0)."),
    Mistake("a step late", _asgd(share=lambda t, t0: max(1, t - 2 - t0)),
            "Its mean begins a step late.", _BEGINS, "Write max(1, t - 1 - t0)."),
    Mistake("t0 forgotten", _asgd(share=lambda t, t0: max(1, t - 1)),
            "Its mean begins at once, whatever t0.", _BEGINS, "Take t0 off the count."),
    Mistake("old point", _asgd(of=lambda old, new: old), "It averages the point before the step.",
            _BY, "Average the new point."),
    Mistake("by t", _asgd(share=lambda t, t0: t),
            "It divides by t, as if the mean held all points.", _BY,
            "Divide by max(1, t - 1 - t0)."),
    Mistake("mean as the point", _asgd(point=lambda new, ax: ax),
            "It returns the mean as the point, so the next step goes on from there.", _GOES_ON,
            "Return the point and, beside it, the mean."),
    Mistake("gap turned round", _asgd(mean=lambda ax, p, n: ax - (p - ax) / n),
            "The mean moves away from the point.", _BY, "Add the share of p - ax."),
    Mistake("no decay", _asgd(shrink=lambda lambd, eta: 0.0), "The point does not shrink.",
            _SHRINKS, "Multiply p by 1 - lambd * eta."),
    Mistake("decay without eta", _asgd(shrink=lambda lambd, eta: lambd),
            "It shrinks by lambd alone.", _SHRINKS, "Multiply p by 1 - lambd * eta."),
    Mistake("decay after the step", _asgd(late=True), "It shrinks the point after its step.",
            _SHRINKS, "Shrink the old point, then step."),
    Mistake("uphill", _asgd(sign=1.0), "It steps uphill.", "Does the loss fall along its step?",
            "Take eta * g off."),
    Mistake("eta thrown away", _asgd(eta_of=lambda eta, lr, t: lr),
            "Every step is made at lr; the eta that is handed in is not used.", _MADE,
            "From step 2 on use eta."),
    Mistake("eta of the new lr", _at_once,
            "It makes each step's eta from the lr of now; torch made it at the end of the step "
            "before, with the lr of then.", _MADE, "From step 2 on use the eta handed in."),
    Mistake("eta never set", _asgd(eta_of=lambda eta, lr, t: eta),
            "The first step is made at eta 0.", _MADE, "At t = 1 eta is lr."),
    Mistake("eta of this step", _asgd(fall=lambda lr, lambd, alpha, t:
                                      lr / (1 + lambd * lr * (t - 1))**alpha),
            "The eta that it returns has fallen one step too little.", _FALLS,
            "After step t it is lr / (1 + lambd * lr * t)**alpha."),
    Mistake("no power", _asgd(fall=lambda lr, lambd, alpha, t: lr / (1 + lambd * lr * t)),
            "It leaves alpha out.", _FALLS, "Raise the bracket to the power alpha."),
    Mistake("no lr in the bracket", _asgd(fall=lambda lr, lambd, alpha, t:
                                          lr / (1 + lambd * t)**alpha),
            "The bracket has no lr.", _FALLS, "It is 1 + lambd * lr * t."),
    Mistake("no fall", _asgd(fall=lambda lr, lambd, alpha, t: lr), "eta never falls.", _FALLS,
            "Return lr / (1 + lambd * lr * t)**alpha."),
)


def _averaged(share=lambda t, first: t - first + 1, begins=lambda t, first: t > first,
              kept=lambda p, ax: (p, ax), of=lambda old, new: new,
              mean=lambda ax, p, n: ax + (p - ax) / n, until=lambda ax, p: p):
    def rule(p, g, t, ax=0.0, *, lr, first):
        new = p - lr * g
        ax = mean(ax, of(p, new), share(t, first)) if begins(t, first) else until(ax, new)
        return kept(new, ax)
    return rule


_STANDS = "Where does the next step begin, once the mean has begun?"
_HOLDS = "How many points does the mean hold after step t?"
_MEND = (
    Mistake("mean as the point", _averaged(kept=lambda p, ax: (ax, ax)),
            "The next step goes on from the mean, so the walk is held back the more, the longer it "
            "lasts.", _STANDS, "Give the mean a name of its own, and return the point before it."),
    Mistake("point as the mean", _averaged(kept=lambda p, ax: (p, p)),
            "The walk is right now, but the mean is lost.", "What do you hand on as the mean?",
            "Return both, the point and the mean."),
    Mistake("swapped", _averaged(kept=lambda p, ax: (ax, p)),
            "It returns the mean first: the next step takes it for the point.", _STANDS,
            "Return the point, then the mean."),
    Mistake("no mean before", _averaged(until=lambda ax, p: ax),
            "Until step `first` its mean stays at 0, and that 0 is averaged with the points.",
            "What is the mean until step `first`?", "Until then it is the point."),
    Mistake("one point short", _averaged(share=lambda t, first: t - first),
            "The count lacks one: the second point of the mean replaces the first.", _HOLDS,
            "After step t it holds t - first + 1 points."),
    Mistake("one point too many", _averaged(share=lambda t, first: t - first + 2),
            "The count has one too many: the first point weighs double.", _HOLDS,
            "After step t it holds t - first + 1 points."),
    Mistake("all steps counted", _averaged(share=lambda t, first: t),
            "It divides by t: the points before the first are counted.", _HOLDS,
            "After step t it holds t - first + 1 points."),
    Mistake("from step 1", _averaged(share=lambda t, first: t, begins=lambda t, first: t > 1),
            "It averages from the first step on, whatever `first` is.", _HOLDS,
            "Until step `first` the mean is the point."),
    Mistake("old point", _averaged(of=lambda old, new: old),
            "It averages the point before the step.", "Which point joins the mean?",
            "Average the new one."),
    Mistake("even shares", _averaged(mean=lambda ax, p, n: (ax + p) / 2),
            "The newest point always has half of the weight.", _HOLDS,
            "Its share is one over how many points there are."),
)


def _keeps(n):
    return (n - 1) / (n + 1)


_SQUARES = "What do the squares of the EMA's weights add up to?"
_KEEP = (
    Mistake("1 - 1 / n", lambda n: 1 - 1 / n,
            "It forgets in some n steps, but it is quieter than a mean of n points: it is "
            "as noisy as one of 2 n - 1.", _SQUARES, "Set (1 - beta) / (1 + beta) equal to 1 / n."),
    Mistake("1 - 2 / n", lambda n: 1 - 2 / n, "That is right for a large n only.", _SQUARES,
            "Solve (1 - beta) / (1 + beta) = 1 / n without dropping anything."),
    Mistake("n over n + 1", lambda n: n / (n + 1),
            "That is the EMA whose points are n steps old, on average.", _SQUARES,
            "Set (1 - beta) / (1 + beta) equal to 1 / n."),
    Mistake("share of the new", lambda n: 2 / (n + 1),
            "That is the share of the new point, 1 - beta.", "Which of the two is beta?",
            "Take 1 minus it."),
    Mistake("half is left", lambda n: 0.5 ** (1 / n), "After n steps half of the first is left: "
            "that is a half-life.", _SQUARES, "Set (1 - beta) / (1 + beta) equal to 1 / n."),
    Mistake("an e-th is left", lambda n: math.exp(-1 / n),
            "After n steps an e-th of the first is left.", _SQUARES,
            "Set (1 - beta) / (1 + beta) equal to 1 / n."),
    Mistake("deviations", lambda n: (math.sqrt(n) - 1) / (math.sqrt(n) + 1),
            "It takes the root of n: deviations on one side, variances on the other.", _SQUARES,
            "Both sides are variances."),
    Mistake("first square alone", lambda n: 1 - 1 / math.sqrt(n),
            "It counts the newest point's square alone.", _SQUARES, "Add up all of them."),
    Mistake("upside down", lambda n: (n + 1) / (n - 1), "It is above 1: it is upside down.",
            "Can beta be above 1?", "Turn it over."),
)

_BOTH = "the new point and the mean, p, ax"
EXERCISES = {
    "left": Exercise(_left(), on((10.0, 0.1, 1.0, 5), (-2.0, 0.5, 0.4, 3), (1.0, 1.5, 1.0, 4),
                                 (4.0, 0.02, 2.0, 50)), _LEFT),
    "as_good": Exercise(_as_good(), on((0.1, 1.0, 10.0), (0.4, 0.5, 3.0), (1.5, 1.0, 2.0),
                                       (0.05, 4.0, 100.0)), _GOOD),
    "rate": Exercise(_rate(), _each_step, _RATE),
    "implement": Exercise(
        _asgd(), _pushes(({"lr": 0.5, "lambd": 0.1, "alpha": 0.75, "t0": 1},
                          {"lr": 0.2, "lambd": 0.3, "alpha": 0.5, "t0": 0}), 2), _IMPLEMENT,
        gives="the new point, the mean and the next step's rate, p, ax, eta"),
    "keep": Exercise(_keeps, on((2,), (10,), (100,), (999,)), _KEEP),
    "mend": Exercise(_averaged(), _pushes(({"lr": 0.5, "first": 2}, {"lr": 0.1, "first": 3}), 1),
                     _MEND, gives=_BOTH),
}
