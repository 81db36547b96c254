import assert from 'node:assert/strict';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { answeringModel } from '../../bench/replay/answers.js';
import { pipelineText } from '../../bench/replay/pipeline.js';
import { systemClock } from '../../src/clock.js';
import type { Model } from '../../src/backends/model.js';
import { closeModels, storeModels } from '../../src/run/open/openModels.js';
import { stepResultCacheOf } from '../../src/run/open/openStore.js';
import { runInFolder } from '../../src/run/runInFolder.js';
import { RowError } from '../../src/errors.js';
import { nodeFiles } from '../../src/io/files/files.js';
import { loadZstd } from '../../src/io/parquet/zstd.js';
import { openStore } from '../../src/store/store.js';
import { pruneStore } from '../../src/store/tools/pruneStore.js';
import type { Plan } from '../../src/pipeline/plan.js';
import { temporaryFolder } from '../helpers/commandLine.js';
import { encoderHere } from '../helpers/files/encoderHere.js';
import { checkDeps, checkText, overridesOf } from '../helpers/runs/pipelineWorld.js';
import { damageStepResults } from '../store/storeReplies.js';
import { unwatched } from '../helpers/runs/unwatched.js';

/** Runs of the quickstart's steps on one store: cached step results are replayed, and the same bytes come of it. */

const ROWS = 1300;
const TEXT = pipelineText({ rows: ROWS, reward: 'score', batchRows: 32, windowRows: 2048, port: 1 });

interface Ran {
  /** The manifest, which names each file with its SHA-256. */
  manifest: string;
  requests: number;
  storeHits: number;
  replayedRows: number;
}

interface Knobs {
  overrides?: string[];
  /** Null for a run without one. */
  store: string | null;
  models?: (name: string) => Model;
  isCached?: boolean;
  text?: string;
}

async function ran(knobs: Knobs): Promise<Ran> {
  const { overrides = [], store, models = answeringModel, isCached = true, text = TEXT } = knobs;
  const plan = await checkText(text, overridesOf(...overrides));
  const out = join(temporaryFolder(), 'run');
  const opened = await openedOn(plan, store, models, isCached);
  try {
    const { performance } = await runInFolder(plan, out, {
      files: nodeFiles,
      prompt: checkDeps().prompt,
      openModels: async () => opened,
      signal: new AbortController().signal,
      now: () => new Date(0),
      nowMs: () => 0,
      watchProcess: unwatched,
      startEncoder: encoderHere,
      emit: () => {},
    });
    const stats = Object.values(opened.models).map((model) => model.stats());
    return {
      manifest: readFileSync(join(out, 'manifest.jsonl'), 'utf8'),
      requests: stats.reduce((sum, { requests }) => sum + requests, 0),
      storeHits: stats.reduce((sum, { storeHits = 0 }) => sum + storeHits, 0),
      replayedRows: performance!.replayedRows,
    };
  } finally {
    await closeModels(Object.values(opened.models));
  }
}

async function openedOn(plan: Plan, path: string | null, make: (name: string) => Model, isCached: boolean) {
  const made = Object.keys(plan.models).map(make);
  const byName = (models: readonly Model[]) => Object.fromEntries(models.map((model) => [model.name, model]));
  if (path === null) return { models: byName(made) };
  const { nowMs, sleep } = systemClock;
  const store = await openStore(path, 'test', { files: nodeFiles, nowMs, sleep });
  const models = byName(await storeModels(plan, made, store));
  return isCached ? { models, stepResults: stepResultCacheOf(plan, store) } : { models };
}

function silentModel(name: string): Model {
  const refuse = () => Promise.reject(new Error('it was asked'));
  return { ...answeringModel(name), complete: refuse, choose: refuse, score: refuse, embed: refuse };
}

let original: { store: string; first: Ran };

before(async () => {
  await loadZstd();
  const store = join(temporaryFolder(), 'store');
  original = { store, first: await ran({ store }) };
});

/** The store of the first run, for a test of its own, and what that run did. */
function afterFirst(): { store: string; first: Ran } {
  const store = join(temporaryFolder(), 'store');
  cpSync(original.store, store, { recursive: true });
  return { ...original, store };
}

test('a finished run again: nothing is asked, nothing looked up, no step run, the same bytes', async () => {
  const { store, first } = afterFirst();
  assert.ok(first.requests > 4 * ROWS && first.replayedRows === 0);
  const again = await ran({ store, models: silentModel, overrides: ['source.batchRows=100'] });
  assert.deepEqual(again, { ...first, requests: 0, storeHits: 0, replayedRows: ROWS });
  const plain = await ran({ store: null });
  assert.equal(plain.manifest, first.manifest);
});

