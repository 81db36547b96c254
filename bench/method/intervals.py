"""Means of paired differences over seeds, with intervals by Student's t."""

import math
import statistics

# Two-sided quantiles of Student's t by degrees of freedom: of one comparison, and of five (Bonferroni: 99 % each).
T95 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131]
T99 = [63.657, 9.925, 5.841, 4.604, 4.032, 3.707, 3.499, 3.355, 3.250, 3.169, 3.106, 3.055, 3.012, 2.977, 2.947]


def interval(values, quantiles=T95):
    """Mean and half width; the half width of a single value is not known."""
    mean = statistics.mean(values)
    if len(values) < 2:
        return mean, math.nan
    t = quantiles[min(len(values) - 1, len(quantiles)) - 1]
    return mean, t * statistics.stdev(values) / math.sqrt(len(values))


def gain(after, before, quantiles=T95):
    """Of two dicts of seeds, over the seeds that both have."""
    seeds = sorted(after.keys() & before.keys())
    return interval([after[seed] - before[seed] for seed in seeds], quantiles) if seeds else None
