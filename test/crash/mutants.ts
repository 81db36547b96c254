// Turns one safeguard off at a time, in a copy of the compiled code, and sees the simulated crashes find it:
//   npm run test:mutants -- [--only=PART OF A NAME] [--stride=3] [--seconds=N] [--from=N]
// With --seconds it begins at --from, or anywhere, and begins with no other one when the time is up.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PACKAGE_FOLDER } from '../../src/io/packageFiles.js';
import { printTable } from '../../src/pipeline/report.js';

interface Mutant {
  name: string;
  /** Compiled, below dist/src. */
  file: string;
  /** Found once, and replaced. */
  before: string;
  after: string;
  and?: { before: string; after: string }[];
  /** What must find it, below dist/test, where that is not the simulated crashes; and of it the tests of this name. */
  test?: { file: string; name?: string };
}

/** Files get their names only when the manifest has named them. */
const LATE_NAMES = {
  before: 'const names = columns.map(({ name }) => name);',
  after:
    'const names = columns.map(({ name }) => name); const late = [];' +
    'const lateFiles = { ...files, rename: async (...names) => void late.push(names), syncFolder: async () => {} };',
};
const NAMES_AFTER_MANIFEST = {
  before: 'await folder.manifest.append({ ...record, counts: { ...counts }, done });',
  after:
    'await folder.manifest.append({ ...record, counts: { ...counts }, done });' +
    'for (const [from, to] of late.splice(0)) { await files.rename(from, to); await files.syncFolder(join(to, "..")); }',
};

const RUN_LOCK = { file: 'io/runLock.test.js' };

