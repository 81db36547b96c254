import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sourceFiles } from '../helpers/files/sourceFiles.js';
import { growingIn } from './growth.js';

/**
 * Nothing grows with the rows of a run but what is said here. Every collection that outlives the call which adds to it stands in
 * the list, with what bounds it.
 */

const IN_FLIGHT = 'requests in flight, and of rows in the window';
const FILES = 'files that the pipeline names';
const REPLICAS = 'replicas that the pipeline names';
const CALL = 'what one call is given';
const REPORT = 'a problem each, of a tool that ends with the first or reports them all';

const BOUNDS: Record<string, string> = {
  'src/flow/pause.ts listeners': 'the gate of a run, and what shows the run',
  'src/backends/llamaCpp/llamaCpp.ts open': IN_FLIGHT,
  'src/backends/pieceTeller.ts pending': 'the longest stop string, or one piece of a reply',
  'src/backends/protocols/streamedReply.ts texts': 'fields of one message, with its text',
  'src/io/files/operatorCode.ts .files': 'FILES_MAX',
  'src/io/files/operatorCode.ts .packages': 'FILES_MAX',
  'src/io/hub/hubDataset.ts sizes': 'files of one data set of a hub',
  'src/io/sources/hub.ts .columns': 'none: it is empty',
  'src/operators/lib/own/askTools.ts faults': 'calls of one row that failed',
  'src/run/ask/askModel.ts written': 'one reply',
  'src/run/ask/askModel.ts held': 'REPLIES_MAX, with their text',
  'src/run/ask/askModel.ts ended': 'REPLIES_MAX',
  'src/run/ask/askedRequests.ts requests': 'REPLIES_MAX',
  'src/run/history/readPosition.ts .kept': 'the rows that were made of one source position',
  'src/run/history/readPosition.ts .lost': 'the rows that were made of one source position',
  'src/run/history/rowHistory.ts calls': 'the calls of one step about one source position',
  'src/run/history/rowHistory.ts open': 'files of one source',
  'src/run/report/page/valueCounts.ts counts': 'VALUES_MAX',
  'src/run/diff/decidedPositions.ts .kept': 'the rows that were made of one source position',
  'src/run/diff/decidedPositions.ts .lost': 'the rows that were made of one source position',
  'src/run/diff/diffRuns.ts .a': 'a distribution, which holds SAMPLE_MAX numbers a column',
  'src/run/diff/diffRuns.ts .b': 'a distribution, which holds SAMPLE_MAX numbers a column',
  'src/run/diff/distribution.ts sample': 'SAMPLE_MAX',
  'src/run/diff/rowComparison.ts fates': 'pairs of steps and reasons',
  'src/run/diff/rowComparison.ts values': 'columns',
  'src/run/diff/rowComparison.ts .examples': 'the examples that are asked for',
  'src/backends/batchApi/anthropicBatches.ts ours': 'the batches that the service lists, a day’s worth',
  'src/backends/batchApi/batchApi.ts .results': 'the requests of one batch, whose number the service bounds',
  'src/backends/batchApi/batchClient.ts .results':
    'the requests of one batch, whose number the service bounds',
  'src/backends/batchApi/batchClient.ts open': IN_FLIGHT,
  'src/backends/batchApi/batchClient.ts orders': IN_FLIGHT,
  'src/backends/batchApi/batchClient.ts batches': IN_FLIGHT,
  'src/backends/batchApi/gatherer.ts waiting': IN_FLIGHT,
  'src/backends/heldSchema.ts but': 'keywords of one schema',
  'src/backends/heldSchema.ts finished': 'definitions of one schema',
  'src/backends/heldSchema.ts open': 'definitions of one schema',
  'src/backends/llamaCpp/grammar.ts grammars': 'GRAMMARS_MAX',
  'src/backends/http/connections.ts all': 'connections, of which requests in flight are the bound',
  'src/backends/http/connections.ts idle': 'connections, of which requests in flight are the bound',
  'src/backends/http/openSet.ts items': 'what is open and not closed yet',
  'src/backends/llamaCpp/engine.ts waiting': IN_FLIGHT,
  'src/backends/llamaCpp/promptEvaluator.ts held': 'sequences of one context',
  'src/backends/llamaCpp/promptTokens.ts known': 'tokens of the vocabulary',
  'src/backends/pool/metricsPoller.ts polled': REPLICAS,
  'src/backends/pool/rateBudget.ts spendings': 'requests of one minute',
  'src/backends/pool/replicaList.ts urls': REPLICAS,
  'src/backends/pool/replicaList.ts faults': REPLICAS,
  'src/backends/pool/sharedPools.ts byServers': 'models that the pipeline names',
  'src/backends/price.ts faults': 'kinds of prices',
  'src/backends/server/notes.ts counts': 'NOTES_MAX',
  'src/backends/server/outageGuard.ts answeredMs': 'kinds of requests: a few a step',
  'src/backends/server/outageGuard.ts probes': 'kinds of requests: a few a step',
  'src/backends/server/refusalGuard.ts held': IN_FLIGHT,
  'src/backends/server/refusalGuard.ts verdicts': 'kinds of requests: a few a step',
  'src/backends/server/refusalGuard.ts .calls': IN_FLIGHT,
  'src/backends/server/serverClient.ts servers': REPLICAS,
  'src/backends/server/serverClient.ts .writtenAs': REPLICAS,
  'src/store/database/sharedOpening.ts shared': 'stores that this process has open',
  'src/flow/orderedMap.ts held': 'batches of the window',
  'src/flow/steps/prepareRows.ts started': 'the rows of one batch',
  'src/operators/lib/semantic/vectorBanks.ts banks': 'memoryMiB',
  'src/operators/lib/semantic/vectorBanks.ts pieces': 'memoryMiB',
  'src/operators/lib/semantic/vectorIndex.ts .banks': 'memoryMiB',
  'src/operators/lib/semantic/vectorIndex.ts found': 'the benchmark questions that are like one question',
  'src/flow/stepResults/cacheStepResults.ts gathered': 'batches of one segment',
  'src/flow/steps/waitingDeltas.ts held': 'deltas between two commits, and LOOKED_THROUGH more',
  'src/flow/steps/mapBatches.ts decided': 'rows of one batch',
  'src/flow/steps/scanBatches.ts outcomes': 'rows of one batch',
  'src/io/files/dataFiles.ts .files': FILES,
  'src/io/files/dataFiles.ts .leftOut': FILES,
  'src/io/files/dataFiles.ts found': FILES,
  'src/io/parquet/readParquet.ts .columns': 'columns of one file',
  'src/io/sources/jsonFiles.ts columns': 'names in the head of a file, of at most `charactersMax`',
  'src/io/parquet/read/columnReader.ts .leaves': 'columns',
  'src/io/parquet/shardEncoder.ts waiting': 'batches of one row group',
  'src/io/parquet/shardEncoder.ts .row_groups': 'row groups of one file',
  'src/io/parquet/shardEncoder.ts .pendingIndexes': 'columns of the row groups of one file',
  'src/io/parquet/write/values.ts numbers': 'values of one row group',
  'src/io/parquet/write/values.ts firsts': 'values of one row group',
  'src/io/parquet/write/values.ts newest': 'values of one row group',
  'src/io/parquet/write/values.ts before': 'values of one row group',
  'src/io/parquet/shardWriter.ts .gathered': 'GATHER_ROWS',
  'src/io/parquet/shardWriter.ts .sent': 'ROW_GROUPS_WAITING_MAX row groups',
  'src/io/runFolder/manifest.ts .commits':
    'a line a commit, of which each covers thousands of rows as a rule',
  'src/io/parquet/rejectsEncoder.ts waiting': 'GROUP_ROWS',
  'src/io/parquet/sharedEncoder.ts asked': 'UNANSWERED_ROWS_MAX rows, in pieces',
  'src/io/runFolder/rejectsWriter.ts waiting': 'PIECE_ROWS',
  'src/io/sources/csvFiles.ts .columns': 'columns',
  'src/io/sources/skippedLines.ts positions': 'lines of the source that are no rows, 8 bytes each',
  'src/io/sources/skippedLines.ts listed': 'LISTED_MAX',
  'src/io/sources/skippedLines.ts waiting': 'TOLD_MAX',
  'src/io/sources/text/csvRecords.ts parsed': 'records of one piece of a file',
  'src/io/sources/text/csvRecords.ts problems': 'problems of one piece of a file',
  'src/io/sources/text/splitArray.ts pieces': 'lineBytesMax',
  'src/io/sources/text/splitLines.ts pieces': 'lineBytesMax',
  'src/io/sources/text/zstd.ts decoded': 'what one piece of a file gives',
  'src/io/values/exactJson.ts .items': CALL,
  'src/io/values/exactJson.ts .entries': CALL,
  'src/operators/lib/draws/draw.ts moved': 'rows of a table that one row is given',
  'src/operators/lib/near/storedShingles.ts pieces': 'declared: memoryMiB',
  'src/backends/sandbox/report.ts .lines': 'tests of one program',
  'src/backends/templates/dialogue.ts skeletons': 'SKELETONS_MAX',
  'src/operators/lib/prompts/templateLookups.ts used': 'names in one template',
  'src/operators/lib/prompts/templateLookups.ts tested': 'names in one template',
  'src/operators/gradeAnswer.ts .grades': 'responses of one row',
  'src/operators/gradeAnswer.ts .corrects': 'responses of one row',
  'src/operators/gradeAnswer.ts .answersFound': 'responses of one row',
  'src/operators/gradeAnswer.ts .answerClasses': 'responses of one row',
  'src/operators/keepBest.ts groups': 'responses of one row',
  'src/operators/lib/benchmarkIndex.ts short': 'declared: questions of the benchmarks',
  'src/operators/lib/benchmarkIndex.ts ngrams': 'declared: questions of the benchmarks',
  'src/operators/measureAccuracy.ts groups': 'values of the column in `by`, as names of benchmarks',
  'src/run/collectRows.ts rows': 'declared: for sets that fit into memory',
  'src/run/listRejects.ts .examples': 'examples that were asked for, a step and reason',
  'src/run/budget/budget.ts waiting': IN_FLIGHT,
  'src/run/budget/marks.ts marks': 'currencies and four counts',
  'src/run/open/openModels.ts served': 'models that the pipeline names',
  'src/run/plan/planPipeline.ts handedOver': FILES,
  'src/run/stream/previewPlan.ts .effects': 'rows that were asked for',
  'src/run/stream/previewPlan.ts shown': 'columns of one row',
  'src/run/workers/stepChains.ts chains': 'stages of the pipeline, begun at one of their steps',
  'src/run/workers/stepChains.ts .open': 'places of a worker, or batches of the window',
  'src/run/workers/workerLoop.ts unsent': 'places of a worker',
  'src/run/report/page/gatherNumbers.ts .fates':
    'rows of the commits that pickCommits takes, 200,000 at most',
  'src/run/report/page/gatherTexts.ts agreements': 'LENGTHS_MAX',
  'src/run/report/page/gatherTexts.ts similarities':
    'rows of the commits that pickCommits takes, 20,000 at most',
  'src/run/report/page/gatherTexts.ts lostExamples': 'GROUPS_MAX',
  'src/run/report/page/nearDuplicates.ts passed':
    'rows of the commits that pickCommits takes, 20,000 at most',
  'src/run/report/page/nearDuplicates.ts found': 'rows of the commits that pickCommits takes, 20,000 at most',
  'src/run/report/page/nearDuplicates.ts .duplicates': 'SHOWN_MAX',
  'src/run/verify/findings.ts byFile': REPORT,
  'src/run/verify/replayRun.ts missing': REPORT,
  'src/run/verify/replayRun.ts .reasons': REPORT,
  'src/io/runFolder/state/stateFrames.ts open': 'steps with a state',
  'src/io/runFolder/state/stateFrames.ts .seqs': 'one frame, of BODY_BYTES and an entry',
  'src/io/runFolder/state/stateFrames.ts .sizes': 'one frame, of BODY_BYTES and an entry',
  'src/io/runFolder/state/stateFrames.ts .values': 'one frame, of BODY_BYTES and an entry',
  'src/run/verify/rejectedFinder.ts tables': 'TABLES_MAX, each of the rows of one commit',
  'src/run/verify/verifyRun.ts .read': 'files of the run folder',
  'src/run/verify/verifyRun.ts .notes': REPORT,
  'src/store/blockCache.ts entries': 'bytesMax',
  'src/store/blockCache.ts blocks': 'bytesMax',
  'src/store/groupCommit.ts .keys': 'replies of one group',
  'src/store/groupCommit.ts .starts': 'replies of one group',
  'src/store/writeAheadLog.ts recordsByKey': 'LOG_REPLIES_MAX',
  'src/store/writeAheadLog.ts records': 'LOG_REPLIES_MAX, and 512 bytes of text for each',
};

