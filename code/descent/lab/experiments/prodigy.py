"""Prodigy with nothing tuned against Adam: tuned, at torch's default, and with an lr drawn blindly.

Fixed before the first run: tasks, horizons, seeds, rates and settings. Adam's lr is tuned on
validation data by quarter decades; all half decades from 3e-4 to 0.3 are reported on fresh seeds as
well: their mean over rates is what an lr drawn evenly in logs would have given. Both methods have
the same schedule, the same gradients and no decay. Prodigy sees a whole model as one vector.

Added when digits and names were seen, where Prodigy as it comes ends far above Adam while its d is
near Adam's tuned lr: as a control, `d` held at that lr (Adam without its corrections); names for
1,000 steps; on digits, other d0; and Adam's training losses at its tuned lr. Bias correction on
spelling was left out at first, for time, and added when spelling had been seen. Added by a second
reader of all results: Adam without its corrections at an lr tuned for *it*, the control of the
control; and digits for 1,000 steps beside Adam at 1e-3, which in 1,000 steps on names had ended
below Prodigy.
"""

from functools import wraps

import numpy as np
import torch

from descent import rules, schedules, tasks
from descent.lab.procedures import fresh_seeds, rates
from descent.lab.rows import by_parameter
from descent.lab.trial import Trial

__all__ = ["DRAWN", "LRS", "SETTINGS", "TASKS", "TRIALS", "TUNED", "blind", "ended", "estimated",
           "guarded", "kept", "rivals", "uncorrected"]

LRS = rates(10**-3.5, 10**-0.5, 13, digits=6)
DRAWN = LRS[::2]
SETTINGS = {"as it comes": {}, "bias corrected": {"use_bias_correction": True},
            "bias corrected, guarded": {"use_bias_correction": True, "guard": True},
            "d_coef 0.5": {"d_coef": 0.5}, "d_coef 2": {"d_coef": 2.0},
            "lr 0.316": {"lr": 10**-0.5}, "lr 3.16": {"lr": 10**0.5}}
TASKS = {"digits": {"steps": 200}, "names": {"steps": 200}, "mnist_1d": {"steps": 200},
         "spelling": {"steps": 120, "batch_size": 32}}
TUNED = {"digits": LRS[8], "names": LRS[7], "mnist_1d": LRS[9], "spelling": LRS[7]}
SCHEDULES = {"cosine": lambda steps: schedules.cosine_annealing(1.0, T_max=steps),
             "constant": lambda steps: lambda k: 1.0}


def guarded(p, g, t, m=0.0, v=0.0, s=0.0, p0=0.0, r=0.0, d=0.0, d_max=0.0, *, lr=1.0,
            betas=(0.9, 0.999), eps=1e-8, use_bias_correction=False, d0=1e-6, d_coef=1.0):
    """Take a step of Prodigy as the package does with `safeguard_warmup`: lr is left out of s."""
    beta1, beta2 = betas
    if t == 1:
        p0, d, d_max = p, d0, d0
    step = d * lr * ((1 - beta2**t)**0.5 / (1 - beta1**t) if use_bias_correction else 1.0)
    r = beta2**0.5 * r + d / d0 * step * (g * (p0 - p)).sum()
    s = beta2**0.5 * s + d / d0 * d * g
    m = beta1 * m + (1 - beta1) * d * g
    v = beta2 * v + (1 - beta2) * (d * g)**2
    size = abs(s).sum()
    d_hat = d_coef * r / torch.where(size == 0, 1.0, size)
    d = d_max = torch.maximum(torch.as_tensor(d_max, dtype=p.dtype), d_hat)
    return p - step * m / (v.sqrt() + d * eps), m, v, s, p0, r, d, d_max


def _task(name):
    task = getattr(tasks, name)()
    return task.cut(train=2000, validation=400, test=400) if name == "spelling" else task


def _trained(task, rule, schedule, steps, batch_size, seeds, **hyper):
    return tasks.fit(task, rule, seeds=seeds, steps=steps, batch_size=batch_size,
                     schedule=SCHEDULES[schedule](steps), **hyper)


def rivals(task, schedule, steps, lrs, tuning, final, batch_size=64):
    """Tune Adam's lr on validation data; return also what the default 1e-3 gives, by fresh seed."""
    task = _task(task)

    def train(settings, seeds):
        return _trained(task, rules.adam, schedule, steps, batch_size, seeds,
                        lr=[one["lr"] for one in settings])

    made = tasks.choose(train, [{"lr": lr} for lr in lrs], tuning_seeds=range(tuning),
                        final_seeds=fresh_seeds(final))
    default = train([{"lr": 1e-3}], fresh_seeds(final))
    return {"validation": made.losses, "lr": made.setting["lr"], "at_edge": made.at_edge,
            "test_loss": made.final.test_loss[0], "default": default.test_loss[0]}


def blind(task, schedule, steps, lrs, seeds, batch_size=64):
    """Train Adam at each rate with fresh seeds; return test losses (rates, seeds)."""
    made = _trained(_task(task), rules.adam, schedule, steps, batch_size, fresh_seeds(seeds),
                    lr=lrs)
    return {"test_loss": made.test_loss}


