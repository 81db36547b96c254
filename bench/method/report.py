"""The tables and pictures of the ladder, from the lines that ladder.py writes for each student."""

import json
import math
from collections import defaultdict

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402

from intervals import gain, interval  # noqa: E402

TESTS = ("seen", "unseen")
# What each part is worth: (part, after, before), each (generator, rung, name).
GAINS = [
    ("language and deduplication", ("tiny", "filtered", "set"), ("tiny", "raw", "set")),
    ("judge", ("tiny", "judge", "set"), ("tiny", "filtered", "set")),
    ("difficulty", ("tiny", "difficulty", "set"), ("tiny", "judge", "set")),
    ("reward", ("tiny", "reward", "set"), ("tiny", "difficulty", "set")),
    ("all filters", ("tiny", "reward", "set"), ("tiny", "raw", "set")),
    ("QFT, raw questions", ("qft", "raw", "set"), ("solver", "raw", "set")),
    ("QPO, raw questions", ("qpo", "raw", "set"), ("qft", "raw", "set")),
    ("QPO, after all filters", ("qpo", "reward", "set"), ("qft", "reward", "set")),
    ("control: raw, rows by chance", ("tiny", "raw", "control"), ("tiny", "raw", "set")),
    ("control: judge, rows by chance", ("tiny", "judge", "control"), ("tiny", "judge", "set")),
    ("control: difficulty, rows by chance", ("tiny", "difficulty", "control"), ("tiny", "difficulty", "set")),
]


def by_set(lines, test):
    """{(generator, rung, name, size): {seed: accuracy in %}}"""
    found = defaultdict(dict)
    for line in lines:
        found[line["generator"], line["rung"], line["name"], line["size"]][line["seed"]] = 100 * line[test]
    return found


def shown(value):
    if value is None:
        return "–"
    mean, half = value
    return f"{mean:.1f}" if math.isnan(half) else f"{mean:.1f} ± {half:.1f}"


def gains_of(lines, size, test):
    sets = by_set(lines, test)
    return {part: gain(sets[(*after, size)], sets[(*before, size)]) for part, after, before in GAINS}


def sets_table(lines):
    sizes = sorted({line["size"] for line in lines})
    titles = [f"{size:,} rows, {test}" for size in sizes for test in TESTS]
    print("| set | solvable | right | right of the solvable |", " | ".join(titles), "|")
    print("|---|---|---|---|" + "---|" * len(titles))
    keys = dict.fromkeys((line["generator"], line["rung"], line["name"]) for line in lines)
    for key in keys:
        mine = [line for line in lines if (line["generator"], line["rung"], line["name"]) == key]
        shares = [f"{100 * sum(line[name] for line in mine) / len(mine):.1f}" for name in ("solvable", "right", "rightOfSolvable")]
        cells = [cell(mine, size, test) for size in sizes for test in TESTS]
        print("|", " | ".join([" ".join(key).removesuffix(" set"), *shares, *cells]), "|")


def cell(lines, size, test):
    values = [100 * line[test] for line in lines if line["size"] == size]
    return shown(interval(values)) if values else "–"


def gains_table(lines):
    sizes = sorted({line["size"] for line in lines})
    print("\n| part |", " | ".join(f"{size:,} rows, {test}" for size in sizes for test in TESTS), "|")
    print("|---|" + "---|" * len(sizes) * len(TESTS))
    for part, *_ in GAINS:
        cells = [shown(gains_of(lines, size, test)[part]) for size in sizes for test in TESTS]
        print("|", " | ".join([part, *cells]), "|")


def gains_picture(lines, path):
    size = max(line["size"] for line in lines)
    figure, axes = plt.subplots(figsize=(8, 4.5))
    for offset, test in zip((-0.15, 0.15), TESTS):
        found = [(part, value) for part, value in gains_of(lines, size, test).items() if value]
        places = [len(found) - i + offset for i in range(len(found))]
        means, halves = [v[0] for _, v in found], [0 if math.isnan(v[1]) else v[1] for _, v in found]
        axes.errorbar(means, places, xerr=halves, fmt="o", capsize=3, label=f"{test} wordings")
        axes.set_yticks([len(found) - i for i in range(len(found))], [part for part, _ in found])
    axes.axvline(0, color="grey", linewidth=0.8)
    axes.set_xlabel(f"gain of the student in points, {size:,} rows, 95 % interval over seeds")
    save(figure, axes, path)


def curves_picture(lines, path):
    figure, axes = plt.subplots(figsize=(8, 4.5))
    sets = by_set(lines, "seen")
    for key in dict.fromkeys((generator, rung) for generator, rung, name, _ in sets if name == "set"):
        sizes = sorted(size for *of, name, size in sets if tuple(of) == key and name == "set")
        found = [interval(list(sets[(*key, "set", size)].values())) for size in sizes]
        halves = [0 if math.isnan(half) else half for _, half in found]
        axes.errorbar(sizes, [mean for mean, _ in found], yerr=halves, fmt="o-", capsize=3, label=" ".join(key))
    axes.set_xscale("log")
    axes.set_xlabel("rows of the set; all students take equally many steps")
    axes.set_ylabel("right answers of the student, %")
    save(figure, axes, path)


def save(figure, axes, path):
    axes.legend(fontsize=8)
    figure.tight_layout()
    # Without a date, the same lines give the same picture.
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def write(lines, folder):
    plt.rcParams["svg.hashsalt"] = "scalequest"
    sets_table(lines)
    gains_table(lines)
    gains_picture(lines, folder / "gains.svg")
    curves_picture(lines, folder / "curves.svg")
    path = folder / "gains.json"
    sizes = sorted({line["size"] for line in lines})
    gains = {test: {size: gains_of(lines, size, test) for size in sizes} for test in TESTS}
    path.write_text(json.dumps(gains, indent=1) + "\n")
