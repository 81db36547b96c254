"""Shards by pyarrow with one thread: python writeParquet.py BATCHES.arrow OUT.parquet ROWS. Prints what writing cost as JSON."""

import json
import os
import resource
import sys
import time

import pyarrow as pa
import pyarrow.parquet as pq

GROUP_ROWS = 4096

source, target, rows = sys.argv[1], sys.argv[2], int(sys.argv[3])
pa.set_cpu_count(1)
pa.set_io_thread_count(1)
with pa.ipc.open_stream(source) as stream:
    table = stream.read_all()
# The same batches again and again, as in the other child.
groups, start = -(-rows // table.num_rows), time.perf_counter()
before = os.times()
with pq.ParquetWriter(target, table.schema, compression="zstd", compression_level=3) as writer:
    for group in range(groups):
        part = table.slice(0, min(table.num_rows, rows - group * table.num_rows))
        writer.write_table(part, row_group_size=GROUP_ROWS)
after = os.times()
print(
    json.dumps(
        {
            "cpuSeconds": after.user - before.user + after.system - before.system,
            "wallSeconds": time.perf_counter() - start,
            "loopMs": 0,
            "peakMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
            "hash": "",
        }
    )
)
