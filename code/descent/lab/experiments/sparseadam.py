"""SparseAdam against Adam and Adagrad on names, each tuned for itself, and what the gap is due to.

The rules are run on dense gradients: a part of a name that no name of the batch has, has a gradient
of 0, and that is what SparseAdam's rule goes by. Two ways to spend gradients: batches of 64, which
touch an eighth of the table's rows, and batches of 8, which touch a fortieth.

Between Adam and SparseAdam stand controls that differ from one of them in one thing: Adam that
does not move what it does not see, SparseAdam whose correction counts a row's own visits (of both
means, or of the first alone), and both without a first mean. Looked at before the plan was fixed:
seeds 0, 1 and 1000 to 1003, at rates three times apart, and seeds 2000 to 2019 at rates 1.8 times
apart. Those are too far: the sign of a difference (m by visits against Adam, batches of 64) hung on
where the best rate fell between two of the grid. So rates are a third apart, and the report begins
at seed 3000.
"""

from descent import tasks
from descent.lab.procedures import rates, tuned
from descent.lab.trial import Trial
from descent.ops import sqrt, where
from descent.rules import adam

__all__ = ["CONTROLS", "METHODS", "RACES", "TRIALS"]

RACES = {"often": {"batch_size": 64, "steps": 200}, "rare": {"batch_size": 8, "steps": 400}}
_LRS = rates(0.0018, 0.1, 15, digits=5)
METHODS = {"SparseAdam": ("sparseadam", _LRS, {}),
           "Adam": ("adam", _LRS, {}),
           "Adagrad": ("adagrad", rates(0.018, 1.0, 15, digits=4), {}),
           "SparseAdam, beta1 0": ("sparseadam", _LRS, {"betas": [0.0, 0.999]}),
           "Adam, beta1 0": ("adam", _LRS, {"betas": [0.0, 0.999]})}
_PLAN = {"tuning": 6, "final": 20, "first": 3000}


def still_adam(p, g, t, m=0.0, v=0.0, *, lr=1e-3, betas=(0.9, 0.999)):
    """Take Adam's step where there is a gradient; elsewhere its means fade and nothing moves."""
    new, m, v, _ = adam(p, g, t, m, v, lr=lr, betas=betas)
    return where(abs(g) > 0, new, p), m, v


def _clocked(corrected):
    """Return SparseAdam whose means named in `corrected` are corrected by an entry's visits."""
    def rule(p, g, t, m=0.0, v=0.0, visits=0.0, *, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        beta1, beta2 = betas
        seen = abs(g) > 0
        visits = where(seen, visits + 1.0, visits + 0 * g)
        m = where(seen, beta1 * m + (1 - beta1) * g, m)
        v = where(seen, beta2 * v + (1 - beta2) * g**2, v)
        own = where(seen, visits, 1 + 0 * g)
        mass_m = 1 - beta1**(own if "m" in corrected else t)
        mass_v = 1 - beta2**(own if "v" in corrected else t)
        step = lr * sqrt(mass_v) / mass_m * m / (sqrt(v) + eps)
        return where(seen, p - step, p), m, v, visits
    return rule


CONTROLS = {"no coasting": still_adam, "own clock": _clocked("mv"), "own clock of m": _clocked("m")}


def controlled(task, control, lrs, steps, batch_size, tuning, final, first):
    """Tune and report a rule of `CONTROLS` as `tuned` does."""
    result = tasks.tune(getattr(tasks, task)(), CONTROLS[control], lrs, steps=steps,
                        batch_size=batch_size, tuning_seeds=range(tuning),
                        final_seeds=range(first, first + final))
    return {"validation": result.validation, "lr": result.lr, "at_edge": result.at_edge,
            "test_loss": result.final.test_loss[0]}


def _trials():
    for race, budget in RACES.items():
        for name, (rule, lrs, hyper) in METHODS.items():
            yield f"{race}/{name}", Trial(tuned, {
                "task": "names", "rule": rule, "lrs": lrs, **budget, **_PLAN, **hyper})
        for control in CONTROLS:
            yield f"{race}/{control}", Trial(controlled, {
                "task": "names", "control": control, "lrs": _LRS, **budget, **_PLAN})


TRIALS = dict(_trials())
