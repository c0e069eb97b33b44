"""Every rule and every class of torch on two and on four processes, against itself on one.

One trial for each and each number of processes: DDP, ZeRO-1 and FSDP2 with shapes that divide
evenly and that do not, under the keyword sets of its parity row; for rules, besides, what comes of
a rule that sees its slice alone. See `descent.parity.sharded`.
"""

from descent.lab.trial import Trial
from descent.parity import sharded

__all__ = ["TRIALS", "WORLDS", "compared"]

WORLDS = (2, 4)
PATIENCE = 25  # seconds for a run that may wait for ever; the longest that ends takes three


def compared(rule, world):
    """Run a rule or a class; return by wrapping and shapes the worst difference, or the error."""
    last = -1 if rule[0].isupper() else None  # of torch's classes it would be the same mistake
    cases = sharded.cases_of(rule, sharded.WRAPPINGS[:last], (world,))
    made = {}
    for case, one in zip(cases, sharded.measure(cases, PATIENCE), strict=True):
        made.setdefault(f"{case.wrapping}, {case.shards}", []).append(one)
    for way, outcomes in made.items():
        one = sharded.worst(outcomes)
        made[way] = {"difference": one.difference, "agree": one.agree,
                     "raises": one.raises[:200], "settings": len(outcomes)}
    return made


TRIALS = {f"{name}, {world} ranks": Trial(compared, {"rule": name, "world": world})
          for world in WORLDS for name in sharded.NAMES}
