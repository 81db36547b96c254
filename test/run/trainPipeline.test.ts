import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { test } from 'node:test';
import { type TrainingEvent, runPipeline, trainPipeline } from '../../src/index.js';
import { systemWorld } from '../../src/run/systemWorld.js';
import { planFinished, trainingStates } from '../../src/run/trainPipeline.js';
import { smallPipeline } from '../helpers/runs/smallPipeline.js';

/** A trainer that writes its output and one line of metrics. */
const PROGRAM =
  'require("fs").mkdirSync(process.argv[1], { recursive: true }); require("fs").writeFileSync(process.argv[1] + "/m", "x"); ' +
  'console.log(JSON.stringify({ loss: 2, epoch: 1 }))';

function trained(program = PROGRAM): { file: string; out: string } {
  const small = smallPipeline();
  const command = [process.execPath, '-e', program, '{{ output }}'];
  appendFileSync(small.file, `train: [${JSON.stringify({ label: 'student', command })}]\n`);
  return small;
}

async function eventsOf(file: string, out: string): Promise<{ events: TrainingEvent[]; failed: unknown }> {
  const { events: stream, result } = await trainPipeline(file, { out });
  const events: TrainingEvent[] = [];
  stream.subscribe((event) => void events.push(event));
  const failed: unknown = await result.then(
    () => null,
    (error: unknown) => error,
  );
  return { events, failed };
}

test('a run launches its training once; training the same run again launches nothing', async () => {
  const { file, out } = trained();
  const run = await runPipeline(file, { out });
  const names: string[] = [];
  run.events.subscribe(({ event }) => names.push(event));
  const [training] = (await run.result).trained;
  assert.equal(training!.state, 'finished');
  assert.deepEqual(names.slice(names.indexOf('reported')), [
    ...['reported', 'trainingLaunched', 'trainingMeasured', 'trainingEnded'],
  ]);
  const { events, failed } = await eventsOf(file, out);
  assert.equal(failed, null);
  assert.deepEqual(
    events.map(({ event }) => event),
    ['trainingEnded'],
  );
});

test('without a finished run the training rejects, and its state tells the command all the same', async () => {
  const { file, out } = trained();
  const { events, failed } = await eventsOf(file, out);
  assert.equal((failed as { code: string }).code, 'ERR_TRAIN_DATA');
  assert.deepEqual(events, []);
  const plan = await planFinished(file, {}, systemWorld());
  const [state] = await trainingStates(plan, out);
  assert.ok('error' in state! && state.command?.[0] === process.execPath);
});

test('a trainer that fails rejects the run, whose set stays', async () => {
  const { file, out } = trained('process.exit(3)');
  const run = await runPipeline(file, { out });
  await assert.rejects(run.result, { code: 'ERR_TRAIN_FAILED' });
  const plan = await planFinished(file, {}, systemWorld());
  const [state] = await trainingStates(plan, out);
  assert.ok('prepared' in state! && state.prepared.state === 'due');
});
