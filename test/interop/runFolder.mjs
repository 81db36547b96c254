// A run folder with every column type and every edge value, and the truth beside it for readers to compare with.
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildRows } from '../../dist/src/arrow/build.js';
import { SEQ_COLUMN } from '../../dist/src/arrow/columnType.js';
import { sliceRows } from '../../dist/src/arrow/concat.js';
import { writeCard } from '../../dist/src/io/runFolder/card.js';
import { writeExport } from '../../dist/src/io/exports/writeExport.js';
import { nodeFiles } from '../../dist/src/io/files/files.js';
import { openRejectsWriter } from '../../dist/src/io/runFolder/rejectsWriter.js';
import { committedShards } from '../../dist/src/io/runFolder/commits.js';
import { openRunFolder } from '../../dist/src/io/runFolder/runFolder.js';
import { rejectsFile, shardFile } from '../../dist/src/io/runFolder/runPaths.js';
import { writeSample } from '../../dist/src/io/runFolder/sample.js';
import { openShardWriter } from '../../dist/src/io/parquet/shardWriter.js';
import { exportSchema } from '../../dist/src/io/exports/registry.js';

const TEXTS = [
  '😀',
  '',
  'plain',
  '\uffee',
  'z',
  'é',
  'e\u0301',
  '\ufeffmark',
  '\0nul\0',
  'tab\tline\nreturn\r',
  '"quoted", \'both\'',
  '漢字かな',
  'العربية',
  '👩‍👩‍👧‍👦',
  '\u{10ffff}',
  '\u2028',
  '\ud800',
  'half\udc00',
  'null',
  'NaN',
  '$\\frac{1}{2}$',
  ' spaces ',
  'L'.repeat(200_000),
  '😀'.repeat(50_000),
  'a'.repeat(16),
  'a'.repeat(17),
  '\u{ffff}'.repeat(20),
  '\u{10ffff}'.repeat(9),
];
const FLOATS = [
  0,
  -0,
  1.5,
  -1.5,
  1e308,
  -1.7976931348623157e308,
  5e-324,
  2.2250738585072014e-308,
  0.1,
  1 / 3,
  2 ** 53 + 2,
];
const INTS = [0, -1, 1, 2147483647, -2147483648, 7, 42];

export const COLUMNS = [
  SEQ_COLUMN,
  { name: 'text', type: 'string', help: 'Text, “quoted”.' },
  { name: 'textOrNull', type: 'string', help: 'Text or nothing.', nullable: true },
  { name: 'whole', type: 'int32', help: 'An integer.' },
  { name: 'wholeOrNull', type: 'int32', help: 'An integer or nothing.', nullable: true },
  { name: 'number', type: 'float64', help: 'A number.' },
  { name: 'numberOrNull', type: 'float64', help: 'A number or nothing.', nullable: true },
  { name: 'flag', type: 'bool', help: 'Yes or no.' },
  { name: 'flagOrNull', type: 'bool', help: 'Yes, no or nothing.', nullable: true },
  { name: 'texts', type: 'list<string>', help: 'Texts.' },
  { name: 'textsOrNull', type: 'list<string>', help: 'Texts or nothing.', nullable: true },
  { name: 'numbers', type: 'list<float64>', help: 'Numbers.' },
  { name: 'numbersOrNull', type: 'list<float64>', help: 'Numbers or nothing.', nullable: true },
  { name: 'never', type: 'float64', help: 'Nothing, always.', nullable: true },
  { name: 'same', type: 'string', help: 'The same word: a dictionary.' },
];

function valueOf(name, row) {
  const pick = (values) => values[row % values.length];
  const some = (values, length) => Array.from({ length }, (_, at) => values[(row + at) % values.length]);
  const value = {
    seq: row,
    text: pick(TEXTS),
    whole: pick(INTS),
    number: pick(FLOATS),
    flag: row % 2 === 1,
    texts: some(TEXTS.slice(0, 22), row % 4),
    numbers: row % 7 === 3 ? [null, pick(FLOATS), null] : some(FLOATS, row % 3),
    never: null,
    same: 'same word',
  }[name.replace('OrNull', '')];
  return name.endsWith('OrNull') && row % 3 === 0 ? null : value;
}

const REJECTS = Array.from({ length: 60 }, (_, at) => ({
  seq: 1000 + at,
  seqIndex: at % 3,
  step: 'judgeSolvability',
  reason: at % 2 ? 'unsolvable' : 'ROW_UNCLEAR',
  kind: at % 2 ? 'dropped' : 'rejected',
  message: at % 5 ? TEXTS[at % 22] : '',
  question: at % 4 ? TEXTS[at % TEXTS.length] : null,
  reply: at % 7 ? TEXTS[(at * 5) % TEXTS.length] : null,
}));

