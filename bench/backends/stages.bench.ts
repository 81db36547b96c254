import { seqBatch } from '../../src/arrow/columns.js';
import type { Model } from '../../src/backends/model.js';
import { commitShards } from '../../src/flow/commitShards.js';
import { createGate } from '../../src/flow/gate.js';
import { mapRows } from '../../src/flow/steps/mapRows.js';
import { KEEP } from '../../src/flow/steps/outcome.js';
import { printTable } from '../../src/run/report/report.js';
import { startEndpoint } from '../endpoint/start.js';
import { modelOver } from './load.js';
import { flag, spread } from '../figures.js';

/**
 * Five stages, each with a server of its own, one of them half as slow again: the stream against its slowest stage alone, and
 * against the same work done stage by stage, as scripts do it. Interleaved in one run.
 *   npm run bench:stages -- [--rows=2400] [--rounds=3] [--timeScale=3]
 * Goal: at most 1.05 x the slowest stage alone.
 */

const rows = flag('rows', 2400);
const rounds = flag('rounds', 3);
const timeScale = flag('timeScale', 3);
const STAGE_TOKENS = [100, 100, 150, 100, 100];

const endpoints = await Promise.all(
  STAGE_TOKENS.map((meanTokens) =>
    startEndpoint({ slots: 32, timeScale, lengths: { meanTokens, sigma: 0.4, capTokens: 1024 } }),
  ),
);
const overSlowest: number[] = [];
const overStaged: number[] = [];
for (let round = 0; round < rounds; round++) {
  const alone: number[] = [];
  for (const stage of STAGE_TOKENS.keys()) alone.push(await secondsOf([stage], round));
  const together = await secondsOf([...STAGE_TOKENS.keys()], round);
  overSlowest.push(together / Math.max(...alone));
  overStaged.push(alone.reduce((sum, seconds) => sum + seconds, 0) / together);
}
await Promise.all(endpoints.map((endpoint) => endpoint.close()));
console.log(
  printTable(
    ['five stages as one stream', 'median (range)'],
    [
      ['time / time of the slowest stage alone', spread(overSlowest)],
      ['times faster than stage by stage', spread(overStaged)],
    ],
  ),
);

/** All rows through these stages, as the pipeline runs them. */
async function secondsOf(stages: readonly number[], round: number): Promise<number> {
  const models = await Promise.all(stages.map((stage) => modelOver([endpoints[stage]!], { slots: 32 })));
  const gate = createGate({ windowRows: 1024, batchRows: 8, limit: rows });
  const source = gate.source((lo, rowsMax) => seqBatch(lo, lo + rowsMax));
  const stream = models.reduce(
    (before, model, at) => before.pipe(stageOf(model, stages[at]!, round)),
    source,
  );
  const startedMs = performance.now();
  await commitShards(stream, {
    gate,
    sink: { append: async () => {}, appendEvents: async () => {}, commit: async () => {} },
    shardRows: rows,
  });
  const seconds = (performance.now() - startedMs) / 1000;
  await Promise.all(models.map((model) => model.close()));
  return seconds;
}

function stageOf(model: Model, stage: number, round: number) {
  return mapRows({ step: `stage${stage}`, reads: {}, writes: [] }, async ({ seq }) => {
    const message = { kind: 'user', text: `stage ${stage} row ${seq} round ${round}` } as const;
    await model.complete({ seq, message, n: 1, tokensMax: 1024, temperature: 1, topP: 1, seed: seq });
    return KEEP;
  });
}
