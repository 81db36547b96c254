"""Other packages on the same texts and truth: `python peers.py TEXTS_FILE [way …]`, with the file that dedup.bench.js --texts wrote.

Each text is asked for and then added, if it passes, as in a stream. A candidate is compared by the estimate of the signatures.
"""

import json
import re
import resource
import sys

WORD = re.compile(r"[^\W\d_]+|\d+(?:[.,]\d+)*|[-*/^%°()\[\]{}+<=>|~$]")
PERMUTATIONS = 128


def shingles(text):
    words = WORD.findall(text.lower())
    return list({" ".join(words[at : at + 3]) for at in range(max(1, len(words) - 2))})


def cpu_s():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def rensa_finder(threshold, bands):
    import rensa

    index = rensa.RMinHashLSH(threshold=threshold, num_perm=PERMUTATIONS, num_bands=bands)
    stored = []

    def is_duplicate(grams):
        sketch = rensa.RMinHash(num_perm=PERMUTATIONS, seed=42)
        sketch.update(grams)
        if any(stored[key].jaccard(sketch) >= threshold for key in index.query(sketch)):
            return True
        index.insert(len(stored), sketch)
        stored.append(sketch)
        return False

    return is_duplicate


def datasketch_finder(threshold, _bands):
    import datasketch

    index = datasketch.MinHashLSH(threshold=threshold, num_perm=PERMUTATIONS)
    stored = []

    def is_duplicate(grams):
        sketch = datasketch.MinHash(num_perm=PERMUTATIONS)
        sketch.update_batch([gram.encode() for gram in grams])
        if any(stored[key].jaccard(sketch) >= threshold for key in index.query(sketch)):
            return True
        index.insert(len(stored), sketch)
        stored.append(sketch)
        return False

    return is_duplicate


WAYS = {
    "rensa16": (rensa_finder, 16),
    "rensa32": (rensa_finder, 32),
    "datasketch": (datasketch_finder, None),
}


def main(file, *names):
    with open(file, encoding="utf8") as opened:
        given = json.load(opened)
    texts = given["texts"]
    begin = cpu_s()
    prepared = [shingles(text) for text in texts]
    shingles_s = cpu_s() - begin
    for name in names or WAYS:
        create, bands = WAYS[name]
        for threshold, truth in given["truths"].items():
            is_duplicate = create(float(threshold), bands)
            begin = cpu_s()
            found = [is_duplicate(grams) for grams in prepared]
            own_s = cpu_s() - begin
            both = sum(1 for a, b in zip(found, truth) if a and b)
            print(
                f"{name} {threshold}: recall {both / sum(truth):.4f}, precision {both / max(1, sum(found)):.4f}, "
                f"{len(texts) / own_s:,.0f} questions a CPU second without the 3-grams, "
                f"{len(texts) / (own_s + shingles_s):,.0f} with them",
                flush=True,
            )


main(*sys.argv[1:])
