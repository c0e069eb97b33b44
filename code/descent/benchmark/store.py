"""The results, in one SQLite file: a batch is there as a whole or not at all."""

import csv
import io
import json
import sqlite3
from pathlib import Path

from descent.benchmark.plan import selected
from descent.files import save

__all__ = ["COLUMNS", "Store"]

_OF_BATCH = ("task", "optimizer", "schedule", "stage", "budget", "seconds", "torch", "numpy",
             "python", "machine", "date")
_OF_TRIAL = ("setting", "seed", "hyper", "train_loss", "validation_loss", "test_loss", "score",
             "diverged", "gradients", "memory")
COLUMNS = (*_OF_BATCH[:4], *_OF_TRIAL, *_OF_BATCH[4:])

_SCHEMA = f"""
BEGIN;
CREATE TABLE plan (name TEXT NOT NULL);
CREATE TABLE batches (
    id INTEGER PRIMARY KEY, task TEXT NOT NULL, optimizer TEXT NOT NULL, schedule TEXT NOT NULL,
    stage TEXT NOT NULL, budget INTEGER NOT NULL, seconds REAL NOT NULL, torch TEXT NOT NULL,
    numpy TEXT NOT NULL, python TEXT NOT NULL, machine TEXT NOT NULL, date TEXT NOT NULL,
    UNIQUE (task, optimizer, schedule, stage));
CREATE TABLE trials (
    batch INTEGER NOT NULL REFERENCES batches ON DELETE CASCADE, setting INTEGER NOT NULL,
    seed INTEGER NOT NULL, hyper TEXT NOT NULL, train_loss REAL, validation_loss REAL NOT NULL,
    test_loss REAL NOT NULL, score REAL, diverged INTEGER NOT NULL, gradients INTEGER NOT NULL,
    memory REAL NOT NULL,
    PRIMARY KEY (batch, setting, seed)) WITHOUT ROWID;
CREATE VIEW results AS SELECT {", ".join(COLUMNS)} FROM trials JOIN batches ON batch = id
    ORDER BY task, optimizer, schedule, stage, setting, seed;
COMMIT;
"""


class Store:
    """The file of results of one plan; `results` is a view of it with one row a trial.

    With `write`, it is made if it is not there, and must be writable. Raises ValueError, naming
    the file, if it cannot be read or written, is no such file, or belongs to another plan.
    """

    def __init__(self, path, plan, *, write=False):
        self.path = Path(path)
        there = self.path.exists() and self.path.stat().st_size > 0
        if write and not self.path.parent.is_dir():
            raise ValueError(f"{self.path} cannot be written: there is no such directory")
        try:
            self._base = sqlite3.connect(self.path if write or there else ":memory:",
                                         isolation_level=None, timeout=60)
        except sqlite3.Error as error:
            raise ValueError(f"{self.path} cannot be opened: {error}") from error
        try:
            self._open(plan.name, write)
        except (sqlite3.Error, ValueError) as error:
            self.close()
            raise ValueError(f"{self.path} cannot be {'written' if write else 'read'} as results "
                             f"of the {plan.name} benchmark: {error}") from error

    def _open(self, plan, write):
        base = self._base
        base.execute("PRAGMA foreign_keys = ON")
        if not base.execute("SELECT name FROM sqlite_master").fetchall():
            base.executescript(_SCHEMA.replace("COMMIT", f"INSERT INTO plan VALUES ('{plan}');"
                                                         f"COMMIT"))
        elif write:
            base.executescript("BEGIN IMMEDIATE; ROLLBACK")
        made_by = [name for name, in base.execute("SELECT name FROM plan")]
        base.execute("SELECT * FROM results LIMIT 1")
        if made_by != [plan]:
            raise ValueError(f"it holds the {' '.join(made_by)} benchmark")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        """Close the file."""
        self._base.close()

    def rows(self, **where):
        """Return the rows, one a trial, as dicts, in a fixed order: all, or those that match."""
        match = " AND ".join(f"{name} = :{name}" for name in where) or "TRUE"
        found = self._base.execute(f"SELECT * FROM results WHERE {match}", where)
        return [{**dict(zip(COLUMNS, row, strict=True)), "hyper": json.loads(row[6])}
                for row in found]

    def holds(self, batch):
        """Tell whether all the trials of a batch are there, with its settings and its budget."""
        found = [(row["setting"], row["seed"], row["hyper"], row["budget"])
                 for row in self.rows(**_key(batch))]
        return found == [(k, seed, setting, batch.budget)
                         for k, setting in enumerate(batch.settings) for seed in batch.seeds]

    def tuned(self, task, optimizer, schedule):
        """Return the setting that tuning chose, or None if it was not tuned yet."""
        rows = self.rows(task=task, optimizer=optimizer, schedule=schedule, stage="tuning")
        return selected(rows)[1] if rows else None

    def add(self, batch, measured, made):
        """Write a batch in one transaction, in place of what there was of it.

        `measured` is one dict for every setting and seed, settings outermost; `made` tells how
        long it took, where, when and by which versions.
        """
        of_batch = {**_key(batch), "budget": batch.budget, **made}
        trials = [{"setting": k, "seed": seed, "hyper": json.dumps(setting)}
                  for k, setting in enumerate(batch.settings) for seed in batch.seeds]
        base = self._base
        try:
            base.execute("BEGIN IMMEDIATE")
            base.execute("DELETE FROM batches WHERE (task, optimizer, schedule, stage) = "
                         "(?, ?, ?, ?)", batch.key)
            row = base.execute(f"INSERT INTO batches ({', '.join(_OF_BATCH)}) VALUES "
                               f"(:{', :'.join(_OF_BATCH)})", of_batch).lastrowid
            base.executemany(
                f"INSERT INTO trials VALUES ({row}, :{', :'.join(_OF_TRIAL)})",
                [{**trial, **one} for trial, one in zip(trials, measured, strict=True)])
            base.execute("COMMIT")
        except BaseException:
            if base.in_transaction:
                base.execute("ROLLBACK")
            raise

    def export(self, path):
        """Write all rows as CSV; the file is whole or not there. Returns how many they are."""
        rows, file = self.rows(), io.StringIO()
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows({**row, "hyper": json.dumps(row["hyper"])} for row in rows)
        save(file.getvalue(), path)
        return len(rows)


def _key(batch):
    return dict(zip(_OF_BATCH, batch.key, strict=False))