const EXPORTS = {
  chat: { format: 'messages', question: 'text', response: 'same', system: 'Be brief.' },
  turns: { format: 'promptCompletion', question: 'text', response: 'same', asMessages: true },
  completion: { format: 'promptCompletion', question: 'text', response: 'same' },
  published: { format: 'queryResponse', question: 'text', response: 'same' },
  no: { format: 'queryResponse', question: 'text', response: 'same' },
};

/** Three shards of 100 rows, in row groups of 16, written in uneven batches. */
export async function writeRunFolder() {
  const base = await mkdtemp(join(tmpdir(), 'scalequest-interop-'));
  const path = join(base, 'run');
  const run = { kind: 'run', version: 1, identity: 'interop', name: 'interop', seed: 1, parts: {} };
  const folder = await openRunFolder(nodeFiles, path, run);
  const shardRows = 100;
  const all = Array.from({ length: 3 * shardRows }, (_, row) => row);
  const rows = buildRows(
    COLUMNS,
    COLUMNS.map(({ name }) => all.map((row) => valueOf(name, row))),
    all.length,
  );
  const options = { schema: rows.schema, metadata: { pipeline: 'interop' }, rowGroupRows: 16, zstdLevel: 3 };
  const writer = openShardWriter(nodeFiles, options);
  const commits = [];
  for (let index = 0; index < 3; index++) {
    await writer.open(join(path, shardFile(index)));
    for (let from = 0; from < shardRows; from += 23) {
      const at = index * shardRows + from;
      await writer.write(sliceRows(rows, at, at + Math.min(23, shardRows - from)));
    }
    const shard = { file: shardFile(index), ...(await writer.finish()) };
    const lost = REJECTS.slice(index * 20, index * 20 + 20);
    const rejects = {
      file: rejectsFile(index),
      ...(await writeLost(join(path, rejectsFile(index)), lost)),
    };
    const kept = (index + 1) * shardRows;
    const record = { kind: 'commit', index, next: kept, kept, shard, rejects, state: null, counts: {} };
    commits.push({ ...record, done: index === 2 });
    await folder.manifest.append(commits.at(-1));
  }
  await writer.close();
  await folder.manifest.close();
  const columns = COLUMNS;
  await writeSample(nodeFiles, { folder: path, shards: committedShards(path, commits), columns });
  await writeFile(join(path, 'pipeline.yaml'), 'name: interop\n');
  await writeFile(join(path, 'report.json'), '{"rows": 300}\n');
  await writeFile(join(path, 'log.jsonl'), '{"event":"done"}\n');
  const exported = [];
  for (const [name, config] of Object.entries(EXPORTS)) {
    const shards = commits.map(({ shard }) => shard);
    const into = join(path, 'exports', name);
    const parsed = exportSchema.parse(config);
    const written = await writeExport(nodeFiles, { run: path, shards, config: parsed, folder: into });
    exported.push({ name, format: parsed.format, columns: [], ...written });
  }
  const card = { name: 'interop', rows: all.length, columns, funnel: [], pipelineText: 'name: interop\n' };
  card.exports = exported;
  card.contents = commits.map(({ shard }) => shard.sha256).join(' ');
  await writeCard(nodeFiles, path, card);
  await writeBegun(join(base, 'begun'), path, card, commits[0]);
  await writeTruth(base, all);
  return { base, path };
}

/** The folder as it is between the first commit and the second, while a shard is being written. */
async function writeBegun(begun, path, card, { kept, shard }) {
  await cp(path, begun, { recursive: true });
  await rm(join(begun, 'exports'), { recursive: true });
  for (const name of ['sample.jsonl', 'report.json']) await rm(join(begun, name));
  for (const index of [1, 2]) {
    await rm(join(begun, shardFile(index)));
    await rm(join(begun, rejectsFile(index)));
  }
  await writeFile(join(begun, 'shard-00001.parquet.tmp'), 'PAR1 half');
  const { funnel: _, exports: __, ...rest } = card;
  await writeCard(nodeFiles, begun, { ...rest, rows: kept, contents: shard.sha256 });
}

async function writeTruth(base, all) {
  const rows = all.map((row) => COLUMNS.map(({ name, type }) => asTruth(type, valueOf(name, row))));
  const columns = COLUMNS.map(({ name, type, help }) => ({ name, type, help }));
  const rejects = REJECTS.map((row) => ({
    ...row,
    message: asTruth('string', row.message),
    question: asTruth('string', row.question),
    reply: asTruth('string', row.reply),
  }));
  await writeFile(join(base, 'truth.json'), JSON.stringify({ columns, rows, rejects }));
}

/** Floats as the 8 bytes they are, so that -0 is told from 0; lone surrogates as the U+FFFD that they become. */
function asTruth(type, value) {
  if (value === null) return null;
  if (Array.isArray(value)) return value.map((element) => asTruth(type.slice(5, -1), element));
  if (type === 'string') return Buffer.from(value).toString();
  if (type !== 'float64') return value;
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes.toString('hex');
}

async function writeLost(path, rows) {
  const writer = openRejectsWriter(nodeFiles, path);
  await writer.write(rows);
  return writer.finish();
}