def ended(task, schedule, steps, lr, seeds, batch_size=64):
    """Train Adam at the lr that was tuned, with the same fresh seeds; return training losses."""
    made = _trained(_task(task), rules.adam, schedule, steps, batch_size, fresh_seeds(seeds),
                    lr=[lr])
    return {"train_loss": made.train_loss[0], "test_loss": made.test_loss[0]}


def kept(steps):
    """Return the steps, some forty evenly in logs, after which the mean estimate is kept."""
    return np.unique(np.geomspace(1, steps, 40).astype(int))


def estimated(task, schedule, steps, seeds, batch_size=64, guard=False, **hyper):
    """Train Prodigy with fresh seeds; return losses, the final d by seed, and its mean on the way.

    `climb` is the mean of d over the seeds after each of the `kept` steps.
    """
    task, seen = _task(task), []
    numbers = sum(p.numel() for p in task.make().parameters())
    rule = by_parameter(guarded if guard else rules.prodigy, [(numbers,)])

    @wraps(rule)
    def noted(*args, **hyper):
        made = rule(*args, **hyper)
        seen.append(made[-2][0].cpu().numpy())
        return made

    made = _trained(task, noted, schedule, steps, batch_size, fresh_seeds(seeds), **hyper)
    d = np.array(seen)[:, :seeds]
    return {"test_loss": made.test_loss[0], "train_loss": made.train_loss[0], "d": d[-1],
            "climb": d[kept(steps) - 1].mean(1)}


def uncorrected(task, schedule, steps, lrs, tuning, final):
    """Tune the lr of Adam without its corrections, that is of Prodigy with d held at 1."""
    task = _task(task)

    def train(settings, seeds):
        return _trained(task, rules.prodigy, schedule, steps, 64, seeds, d0=1.0, d_coef=1e-9,
                        lr=[one["lr"] for one in settings])

    made = tasks.choose(train, [{"lr": lr} for lr in lrs], tuning_seeds=range(tuning),
                        final_seeds=fresh_seeds(final))
    return {"validation": made.losses, "lr": made.setting["lr"], "at_edge": made.at_edge,
            "test_loss": made.final.test_loss[0], "train_loss": made.final.train_loss[0]}


def _trials():
    for task, plan in TASKS.items():
        dear = task == "spelling"
        for schedule in ("cosine", "constant"):
            if schedule == "constant" and task not in ("digits", "names"):
                continue
            own = {"task": task, "schedule": schedule, **plan}
            yield f"{task}/{schedule}/Adam", Trial(rivals, {
                **own, "lrs": LRS[4:11] if dear else LRS, "tuning": 2 if dear else 4, "final": 10})
            yield f"{task}/{schedule}/blind", Trial(blind, {
                **own, "lrs": DRAWN, "seeds": 2 if dear else 10})
            for name, hyper in SETTINGS.items():
                if (dear and name not in list(SETTINGS)[:3]) or (
                        schedule == "constant" and name not in ("as it comes", "d_coef 2")):
                    continue
                yield f"{task}/{schedule}/{name}", Trial(estimated, {**own, "seeds": 10, **hyper})
    for task in ("digits", "names"):  # d held at the lr tuned for Adam
        yield f"{task}/cosine/uncorrected Adam", Trial(estimated, {
            "task": task, "schedule": "cosine", **TASKS[task], "seeds": 10,
            "d0": TUNED[task], "d_coef": 1e-9})
        yield f"{task}/cosine/uncorrected Adam, tuned", Trial(uncorrected, {
            "task": task, "schedule": "cosine", "steps": 200, "lrs": LRS[2:9], "tuning": 4,
            "final": 10})
    for d0 in (1e-8, 1e-4, 1e-1):
        yield f"digits/cosine/d0 {d0:g}", Trial(estimated, {
            "task": "digits", "schedule": "cosine", **TASKS["digits"], "seeds": 10, "d0": d0})
    longer = {"task": "names", "schedule": "cosine", "steps": 1000}
    yield "longer/Adam", Trial(rivals, {**longer, "lrs": LRS[2:8], "tuning": 2, "final": 10})
    for name in ("as it comes", "bias corrected"):
        yield f"longer/{name}", Trial(estimated, {**longer, "seeds": 10, **SETTINGS[name]})
    for task, plan in TASKS.items():
        yield f"{task}/cosine/Adam ended", Trial(ended, {
            "task": task, "schedule": "cosine", **plan, "lr": TUNED[task], "seeds": 10})
    yield "longer/Adam ended", Trial(ended, {**longer, "lr": LRS[4], "seeds": 10})
    digits = {**longer, "task": "digits"}
    yield "longer digits/Adam at 1e-3", Trial(ended, {**digits, "lr": 1e-3, "seeds": 10})
    for name in ("as it comes", "bias corrected"):
        yield f"longer digits/{name}", Trial(estimated, {**digits, "seeds": 10, **SETTINGS[name]})


TRIALS = dict(_trials())
