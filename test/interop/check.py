"""Reads a run folder with one reader and compares every value with the truth: check.py CHECK BASE."""

import glob
import json
import operator
import os
import struct
import sys

CHECK, BASE = sys.argv[1:]
RUN = os.path.join(BASE, "run")
SHARDS = sorted(glob.glob(os.path.join(RUN, "shards", "*.parquet")))
REJECTS = sorted(glob.glob(os.path.join(RUN, "rejects", "*.parquet")))
with open(os.path.join(BASE, "truth.json"), encoding="utf-8") as file:
    TRUTH = json.load(file)
COLUMNS = TRUTH["columns"]
NAMES = [column["name"] for column in COLUMNS]


def as_truth(type_, value):
    if value is None:
        return None
    if type_.startswith("list<"):
        return [as_truth(type_[5:-1], element) for element in value]
    if type_ == "float64":
        assert isinstance(value, float), value
        return struct.pack(">d", value).hex()
    expected = {"string": str, "int32": int, "bool": bool}[type_]
    assert type(value) is expected, f"found {type(value)}, expected {expected}"
    return value


def compare(rows):
    """rows: dicts in order."""
    found = [[as_truth(c["type"], row[c["name"]]) for c in COLUMNS] for row in rows]
    compare_lists(found, TRUTH["rows"])


def compare_lists(found, expected):
    assert len(found) == len(expected), f"found {len(found)} rows, expected {len(expected)}"
    for at, (left, right) in enumerate(zip(found, expected)):
        assert left == right, f"row {at}: found {repr(left)[:500]}, expected {repr(right)[:500]}"
    print(f"{len(found)} rows are equal")


def pyarrow_values():
    import pyarrow as pa
    import pyarrow.parquet as pq

    tables = [pq.read_table(path) for path in SHARDS]
    for table in tables:
        table.validate(full=True)
    compare(pa.concat_tables(tables).to_pylist())


def pyarrow_schema():
    import pyarrow.parquet as pq

    file = pq.ParquetFile(SHARDS[0])
    for column in COLUMNS:
        field = file.schema_arrow.field(column["name"])
        assert field.metadata[b"help"].decode() == column["help"], field
        assert field.nullable == ("OrNull" in column["name"] or column["name"] == "never"), field
    assert file.schema_arrow.field("texts").type.value_field.name == "element"
    assert file.metadata.metadata[b"pipeline"] == b"interop"
    groups = [file.metadata.row_group(at) for at in range(file.metadata.num_row_groups)]
    assert [group.num_rows for group in groups] == [16] * 6 + [4], groups
    assert all(group.column(0).compression == "ZSTD" for group in groups)
    print("the schema is as declared")


def duckdb_values():
    import duckdb

    names = ", ".join(f'"{name}"' for name in NAMES)
    found = duckdb.sql(f"SELECT {names} FROM read_parquet({SHARDS!r}) ORDER BY seq").fetchall()
    compare([dict(zip(NAMES, row)) for row in found])


def load(streaming):
    from datasets import load_dataset

    return load_dataset(RUN, cache_dir=os.path.join(BASE, "cache"), streaming=streaming)


def datasets_values():
    loaded = load(streaming=False)
    assert list(loaded) == ["train"], loaded
    assert loaded["train"].column_names == NAMES, loaded["train"].column_names
    compare(loaded["train"].to_list())


def datasets_streaming():
    compare(list(load(streaming=True)["train"]))


def datasets_exports():
    """Each export is a configuration of the run folder and a folder of its own, row for row the run's."""
    from datasets import load_dataset

    def rows_of(folder, *name):
        return load_dataset(folder, *name, split="train", cache_dir=os.path.join(BASE, "cache")).to_list()

    truth = [(row[NAMES.index("text")], row[NAMES.index("same")]) for row in TRUTH["rows"]]
    expected = {
        "chat": [
            {
                "messages": [
                    {"role": "system", "content": "Be brief."},
                    {"role": "user", "content": text},
                    {"role": "assistant", "content": same},
                ]
            }
            for text, same in truth
        ],
        "turns": [
            {
                "prompt": [{"role": "user", "content": text}],
                "completion": [{"role": "assistant", "content": same}],
            }
            for text, same in truth
        ],
        "completion": [{"prompt": text, "completion": same} for text, same in truth],
        "published": [{"query": text, "response": same} for text, same in truth],
        "no": [{"query": text, "response": same} for text, same in truth],
    }
    for name, rows in expected.items():
        assert rows_of(RUN, name) == rows, name
        assert rows_of(os.path.join(RUN, "exports", name)) == rows, name
    print(f"{len(expected)} exports are right")


