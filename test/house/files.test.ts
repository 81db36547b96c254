import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { PACKAGE_FOLDER } from '../../src/io/packageFiles.js';
import { OPERATORS } from '../../src/operators/registry.js';
import { layerOf, sourceFiles } from '../helpers/sourceFiles.js';

const FILES = sourceFiles('src');

/** Files without a test of the same name, and where they are tested or why there is nothing to test. */
const WITHOUT_MIRROR: Record<string, string> = {
  'src/arrow/columnType.ts': 'types and a table; every test of src/arrow builds columns from it',
  'src/arrow/fault.ts': 'its messages are tested with the values that cause them: build, gather',
  'src/arrow/gather.ts': 'take and concat are its two users and test it',
  'src/backends/batchApi.ts': 'openaiBatch.test, against a server of the batch API',
  'src/backends/batchClient.ts': 'openaiBatch.test, against a server of the batch API',
  'src/backends/model.ts': 'types',
  'src/backends/llamaCppChild.ts': 'a process entry: llamaCpp.test starts it',
  'src/backends/llamaCppEngine.ts': 'runs in that process: llamaCpp.test',
  'src/backends/llamaCppMessages.ts': 'types',
  'src/backends/refuse.ts': 'score.test: calls that a kind of model has not',
  'src/backends/serverClient.ts': 'openai.test and score.test send every request through it',
  'src/backends/groupGuard.ts': 'a process entry: managedServer.test and train/follow.test start it',
  'src/backends/guardedGroup.ts': 'managedServer.test and train/follow.test start groups through it',
  'src/backends/serverReplies.ts': 'openai.test and score.test read every reply through it',
  'src/backends/postJson.ts': 'openai.test, against a server with faults',
  'src/pipeline/checkColumns.ts': 'check.test: columns, exports, steps that are switched off',
  'src/cli/chainProgram.ts': 'chain.test runs programs through it',
  'src/cli/chainStates.ts': 'chain.test: what a dry run says of each link',
  'src/cli/check.ts': 'main.test runs the command',
  'src/cli/load.ts': 'main.test: every command loads a plan',
  'src/cli/models.ts': 'main.test and run.test: models that open, that cannot, and signals',
  'src/cli/plan.ts': 'main.test runs the command',
  'src/cli/preview.ts': 'main.test runs the command',
  'src/cli/runInto.ts': 'run.test, and the crash and fault tests',
  'src/cli/steps.ts': 'main.test runs the command',
  'src/cli/systemErrors.ts': 'faults.test: too few file descriptors, output that goes nowhere',
  'src/cli/summary.ts': 'run.test reads what a run prints',
  'src/flow/batch.ts': 'invariants.test',
  'src/flow/commit.ts': 'invariants.test',
  'src/flow/gate.ts': 'invariants.test',
  'src/flow/mapRows.ts': 'invariants.test, and the tests of every operator',
  'src/flow/orderedMap.ts': 'invariants.test',
  'src/flow/outcome.ts': 'invariants.test, and the tests of every operator',
  'src/flow/scanRows.ts': 'invariants.test and deduplicate.test',
  'src/flow/untilAborted.ts': 'invariants.test',
  'src/grade/complex.ts': 'sameAnswer.test: complex numbers, constants and functions',
  'src/grade/expression.ts': 'types and helpers; sameAnswer.test',
  'src/grade/graderMessages.ts': 'types',
  'src/grade/graderThread.ts': 'grader.test grades through it',
  'src/grade/graderWorker.ts': 'a thread’s entry: grader.test starts it',
  'src/grade/numeric.ts': 'sameAnswer.test: roots, functions, expressions',
  'src/grade/parseAtom.ts': 'parseAnswer.test and sameAnswer.test',
  'src/grade/parseTokens.ts': 'parseAnswer.test and sameAnswer.test',
  'src/grade/realSet.ts': 'sameAnswer.test: inequalities and intervals',
  'src/grade/compareScalars.ts': 'sameAnswer.test',
  'src/grade/sameQuantity.ts': 'sameAnswer.test: units, money, percent, degrees, bases',
  'src/grade/tokens.ts': 'parseAnswer.test',
  'src/io/dataFiles.ts': 'readJsonl.test and readParquet.test list files through it',
  'src/io/encoderThread.ts': 'shardWriter.test writes through it',
  'src/io/packageFiles.ts': 'every test of prompts and of the command line reads through it',
  'src/io/parquetColumns.ts': 'shardWriter.test and readParquet.test',
  'src/io/parquetSchema.ts': 'shardWriter.test and readParquet.test',
  'src/io/parquetjs-lite.d.ts': 'types',
  'src/io/runSink.ts': 'cli/run.test and pipeline/determinism.test',
  'src/io/shardAnswers.ts': 'shardWriter.test writes through it, in a thread; the simulation without',
  'src/io/shardEncoder.ts': 'shardWriter.test',
  'src/io/shardMessages.ts': 'types',
  'src/io/shardWorker.ts': 'a thread’s entry: shardWriter.test starts it',
  'src/io/storeBlocks.ts': 'store.test: every reply goes through it, whole and damaged',
  'src/io/storeGroups.ts': 'store.test: groups of every size, failures and closing',
  'src/io/storeFiles.ts': 'names',
  'src/io/storeRoom.ts': 'store.test: disks with little room',
  'src/io/storeFolder.ts': 'store.test: what is no store, or a damaged one',
  'src/io/sourceRows.ts': 'readJsonl.test and readParquet.test',
  'src/operators/_generators.ts': 'scoreDifficulty.test and sampleDifficulty.test',
  'src/operators/_language.ts': 'filterLanguage.test',
  'src/operators/operator.ts': 'types and helpers: registry.test',
  'src/cli/trainingProgress.ts': 'train.test reads what it prints',
  'src/train/data.ts': 'train.test: runs that are finished, empty or missing',
  'src/train/launch.ts': 'train.test: every way in which a trainer ends',
  'src/train/record.ts': 'train.test reads and damages records',
  'src/train/tasks.ts': 'command.test prints the arguments of each',
  'src/pipeline/frame.ts': 'wrapQuestion.test: named templates, and one that there is not',
  'src/pipeline/sampleOptions.ts': 'reference.test and check.test: the columns of every operator',
};

