import assert from 'node:assert/strict';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { planChain, runChain } from '../../../src/index.js';
import { chainStates } from '../../../src/run/chain/chainStates.js';
import { smallChain } from '../../helpers/runs/smallChain.js';

async function statesOf(file: string): Promise<string[]> {
  const states: string[] = [];
  const { chain } = (await planChain(file))!;
  for await (const { link, text } of chainStates(chain)) states.push(`${link}: ${text}`);
  return states;
}

test('before anything is done: what would be done, and what waits for it; nothing is written', async () => {
  const { file, folder } = smallChain();
  const [first, copy, second] = await statesOf(file);
  assert.match(first!, /^first: would be done: no run with these settings/);
  assert.match(copy!, /^copy: would be done; it takes \{\{ first\.run \}\}/);
  assert.match(second!, /^second: would be done; it takes \{\{ copy\.output \}\}/);
  assert.equal(existsSync(join(folder, 'runs')), false);
});

test('after it: skipped; with a changed program input or a lost output: done again, with the reason', async () => {
  const { file, folder } = smallChain();
  await runChain((await planChain(file))!.chain).result;
  assert.ok((await statesOf(file)).every((state) => /skipped/.test(state)));
  const output = join(folder, 'runs', 'copy', 'train', '0', 'rows.jsonl');
  assert.ok(existsSync(output));
  rmSync(output);
  assert.match((await statesOf(file))[1]!, /would be done: done before, but /);
  writeFileSync(output, '{"question":"old"}\n');
  writeFileSync(join(folder, 'runs', 'first', 'sample.jsonl'), '{"question":"new"}\n');
  assert.match((await statesOf(file))[1]!, /never done with these inputs/);
});