def folder_readers():
    """pandas, polars and pyarrow take a folder, DuckDB a pattern: of the run, of each export, and of a run that goes on."""
    import duckdb
    import pandas
    import polars
    import pyarrow.parquet as pq

    begun = os.path.join(BASE, "begun")
    folders = {os.path.join(RUN, "shards"): 300, os.path.join(begun, "shards"): 100, os.path.join(begun, "rejects"): 20}
    for name in ("chat", "turns", "completion", "published", "no"):
        folders[os.path.join(RUN, "exports", name)] = 300
    for folder, rows in folders.items():
        counts = {
            "pandas": len(pandas.read_parquet(folder)),
            "polars": len(polars.read_parquet(folder)),
            "polars scan": len(polars.scan_parquet(folder).collect()),
            "pyarrow": pq.read_table(folder).num_rows,
            "duckdb": duckdb.sql(f"SELECT count(*) FROM read_parquet('{folder}/*.parquet')").fetchall()[0][0],
        }
        assert set(counts.values()) == {rows}, f"{folder}: {counts}"
    print(f"{len(folders)} folders are read by {len(counts)} readers")


def datasets_begun():
    """A run that goes on loads as the rows of its first commit, and nothing else."""
    from datasets import load_dataset

    begun = os.path.join(BASE, "begun")
    rows = load_dataset(begun, cache_dir=os.path.join(BASE, "cache"))
    assert list(rows) == ["train"], rows
    found = [[as_truth(c["type"], row[c["name"]]) for c in COLUMNS] for row in rows["train"].to_list()]
    compare_lists(found, TRUTH["rows"][:100])


def typed(column, value):
    return struct.unpack(">d", bytes.fromhex(value))[0] if value is not None and column["type"] == "float64" else value


OPERATORS = {"=": operator.eq, "<": operator.lt, ">=": operator.ge, "<>": operator.ne}
FLAT = [at for at, column in enumerate(COLUMNS) if column["type"] in ("string", "int32", "float64")]


def filters():
    """(column, operator, value, seqs of the rows that it keeps) for every distinct value of every flat column."""
    for at in FLAT:
        column = COLUMNS[at]
        values = [typed(column, row[at]) for row in TRUTH["rows"]]
        for value in {v: None for v in values if v is not None}:
            for sign, holds in OPERATORS.items():
                kept = [seq for seq, v in enumerate(values) if v is not None and holds(v, value)]
                yield column["name"], sign, value, kept


def check_filters(run):
    count = 0
    for name, sign, value, expected in filters():
        found = run(name, sign, value)
        assert found == expected, f"{name} {sign} {value!r:.60}: found {found[:20]}, expected {expected[:20]}"
        count += 1
    assert count > 100, count
    print(f"{count} filters are right")


def duckdb_filters():
    import duckdb

    def run(name, sign, value):
        sql = f'SELECT seq FROM read_parquet({SHARDS!r}) WHERE "{name}" {sign} ? ORDER BY seq'
        return [seq for (seq,) in duckdb.execute(sql, [value]).fetchall()]

    check_filters(run)
    assert duckdb.sql(f"SELECT count(*) FROM read_parquet({SHARDS!r}) WHERE text = '😀'").fetchall()[0][0] > 0


def pyarrow_filters():
    import pyarrow.dataset as ds

    dataset = ds.dataset(SHARDS)

    def run(name, sign, value):
        condition = {**OPERATORS, "<>": operator.ne}[sign](ds.field(name), value)
        return sorted(dataset.to_table(columns=["seq"], filter=condition)["seq"].to_pylist())

    check_filters(run)


REJECT_NAMES = ["seq", "seqIndex", "step", "reason", "kind", "message", "question", "reply"]


def reject_rows():
    return [[row[name] for name in REJECT_NAMES] for row in TRUTH["rejects"]]


def rejects_pyarrow():
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    table = pa.concat_tables([pq.read_table(path) for path in REJECTS])
    table.validate(full=True)
    assert table.column_names == REJECT_NAMES, table.column_names
    compare_lists([list(row.values()) for row in table.to_pylist()], reject_rows())
    found = table.filter(pc.equal(table["question"], "😀")).num_rows
    assert found == sum(row["question"] == "😀" for row in TRUTH["rejects"]), found


def rejects_duckdb():
    import duckdb

    rows = duckdb.sql(f"SELECT * FROM read_parquet({REJECTS!r}) ORDER BY seq").fetchall()
    compare_lists([list(row) for row in rows], reject_rows())
    for question in {row["question"] for row in TRUTH["rejects"] if row["question"] is not None}:
        sql = f"SELECT count(*) FROM read_parquet({REJECTS!r}) WHERE question = ?"
        found = duckdb.execute(sql, [question]).fetchall()[0][0]
        expected = sum(row["question"] == question for row in TRUTH["rejects"])
        assert found == expected, f"{question[:40]!r}: found {found}, expected {expected}"


globals()[CHECK]()
