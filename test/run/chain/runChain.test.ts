import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type ChainEvent, planChain, runChain } from '../../../src/index.js';
import { smallChain } from '../../helpers/runs/smallChain.js';

async function ran(
  file: string,
): Promise<{ events: ChainEvent[]; result: Promise<ReadonlyMap<string, string>> }> {
  const { chain } = (await planChain(file))!;
  const { events: stream, result } = runChain(chain);
  const events: ChainEvent[] = [];
  stream.subscribe((event) => void events.push(event));
  await result.catch(() => {});
  return { events, result };
}

function namesOf(events: readonly ChainEvent[]): string[] {
  return events.map((event) => ('link' in event ? `${event.link} ${event.event}` : event.event));
}

test('links are done in order, each is given what those before gave, and the stream tells of each', async () => {
  const { file, folder } = smallChain();
  const { events, result } = await ran(file);
  const given = await result;
  assert.deepEqual([...given.keys()], ['first.run', 'copy.output', 'second.run']);
  assert.equal(given.get('first.run'), join(folder, 'runs', 'first'));
  assert.deepEqual(namesOf(events), [
    ...['first linkStarted', 'first linkRuns', 'first linkFinished'],
    ...['copy linkStarted', 'trainingLaunched', 'trainingEnded', 'copy linkFinished'],
    ...['second linkStarted', 'second linkRuns', 'second linkFinished'],
  ]);
});

test('what is done for the same inputs is not done again', async () => {
  const { file } = smallChain();
  await ran(file);
  const { events } = await ran(file);
  assert.ok(!events.some(({ event }) => event === 'trainingLaunched'));
  const ended = events.find((event) => event.event === 'trainingEnded');
  assert.equal(ended?.result.state, 'finishedBefore');
});

test('a link that fails ends the chain with its error', async () => {
  const { file, folder } = smallChain();
  // Behind the rows that the check reads.
  writeFileSync(join(folder, 'in.jsonl'), '{"question":"a"}\n{"question":"b"}\nno json\n');
  const { events, result } = await ran(file);
  await assert.rejects(result, { code: 'ERR_DATA_INVALID' });
  assert.deepEqual(namesOf(events), ['first linkStarted', 'first linkRuns']);
});
