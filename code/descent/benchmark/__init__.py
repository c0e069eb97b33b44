"""The benchmark: eight optimizers, seven tasks, one protocol.

    python -m descent.benchmark run        run what is missing; a kill loses no finished batch
    python -m descent.benchmark status     tell what is done
    python -m descent.benchmark export     write the results as CSV, one row a trial

Every optimizer gets the same budget of gradient evaluations on a task, under a constant lr and a
cosine one. It runs at its default settings (stage "default"), then 16 settings of its space are
tried with 3 seeds each ("tuning"), and the one of least mean validation loss is run once more with
10 fresh seeds ("final").
"""

from pathlib import Path

from descent.benchmark.plan import FULL, QUICK, SPACES, edges, points
from descent.benchmark.run import run
from descent.benchmark.store import Store
from descent.benchmark.tasks import TASKS
from descent.benchmark.train import train

__all__ = ["FULL", "QUICK", "RESULTS", "SPACES", "TASKS", "Store", "edges", "points", "run",
           "train"]

RESULTS = Path(__file__).with_name("results.sqlite")
