"""The exercises of the schedulers chapter."""

import copy
import math
import warnings

import numpy as np

from descent.exercises import Exercise, Mistake, on

__all__ = ["EXERCISES"]


def _half_cosine(part):
    return (1 + math.cos(math.pi * min(1.0, part))) / 2


def _warmed(climb=lambda k, warmup: (k + 1) / (warmup + 1),
            fall=lambda k, warmup, steps: _half_cosine((k - warmup) / (steps - warmup))):
    """Return a schedule from the part of lr at step k before, and after, the end of warm-up."""
    return lambda k, lr, warmup, steps: lr * (climb(k, warmup) if k < warmup
                                              else fall(k, warmup, steps))


def _chained(k, lr, warmup, steps):
    return lr * min(1.0, (k + 1) / (warmup + 1)) * _half_cosine(k / steps)


_COSINE = Exercise(
    _warmed(),
    on(*((k, lr, warmup, steps) for lr, warmup, steps in ((0.1, 4, 20), (2.0, 1, 10))
         for k in (0, warmup - 1, warmup, warmup + 1, steps // 2, steps - 1, steps, steps + 3))), (
        Mistake("first step at 0", _warmed(lambda k, warmup: k / warmup),
                "Its first step is made at lr 0: a gradient for nothing. Count from k + 1."),
        Mistake("first step at 0, one part less",
                _warmed(lambda k, warmup: k / (warmup + 1)),
                "Off by one: its first step is made at lr 0, and its last leap, to lr, is two "
                "parts high. Count from k + 1."),
        Mistake("peak too early", _warmed(lambda k, warmup: (k + 1) / warmup),
                "Off by one: it is at full lr at k = warmup - 1 already, and again at k = warmup."),
        Mistake("T_max is all steps",
                _warmed(fall=lambda k, warmup, steps: _half_cosine((k - warmup) / steps)),
                "The cosine is spread over all the steps, but only steps - warmup are left: it "
                "ends above 0."),
        Mistake("cosine from 0", _warmed(fall=lambda k, warmup, steps: _half_cosine(k / steps)),
                "The cosine has been running since k = 0, so lr drops where the climb hands over. "
                "Count its steps from there."),
        Mistake("climbs again", _warmed(fall=lambda k, warmup, steps: (1 + math.cos(
            math.pi * (k - warmup) / (steps - warmup))) / 2),
                "Right as far as the end. Beyond it the cosine climbs again: keep it at 0."),
        Mistake("over one less", _warmed(fall=lambda k, warmup, steps: _half_cosine(
            (k - warmup) / (steps - warmup - 1))),
                "Off by one: the last step, k = steps - 1, is made at lr 0. The zero belongs to "
                "k = steps."),
        Mistake("one ahead", _warmed(fall=lambda k, warmup, steps: _half_cosine(
            (k - warmup + 1) / (steps - warmup))),
                "Off by one: the cosine is a step ahead. k = warmup is the first step at the full "
                "lr, and the zero belongs to k = steps."),
        Mistake("over one more", _warmed(fall=lambda k, warmup, steps: _half_cosine(
            (k - warmup) / (steps - warmup + 1))),
                "Off by one: the cosine is a step too long, and not yet at 0 at k = steps."),
        Mistake("product", _chained,
                "It multiplies climb and cosine, as ChainedScheduler does: lr never gets to its "
                "peak. Let one follow the other."),
        Mistake("no lr", lambda k, lr, warmup, steps: _warmed()(k, 1.0, warmup, steps),
                "The shape is right, but its peak is 1 whatever lr is: the factor lr is missing."),
        Mistake("no warm-up", lambda k, lr, warmup, steps: lr * _half_cosine(k / steps),
                "That is the cosine alone. Where is the climb?"),
        Mistake("no half", _warmed(fall=lambda k, warmup, steps: 2 * _half_cosine(
            (k - warmup) / (steps - warmup))),
                "The half before the bracket is missing: the cosine starts at twice lr."),
        Mistake("a line", _warmed(fall=lambda k, warmup, steps: max(
            0.0, 1 - (k - warmup) / (steps - warmup))),
                "It falls in a straight line. Not a bad schedule, but the cosine was asked for."),
        Mistake("stays up", _warmed(fall=lambda k, warmup, steps: 1.0),
                "It climbs and stays. The cosine is missing."),
    ))


def _runs(*settings):
    """Return trials that hand a training loop an optimizer and see the lr that each step used.

    A setting holds the optimizer's lr and what the loop gets behind the optimizer. A trial's
    values: the number of steps, the lr of each, and what the loop returned if that is a list.
    """
    def trials(answer):
        import torch  # not before: in a page there is none

        for lr, *given in settings:
            optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr, momentum=0.9)
            seen = []
            optimizer.register_step_pre_hook(
                lambda optimizer, *_, seen=seen: seen.append(optimizer.param_groups[0]["lr"]))
            with warnings.catch_warnings():  # torch's own hint at the bug
                warnings.simplefilter("ignore")
                returned = answer(optimizer, *given)
            if not seen:
                raise RuntimeError("optimizer.step() was never called")
            steps = math.prod(given)
            returned = [] if returned is None else np.asarray(returned, dtype=float).tolist()
            yield f"with {' × '.join(map(str, given))} steps", np.array(
                [len(seen), *_filled(seen, steps), len(returned), *_filled(returned, steps)])
    return trials


def _filled(values, length):
    return [*values[:length], *[-1.0] * (length - len(values))]


def _planned(plan=None, before=lambda optimizer, scheduler, lr: None, late=False, first=False,
             still=False):
    """Return a loop: plan (or log), what is done before training, and where it is stepped."""
    def train(optimizer, steps):
        from torch.optim.lr_scheduler import CosineAnnealingLR

        lr = optimizer.param_groups[0]["lr"]
        scheduler = CosineAnnealingLR(optimizer, T_max=steps)
        planned = plan(scheduler, steps) if plan else []
        scheduler = before(optimizer, scheduler, lr) or scheduler
        for _ in range(steps):
            if first:
                scheduler.step()
            if not plan and not late:
                planned.append(scheduler.get_last_lr()[0])
            optimizer.step()
            if not first and not still:
                scheduler.step()
            if not plan and late:
                planned.append(scheduler.get_last_lr()[0])
        return planned
    return train


def _consume(scheduler, steps):
    planned = []
    for _ in range(steps):
        planned.append(scheduler.get_last_lr()[0])
        scheduler.step()
    return planned


def _consume_a_copy(scheduler, steps):
    return _consume(copy.deepcopy(scheduler), steps)


def _lr_back(optimizer, scheduler, lr):
    optimizer.param_groups[0]["lr"] = lr


def _a_second(optimizer, scheduler, lr):
    return type(scheduler)(optimizer, T_max=scheduler.T_max)


_PLOT = Exercise(
    _planned(_consume_a_copy), _runs((1.0, 6), (0.1, 9)), (
        Mistake("used up", _planned(_consume),
                "The plan still uses the schedule up: training begins at lr 0 and climbs. Plan "
                "with a copy, or write down what is used."),
        Mistake("lr put back", _planned(_consume, _lr_back),
                "lr is put back, but the schedule still counts on from its end, and adds to lr. "
                "Two things were changed, the optimizer's lr and the scheduler's counter."),
        Mistake("lr stays 0", _planned(_consume, _a_second),
                "The counter starts again, but the optimizer's lr was left at 0, and a recursive "
                "schedule multiplies what it finds."),
        Mistake("written down late", _planned(late=True),
                "It trains rightly. What it returns is one step late: it asks after "
                "scheduler.step(), which has set the lr of the next step."),
        Mistake("no plan", _planned(lambda scheduler, steps: []),
                "It trains rightly, and returns no plan."),
        Mistake("before the step", _planned(_consume_a_copy, first=True),
                "Planned rightly. In training it steps the schedule before the optimizer, so that "
                "the first lr is never used."),
        Mistake("not stepped", _planned(_consume_a_copy, still=True),
                "Planned rightly. In training the schedule is never stepped: lr stays."),
    ))


def _cycled(inside=lambda optimizer, scheduler: (optimizer.step(), scheduler.step()),
            after=lambda scheduler: None, total=lambda batches, epochs: batches * epochs,
            anew=False):
    """Return a loop from what it does in a batch and after an epoch, and the cycle's length."""
    def train(optimizer, batches, epochs):
        from torch.optim.lr_scheduler import OneCycleLR

        def make():
            return OneCycleLR(optimizer, max_lr=1.0, total_steps=total(batches, epochs))

        scheduler = make()
        for epoch in range(epochs):
            if anew and epoch > 0:
                scheduler = make()
            for _ in range(batches):
                inside(optimizer, scheduler)
            after(scheduler)
    return train


def _step_alone(optimizer, scheduler):
    optimizer.step()


_CYCLE = Exercise(
    _cycled(), _runs((0.1, 5, 4), (0.1, 4, 7)), (
        Mistake("once an epoch", _cycled(_step_alone, lambda scheduler: scheduler.step()),
                "It is stepped once an epoch, so it never leaves its climb. This schedule counts "
                "batches."),
        Mistake("a staircase", _cycled(_step_alone, lambda scheduler: scheduler.step(),
                                       lambda batches, epochs: epochs),
                "The cycle now ends in time, but in stairs: one lr for a whole epoch. Step it "
                "after every batch, with batches times epochs in all."),
        Mistake("before the step",
                _cycled(lambda optimizer, scheduler: (scheduler.step(), optimizer.step())),
                "Per batch, but before the optimizer: the first lr is never used, and the last "
                "call is the one too many, which lifts lr again."),
        Mistake("anew each epoch", _cycled(anew=True),
                "It makes a new scheduler in every epoch, so each epoch climbs from the start."),
        Mistake("a cycle each epoch", _cycled(total=lambda batches, epochs: batches, anew=True),
                "That is a whole cycle in every epoch. One cycle for the whole training."),
        Mistake("one too long", _cycled(total=lambda batches, epochs: batches * epochs + 1),
                "Off by one: the cycle is a step longer than the training, so its end is missed."),
        Mistake("never", _cycled(_step_alone), "The schedule is never stepped: lr stays at the "
                "start of its climb."),
    ))


def _halved(before=lambda scheduler, epoch: None,
            inside=lambda optimizer, scheduler, last: optimizer.step(),
            after=lambda scheduler: scheduler.step(), size=2):
    """Return a loop that halves lr, from what it does around and inside an epoch."""
    def train(optimizer, batches, epochs):
        from torch.optim.lr_scheduler import StepLR

        scheduler = StepLR(optimizer, step_size=size, gamma=0.5)
        for epoch in range(epochs):
            before(scheduler, epoch)
            for batch in range(batches):
                inside(optimizer, scheduler, batch == batches - 1)
            after(scheduler)
    return train


def _nothing(scheduler, epoch=None):
    return None


def _first(scheduler, epoch=None):
    scheduler.step()


def _ahead_of_the_last(optimizer, scheduler, last):
    if last:
        scheduler.step()
    optimizer.step()


_ORDER = Exercise(
    _halved(), _runs((1.0, 3, 7), (0.1, 2, 5)), (
        Mistake("before the epoch", _halved(_first, after=_nothing),
                "The schedule is stepped before the optimizer: every drop comes an epoch early."),
        Mistake("compensated", _halved(_first, after=_nothing, size=3),
                "A longer step_size puts the first drop right, and the second an epoch late. Move "
                "the call instead."),
        Mistake("per batch", _halved(
            inside=lambda optimizer, scheduler, last: (optimizer.step(), scheduler.step()),
            after=_nothing), "Now it counts batches: lr is halved every two of them."),
        Mistake("before the last batch", _halved(inside=_ahead_of_the_last, after=_nothing),
                "Nearly: the last batch of an epoch already has the next epoch's lr."),
        Mistake("twice", _halved(_first), "It is stepped before and after the epoch, so lr is "
                "halved in every one."),
        Mistake("never", _halved(after=_nothing), "The schedule is never stepped: lr stays."),
    ))


def _better(metric, best, threshold):
    return metric < best * (1 - threshold)


def _patient(better=_better, due=lambda bad, patience: bad > patience,
             lower=lambda lr, factor: lr * factor, worse=lambda best, metric: best,
             good=lambda bad: 0, after=lambda best, bad, metric: (best, 0)):
    """Return torch's rule, from each of its decisions."""
    def look(lr, metric, best, bad, *, patience, factor, threshold):
        if better(metric, best, threshold):
            best, bad = metric, good(bad)
        else:
            best, bad = worse(best, metric), bad + 1
        if due(bad, patience):
            lr = lower(lr, factor)
            best, bad = after(best, bad, metric)
        return lr, best, bad
    return look


_METRICS = {
    "a constant metric": [1.0] * 14,
    "a metric that falls too slowly": [1 - 0.004 * k for k in range(20)],
    "a large metric that falls too slowly": [100 - 0.1 * k for k in range(12)],
    "a metric that falls by just over the threshold": [10 * 0.98**k for k in range(12)],
    "a metric that rises and falls": [3, 2, 2.5, 1.9, 2.1, 2.2, 1.85, 1.8, 2, 2, 2, 1.5, 1.6, 1.4,
                                      1.39, 1.41, 1.4, 1.395, 1.41, 1.2, 1.21, 1.3, 1.19, 1.195],
    "a metric that rises": [1 + 0.1 * k for k in range(12)],
    "a metric that is never as low again as at first": [1, *[2] * 3, *[1.5] * 6],
}


def _looks(answer):
    """Yield lr after each look, for each sequence of metrics."""
    for where, metrics in _METRICS.items():
        lr, best, bad, found = 1.0, math.inf, 0, []
        for metric in metrics:
            lr, best, bad = answer(lr, metric, best, bad, patience=2, factor=0.5, threshold=0.01)
            found.append(lr)
        yield f"on {where}", np.array(found, dtype=float)


_PATIENCE = Exercise(_patient(), _looks, (
    Mistake("one too early", _patient(due=lambda bad, patience: bad >= patience),
            "Off by one: torch waits for more than `patience` bad looks in a row, not for as "
            "many."),
    Mistake("one too late", _patient(due=lambda bad, patience: bad > patience + 1),
            "Off by one: it waits for two bad looks more than `patience`. One more is enough."),
    Mistake("threshold's sign", _patient(lambda metric, best, threshold:
                                         metric < best * (1 + threshold)),
            "The threshold has the wrong sign: a metric a little worse than the best passes for "
            "better."),
    Mistake("no threshold", _patient(lambda metric, best, threshold: metric < best),
            "It leaves the threshold out: any small gain counts as better."),
    Mistake("absolute", _patient(lambda metric, best, threshold: metric < best - threshold),
            "That is threshold_mode='abs'. The default is a share of the best."),
    Mistake("counts on", _patient(after=lambda best, bad, metric: (best, bad)),
            "After a cut the bad looks must be counted anew; here lr is cut at every further one."),
    Mistake("not in a row", _patient(good=lambda bad: bad),
            "A good look must set the count back to 0: bad looks are counted in a row."),
    Mistake("best follows", _patient(worse=min),
            "It renews the best on gains below the threshold as well, so slow progress never adds "
            "up to a good look."),
    Mistake("the last, not the best", _patient(worse=lambda best, metric: metric),
            "It compares with the last metric. The best so far is what counts."),
    Mistake("best forgotten", _patient(after=lambda best, bad, metric: (math.inf, 0)),
            "It forgets the best when it cuts lr; torch keeps it."),
    Mistake("best at the cut", _patient(after=lambda best, bad, metric: (metric, 0)),
            "At a cut it takes the present metric for the best; torch keeps the best."),
    Mistake("raises lr", _patient(lower=lambda lr, factor: lr / factor),
            "It divides by the factor: lr grows."),
    Mistake("upside down", _patient(lambda metric, best, threshold: not _better(
        metric, best, threshold)),
            "No look ever passes for better. Either the comparison is upside down, or it computes "
            "inf - inf at the first look, which is not a number: compare with "
            "best * (1 - threshold)."),
    Mistake("cuts at once", _patient(due=lambda bad, patience: bad > 0),
            "It has no patience: every bad look cuts lr."),
))


_LATE = Exercise(
    lambda k, steps, part: min(1.0, (steps - k) / (part * steps)),
    on(*((k, steps, part) for steps, part in ((100, 0.2), (50, 0.5))
         for k in (0, steps // 4, *(round((1 - part) * steps) + d for d in (-1, 0, 1)), steps - 5,
                   steps - 1))), (
        Mistake("last step at 0", lambda k, steps, part: min(
            1.0, (steps - 1 - k) / (part * steps)),
                "Off by one: the last step, k = steps - 1, is made at lr 0. The zero belongs to "
                "k = steps."),
        Mistake("from the start", lambda k, steps, part: 1 - k / steps,
                "That is the straight line over all the steps. Only the last part of them falls."),
        Mistake("first part", lambda k, steps, part: min(1.0, (steps - k) / ((1 - part) * steps)),
                "`part` is what falls, at the end. Here it is what stays."),
        Mistake("no cap", lambda k, steps, part: (steps - k) / (part * steps),
                "The line is right and begins too soon: before it the factor is 1, no more."),
        Mistake("a drop", lambda k, steps, part: float(k < (1 - part) * steps),
                "It drops to 0 where the line should begin."),
        Mistake("a climb", lambda k, steps, part: min(1.0, k / (part * steps)),
                "That is a warm-up, at the wrong end."),
        Mistake("a cosine", lambda k, steps, part: _half_cosine(
            max(0.0, (k - (1 - part) * steps) / (part * steps))),
                "It comes down on a cosine. The straight line was asked for."),
        Mistake("stays", lambda k, steps, part: 1.0, "It stays at 1. Where does it come down?"),
    ))

EXERCISES = {
    "cosine": _COSINE,
    "late": _LATE,
    "plot": _PLOT,
    "cycle": _CYCLE,
    "order": _ORDER,
    "patience": _PATIENCE,
    "exponent": Exercise(
        lambda c, h: min(1.0, 2 * c * h),
        on((0.1, 1.0), (0.05, 3.0), (2.0, 1.0), (1.0, 0.3), (0.7, 0.5), (4.0, 2.0)), (
            Mistake("always 1", lambda c, h: 1.0,
                    "That is the best decay's. With too small a c the start is forgotten more "
                    "slowly than that."),
            Mistake("uncapped", lambda c, h: 2 * c * h,
                    "So fast the start is forgotten. The noise is not averaged any faster than 1/k."
                    ),
            Mistake("distance", lambda c, h: min(0.5, c * h),
                    "That is the distance's exponent. The loss is its square."),
            Mistake("not squared", lambda c, h: min(1.0, c * h),
                    "So the distance from the start falls. The loss is its square: twice the "
                    "exponent."),
            Mistake("no curvature", lambda c, h: min(1.0, 2 * c),
                    "It forgets h: what counts is c times the curvature."),
            Mistake("sign", lambda c, h: -min(1.0, 2 * c * h),
                    "The size is right. Hand in a, for a loss like k to the power -a."),
            Mistake("the larger", lambda c, h: max(1.0, 2 * c * h),
                    "Of two terms the slower one remains in the end: the smaller exponent."),
            Mistake("c over h", lambda c, h: min(1.0, 2 * c / h),
                    "A larger curvature forgets faster: h is a factor."),
        )),
}
