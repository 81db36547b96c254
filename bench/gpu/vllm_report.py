"""The tables of vllm_bench.py, and whether its bars hold."""

import statistics

# Of the offline engine's rate: ours, told nothing. And no client may lose more to the plain client's best than LOSS.
BARS = {"one": 0.97, "five": None, "mix": 0.95}
LOSS = 0.01


def best_concurrency(lines, load):
    """The plain client's, by half the load."""
    tried = [line for line in lines if line["arm"] == "sweep" and line["load"] == load]
    return max(tried, key=lambda line: line["rate"])["concurrency"]


def words(line):
    text = f"{line['load']:5} {line['arm']:24} {line['seconds']:7.2f} s {line['rate']:8.0f} tokens/s"
    if line.get("concurrency"):
        text += f", {line['concurrency']} in flight"
    if line.get("slotsBusy") is not None:
        text += f", slots busy {line['slotsBusy']:.3f}"
    if line.get("cpuMs") is not None:
        text += f", {line['cpuMs']:.2f} ms CPU a request"
    return text + (f", GPU {line['gpuBusy']:.0f} %" if line.get("gpuBusy") is not None else "")


def middle(values, digits):
    values = [value for value in values if value is not None]
    if not values:
        return "–"
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def ratios(lines, load, arm, base):
    """By rounds: this arm's rate over another's of the same round."""
    rates = {name: {x["round"]: x["rate"] for x in lines if x["load"] == load and x["arm"] == name} for name in (arm, base)}
    return [rate / rates[base][turn] for turn, rate in rates[arm].items() if turn in rates[base]]


def report(lines):
    rounds = [line for line in lines if line["round"] >= 0]
    loads = list(dict.fromkeys(line["load"] for line in rounds))
    head = ["load", "client", "tokens/s", "of the offline engine's", "of plain", "slots busy while calls wait"]
    head += ["GPU busy, %", "client CPU a request, ms", "rounds"]
    rows = []
    for load in loads:
        for arm in dict.fromkeys(line["arm"] for line in rounds if line["load"] == load):
            own = [line for line in rounds if line["load"] == load and line["arm"] == arm]
            name = f"plain, {best_concurrency(lines, load)} in flight" if arm == "plain" else arm
            values = [middle([line["rate"] for line in own], 0)]
            values += [middle(ratios(rounds, load, arm, base), 3) for base in ("offline", "plain")]
            values += [middle([line.get(key) for line in own], digits) for key, digits in (("slotsBusy", 3), ("gpuBusy", 0), ("cpuMs", 2))]
            rows.append([load, name, *values, str(len(own))])
    table = ["| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *rows)]
    note = "Medians and ranges over the rounds; ratios are of the same round."
    return "\n".join([*table, "", note, "", *bars(rounds, loads)])


def bars(rounds, loads):
    arms = [arm for arm in dict.fromkeys(line["arm"] for line in rounds) if arm.endswith("told nothing")]
    for load in loads:
        for arm in arms:
            if BARS[load] is not None:
                yield bar(f"{load}: {arm}, of the offline engine's rate", ratios(rounds, load, arm, "offline"), BARS[load])
            yield bar(f"{load}: {arm}, of the plain client's best", ratios(rounds, load, arm, "plain"), 1 - LOSS)


def bar(what, values, least):
    if not values:
        return f"{what}: not measured"
    found = statistics.median(values)
    # Where rounds fall on both sides, more of them must decide.
    sure = "" if min(values) >= least or max(values) < least else ", by the median alone"
    return f"{what}: {middle(values, 3)}, at least {least}: {'holds' if found >= least else 'does not hold'}{sure}"