test('a changed late step: the steps before it are replayed, the others ask the store; as a run that replays nothing', async () => {
  const { store } = afterFirst();
  const overrides = ['steps.5.sampleDifficulty.min=0.25', 'limit=1500'];
  const changed = await ran({ store, overrides });
  assert.equal(changed.replayedRows, ROWS);
  assert.ok(changed.storeHits > 0 && changed.requests < 5 * 200, JSON.stringify(changed));
  assert.equal(changed.manifest, (await ran({ store: null, overrides })).manifest);
  const seeded = await ran({ store, overrides: ['seed=8'] });
  assert.equal(seeded.replayedRows, 0);
});

test('fewer rows with another last step, and the first run again: results on other rows are not mixed', async () => {
  const { store, first } = afterFirst();
  await ran({ store, overrides: ['limit=700', 'steps.9.keepBest.rewardMin=0.6'] });
  assert.equal((await ran({ store, models: silentModel })).manifest, first.manifest);
});

test('a step of your own: those before it are replayed, it and those behind it run', async () => {
  const store = join(temporaryFolder(), 'store');
  const text = TEXT.replace('  - judge', '  - custom: { path: operators/countWords.mjs }\n  - judge');
  const first = await ran({ store, text });
  const again = await ran({ store, text });
  assert.deepEqual([again.manifest, again.replayedRows, again.requests], [first.manifest, ROWS, 0]);
  assert.equal((await ran({ store: null, text })).manifest, first.manifest);
});

test('a late filter is changed, behind choices that state no answer and rows that failed: nothing is read, nothing asked', async () => {
  const store = join(temporaryFolder(), 'store');
  // A prompt that is too long leaves no reply.
  const refusing = (name: string): Model => {
    const model = answeringModel(name);
    const tooLong = (): Promise<never> =>
      Promise.reject(new RowError('ROW_PROMPT_TOO_LONG', 'the prompt is too long'));
    return { ...model, score: (request) => (request.seq % 90 === 7 ? tooLong() : model.score(request)) };
  };
  await ran({ store, models: refusing });
  const overrides = ['steps.keepBest.rewardMin=0.7'];
  const changed = await ran({ store, models: silentModel, overrides });
  assert.deepEqual([changed.requests, changed.storeHits, changed.replayedRows], [0, 0, ROWS]);
  const plain = await ran({ store: null, models: refusing, overrides });
  assert.equal(changed.manifest, plain.manifest);
  for (const event of [
    'filterAnswered leftOut unanswered',
    'respond leftOut ROW_LENGTH',
    'rejected ROW_PROMPT_TOO_LONG',
  ])
    assert.ok(plain.manifest.includes(event), event);
});

test('rows that a server failed are run again, and the others are not', async () => {
  const store = join(temporaryFolder(), 'store');
  const failing = (name: string): Model => {
    const model = answeringModel(name);
    const score: Model['score'] = (request) =>
      request.seq === 700
        ? Promise.reject(new RowError('ROW_SERVER_ERROR', 'the server failed', { mayDiffer: true }))
        : model.score(request);
    return { ...model, score };
  };
  const hurt = await ran({ store, models: failing });
  const mended = await ran({ store });
  assert.equal(mended.replayedRows, ROWS);
  assert.equal(mended.requests, 1);
  assert.notEqual(mended.manifest, hurt.manifest);
  assert.equal(mended.manifest, (await ran({ store: null })).manifest);
});

test('a damaged step result is named, and pruned with all others; then the steps run on the replies', async () => {
  const { store, first } = afterFirst();
  await damageStepResults(store);
  await assert.rejects(ran({ store }), { code: 'ERR_STORE_DAMAGED', message: /--prune-damaged/ });
  await pruneStore(nodeFiles, store, { damaged: true, isReply: () => true });
  const again = await ran({ store });
  assert.deepEqual([again.manifest, again.replayedRows], [first.manifest, 0]);
});

test('where replies are removed, no step result that came from them is replayed', async () => {
  const { store, first } = afterFirst();
  await pruneStore(nodeFiles, store, { run: 'test' });
  const again = await ran({ store });
  assert.deepEqual([again.requests, again.replayedRows], [first.requests, 0]);
});
