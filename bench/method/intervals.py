"""Means of paired differences over seeds, with 95 % intervals by Student's t."""

import math
import statistics

# Two-sided 95 % quantiles of Student's t by degrees of freedom.
T = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131]


def interval(values):
    """Mean and half width; the half width of a single value is not known."""
    mean = statistics.mean(values)
    if len(values) < 2:
        return mean, math.nan
    t = T[min(len(values) - 1, len(T)) - 1]
    return mean, t * statistics.stdev(values) / math.sqrt(len(values))


def gain(after, before):
    """Of two dicts of seeds, over the seeds that both have."""
    seeds = sorted(after.keys() & before.keys())
    return interval([after[seed] - before[seed] for seed in seeds]) if seeds else None
