"""The tables and pictures of the ladder, from the lines that ladder.py writes for each student."""

import json
import math
from collections import defaultdict

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402

from intervals import T99, gain, interval  # noqa: E402

TESTS = ("seen", "unseen")
# What each part is worth: (part, after, before), each (generator, rung, name). A filter is held against as many rows dropped by
# chance. The first five are the claims; their intervals are also given for all five together.
CLAIMS = [
    ("QFT", ("qft", "raw", "set"), ("solver", "raw", "set")),
    ("judge", ("tiny", "judge", "set"), ("tiny", "judge", "control")),
    ("difficulty", ("tiny", "difficulty", "set"), ("tiny", "difficulty", "control")),
    ("reward", ("tiny", "reward", "set"), ("tiny", "reward", "control")),
    ("QPO, after all filters", ("qpo", "reward", "set"), ("qft", "reward", "set")),
]
MORE = [
    ("language and deduplication", ("tiny", "filtered", "set"), ("tiny", "filtered", "control")),
    ("all filters", ("tiny", "reward", "set"), ("tiny", "raw", "set")),
    ("QPO, raw questions", ("qpo", "raw", "set"), ("qft", "raw", "set")),
]
# Two draws from one pool: what is not zero here is noise.
NOTHING = [
    (f"nothing: {before} rows twice", ("tiny", rung, "control"), ("tiny", before, "set"))
    for before, rung in (("raw", "filtered"), ("filtered", "judge"), ("judge", "difficulty"), ("difficulty", "reward"))
]
GAINS = CLAIMS + MORE + NOTHING
SHARES = {"solvable": "solvable", "right": "right", "rightOfSolvable": "right of the solvable"}


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


def excludes_zero(value):
    return value is not None and not math.isnan(value[1]) and abs(value[0]) > value[1]


def gains_of(lines, size, test):
    """{part: 95 % interval, and for claims the one of all claims together}"""
    sets, claims, found = by_set(lines, test), {part for part, *_ in CLAIMS}, {}
    for part, after, before in GAINS:
        of = sets[(*after, size)], sets[(*before, size)]
        found[part] = gain(*of), gain(*of, T99) if part in claims else None
    return found


def table(head, rows):
    lines = ["| " + " | ".join(cells) + " |" for cells in (head, *rows)]
    return "\n".join([lines[0], "|" + " --- |" * len(head), *lines[1:]]) + "\n"


def sets_table(lines, sizes):
    columns = [(size, test) for size in sizes for test in TESTS]
    rows = []
    for key in dict.fromkeys((line["generator"], line["rung"], line["name"]) for line in lines):
        mine = [line for line in lines if (line["generator"], line["rung"], line["name"]) == key]
        shares = [f"{100 * sum(line[name] for line in mine) / len(mine):.1f}" for name in SHARES]
        cells = [cell([line for line in mine if line["size"] == size], test) for size, test in columns]
        rows.append([" ".join(key).removesuffix(" set"), *shares, *cells])
    return table(["set", *SHARES.values(), *(f"{size:,} rows, {test}" for size, test in columns)], rows)


def cell(lines, test):
    return shown(interval([100 * line[test] for line in lines])) if lines else "–"


def gains_table(lines, sizes):
    columns = [(size, test) for size in sizes for test in TESTS]
    found = [gains_of(lines, size, test) for size, test in columns]
    rows = []
    for part, *_ in GAINS:
        cells = [shown(each[part][0]) + ("*" if excludes_zero(each[part][1]) else "") for each in found]
        rows.append([part, *cells])
    note = "\n95 % intervals, paired by seed. *: excludes zero for all five claims together.\n"
    return table(["part", *(f"{size:,} rows, {test}" for size, test in columns)], rows) + note


def gains_picture(lines, path):
    size = max(line["size"] for line in lines)
    figure, axes = plt.subplots(figsize=(8, 5))
    for offset, test in zip((0.15, -0.15), TESTS):
        found = [(part, value) for part, (value, _) in gains_of(lines, size, test).items() if value]
        places = [len(found) - i + offset for i in range(len(found))]
        means, halves = [v[0] for _, v in found], [half_of(v) for _, v in found]
        axes.errorbar(means, places, xerr=halves, fmt="o", capsize=3, label=f"{test} wordings")
        axes.set_yticks([len(found) - i for i in range(len(found))], [part for part, _ in found])
    axes.axvline(0, color="grey", linewidth=0.8)
    axes.set_xlabel(f"gain of the student in points, {size:,} rows, 95 % interval over seeds")
    save(figure, axes, path)


def half_of(value):
    return 0 if math.isnan(value[1]) else value[1]


def curves_picture(lines, path):
    figure, axes = plt.subplots(figsize=(8, 4.5))
    sets = by_set(lines, "seen")
    for key in dict.fromkeys((generator, rung) for generator, rung, name, _ in sets if name == "set"):
        sizes = sorted(size for *of, name, size in sets if tuple(of) == key and name == "set")
        found = [interval(list(sets[(*key, "set", size)].values())) for size in sizes]
        means, halves = [mean for mean, _ in found], [half_of(value) for value in found]
        axes.errorbar(sizes, means, yerr=halves, fmt="o-", capsize=3, label=" ".join(key))
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
    """Tables as Markdown, which are also returned; pictures as SVG; gains as JSON."""
    plt.rcParams["svg.hashsalt"] = "scalequest"
    sizes = sorted({line["size"] for line in lines})
    text = sets_table(lines, sizes) + "\n" + gains_table(lines, sizes)
    (folder / "tables.md").write_text(text)
    gains_picture(lines, folder / "gains.svg")
    curves_picture(lines, folder / "curves.svg")
    gains = {test: {size: gains_of(lines, size, test) for size in sizes} for test in TESTS}
    # An unknown half width is no number of JSON's.
    known = json.dumps(gains, indent=1).replace("NaN", "null")
    (folder / "gains.json").write_text(known + "\n")
    return text
