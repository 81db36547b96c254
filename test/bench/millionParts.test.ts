import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { partsOf } from '../../bench/million/parts.js';

const frame = (functionName: string, url = ''): object => ({ functionName, url });

test('a profile by parts: what Node does counts for whoever called it, idle time for nobody', () => {
  const folder = mkdtempSync(join(tmpdir(), 'scalequest-parts-'));
  const nodes = [
    { id: 1, callFrame: frame('(root)'), children: [2, 3, 4, 7] },
    { id: 2, callFrame: frame('(idle)') },
    { id: 3, callFrame: frame('(garbage collector)') },
    { id: 4, callFrame: frame('write', 'file:///x/dist/src/store/store.js'), children: [5] },
    { id: 5, callFrame: frame('writev', 'node:fs'), children: [6] },
    { id: 6, callFrame: frame('send', 'file:///x/node_modules/@a/b/index.js') },
    { id: 7, callFrame: frame('timers', 'node:internal/timers') },
  ];
  const samples = [2, 3, 4, 5, 6, 7];
  const path = join(folder, 'one.cpuprofile');
  writeFileSync(path, JSON.stringify({ nodes, samples, timeDeltas: [50, 10, 20, 30, 25, 15] }));
  assert.deepEqual(
    partsOf(path, 9).map(({ part, us }) => [part, us]),
    [
      ['store/store', 50],
      ['package @a/b', 25],
      ['node', 15],
      ['(garbage collector)', 10],
    ],
  );
  rmSync(folder, { recursive: true });
});
