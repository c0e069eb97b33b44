"""The exercises of the schedulers chapter."""

import copy
import math
import warnings

import numpy as np

from descent.exercises import Exercise, Mistake, on
from descent.exercises.seen import Odd

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


def _around(*settings):
    """Return the arguments of steps at the start, at the joints and at the end, and behind it."""
    for lr, warmup, steps in settings:
        joints = (warmup - 1, warmup, warmup + 1, steps - 1, steps, steps + 3)
        yield from ((k, lr, warmup, steps) for k in sorted({0, steps // 2, *joints}) if k >= 0)


_CLIMB = "Which lr do step 0 and step `warmup` get?"
_ENDS = "At which k does your cosine begin, and at which is it 0?"
_UP = "Count from k + 1, in parts of lr / (warmup + 1)."
_DOWN = "Divide k - warmup by steps - warmup."
_COSINE = Exercise(
    _warmed(), on(*_around((0.1, 4, 20), (2.0, 1, 10), (0.5, 7, 31), (1.0, 0, 8))), (
        Mistake("first step at 0", _warmed(lambda k, warmup: k / warmup),
                "Its first step is made at lr 0: a gradient for nothing.", _CLIMB, _UP),
        Mistake("first step at 0, one part less",
                _warmed(lambda k, warmup: k / (warmup + 1)),
                "Off by one: its first step is made at lr 0, and its last leap, to lr, is two "
                "parts high.", _CLIMB, _UP),
        Mistake("peak too early", _warmed(lambda k, warmup: (k + 1) / warmup),
                "Off by one: it is at full lr at k = warmup - 1 already, and again at k = warmup.",
                _CLIMB, "Divide by warmup + 1."),
        *(Mistake(f"{slip}, climbs again", _warmed(climb, lambda k, warmup, steps: (
            1 + math.cos(math.pi * (k - warmup) / (steps - warmup))) / 2),
                  f"Two slips: {told}, and beyond the end its cosine climbs again.",
                  f"{_CLIMB} And what of k beyond `steps`?", f"{_UP} Keep it at 0 from k = steps.")
          for slip, climb, told in (
              ("peak too early", lambda k, warmup: (k + 1) / warmup,
               "it is at full lr at k = warmup - 1 already"),
              ("first step at 0", lambda k, warmup: k / warmup, "its first step is made at lr 0"))),
        Mistake("T_max is all steps",
                _warmed(fall=lambda k, warmup, steps: _half_cosine((k - warmup) / steps)),
                "The cosine is spread over all the steps, but only steps - warmup are left: it "
                "ends above 0.", _ENDS, _DOWN),
        *(Mistake(f"T_max is all steps, {beyond}",
                  _warmed(fall=lambda k, warmup, steps, ends=ends: (
                      0.0 if ends(k, steps) else
                      (1 + math.cos(math.pi * (k - warmup) / steps)) / 2)),
                  "The cosine is spread over all the steps, but only steps - warmup are left: it "
                  "is not down at k = steps.", _ENDS, _DOWN)
          for beyond, ends in (("0 from the end", lambda k, steps: k >= steps),
                               ("0 beyond the end", lambda k, steps: k > steps),
                               ("and on", lambda k, steps: False))),
        Mistake("cosine from 0", _warmed(fall=lambda k, warmup, steps: _half_cosine(k / steps)),
                "Your cosine counts k / steps: it has been running since k = 0, so lr drops where "
                "the climb hands over.",
                _ENDS, _DOWN),
        Mistake("cosine from 0, and on", _warmed(fall=lambda k, warmup, steps: (
            1 + math.cos(math.pi * k / steps)) / 2),
                "Your cosine counts k / steps: it has been running since k = 0, and climbs again "
                "beyond the end.", _ENDS, f"{_DOWN} Keep it at 0 from the end."),
        Mistake("first step at 0, cosine from 0",
                _warmed(lambda k, warmup: k / warmup,
                        lambda k, warmup, steps: _half_cosine(k / steps)),
                "Two slips: its first step is made at lr 0, and its cosine has been running since "
                "k = 0.", _CLIMB, f"{_UP} {_DOWN}"),
        Mistake("climbs again", _warmed(fall=lambda k, warmup, steps: (1 + math.cos(
            math.pi * (k - warmup) / (steps - warmup))) / 2),
                "Right as far as the end. Beyond it the cosine climbs again.",
                "What does your cosine do beyond k = steps?", "Keep it at 0 from there."),
        Mistake("over one less", _warmed(fall=lambda k, warmup, steps: _half_cosine(
            (k - warmup) / (steps - warmup - 1))),
                "Off by one: the last step, k = steps - 1, is made at lr 0.", _ENDS, _DOWN),
        Mistake("one ahead", _warmed(fall=lambda k, warmup, steps: _half_cosine(
            (k - warmup + 1) / (steps - warmup))),
                "Off by one: the cosine is a step ahead, and 0 at k = steps - 1.", _ENDS, _DOWN),
        Mistake("over one more", _warmed(fall=lambda k, warmup, steps: _half_cosine(
            (k - warmup) / (steps - warmup + 1))),
                "Off by one: the cosine is a step too long, and not yet at 0 at k = steps.", _ENDS,
                _DOWN),
        Mistake("product", _chained,
                "It multiplies climb and cosine, as ChainedScheduler does: lr never gets to its "
                "peak.", "What does step `warmup` get, and from which parts?",
                "Let one follow the other."),
        Mistake("no lr", lambda k, lr, warmup, steps: _warmed()(k, 1.0, warmup, steps),
                "The shape is right, but its peak is 1 whatever lr is.", "How high is the peak?",
                "Multiply by lr."),
        Mistake("no warm-up", lambda k, lr, warmup, steps: lr * _half_cosine(k / steps),
                "That is the cosine alone.", "Which lr does step 0 get?", f"Before it: {_UP}"),
        Mistake("no warm-up, late cosine", lambda k, lr, warmup, steps: lr * _half_cosine(
            max(0.0, (k - warmup) / (steps - warmup))),
                "It begins at full lr: the climb is missing.", "Which lr does step 0 get?", _UP),
        Mistake("no half", _warmed(fall=lambda k, warmup, steps: 2 * _half_cosine(
            (k - warmup) / (steps - warmup))),
                "The half before the bracket is missing: the cosine starts at twice lr.",
                "Which lr does step `warmup` get?", "Halve 1 + cos."),
        Mistake("no pi", _warmed(fall=lambda k, warmup, steps: (1 + math.cos(
            min(1.0, (k - warmup) / (steps - warmup)))) / 2),
                "Its cosine runs from 0 to 1, not over half a turn.", _ENDS,
                "Multiply by pi inside the cosine."),
        Mistake("a line", _warmed(fall=lambda k, warmup, steps: max(
            0.0, 1 - (k - warmup) / (steps - warmup))),
                "It falls in a straight line. Not a bad schedule, but the cosine was asked for.",
                "In which shape does it fall?", "Take (1 + cos) / 2 of pi times that part."),
        Mistake("stays up", _warmed(fall=lambda k, warmup, steps: 1.0),
                "It climbs and stays.", "What happens after the climb?",
                "Let the cosine follow."),
        Mistake("a quarter",
                _warmed(fall=lambda k, warmup, steps: np.cos(np.pi * min(1.0, (k - warmup) /
                    (steps - warmup)) / 2)),
                "It is a quarter of a cosine's period; it falls steeply at its end.",
                "What is your factor at k = warmup, half way, and at k = steps?",
                "Take (1 + cos(pi * part)) / 2, where part goes from 0 to 1."),
        Mistake("whole period",
                _warmed(fall=lambda k, warmup, steps:
                        (1 + np.cos(2 * np.pi * min(1.0, (k - warmup) / (steps - warmup)))) / 2),
                "It goes through a whole period, and is back at lr at the end.",
                "What is your factor at k = warmup, half way, and at k = steps?",
                "Take (1 + cos(pi * part)) / 2, where part goes from 0 to 1."),
        Mistake("rising",
                _warmed(fall=lambda k, warmup, steps: 1 - _half_cosine(min(1.0, (k - warmup) /
                    (steps - warmup)))),
                "It rises: 1 minus the cosine begins at 0.",
                "What is your factor at k = warmup, half way, and at k = steps?",
                "Take (1 + cos(pi * part)) / 2, where part goes from 0 to 1."),
        Mistake("sine",
                _warmed(fall=lambda k, warmup, steps: (1 + np.sin(np.pi * min(1.0, (k -
                    warmup) / (steps - warmup)))) / 2),
                "It has a sine for the cosine.",
                "What is your factor at k = warmup, half way, and at k = steps?",
                "Take (1 + cos(pi * part)) / 2, where part goes from 0 to 1."),
        Mistake("no lr in the cosine",
                lambda k, lr, warmup, steps: _warmed()(k, lr if k < warmup else 1.0, warmup, steps),
                "The cosine is not multiplied by lr.",
                "Which lr has step `warmup`?",
                "Multiply it by lr."),
    ))


def _runs(*settings, plan=False):
    """Return trials that hand a training loop an optimizer and see the lr that each step used.

    A setting holds the optimizer's lr and what the loop gets behind the optimizer. A trial's
    values: the number of steps, the lr of each and, if there is one, the plan that is returned.
    """
    def trials(answer):
        import torch

        for lr, *given in settings:
            optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr, momentum=0.9)
            seen = []
            optimizer.register_step_pre_hook(
                lambda optimizer, *_, seen=seen: seen.append(optimizer.param_groups[0]["lr"]))
            with warnings.catch_warnings():  # torch's own hint at the bug
                warnings.simplefilter("ignore")
                returned = answer(optimizer, *given)
            if not seen:
                raise Odd("nothing" if returned is None else "shape",
                          "It never calls `optimizer.step()`: nothing is trained.")
            steps, where = math.prod(given), f"with {' × '.join(map(str, given))} steps"
            yield f"{where}, how many are taken", float(len(seen))
            for k, rate in enumerate(_filled(seen, steps)):
                yield f"{where}, the lr of step {k}", float(rate)
            if plan:
                found = [] if returned is None else np.asarray(returned, dtype=float)
                if np.ndim(found) == 2 and np.shape(found)[1] == 1:
                    raise Odd("boxed", "Its plan holds lists of one number each: `get_last_lr()` "
                              "gives a list, with one lr for each group. Take its first.")
                if np.ndim(found) != 1:
                    raise Odd("shape", f"It returns a plan of shape {np.shape(found)}; asked for "
                              "is a list with the lr of each step.")
                yield f"{where}, how many are planned", float(len(found))
                for k, rate in enumerate(_filled(found, steps)):
                    yield f"{where}, the planned lr of step {k}", float(rate)
    return trials


def _filled(values, length):
    return [*values[:length], *[-1.0] * (length - len(values))]


def _planned(plan=None, before=lambda optimizer, scheduler, lr: None, late=False, first=False,
             still=False):
    """Return a loop: plan (or log), what is done before training, and where it is stepped."""
    def train(optimizer, steps):
        lr = optimizer.param_groups[0]["lr"]
        scheduler = _cosine(optimizer, steps)
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


def _cosine(optimizer, steps):
    from torch.optim.lr_scheduler import CosineAnnealingLR

    return CosineAnnealingLR(optimizer, T_max=steps)


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
    return _cosine(optimizer, scheduler.T_max)


_FIRST_RATE = "Which lr does the optimizer hold when the first step is made?"
_SPARE = "Plan with a copy of the scheduler, or write down what is used."
_PLAN = Exercise(
    _planned(_consume_a_copy), _runs((1.0, 6), (0.1, 9), plan=True), (
        Mistake("used up", _planned(_consume),
                "The plan still uses the schedule up: training begins at lr 0 and climbs.",
                _FIRST_RATE, _SPARE),
        Mistake("lr put back", _planned(_consume, _lr_back),
                "lr is put back, but the schedule still counts on from its end, and adds to lr.",
                "Which two things has the plan changed?", _SPARE),
        Mistake("lr stays 0", _planned(_consume, _a_second),
                "The counter starts again, but the optimizer's lr was left at 0, and a recursive "
                "schedule multiplies what it finds.", "Which two things has the plan changed?",
                _SPARE),
        Mistake("written down late", _planned(late=True),
                "It trains rightly. What it returns is one step late: it asks after "
                "scheduler.step(), which has set the lr of the next step.",
                "Of which step is the lr that you write down?",
                "Write lr down before `optimizer.step()`."),
        Mistake("one too many", _planned(lambda scheduler, steps: [
            *_consume_a_copy(scheduler, steps), 0.0]),
                "It trains rightly. The plan has one rate more than there are steps.",
                "How many rates are in the plan?", "Leave out the last: no step uses it."),
        Mistake("no plan", _planned(lambda scheduler, steps: []),
                "It trains rightly, and returns no plan.", "What comes back from your loop?",
                "Return the list of rates."),
        Mistake("before the step", _planned(_consume_a_copy, first=True),
                "Planned rightly. In training it steps the schedule before the optimizer, so that "
                "the first lr is never used.", _FIRST_RATE,
                "Step the optimizer first, then the schedule."),
        Mistake("not stepped", _planned(_consume_a_copy, still=True),
                "Planned rightly. In training the schedule is never stepped: lr stays.",
                "What changes lr while it trains?", "Step the schedule after every step."),
    ), gives="the planned rates, one for each step")


def _cycled(inside=lambda optimizer, scheduler: (optimizer.step(), scheduler.step()),
            after=lambda scheduler: None, total=lambda batches, epochs: batches * epochs,
            anew=False, taken=lambda batches, epochs: (batches, epochs)):
    """Return a loop from what it does in a batch and after an epoch, and the cycle's length.

    `taken` tells how many batches and epochs it really takes.
    """
    def train(optimizer, batches, epochs):
        from torch.optim.lr_scheduler import OneCycleLR

        def make():
            return OneCycleLR(optimizer, max_lr=1.0, total_steps=total(batches, epochs))

        scheduler, (many, rounds) = make(), taken(batches, epochs)
        for epoch in range(rounds):
            if anew and epoch > 0:
                scheduler = make()
            for _ in range(many):
                inside(optimizer, scheduler)
            after(scheduler)
    return train


def _step_alone(optimizer, scheduler):
    optimizer.step()


_TAKEN = "How many steps does it take in all?"
_MARGIN = "Does a `return` stand inside the loop? Put it behind, or leave it out."
_ALL = "Let both loops go through all epochs and all batches."


def _cut_short(made):
    """Return the mistakes of trainings that end early, as `made(taken=…)` makes them."""
    return (
        Mistake("one epoch", made(taken=lambda batches, epochs: (batches, 1)),
                "It returns after the first epoch.", _TAKEN, _MARGIN),
        Mistake("one step", made(taken=lambda batches, epochs: (1, 1)),
                "It returns after the first step.", _TAKEN, _MARGIN),
        Mistake("an epoch too few", made(taken=lambda batches, epochs: (batches, epochs - 1)),
                "An epoch is missing.", _TAKEN, _ALL),
    )


_CALLS = "How many calls does the schedule count on, and how many does it get?"
_BATCH = "Call `scheduler.step()` after every `optimizer.step()`."
_ONE = "Make one scheduler, before the epochs, for batches times epochs steps."
_CYCLE = Exercise(
    _cycled(), _runs((0.1, 5, 4), (0.3, 4, 7), (0.1, 9, 3)), (
        Mistake("once an epoch", _cycled(_step_alone, lambda scheduler: scheduler.step()),
                "It is stepped once an epoch, so it never leaves its climb: this schedule counts "
                "batches.", _CALLS, _BATCH),
        Mistake("a staircase", _cycled(_step_alone, lambda scheduler: scheduler.step(),
                                       lambda batches, epochs: epochs),
                "The cycle now ends in time, but in stairs: one lr for a whole epoch.",
                "How often does lr change within an epoch?", f"{_BATCH} {_ONE}"),
        Mistake("before the step",
                _cycled(lambda optimizer, scheduler: (scheduler.step(), optimizer.step())),
                "Per batch, but before the optimizer: the first lr is never used, and the last "
                "call is the one too many, which lifts lr again.",
                "Which lr does the very first step use?", _BATCH),
        Mistake("anew each epoch", _cycled(anew=True),
                "It makes a new scheduler in every epoch, so each epoch climbs from the start.",
                "How often is the scheduler made?", _ONE),
        Mistake("a cycle each epoch", _cycled(total=lambda batches, epochs: batches, anew=True),
                "That is a whole cycle in every epoch.", "How often is the scheduler made?", _ONE),
        Mistake("one too long", _cycled(total=lambda batches, epochs: batches * epochs + 1),
                "Off by one: the cycle is a step longer than the training, so its end is missed.",
                _CALLS, "The cycle has batches times epochs steps."),
        Mistake("never", _cycled(_step_alone),
                "The schedule is never stepped: lr stays at the start of its climb.", _CALLS,
                _BATCH),
        *_cut_short(_cycled),
    ), gives="nothing: it trains")


def _halved(before=lambda scheduler, epoch: None,
            inside=lambda optimizer, scheduler, last: optimizer.step(),
            after=lambda scheduler, epoch: scheduler.step(), size=2, gamma=0.5,
            taken=lambda batches, epochs: (batches, epochs)):
    """Return a loop that halves lr, from what it does around and inside an epoch."""
    def train(optimizer, batches, epochs):
        from torch.optim.lr_scheduler import StepLR

        scheduler, (many, rounds) = StepLR(optimizer, step_size=size, gamma=gamma), taken(
            batches, epochs)
        for epoch in range(rounds):
            before(scheduler, epoch)
            for batch in range(many):
                inside(optimizer, scheduler, batch == many - 1)
            after(scheduler, epoch)
    return train


def _nothing(scheduler, epoch):
    return None


def _first(scheduler, epoch):
    scheduler.step()


def _ahead_of_the_last(optimizer, scheduler, last):
    if last:
        scheduler.step()
    optimizer.step()


_WHEN = "After how many calls is lr halved, and when has it had so many?"
_BEHIND = "Call `scheduler.step()` once an epoch, behind its last batch."
_ORDER = Exercise(
    _halved(), _runs((1.0, 3, 7), (0.1, 2, 5)), (
        Mistake("before the epoch", _halved(_first, after=_nothing),
                "The schedule is stepped before the optimizer: every drop comes an epoch early.",
                _WHEN, _BEHIND),
        Mistake("compensated", _halved(_first, after=_nothing, size=3),
                "A longer step_size puts the first drop right, and the second an epoch late.",
                _WHEN, f"Leave step_size at 2. {_BEHIND}"),
        Mistake("per batch", _halved(
            inside=lambda optimizer, scheduler, last: (optimizer.step(), scheduler.step()),
            after=_nothing), "Now it counts batches: lr is halved every two of them.", _WHEN,
                _BEHIND),
        Mistake("before each batch", _halved(
            inside=lambda optimizer, scheduler, last: (scheduler.step(), optimizer.step()),
            after=_nothing), "It counts batches, and before the optimizer's step.", _WHEN,
                _BEHIND),
        Mistake("before the last batch", _halved(inside=_ahead_of_the_last, after=_nothing),
                "Nearly: the last batch of an epoch already has the next epoch's lr.",
                "Which lr does the last batch of an epoch use?", _BEHIND),
        Mistake("twice", _halved(_first),
                "lr is halved in every epoch: the schedule is stepped twice in each, or counts to "
                "one.", _WHEN, f"{_BEHIND} Its step_size is 2."),
        Mistake("every second epoch", _halved(
            after=lambda scheduler, epoch: scheduler.step() if epoch % 2 else None),
                "It is stepped after every second epoch only, and halves lr at every second call: "
                "after four epochs.", _WHEN, _BEHIND),
        Mistake("never", _halved(after=_nothing), "The schedule is never stepped: lr stays.",
                _WHEN, _BEHIND),
        *(Mistake(f"gamma {gamma:g}", _halved(gamma=gamma),
                  f"It multiplies lr by {gamma:g}, and at the right time.",
                  "By what is lr multiplied at a drop?", "Halve it: gamma is 0.5.")
          for gamma in (0.1, 0.2, 0.25, 0.75, 0.8, 0.9, 0.95, 2.0)),
        Mistake("every third epoch", _halved(size=3), "It halves lr after every third epoch.",
                _WHEN, "Its step_size is 2."),
        Mistake("not after the first epoch", _halved(
            after=lambda scheduler, epoch: scheduler.step() if epoch else None),
                "The call after the first epoch is left out.", _WHEN, _BEHIND),
        *_cut_short(_halved),
    ), gives="nothing: it trains")


def _better(metric, best, threshold):
    return metric < best * (1 - threshold)


def _patient(better=_better, due=lambda bad, patience: bad > patience,
             lower=lambda lr, factor: lr * factor, worse=lambda best, metric: best,
             kept=lambda best, metric: metric, good=lambda bad: 0,
             after=lambda best, bad, metric: (best, 0), back=lambda lr, best, bad: (lr, best, bad),
             given=lambda **settings: settings):
    """Return torch's rule, from each of its decisions."""
    def look(lr, metric, best, bad, *, patience, factor, threshold):
        own = given(patience=patience, factor=factor, threshold=threshold)
        if better(metric, best, own["threshold"]):
            best, bad = kept(best, metric), good(bad)
        else:
            best, bad = worse(best, metric), bad + 1
        if due(bad, own["patience"]):
            lr = lower(lr, own["factor"])
            best, bad = after(best, bad, metric)
        return back(lr, best, bad)
    return look


_METRICS = {
    "a constant metric": [1.0] * 14,
    "a metric that falls too slowly": [1 - 0.004 * k for k in range(20)],
    "a large metric that falls too slowly": [100 - 0.11 * k for k in range(12)],
    "a metric that falls by just over the threshold": [10 * 0.98**k for k in range(12)],
    "a metric that rises and falls": [3, 2, 2.5, 1.9, 2.1, 2.2, 1.85, 1.8, 2, 2, 2, 1.5, 1.6, 1.4,
                                      1.39, 1.41, 1.4, 1.395, 1.41, 1.2, 1.21, 1.3, 1.19, 1.195],
    "a metric that rises": [1 + 0.1 * k for k in range(12)],
    "a metric that is never as low again as at first": [1, *[2] * 3, *[1.5] * 6],
}


_SETTINGS = ({"patience": 2, "factor": 0.5, "threshold": 0.01},
             {"patience": 0, "factor": 0.1, "threshold": 0.07},
             {"patience": 3, "factor": 0.3, "threshold": 0.0},
             {"patience": 1, "factor": 0.8, "threshold": 0.03})


def _looks(answer):
    """Yield lr after each look, for each setting and each sequence of metrics."""
    for start, setting in zip((1.0, 0.2, 0.5, 0.01), _SETTINGS, strict=True):
        words = ", ".join(f"{name}={value:g}" for name, value in setting.items())
        for where, metrics in _METRICS.items():
            lr, best, bad = start, math.inf, 0
            for k, metric in enumerate(metrics, start=1):
                lr, best, bad = answer(lr, metric, best, bad, **setting)
                yield f"at look {k} of {where}, here {metric:g}, with {words}", lr


def _cut_first(lr, metric, best, bad, *, patience, factor, threshold):
    """Decide on a cut before this look is counted."""
    if bad > patience:
        lr, bad = lr * factor, 0
    return _patient(due=lambda bad, patience: False)(
        lr, metric, best, bad, patience=patience, factor=factor, threshold=threshold)


_LOOKS = "When is a look good, and what is renewed then?"
_RENEWED = "What becomes of `best` at a good look, a bad one, a cut?"
_BADS = "Count on your fingers: at which bad look is lr cut?"
_ANEW = "What becomes of `bad`, after a good look and after a cut?"
_BEATS = "Ask for metric < best * (1 - threshold)."
_KEPT = "Renew the best at a good look, and at no other time."
_PATIENCE = Exercise(_patient(), _looks, (
    Mistake("one too early", _patient(due=lambda bad, patience: bad >= patience),
            "Off by one: torch waits for more than `patience` bad looks in a row, not for as "
            "many.", _BADS, "Cut if bad > patience."),
    Mistake("one too early, at bad looks only",
            _patient(due=lambda bad, patience: 0 < bad >= patience),
            "Off by one: it cuts once there are `patience` bad looks in a row; torch waits for "
            "more.", _BADS, "Cut if bad > patience."),
    Mistake("one too late", _patient(due=lambda bad, patience: bad > patience + 1),
            "Off by one: it waits for two bad looks more than `patience`.", _BADS,
            "Cut if bad > patience, with this look counted."),
    Mistake("a look behind", _cut_first,
            "It decides on the cut before it has counted this look, so every cut comes a look "
            "late.", _BADS, "Count this look first."),
    Mistake("or equal", _patient(lambda metric, best, threshold: metric <= best * (1 - threshold)),
            "With a threshold of 0 a metric that stalls passes for better, and is never cut.",
            "Is a metric that equals the best a good look?", _BEATS),
    Mistake("threshold's sign", _patient(lambda metric, best, threshold:
                                         metric < best * (1 + threshold)),
            "The threshold has the wrong sign: a metric a little worse than the best passes for "
            "better.", _LOOKS, _BEATS),
    Mistake("no threshold", _patient(lambda metric, best, threshold: metric < best),
            "It leaves the threshold out: any small gain counts as better.", _LOOKS, _BEATS),
    Mistake("absolute", _patient(lambda metric, best, threshold: metric < best - threshold),
            "That is threshold_mode='abs'; the default is a share of the best.", _LOOKS, _BEATS),
    Mistake("threshold times best", _patient(lambda metric, best, threshold:
                                             metric < best * threshold),
            "It asks for a metric of `threshold` times the best: next to nothing is good.",
            _LOOKS, _BEATS),
    Mistake("counts on", _patient(after=lambda best, bad, metric: (best, bad)),
            "After a cut it counts on, so lr is cut at every further bad look.", _ANEW,
            "Set bad to 0 at a cut."),
    Mistake("counts from 1", _patient(after=lambda best, bad, metric: (best, 1)),
            "After a cut it counts the look that made it once more.", _ANEW,
            "Set bad to 0 at a cut."),
    Mistake("not in a row", _patient(good=lambda bad: bad),
            "It adds up all bad looks; they are counted in a row.", _ANEW,
            "Set bad to 0 at a good look."),
    Mistake("best follows", _patient(worse=min),
            "It renews the best on gains below the threshold as well, so slow progress never adds "
            "up to a good look.", _RENEWED, _KEPT),
    Mistake("the last, not the best", _patient(worse=lambda best, metric: metric),
            "It compares with the last metric, not with the best so far.", _RENEWED, _KEPT),
    Mistake("best not kept", _patient(kept=lambda best, metric: best),
            "It never renews the best, which stays infinite: every look is good.", _RENEWED,
            _KEPT),
    Mistake("best forgotten", _patient(after=lambda best, bad, metric: (math.inf, 0)),
            "It forgets the best when it cuts lr; torch keeps it.", _RENEWED, _KEPT),
    Mistake("best at the cut", _patient(after=lambda best, bad, metric: (metric, 0)),
            "At a cut it takes the present metric for the best; torch keeps the best.", _RENEWED,
            _KEPT),
    Mistake("raises lr", _patient(lower=lambda lr, factor: lr / factor),
            "It divides by the factor: lr grows.", "Does lr grow or fall at a cut?",
            "Multiply by the factor."),
    Mistake("takes off the factor", _patient(lower=lambda lr, factor: lr * (1 - factor)),
            "It takes off the factor's share of lr; the factor is what is left.",
            "Which part of lr is left after a cut?", "Multiply by the factor."),
    Mistake("torch's defaults", _patient(given=lambda **_: {"patience": 10, "factor": 0.1,
                                                            "threshold": 1e-4}),
            "It has torch's defaults, whatever it is given.",
            "Where do patience, factor and threshold enter?", "Use the three arguments."),
    Mistake("best and bad turned round", _patient(back=lambda lr, best, bad: (lr, bad, best)),
            "It returns the number of bad looks before the best: the next look takes one for the "
            "other.", "In which order does it get its state, and return it?",
            "Return lr, best, bad."),
    Mistake("upside down", _patient(lambda metric, best, threshold: not _better(
        metric, best, threshold)),
            "No look ever passes for better. Either the comparison is upside down, or it computes "
            "inf - inf at the first look, which is not a number.",
            "What does your comparison say of the first look, with best = inf?", _BEATS),
    Mistake("cuts at once", _patient(due=lambda bad, patience: bad > 0),
            "It has no patience: every bad look cuts lr.", _BADS, "Cut if bad > patience."),
    Mistake("subtracts the factor", _patient(lower=lambda lr, factor: lr - factor),
            "It takes `factor` off lr.",
            "What does a factor do to lr?",
            "Multiply lr by it."),
    Mistake("best before lr", _patient(back=lambda lr, best, bad: (best, lr, bad)),
            "It returns the best before lr.",
            "In which order are the three asked for?",
            "Return `lr, best, bad`."),
), gives="the new lr, the best and the number of bad looks")


def _ended(length):
    """Return a late line whose length is another."""
    return lambda k, steps, part: min(1.0, (steps - k) / length(part, steps))


_WHERE = "Where does your line begin, and at which k is it 0?"
_LINE = "The line is (steps - k) / (part * steps), and never more than 1."
_WHOLE = "It rounds to whole steps, so the line is a little too short or too long."
_ROUNDS = "Does your line fall over exactly `part` of the steps?"
_EXACT = "Divide by part * steps as it is."
_EARLY = ("Off by one: the line begins a step early, so the last step, k = steps - 1, is made at "
          "lr 0.")
_LATE = Exercise(
    lambda k, steps, part: min(1.0, (steps - k) / (part * steps)),
    on(*((k, steps, part)
         for steps, part in ((100, 0.2), (50, 0.5), (30, 0.25), (37, 0.3), (8, 1.0))
         for k in sorted({0, steps // 4, *(max(0, round((1 - part) * steps) + d)
                                           for d in (-1, 0, 1)), steps - 5, steps - 1}))), (
        Mistake("last step at 0", lambda k, steps, part: min(
            1.0, (steps - 1 - k) / (part * steps)),
                _EARLY, _WHERE, _LINE),
        Mistake("a step early", lambda k, steps, part: (
            1.0 if k < (1 - part) * steps else (steps - 1 - k) / (part * steps)),
                _EARLY, _WHERE, _LINE),
        Mistake("a step early, above 1", lambda k, steps, part: (
            1.0 if k < (1 - part) * steps - 1 else (steps - k) / (part * steps)),
                "Off by one: the line begins a step early, where it is still above 1.", _WHERE,
                "Take the smaller of it and 1."),
        Mistake("from the start", lambda k, steps, part: 1 - k / steps,
                "That is the straight line over all the steps.", _WHERE, _LINE),
        Mistake("first part", lambda k, steps, part: min(
            1.0, (steps - k) / ((1 - part) * steps)) if part < 1 else 1.0,
                "It takes `part` for what stays; it is what falls, at the end.",
                "Is `part` what stays or what falls?", _LINE),
        Mistake("no cap", lambda k, steps, part: (steps - k) / (part * steps),
                "The line is right and begins too soon: it is above 1 at first.",
                "What is your factor at k = 0?", "Take the smaller of it and 1."),
        Mistake("the larger", lambda k, steps, part: max(1.0, (steps - k) / (part * steps)),
                "It takes the larger of the line and 1.", "What is your factor at k = 0?",
                "Take the smaller of the two."),
        Mistake("leaps", lambda k, steps, part: (
            1.0 if k < (1 - part) * steps else 1 - k / steps),
                "It leaps to the line over all the steps, which is low by then.",
                "What is your factor where the fall begins?", _LINE),
        Mistake("cut off", _ended(lambda part, steps: int(part * steps)), _WHOLE, _ROUNDS, _EXACT),
        Mistake("rounded line", _ended(lambda part, steps: round(part * steps)), _WHOLE, _ROUNDS,
                _EXACT),
        Mistake("start cut off", _ended(lambda part, steps: steps - int((1 - part) * steps)),
                _WHOLE, _ROUNDS, _EXACT),
        Mistake("a drop", lambda k, steps, part: float(k < (1 - part) * steps),
                "It drops to 0 where the line should begin.", "What is it half-way down?", _LINE),
        Mistake("a climb", lambda k, steps, part: min(1.0, k / (part * steps)),
                "That is a warm-up, at the wrong end.", _WHERE, _LINE),
        Mistake("a cosine", lambda k, steps, part: _half_cosine(
            max(0.0, (k - (1 - part) * steps) / (part * steps))),
                "It comes down on a cosine.", "In which shape does it come down?", _LINE),
        Mistake("stays", lambda k, steps, part: 1.0, "It stays at 1.", _WHERE, _LINE),
        Mistake("one ahead", lambda k, steps, part: min(1.0, (steps - k) / (part * steps + 1)),
                "Off by one: its line has one part too many, and begins a step early.", _WHERE,
                _LINE),
        Mistake("one part less", _ended(lambda part, steps: part * steps - 1),
                "Off by one: its line has one part too few, and begins a step late.", _WHERE,
                _LINE),
        Mistake("one part less, last step at 0", lambda k, steps, part: min(
            1.0, (steps - 1 - k) / (part * steps - 1)),
                "Off by one: its line has one part too few, and the last step, k = steps - 1, is "
                "made at lr 0.", _WHERE, _LINE),
        Mistake("root of the line",
                lambda k, steps, part: math.sqrt(min(1.0, (steps - k) / (part * steps))),
                "It takes the root of the line.",
                "In which shape does it come down?",
                _LINE),
    ))

_TERMS = "Of the start and the noise, which one is left in the end?"
_FORGOTTEN = "How fast is the start forgotten: what does the product of the (1 - ch/j)² do?"
_TWO = "The loss keeps k to the power -2ch of its start, and 1/k of the noise."
EXERCISES = {
    "cosine": _COSINE,
    "late": _LATE,
    "planned": _PLAN,
    "cycle": _CYCLE,
    "order": _ORDER,
    "patience": _PATIENCE,
    "exponent": Exercise(
        lambda c, h: min(1.0, 2 * c * h),
        on((0.1, 1.0), (0.05, 3.0), (2.0, 1.0), (1.0, 0.3), (0.7, 0.5), (4.0, 2.0), (0.8, 1.0)), (
            Mistake("always 1", lambda c, h: 1.0,
                    "That is the best decay's. With too small a c the start is forgotten more "
                    "slowly than that.", "What if c is very small?", _TWO),
            Mistake("uncapped", lambda c, h: 2 * c * h,
                    "So fast the start is forgotten. The noise is not averaged that fast.",
                    _TERMS, "Take the smaller of this and the noise's 1."),
            Mistake("distance", lambda c, h: min(0.5, c * h),
                    "That is the distance's exponent.", "Is it the distance or the loss?",
                    "The loss is its square: double the exponent."),
            Mistake("distance, uncapped", lambda c, h: c * h,
                    "So fast the distance from the start falls, and there would be no noise.",
                    _FORGOTTEN, _TWO),
            Mistake("half at most", lambda c, h: min(0.5, 2 * c * h),
                    "The start's exponent is the loss's, but the noise's is that of a distance.",
                    "Is it the distance or the loss?", "The noise's part of the loss falls like "
                    "1/k."),
            Mistake("not squared", lambda c, h: min(1.0, c * h),
                    "So the distance from the start falls, and the loss is its square.",
                    _FORGOTTEN, _TWO),
            Mistake("no curvature", lambda c, h: min(1.0, 2 * c),
                    "It forgets h.", _FORGOTTEN, "What counts is c times the curvature."),
            Mistake("no c", lambda c, h: min(1.0, 2 * h),
                    "It forgets c.", _FORGOTTEN, "What counts is c times the curvature."),
            Mistake("sign", lambda c, h: -min(1.0, 2 * c * h),
                    "The size is right, and the sign is not: the loss falls like k to the power "
                    "-a.", "Which sign has your a?", "Hand in a itself."),
            Mistake("the larger", lambda c, h: max(1.0, 2 * c * h),
                    "It takes the faster of the two, which is soon gone.", _TERMS,
                    "The slower one remains: the smaller exponent."),
            Mistake("c over h", lambda c, h: min(1.0, 2 * c / h),
                    "With it a larger curvature forgets more slowly.", _FORGOTTEN,
                    "h is a factor: multiply by it."),
            Mistake("the wrong border", lambda c, h: 1.0 if c * h > 1 else 2 * c * h,
                    "It changes over at ch = 1.",
                    "Where are the two terms equally slow?",
                    "Change over where 2ch = 1: take the smaller of the two."),
            Mistake("sum", lambda c, h: 1 + 2 * c * h,
                    "It adds the two exponents; terms are added, not powers multiplied.",
                    _TERMS,
                    "Take the smaller of the two."),
            Mistake("the sum's power", lambda c, h: abs(2 * c * h - 1),
                    "That is the power of the sum alone.",
                    _TERMS,
                    "The sum stands beside a factor k to the power -2ch."),
            Mistake("doubled at the end", lambda c, h: 2 * min(1.0, c * h),
                    "It doubles the noise's exponent too: 1/k is the loss's already.",
                    _TERMS,
                    "Take the smaller of 1 and 2ch."),
        )),
}