function mirrorOf(path: string): string {
  return path.replace(/^src/, 'test').replace(/\.ts$/, '.test.ts');
}

test('every file has a test of the same name, or a reason in the list', () => {
  const bare = FILES.map(({ path }) => path)
    .filter((path) => layerOf(path) !== '')
    .filter((path) => !existsSync(join(PACKAGE_FOLDER, mirrorOf(path))) && !(path in WITHOUT_MIRROR));
  assert.deepEqual(bare, []);
});

test('the list of files without a test has no stale entry', () => {
  const paths = FILES.map(({ path }) => path);
  const gone = Object.keys(WITHOUT_MIRROR).filter((path) => !paths.includes(path));
  assert.deepEqual(gone, []);
});

test('every file in src/operators is registered, but for helpers (_name) and the two lists', () => {
  const names = FILES.filter(({ path }) => layerOf(path) === 'operators')
    .map(({ path }) => basename(path, '.ts'))
    .filter((name) => !name.startsWith('_') && !['operator', 'registry'].includes(name));
  assert.deepEqual(names.sort(), OPERATORS.map(({ name }) => name).sort());
});

test('every file in src is imported by another, or is an entry', () => {
  const entries = [
    'src/index.ts',
    'src/cli/main.ts',
    'src/io/shardWorker.ts',
    'src/grade/graderWorker.ts',
    'src/backends/llamaCppChild.ts',
  ];
  entries.push('src/backends/groupGuard.ts', 'src/io/parquetjs-lite.d.ts');
  const imported = new Set(FILES.flatMap(({ imports }) => imports.map(({ from }) => from)));
  const dead = FILES.map(({ path }) => path).filter((path) => !imported.has(path) && !entries.includes(path));
  assert.deepEqual(dead, []);
});

test('names of files are camelCase, with a leading underscore for what one folder keeps to itself', () => {
  const wrong = FILES.map(({ path }) => basename(path)).filter(
    (name) => !/^_?[a-z][A-Za-z0-9]*\.ts$/.test(name),
  );
  assert.deepEqual(wrong, ['parquetjs-lite.d.ts']);
});