/** Where rows, batches, requests and replies go. */
const FOLDERS = ['arrow', 'backends', 'flow', 'io', 'operators', 'run', 'store'];

test('what outlives the call that adds to it is in the list, with its bound', () => {
  const found = FOLDERS.flatMap((folder) =>
    sourceFiles(`src/${folder}`).flatMap((file) => growingIn(file).map((name) => `${file.path} ${name}`)),
  );
  assert.deepEqual(
    found.filter((each) => !(each in BOUNDS)),
    [],
    'give it a bound, and name the bound in the list',
  );
  assert.deepEqual(
    Object.keys(BOUNDS).filter((each) => !found.includes(each)),
    [],
    'the list has stale entries',
  );
});

const linesOf = (text: string): { lines: string[] } => ({ lines: text.split('\n') });

test('it is found in a closure, in a module, in a callback and in an object, but not in a call that ends', () => {
  const closure =
    'function f() {\n  let rows: Row[] = [];\n  return {\n    add(row) {\n      rows.push(row);\n    },\n  };\n}';
  assert.deepEqual(growingIn(linesOf(closure)), ['rows']);
  const module =
    'const seen = new Set<string>();\nexport function g(key: string): void {\n  seen.add(key);\n}';
  assert.deepEqual(growingIn(linesOf(module)), ['seen']);
  const callback = "function h() {\n  let text = '';\n  on((piece) => (text += piece));\n}";
  assert.deepEqual(growingIn(linesOf(callback)), ['text']);
  const object = 'function i() {\n  const state = { open: new Map<string, number>() };\n  return state;\n}';
  assert.deepEqual(growingIn(linesOf(object)), ['.open']);
  const property = 'function j(into: Open): void {\n  into.rows.push(1);\n}';
  assert.deepEqual(growingIn(linesOf(property)), ['.rows']);
  const local =
    'function k(rows) {\n  const all = [];\n  for (const row of rows) {\n    all.push(row);\n  }\n  return all;\n}';
  assert.deepEqual(growingIn(linesOf(local)), []);
});