const MUTANTS: Mutant[] = [
  {
    name: 'small files are written in place, without a rename',
    file: 'io/atomicFile.js',
    before: 'const temporary = temporaryPath(path);',
    after: 'const temporary = path; files = { ...files, rename: async () => {} };',
  },
  {
    name: 'shards are written under their own name',
    file: 'io/shardWriter.js',
    before: 'shard = beginShard(path, await files.open(temporaryPath(path), ',
    after: 'files = { ...files, rename: async () => {} }; shard = beginShard(path, await files.open(path, ',
  },
  { name: 'small files are not flushed', file: 'io/atomicFile.js', before: 'await file.sync();', after: '' },
  { name: 'shards are not flushed', file: 'io/shardWriter.js', before: 'await file.sync();', after: '' },
  {
    name: 'names are not flushed',
    file: 'io/atomicFile.js',
    before: 'await files.syncFolder(dirname(path));',
    after: '',
  },
  {
    name: 'the run folder’s own name is not flushed',
    file: 'io/atomicFile.js',
    before: 'const flushing = files.syncFolder(dirname(made));',
    after: 'const flushing = Promise.resolve();',
  },
  {
    name: 'the manifest’s records are not flushed',
    file: 'io/manifest.js',
    before: 'await file.write(encodeLine(checked));\n            await file.sync();',
    after: 'await file.write(encodeLine(checked));',
  },
  {
    name: 'a record that a killed process had not flushed is not flushed',
    file: 'io/manifest.js',
    before: 'which was read as true, and not flushed it.\n        await file.sync();',
    after: '',
    test: { file: 'io/manifest.test.js' },
  },
  {
    name: 'the manifest names a shard before it is whole',
    file: 'io/runSink.js',
    before: 'const writer = openShardWriter(files, ',
    after: 'const writer = openShardWriter(lateFiles, ',
    and: [LATE_NAMES, NAMES_AFTER_MANIFEST],
  },
  {
    name: 'the manifest names rejects before they are whole',
    file: 'io/runSink.js',
    before: 'writeRejects(files, ',
    after: 'writeRejects(lateFiles, ',
    and: [LATE_NAMES, NAMES_AFTER_MANIFEST],
  },
  {
    name: 'the manifest names what steps learnt before it is whole',
    file: 'io/runSink.js',
    before: 'writeState(files, ',
    after: 'writeState(lateFiles, ',
    and: [LATE_NAMES, NAMES_AFTER_MANIFEST],
  },
  {
    name: 'a torn record of the manifest is not cut off',
    file: 'io/manifest.js',
    before: 'await file.truncate(content.bytes);',
    after: ';',
  },
  {
    name: 'a torn record of the manifest is believed to be damage',
    file: 'io/manifest.js',
    before: 'const torn = findTorn(lines);',
    after: 'const torn = undefined;',
  },
  {
    name: 'files of commits that never happened stay',
    file: 'io/runFolder.js',
    before: 'await files.unlink(join(path, file));',
    after: '',
  },
  {
    name: 'temporary files beside the folders stay',
    file: 'io/runFolder.js',
    before: 'await files.unlink(join(path, name));',
    after: '',
  },
  {
    name: 'what steps learnt is not folded again',
    file: 'flow/scanRows.js',
    before: 'scan.apply(state, learnt);',
    after: ';',
  },
  {
    name: 'what steps learnt is not written',
    file: 'flow/commit.js',
    before: "const deltas = side.filter((entry) => entry.kind === 'delta');",
    after: 'const deltas = [];',
  },
  {
    name: 'a commit also holds entries of later rows',
    file: 'flow/commit.js',
    before: 'const side = pending.filter(({ seq }) => seq < upTo)',
    after: 'const side = pending.filter(() => true)',
  },
  {
    name: 'entries of later rows are forgotten at a commit',
    file: 'flow/commit.js',
    before: 'pending = done ? [] : pending.filter(({ seq }) => seq >= upTo);',
    after: 'pending = [];',
  },
  {
    name: 'the watermark of a commit is the end of its batch',
    file: 'flow/commit.js',
    before: 'await cut(seqs[end - 1] + 1, kept >= target);',
    after: 'await cut(kept >= target ? seqs[end - 1] + 1 : batch.hi, kept >= target);',
  },
  {
    name: 'a run goes on one row too late',
    file: 'io/runFolder.js',
    before: 'return { from: last?.next ?? 0,',
    after: 'return { from: last ? last.next + 1 : 0,',
  },
  {
    name: 'a run goes on one row too early',
    file: 'io/runFolder.js',
    before: 'return { from: last?.next ?? 0,',
    after: 'return { from: Math.max(0, (last?.next ?? 0) - 1),',
  },
  {
    name: 'rows kept before the crash do not count towards the target',
    file: 'pipeline/run.js',
    before: 'keptBefore: kept,',
    after: '',
  },
  {
    name: 'rows of one question may be parted by a shard’s end',
    file: 'flow/commit.js',
    before: 'Math.min(endOfPosition(seqs, wanted), ',
    after: 'Math.min(wanted, ',
  },
  {
    name: 'a complete run is not finished again',
    file: 'cli/runInto.js',
    before: 'await writeRunFiles(files, plan, folder, report);\n    return { report, performance: null };',
    after: 'return { report, performance: null };',
  },
  {
    name: 'the lock of a run is ignored',
    file: 'io/runLock.js',
    before: 'return found.host !== self.host || isAlive(found);',
    after: 'return false;',
    test: RUN_LOCK,
  },
  {
    name: 'a dead process’s lock is taken over by all who find it',
    file: 'io/runLock.js',
    before: 'if (!(await claim(files, turn, world.self))) {',
    after: 'if (false) {',
    test: RUN_LOCK,
  },
  {
    name: 'a lock without a name is taken over at once',
    file: 'io/runLock.js',
    before: 'const NAMELESS_TRIES = 5;',
    after: 'const NAMELESS_TRIES = 0;',
    test: RUN_LOCK,
  },
  {
    name: 'the store flushes nothing',
    file: 'io/storeTables.js',
    before: 'overlappingSync: false,',
    after: 'overlappingSync: false, noSync: true,',
    test: { file: 'io/storeTables.test.js' },
  },
  {
    name: 'the store flushes when it pleases',
    file: 'io/storeTables.js',
    before: 'overlappingSync: false,',
    after: '',
    test: { file: 'io/storeTables.test.js' },
  },
  {
    name: 'the names of a new store are not flushed',
    file: 'io/storeTables.js',
    before: 'await files.syncFolder(path);',
    after: '',
    test: { file: 'io/storeTables.test.js', name: 'are flushed once' },
  },
  {
    name: 'the name of a new store’s folder is not flushed',
    file: 'io/storeFolder.js',
    before: 'await makeFolder(files, path);',
    after: 'await files.mkdir(path);',
    test: { file: 'io/storeTables.test.js', name: 'are flushed once' },
  },
  {
    name: 'a reply is acknowledged before it is in the store',
    file: 'io/store.js',
    before: 'await committed(fresh.batch(',
    after: 'void committed(fresh.batch(',
    test: { file: 'io/storeTables.test.js', name: 'that is acknowledged' },
  },
  {
    name: 'a group of replies is gathered where another is still written',
    file: 'io/storeGroups.js',
    before: 'group.isFlushed = true;',
    after: 'group.isFlushed = true; spare = group.buffer;',
    test: { file: 'io/store.test.js', name: 'groups of any size' },
  },
  {
    name: 'the store’s database meets a full disk',
    file: 'io/storeRoom.js',
    before: 'if (found.sizeBytes >= wantedBytes)',
    after: 'if (true)',
    test: { file: 'io/store.test.js', name: 'KiB left ends no process' },
  },
  {
    name: 'a store is made without a look at the disk',
    file: 'io/storeTables.js',
    before: 'if (isNew || !hasLock)',
    after: 'if (false)',
    test: { file: 'io/store.test.js', name: 'KiB left ends no process' },
  },
  {
    name: 'replies that another process packed are packed again',
    file: 'io/store.js',
    before: 'const gone = removed.filter((at) => !tables.fresh.doesExist(at));',
    after: 'const gone = [];',
    test: { file: 'io/storeTools.test.js' },
  },
  {
    name: 'the size of a store’s file is taken before the pages that tell of it',
    file: 'io/storeFolder.js',
    before: "const file = await files.open(dataFile, 'read');",
    after:
      'const size = await files.stat(dataFile); files = { ...files, stat: async () => size };' +
      "const file = await files.open(dataFile, 'read');",
    and: [{ before: 'const LOOKS = 5;', after: 'const LOOKS = 1;' }],
    test: { file: 'io/store.test.js', name: 'while it is looked at' },
  },
  {
    name: 'a store that another machine has open is opened',
    file: 'io/storeHolders.js',
    before: 'if (!isHere)',
    after: 'if (false)',
    test: { file: 'io/storeHolders.test.js' },
  },
  {
    name: 'an emptied store is taken for a new one',
    file: 'io/storeFolder.js',
    before: 'const isMarked = names.includes(STORE_MARK_FILE);',
    after: 'const isMarked = false;',
    test: { file: 'io/store.test.js', name: 'is empty or gone' },
  },
  {
    name: 'what recalled rows had taught a step is forgotten',
    file: 'flow/scanRows.js',
    before: 'unfolded.push(value);',
    after: 'void value;',
    test: { file: 'flow/recallDecisions.test.js', name: 'the same shards' },
  },
  {
    name: 'a row that a server failed counts as decided',
    file: 'flow/decision.js',
    before: ' || !decision.side.every(isLasting))',
    after: ')',
    test: { file: 'pipeline/recall.test.js', name: 'rows that a server failed' },
  },
  {
    name: 'what was decided without rows that a server failed is told to a run that has them',
    file: 'flow/recallDecisions.js',
    before: 'learnt !== decision.learnt',
    after: 'false',
    test: { file: 'flow/recallDecisions.test.js', name: 'rows that were lost to a server' },
  },
  {
    name: 'what a step with memory decided is recalled before it has seen the rows before',
    file: 'flow/recallDecisions.js',
    before: '(upTo ?? from) !== lo',
    after: 'false',
    test: { file: 'flow/recallDecisions.test.js', name: 'before its rows have come there' },
  },
  {
    name: 'decisions of two runs on other rows are taken for those of one',
    file: 'flow/recallDecisions.js',
    before: 'if (next?.after !== (records.at(-1)?.link ?? NO_LINK))',
    after: 'if (!next)',
    test: { file: 'flow/sharedDecisions.test.js', name: 'another last step' },
  },
  {
    name: 'what was decided outlives the replies that it was decided from',
    file: 'io/storeTools.js',
    before: 'await removeDecisions(files, path, tables);',
    after: '',
    test: { file: 'pipeline/recall.test.js', name: 'where replies are removed' },
  },
  {
    name: 'recalled rows run past the window',
    file: 'flow/gate.js',
    before: 'const knownTo = Math.min(limit, watermark + windowRows);',
    after: 'const knownTo = limit;',
    test: { file: 'flow/recallDecisions.test.js', name: 'bound' },
  },
];

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    stride: { type: 'string', default: '3' },
    seconds: { type: 'string', default: 'Infinity' },
    from: { type: 'string' },
  },
});

