"""Run what is missing: in this process, in several, or on a Dask cluster."""

import platform
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial

import numpy as np
import torch
from joblib import Parallel, delayed

from descent.benchmark.plan import FULL
from descent.benchmark.store import Store
from descent.benchmark.train import train
from descent.device import device

__all__ = ["missing", "run", "runnable"]

PATIENCE = 20  # seconds to wait for a scheduler, and again for its first worker


def runnable(store, plan, only=()):
    """Return the batches that are not there and can be run: of tuned settings, those known."""
    first = [batch for batch in plan.first(only) if not store.holds(batch)]
    unsettled = {batch.key[:3] for batch in first if batch.stage == "tuning"}

    def tuned(*key):
        return None if key in unsettled else store.tuned(*key)

    return first + [batch for batch in plan.second(tuned, only) if not store.holds(batch)]


def missing(store, plan, only=()):
    """Return (task, optimizer, schedule, stage) of all batches that are not there, or stale."""
    keys = {batch.key for batch in runnable(store, plan, only)}
    return keys | {(*key[:3], "final") for key in keys if key[3] == "tuning"}


def run(path, plan=FULL, *, only=(), processes=None, dask=None, work=train):
    """Run what the file of results lacks; yield (batch, seconds, still to run) for each done.

    `only` names tasks, optimizers or schedules; names of one kind add up. `processes` None is one
    a core; `dask` is the address of a scheduler, whose workers run the batches instead. `work`
    trains a batch. Raises ValueError, before anything is written, for an unknown name, a number of
    processes below 1, an address that does not answer, or a file that cannot be written.
    """
    plan.first(only)
    if processes is not None and processes < 1:
        raise ValueError(f"processes must be at least 1, got {processes!r}")
    return _run(path, plan, only, processes, dask, work)


def _run(path, plan, only, processes, dask, work):
    with _workers(processes, dask) as each, Store(path, plan, write=True) as store:
        left = len(missing(store, plan, only))
        for _ in range(2):  # tuning first, then what was tuned
            for batch, measured, made in each(partial(_job, work), runnable(store, plan, only)):
                store.add(batch, measured, made)
                left -= 1
                yield batch, made["seconds"], left


def _job(work, batch):
    """Run one batch where it is to run; return it, what it measured, and how it was made."""
    start = time.perf_counter()
    measured = work(batch)
    return batch, measured, {
        "seconds": round(time.perf_counter() - start, 2), "torch": torch.__version__,
        "numpy": np.__version__, "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()} {device().type}",
        "date": datetime.now(UTC).date().isoformat()}


@contextmanager
def _workers(processes, dask):
    """Give a function that runs a job on each batch and yields the results as they come."""
    if dask is not None:
        with _client(dask) as client:
            yield partial(_on_cluster, client)
    elif processes == 1:
        yield map
    else:
        pool = Parallel(n_jobs=processes or -1, return_as="generator_unordered")
        yield lambda job, batches: pool(delayed(job)(batch) for batch in batches)


def _client(address):
    """Return a client of the scheduler at an address, which has at least one worker."""
    from distributed import Client  # slow to import, and wanted here only

    client = None
    try:
        client = Client(address, timeout=PATIENCE)
        client.wait_for_workers(1, timeout=PATIENCE)
    except (OSError, ValueError, TimeoutError) as error:
        if client is not None:
            client.close()
        raise ValueError(f"no Dask scheduler with a worker answers at {address!r}: "
                         f"{error}") from error
    return client


def _on_cluster(client, job, batches):
    """Run on the cluster; what a lost worker was at is run again by another."""
    from distributed import as_completed

    futures = client.map(job, batches, pure=False, retries=3)
    for _, result in as_completed(futures, with_results=True):
        yield result
