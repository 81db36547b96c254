"""Makes the cases of files beside it: each a folder with its source, its pipeline and what must become of it. Run it by hand:
`npm test` needs no Python. Needs pyarrow, duckdb and zstandard. Then `npm run format`."""

import decimal
import gzip
import json
import os
import shutil

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

HERE = os.path.dirname(os.path.abspath(__file__))
DEDUPLICATE = "  - deduplicate: { similarityMin: null }\n"


def case(name, why, source, files, expected, steps=DEDUPLICATE):
    folder = os.path.join(HERE, name)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for path, content in files.items():
        full = os.path.join(folder, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        if isinstance(content, pa.Table):
            pq.write_table(content, full)
        else:
            with open(full, "wb") as out:
                out.write(content if isinstance(content, bytes) else content.encode())
    with open(os.path.join(folder, "case.yaml"), "w") as out:
        out.write(f"# {why}\nname: case\nstore: none\nsource: {source}\nsteps:\n{steps}")
    with open(os.path.join(folder, "expected.json"), "w") as out:
        json.dump(expected, out, indent=2, ensure_ascii=False)
        out.write("\n")


def lines(*rows):
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def error(*says, line=None):
    return {"error": {"code": "ERR_DATA_INVALID", "says": list(says), **({"line": line} if line else {})}}


Q = "{ question: string }"
ab = lines({"question": "a"}, {"question": "b"})
bad = '{"question":"naïve"}\n'.encode() + '{"question":"déjà vu"}\n'.encode("latin-1")

case("latin1", "A line of another encoding is never read as something else.", f"{{ jsonl: {{ path: in.jsonl, columns: {Q} }} }}",
     {"in.jsonl": bad}, error("0xE9", "not UTF-8", "encoding:", line=2))
case("latin1Declared", "The same file in a declared encoding.", "{ jsonl: { path: in.jsonl, encoding: latin1 } }",
     {"in.jsonl": '{"question":"déjà vu – 5\x80"}\n'.replace("\u2013", "-").encode("latin-1")},
     {"rows": {"question": ["déjà vu - 5€"]}})
case("latin1Skipped", "Bad lines are left out and listed; the others are read.", "{ jsonl: { path: in.jsonl, onBadLine: skip } }",
     {"in.jsonl": bad + b"{\n" + ab.encode()}, {"rows": {"question": ["naïve", "a", "b"]}, "skipped": [2, 3]})
case("utf16", "A byte order mark tells UTF-16.", "{ jsonl: { path: in.jsonl } }", {"in.jsonl": ab.replace("a", "ä😀").encode("utf-16")},
     {"rows": {"question": ["ä😀", "b"]}})
case("utf16Silent", "UTF-16 without a mark is no UTF-8.", "{ jsonl: { path: in.jsonl } }", {"in.jsonl": ab.encode("utf-16-be")},
     error("NUL bytes", "utf-16le", line=1))
case("marksJoined", "Files with byte order marks, joined.", "{ jsonl: { path: in.jsonl } }",
     {"in.jsonl": "".join("\ufeff" + line + "\n" for line in ab.splitlines())}, {"rows": {"question": ["a", "b"]}})
case("ends", "Lines that end in CR LF and CR; separators of lines that are none.", "{ jsonl: { path: in.jsonl } }",
     {"in.jsonl": '{"question":"a"}\r\n\r\n{"question":"b"}\r{"question":"c\u2028d"}'}, {"rows": {"question": ["a", "b", "c\u2028d"]}})
case("surrogate", "Half a character has no form in UTF-8.", "{ jsonl: { path: in.jsonl } }",
     {"in.jsonl": '{"question":"a"}\n{"question":"x \\ud83d"}\n'}, error("half a surrogate pair", "question", line=2))
case("notNumbers", "NaN and Infinity, as Python writes them, in columns that are read and in others.",
     "{ jsonl: { path: in.jsonl, columns: { question: string, score: float64 } } }",
     {"in.jsonl": '{"question":"NaN","score":NaN,"x":-Infinity}\n{"question":"b","score":0.25,"y":[NaN]}\n'},
     {"rows": {"question": ["NaN", "b"], "score": [None, 0.25]}})
case("numbersAsText", "Numbers where text is declared keep their digits.",
     "{ jsonl: { path: in.jsonl, columns: { question: string, answer: string } } }",
     {"in.jsonl": '{"question":"a","answer":1e21}\n{"question":"b","answer":0.10}\n{"question":"c","answer":"007"}\n'
                  '{"question":"d","answer":123456789012345678901}\n{"question":"e","answer":true}\n'},
     {"rows": {"answer": ["1e21", "0.10", "007", "123456789012345678901", "true"]}})
case("bigIntegers", "An integer beyond 2^53 is no double.", "{ jsonl: { path: in.jsonl, columns: { question: string, id: float64 } } }",
     {"in.jsonl": '{"question":"a","id":9007199254740991}\n{"question":"b","id":9007199254740993}\n'},
     error("9007199254740993", '"id"', "int64", line=2))
case("bigIntegersExact", "All 64 bits of an integer.", "{ jsonl: { path: in.jsonl, columns: { question: string, id: int64 } } }",
     {"in.jsonl": '{"question":"a","id":-9223372036854775808}\n{"question":"b","id":9007199254740993}\n'},
     {"rows": {"id": ["-9223372036854775808", "9007199254740993"]}})
case("oddNames", "Columns may be called anything.",
     '{ jsonl: { path: in.jsonl, columns: { question: string, constructor: string, toString: string, "": string, a.b c: string } } }',
     {"in.jsonl": lines({"question": "q", "constructor": "1", "toString": "2", "": "3", "a.b c": "4"}, {"question": "r"})},
     {"rows": {"constructor": ["1", None], "toString": ["2", None], "": ["3", None], "a.b c": ["4", None]}})
case("array", "One array on one line.", "{ json: { path: in.json } }",
     {"in.json": json.dumps([{"question": "a [1], {2}"}, {"question": 'b "]'}])}, {"rows": {"question": ["a [1], {2}", 'b "]']}})
case("arrayAsLines", "A printed array in a file that is named as lines.", "{ jsonl: { path: in.jsonl } }",
     {"in.jsonl": json.dumps([{"question": "a"}, {"question": "b"}], indent=2)}, {"rows": {"question": ["a", "b"]}})
case("object", "An object over several lines is no line.", "{ jsonl: { path: in.jsonl } }",
     {"in.jsonl": json.dumps({"question": "a"}, indent=2)}, error("one JSON object a line", "JSON array", line=1))
zst = zstandard.ZstdCompressor(write_checksum=True).compress
case("folder", "A folder of all kinds of JSON Lines, and of files that are none.", "{ jsonl: { path: in } }",
     {"in/1.jsonl": lines({"question": "1"}), "in/2.jsonl.gz": gzip.compress(lines({"question": "2"}).encode(), mtime=0)
      + gzip.compress(lines({"question": "3"}).encode(), mtime=0), "in/3.ndjson": lines({"question": "4"}),
      "in/4.jsonl.zst": zst(lines({"question": "5"}).encode()) + zst(lines({"question": "6"}).encode()),
      "in/notes.txt": "none", "in/more/5.jsonl": lines({"question": "7"})},
     {"rows": {"question": ["1", "2", "3", "4", "5", "6"]}, "leftOut": ["in/more/", "in/notes.txt"]})
case("subfolders", "Folders in a folder, by option; and a pattern.", "{ jsonl: { path: [in, 'other/*.log'], subfolders: true } }",
     {"in/b/1.jsonl": lines({"question": "b1"}), "in/a.jsonl": lines({"question": "a"}), "other/x.log": lines({"question": "x"})},
     {"rows": {"question": ["a", "b1", "x"]}})
case("gzipCut", "A compressed file that is cut off.", "{ jsonl: { path: in.jsonl.gz } }",
     {"in.jsonl.gz": gzip.compress(ab.encode() * 50, mtime=0)[:-9]}, error("whole gzip file"))
case("gzipTail", "A second part that is damaged is not silently left out.", "{ jsonl: { path: in.jsonl.gz } }",
     {"in.jsonl.gz": gzip.compress(ab.encode(), mtime=0) + b"\x00" + gzip.compress(ab.encode(), mtime=0)[1:]}, error("not gzip"))
case("gzipUnnamed", "A compressed file without its ending.", "{ jsonl: { path: in.jsonl } }",
     {"in.jsonl": gzip.compress(ab.encode(), mtime=0)}, {"rows": {"question": ["a", "b"]}})
case("foreign", "A file of another kind is told by its first bytes.", "{ jsonl: { path: in.jsonl } }",
     {"in.jsonl": b"PK\x03\x04rest"}, error("zip archive"))
case("longLine", "A line that is longer than allowed.", "{ jsonl: { path: in.jsonl, lineBytesMax: 1024, onBadLine: skip } }",
     {"in.jsonl": lines({"question": "x" * 2000}, {"question": "b"})}, {"rows": {"question": ["b"]}, "skipped": [1]})
csv = "{ csv: { path: in.csv, columns: { question: string, score: float64 } } }"
case("csv", "Quotes, delimiters and line ends in fields; an empty field and an empty text; a mark before the header.", csv,
     {"in.csv": '\ufeffscore,question\r\n0.5,"a, ""b""\r\nc"\r\n,""\r\n-1e3,d\r\n'},
     {"rows": {"question": ['a, "b"\r\nc', "", "d"], "score": [0.5, None, -1000]}})
case("csvEmptyText", "Nothing between delimiters is null.", "{ csv: { path: in.csv, columns: { question: string, hint: string } } }",
     {"in.csv": 'question,hint\na,\nb,""\n'}, {"rows": {"hint": [None, ""]}})
case("csvRagged", "A row with more fields than names.", csv, {"in.csv": "question,score\na,1\nb,2,3\n"}, error("found 3 fields", "expected 2", line=3))
case("csvQuote", "A quote that is never closed.", csv, {"in.csv": 'question,score\na,1\n"b,2\nc,3\n'}, error("never closed", line=3))
case("csvTwice", "A column that the header has twice.", csv, {"in.csv": "question,score,question\na,1,b\n"}, error('"question" more than once', line=1))
case("csvSemicolon", "Another delimiter than a comma.", csv, {"in.csv": "question;score\na;1\n"}, error("delimiter"))
case("csvNumber", "A number that is none.", csv, {"in.csv": "question,score\na,1\nb,n/a\n"}, error('"score"', '"n/a"', line=3))
case("tsv", "Tabs, and quotes that are characters.", "{ tsv: { path: in.tsv.gz, quote: none } }",
     {"in.tsv.gz": gzip.compress('id\tquestion\n1\tsay "a", b\n'.encode(), mtime=0)}, {"rows": {"question": ['say "a", b']}})
chat = [[{"role": "user", "content": "hi", "weight": 1}, {"role": "assistant", "content": "yo", "weight": 0}], []]
case("chat", "Messages, from lines.", "{ jsonl: { path: in.jsonl, columns: { question: string, messages: messages } } }",
     {"in.jsonl": lines({"question": "a", "messages": chat[0]}, {"question": "b", "messages": []})},
     {"rows": {"messages": [[{"role": m["role"], "content": m["content"]} for m in chat[0]], []]}})
case("chatParquet", "Messages, from Parquet.", "{ parquet: { path: in.parquet, columns: { question: string, messages: messages } } }",
     {"in.parquet": pa.table({"question": ["a", "b"], "messages": chat})},
     {"rows": {"messages": [[{"role": m["role"], "content": m["content"]} for m in chat[0]], []]}})
D = decimal.Decimal
case("decimals", "Decimals are the nearest doubles: a threshold at 0.7 takes 0.7.",
     "{ parquet: { path: in.parquet, columns: { question: string, difficulty: float64 } } }",
     {"in.parquet": pa.table({"question": list("abcd"), "difficulty": pa.array([D("0.7"), D("0.1"), D("0.3"), D("0.71")], pa.decimal128(4, 2))})},
     {"rows": {"question": ["a", "c"], "difficulty": [0.7, 0.3]}}, "  - sampleDifficulty: { min: 0.3, max: 0.7 }\n")
case("listOfBig", "64-bit integers in lists.", "{ parquet: { path: in.parquet, columns: { question: string, v: 'list<float64>' } } }",
     {"in.parquet": pa.table({"question": ["a"], "v": [[2**40, None, 3]]})}, {"rows": {"v": [[2**40, None, 3]]}})
case("unread", "What is not read never ends a run.", "{ parquet: { path: in.parquet } }",
     {"in.parquet": pa.table({"question": ["a"], "nan": [float("nan")], "big": [2**63 - 1], "odd": [b"\xff"], "seq": ["x"],
                              "json": pa.array([{"a": None}])})}, {"rows": {"question": ["a"]}})
case("bytes", "Bytes that are no text.", "{ parquet: { path: in.parquet } }",
     {"in.parquet": pa.table({"question": pa.array([b"a", b"\xc3("], pa.binary())})}, error('"question", row 1', "not UTF-8"))
out = os.path.join(HERE, "duck.parquet")
duckdb.sql(f"copy (select 'a' as question, 0.1 + 0.2 as sum, 12345678901234567890123::hugeint as huge, "
           f"timestamptz '2024-05-01 12:00:00+00' as at, date '2024-02-29' as day, interval 1 day as gap, "
           f"map {{'k': 1}} as m, ['x', NULL]::varchar[] as l) to '{out}' (format parquet)")
with open(out, "rb") as made:
    duck = made.read()
os.remove(out)
case("duckdb", "What DuckDB writes.",
     "{ parquet: { path: in.parquet, columns: { question: string, sum: float64, at: timestamp, day: string, m: 'struct<k: int32>' } } }",
     {"in.parquet": duck}, {"rows": {"sum": [0.3], "at": ["2024-05-01T12:00:00Z"], "day": ["2024-02-29"], "m": [{"k": 1}]}})
case("duckdbInterval", "A type without a form is refused by column and type.",
     "{ parquet: { path: in.parquet, columns: { question: string, gap: string } } }", {"in.parquet": duck}, error('"gap"', "INTERVAL"))
