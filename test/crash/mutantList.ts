/** Safeguards of the compiled code, each with the change that turns it off. */

export interface Mutant {
  name: string;
  /** Compiled, below dist/src. */
  file: string;
  /** Found once, and replaced. */
  before: string;
  after: string;
  and?: { before: string; after: string }[];
  /** The test file below dist/test that must find it, and the name of the test; the simulated crashes if absent. */
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

const RUN_LOCK = { file: 'io/runFolder/runLock.test.js' };

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'small files are written in place, without a rename',
    file: 'io/files/atomicFile.js',
    before: 'const bytes = typeof content ',
    after: 'temporary = path; files = { ...files, rename: async () => {} }; const bytes = typeof content ',
  },
  {
    name: 'shards are written under their own name',
    file: 'io/parquet/shardWriter.js',
    before: 'shard = beginShard(path, temporary, await files.open(temporary, ',
    after:
      'files = { ...files, rename: async () => {} }; shard = beginShard(path, path, await files.open(path, ',
  },
  {
    name: 'small files are not flushed',
    file: 'io/files/atomicFile.js',
    before: 'await file.sync();',
    after: '',
  },
  {
    name: 'shards are not flushed',
    file: 'io/parquet/shardWriter.js',
    before: 'await file.sync();',
    after: '',
  },
  {
    name: 'names are not flushed',
    file: 'io/files/atomicFile.js',
    before: 'await files.syncFolder(dirname(path));',
    after: '',
  },
  {
    name: 'the run folder’s own name is not flushed',
    file: 'io/files/atomicFile.js',
    before: 'const flushing = files.syncFolder(dirname(made));',
    after: 'const flushing = Promise.resolve();',
  },
  {
    name: 'the manifest’s records are not flushed',
    file: 'io/runFolder/manifest.js',
    before: 'await file.write(line);\n            await file.sync();',
    after: 'await file.write(line);',
  },
  {
    name: 'a record that a killed process had not flushed is not flushed',
    file: 'io/runFolder/manifest.js',
    before: 'which was read as true, and not flushed it.\n        await file.sync();',
    after: '',
    test: { file: 'io/runFolder/manifest.test.js' },
  },
  {
    name: 'the manifest names a shard before it is whole',
    file: 'io/runFolder/runSink.js',
    before: 'const writer = openShardWriter(files, ',
    after: 'const writer = openShardWriter(lateFiles, ',
    and: [LATE_NAMES, NAMES_AFTER_MANIFEST],
  },
  {
    name: 'the manifest names rejects before they are whole',
    file: 'io/runFolder/runSink.js',
    before: 'openRejectsWriter(files, ',
    after: 'openRejectsWriter(lateFiles, ',
    and: [LATE_NAMES, NAMES_AFTER_MANIFEST],
  },
  {
    name: 'the manifest names the state file before it is whole',
    file: 'io/runFolder/runSink.js',
    before: 'openStateWriter(files, ',
    after: 'openStateWriter(lateFiles, ',
    and: [LATE_NAMES, NAMES_AFTER_MANIFEST],
  },
  {
    name: 'committed files are believed by their size',
    file: 'io/runFolder/committedFile.js',
    before: 'const found = await hashFile(files, path);',
    after: 'const found = { sha256 };',
    test: { file: 'io/runFolder/runFolder.test.js' },
  },
  {
    name: 'a line of the manifest does not name the one before',
    file: 'io/runFolder/manifest.js',
    before: 'const text = sealJson(JSON.stringify(record), before);',
    after: "before = ''; const text = sealJson(JSON.stringify(record), before);",
    and: [
      {
        before: 'const opened = openJson(lineText(line), content.check);',
        after: 'const opened = openJson(lineText(line));',
      },
    ],
    test: { file: 'io/runFolder/manifest.test.js' },
  },
  {
    name: 'a torn record of the manifest is not cut off',
    file: 'io/runFolder/manifest.js',
    before: 'await file.truncate(content.bytes);',
    after: ';',
  },
  {
    name: 'a torn record of the manifest is believed to be damage',
    file: 'io/runFolder/manifest.js',
    before: 'const torn = findTorn(lines);',
    after: 'const torn = undefined;',
  },
  {
    name: 'files of commits that never happened stay',
    file: 'io/runFolder/runFolder.js',
    before: 'await files.unlink(join(path, file));',
    after: '',
  },
  {
    name: 'temporary files beside the folders stay',
    file: 'io/runFolder/runFolder.js',
    before: 'await files.unlink(join(path, name)).catch(',
    after: 'await Promise.resolve().catch(',
  },
  {
    name: 'state deltas are not applied again',
    file: 'flow/steps/scanState.js',
    before: 'scan.apply(state, value);',
    after: 'void value;',
  },
  {
    name: 'state deltas are not written',
    file: 'flow/commitShards.js',
    before: 'events.filter(isDelta)]',
    after: '[]]',
  },
  {
    name: 'a commit also holds events of later rows',
    file: 'flow/commitShards.js',
    before: 'events.splice(0, end < 0 ? events.length : end)',
    after: 'events.splice(0, events.length)',
  },
  {
    name: 'events of later rows are forgotten at a commit',
    file: 'flow/commitShards.js',
    before: 'return events.splice(0, end < 0 ? events.length : end);',
    after: 'const own = events.slice(0, end < 0 ? events.length : end); events.length = 0; return own;',
  },
  {
    name: 'the watermark of a commit is the end of its batch',
    file: 'flow/commitShards.js',
    before: 'await commit(cut.next, kept >= target);',
    after: 'await commit(kept >= target ? cut.next : batch.hi, kept >= target);',
  },
  {
    name: 'a run goes on one row too late',
    file: 'io/runFolder/commits.js',
    before: 'return { from: last?.next ?? 0,',
    after: 'return { from: last ? last.next + 1 : 0,',
  },
  {
    name: 'a run goes on one row too early',
    file: 'io/runFolder/commits.js',
    before: 'return { from: last?.next ?? 0,',
    after: 'return { from: Math.max(0, (last?.next ?? 0) - 1),',
  },
  {
    name: 'rows kept before the crash do not count towards the target',
    file: 'run/stream/streamRows.js',
    before: ', keptBefore: kept }',
    after: ' }',
  },
  {
    name: 'rows of one question may be parted by a shard’s end',
    file: 'flow/commitCuts.js',
    before: 'Math.min(endOfPosition(seqs, wanted), ',
    after: 'Math.min(wanted, ',
  },
  {
    name: 'a commit by source positions comes at the end of its batch',
    file: 'flow/commitCuts.js',
    before: 'return { end, next: isDue ? latest : hi, isCommit: isDue };',
    after: 'return { end: seqs.length, next: hi, isCommit: isDue };',
  },
  {
    name: 'rows that are kept before a commit by source positions are not in its shard',
    file: 'io/runFolder/runSink.js',
    before: 'const shard = isOpen',
    after: 'const shard = isOpen && kept % 2 === 0',
  },
  {
    name: 'states and tables of lost rows are not flushed',
    file: 'io/files/streamedFile.js',
    before: 'await file.sync();',
    after: '',
  },
  {
    name: 'a complete run is not finished again',
    file: 'run/runInFolder.js',
    before: 'await writeRunFiles(world, plan, folder, report);\n    return { report, performance: null };',
    after: 'return { report, performance: null };',
  },
  {
    name: 'the lock of a run is ignored',
    file: 'io/runFolder/runLock.js',
    before: 'return found.host !== self.host || isAlive(found);',
    after: 'return false;',
    test: RUN_LOCK,
  },
  {
    name: 'a dead process’s lock is taken over by all who find it',
    file: 'io/runFolder/runLock.js',
    before: 'if (!(await claim(files, takeover, world.self))) {',
    after: 'if (false) {',
    test: RUN_LOCK,
  },
  {
    name: 'a lock without a name is taken over at once',
    file: 'io/runFolder/runLock.js',
    before: 'const NAMELESS_TRIES = 5;',
    after: 'const NAMELESS_TRIES = 0;',
    test: RUN_LOCK,
  },
  {
    name: 'the manifest of a run that is taken over stays the older process’s file',
    file: 'io/runFolder/takeOver.js',
    before: 'await renewManifest(lock.files, folder);',
    after: '',
    test: { file: 'io/runFolder/takeOver.test.js' },
  },
  {
    name: 'temporary files of the older process stay at a take-over',
    file: 'io/runFolder/takeOver.js',
    before: 'await removeRemainders(lock.files, folder);',
    after: '',
    test: { file: 'io/runFolder/takeOver.test.js' },
  },
  {
    name: 'a file gets its name though the lock is lost',
    file: 'io/runFolder/fencedFiles.js',
    before: 'await assertHeld();\n            await files.rename(from, to);',
    after: 'await files.rename(from, to);',
    test: { file: 'io/runFolder/fencedFiles.test.js' },
  },
  {
    name: 'a flush is reported though the lock is lost',
    file: 'io/runFolder/fencedFiles.js',
    before: 'file.sync().then(assertHeld)',
    after: 'file.sync()',
    test: { file: 'io/runFolder/fencedFiles.test.js' },
  },
  {
    name: 'a store is copied while its older process writes it',
    file: 'store/database/takeStore.js',
    before: 'return newest === copied;',
    after: 'return true;',
    test: { file: 'store/database/takeStore.test.js' },
  },
  {
    name: 'a process that was taken over removes the lock of the other',
    file: 'io/runFolder/runLock.js',
    before: 'if (found && isSame(found, self))',
    after: 'if (found)',
    test: RUN_LOCK,
  },
  {
    name: 'the store flushes nothing',
    file: 'store/database/tables.js',
    before: 'overlappingSync: false,',
    after: 'overlappingSync: false, noSync: true,',
    test: { file: 'store/database/tables.test.js' },
  },
  {
    name: 'the store flushes when it pleases',
    file: 'store/database/tables.js',
    before: 'overlappingSync: false,',
    after: '',
    test: { file: 'store/database/tables.test.js' },
  },
  {
    name: 'the names of a new store are not flushed',
    file: 'store/database/tables.js',
    before: 'await files.syncFolder(path);',
    after: '',
    test: { file: 'store/database/tables.test.js', name: 'are flushed once' },
  },
  {
    name: 'the name of a new store’s folder is not flushed',
    file: 'store/database/storeFolder.js',
    before: 'await makeFolder(files, path);',
    after: 'await files.mkdir(path);',
    test: { file: 'store/database/tables.test.js', name: 'are flushed once' },
  },
  {
    name: 'a reply is acknowledged before it is in the store',
    file: 'store/writeAheadLog.js',
    before: 'await committed(log.batch(',
    after: 'void committed(log.batch(',
    test: { file: 'store/database/tables.test.js', name: 'that is acknowledged' },
  },
  {
    name: 'a group of replies is gathered in the buffer of one that is still being written',
    file: 'store/groupCommit.js',
    before: 'group.isFlushed = true;',
    after: 'group.isFlushed = true; spare = group.buffer;',
    test: { file: 'store/store.test.js', name: 'groups of any size' },
  },
  {
    name: 'the store’s database meets a full disk',
    file: 'store/database/reservedSpace.js',
    before: 'if (found.sizeBytes >= wantedBytes)',
    after: 'if (true)',
    test: { file: 'store/storeProcesses.test.js', name: 'KiB left ends no process' },
  },
  {
    name: 'a store is made without reserving space',
    file: 'store/database/tables.js',
    before: 'if (isNew || !hasLock)',
    after: 'if (false)',
    test: { file: 'store/storeProcesses.test.js', name: 'KiB left ends no process' },
  },
  {
    name: 'replies that another process checkpointed are checkpointed again',
    file: 'store/checkpoint.js',
    before: 'const gone = removed.filter((blockId) => !tables.log.doesExist(blockId));',
    after: 'const gone = [];',
    test: { file: 'store/checkpoint.test.js' },
  },
  {
    name: 'the size of a store’s file is taken before the pages that tell of it',
    file: 'store/database/storeFolder.js',
    before: 'async function readDataState(files, path) {',
    after:
      'async function readDataState(files, path) {' +
      'const size = await files.stat(join(path, STORE_DATA_FILE)); files = { ...files, stat: async () => size };',
    and: [{ before: 'const TRIES = 5;', after: 'const TRIES = 1;' }],
    test: { file: 'store/store.test.js', name: 'while it is looked at' },
  },
  {
    name: 'a store that another machine has open is opened',
    file: 'store/database/holders.js',
    before: 'if (!isHere)',
    after: 'if (false)',
    test: { file: 'store/database/holders.test.js' },
  },
  {
    name: 'an emptied store is taken for a new one',
    file: 'store/database/storeFolder.js',
    before: 'const isMarked = names.includes(STORE_MARK_FILE);',
    after: 'const isMarked = false;',
    test: { file: 'store/store.test.js', name: 'is empty or gone' },
  },
  {
    name: 'state deltas of replayed rows are forgotten',
    file: 'flow/steps/waitingDeltas.js',
    before: 'held.push(delta);',
    after: 'void delta;',
    test: { file: 'flow/stepResults/replayStepResults.test.js', name: 'the same shards' },
  },
  {
    name: 'the result of a row that a server failed is cached',
    file: 'flow/stepResults/stepResult.js',
    before: 'end < 0',
    after: 'true',
    test: { file: 'run/replay.test.js', name: 'rows that a server failed' },
  },
  {
    name: 'the result of a stateful step without rows that a server failed is replayed in a run that has them',
    file: 'flow/stepResults/replayStepResults.js',
    before: '(await hash) !== result.stateBefore',
    after: 'false',
    test: { file: 'flow/stepResults/replayStepResults.test.js', name: 'rows that were lost to a server' },
  },
  {
    name: 'the result of a stateful step is replayed before the rows before have reached it',
    file: 'flow/stepResults/replayStepResults.js',
    before: '(upTo ?? from) !== lo',
    after: 'false',
    test: { file: 'flow/stepResults/replayStepResults.test.js', name: 'before its rows have come there' },
  },
  {
    name: 'step results of two runs on other rows are taken for those of one',
    file: 'flow/stepResults/replayStepResults.js',
    before: 'if (next?.after !== (records.at(-1)?.link ?? NO_LINK))',
    after: 'if (!next)',
    test: { file: 'flow/sharedStepResults.test.js', name: 'another last step' },
  },
  {
    name: 'step results outlive the replies that they came from',
    file: 'store/stepResults.js',
    before: 'void tables.root.put(PRUNES_KEY, count);',
    after: '',
    and: [{ before: 'void stepResults.remove(key);', after: ';' }],
    test: { file: 'run/replay.test.js', name: 'where replies are removed' },
  },
  {
    name: 'a prune that is killed leaves step results that are found',
    file: 'store/stepResults.js',
    before: 'void tables.root.put(PRUNES_KEY, count);',
    after: '',
    test: { file: 'store/tools/pruneStore.test.js', name: 'killed amid its work' },
  },
  {
    name: 'a run beside a prune writes step results that were made of what is gone',
    file: 'store/stepResults.js',
    before: 'if (prunesOf({ root }) !== prunes)',
    after: 'if (false)',
    test: { file: 'store/tools/pruneStore.test.js', name: 'beside a run: no step result' },
  },
  {
    name: 'replayed rows run past the window',
    file: 'flow/gate.js',
    before: 'const replayTo = Math.min(limit, watermark + windowRows);',
    after: 'const replayTo = limit;',
    test: { file: 'flow/stepResults/replayStepResults.test.js', name: 'bound' },
  },
  {
    name: 'a call of many sequences passes what the user set as the most',
    file: 'backends/pool/scheduling.js',
    before: 'outstanding + sequences <= limit.max',
    after: 'true',
    test: { file: 'backends/pool/pool.test.js', name: 'sends a call that is larger' },
  },
  {
    name: 'a call counts as one, however many sequences it has',
    file: 'backends/pool/pool.js',
    before: 'replica.outstanding += sequences;',
    after: 'replica.outstanding += 1;',
    and: [{ before: 'replica.outstanding -= sequences;', after: 'replica.outstanding -= 1;' }],
    test: { file: 'backends/pool/pool.test.js', name: 'counts the sequences of a call' },
  },
  {
    name: 'a page that never sees what runs starves its server',
    file: 'backends/pool/aimdLimit.js',
    before: 'Math.max(oursOf(stood, target, ours), leastBy(state, ours))',
    after: 'oursOf(stood, target, ours)',
    test: { file: 'backends/pool/mixedLoad.test.js', name: 'whose page never sees' },
  },
];