interface Verdict {
  isCaught: boolean;
  by: string;
}

function tryMutant(mutant: Mutant | null): Verdict {
  const folder = mkdtempSync(join(tmpdir(), 'scalequest-mutant-'));
  try {
    cpSync(join(PACKAGE_FOLDER, 'dist'), join(folder, 'dist'), { recursive: true });
    cpSync(join(PACKAGE_FOLDER, 'package.json'), join(folder, 'package.json'));
    for (const name of ['node_modules', 'pipelines', 'models'])
      symlinkSync(join(PACKAGE_FOLDER, name), join(folder, name), 'dir');
    if (mutant) patch(join(folder, 'dist', 'src', mutant.file), mutant);
    const { test } = mutant ?? {};
    const pattern = test?.name === undefined ? [] : [`--test-name-pattern=${test.name}`];
    const args = test
      ? ['--test', '--test-reporter=tap', ...pattern, join(folder, 'dist/test', test.file)]
      : [join(folder, 'dist/test/crash/main.js'), '--part=simulated', `--stride=${values.stride}`];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      encoding: 'utf8',
      timeout: 300_000,
    });
    if (status === 0) return { isCaught: false, by: '' };
    return { isCaught: true, by: test ? firstFailed(stdout) : firstError(stderr) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function patch(path: string, { name, before, after, and = [] }: Mutant): void {
  let text = readFileSync(path, 'utf8');
  for (const change of [{ before, after }, ...and]) {
    const found = text.split(change.before).length - 1;
    if (found !== 1)
      throw new Error(`${name}: found "${change.before}" ${found} times in ${path}, expected once`);
    text = text.replace(change.before, () => change.after);
  }
  writeFileSync(path, text);
}

function firstError(stderr: string): string {
  return short(stderr.match(/^\w*Error(?: \[\w+\])?: (.*)$/m)?.[1] ?? (stderr.trim() || 'it did not end'));
}

function firstFailed(stdout: string): string {
  return short(stdout.match(/^ *not ok \d+ - (.*)$/m)?.[1] ?? 'it did not end');
}

function short(text: string): string {
  return text.length > 110 ? `${text.slice(0, 109)}…` : text;
}

const unchanged = tryMutant(null);
if (unchanged.isCaught) throw new Error(`the unchanged code fails: ${unchanged.by}`);
const rows: string[][] = [];
const wanted = MUTANTS.filter(({ name }) => name.includes(values.only));
const isBounded = values.seconds !== 'Infinity';
const from = Number(values.from ?? (isBounded ? Date.now() : 0)) % Math.max(1, wanted.length);
for (const mutant of [...wanted.slice(from), ...wanted.slice(0, from)]) {
  if (performance.now() > Number(values.seconds) * 1000) break;
  const { isCaught, by } = tryMutant(mutant);
  rows.push([mutant.name, isCaught ? by : 'NOT FOUND']);
  console.error(rows.at(-1)!.join(': '));
  if (!isCaught) process.exitCode = 1;
}
console.log(printTable(['safeguard turned off', 'found by'], rows));
console.log(`${rows.length} of ${wanted.length}, from number ${from} on`);
