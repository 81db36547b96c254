import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SandboxFailure, createReport, runsOf } from '../../../src/backends/sandbox/report.js';

const line = (word: string, text = ''): string => `${word} ${Buffer.from(text).toString('base64')}\n`;

test('lines come in any pieces; a test without one failed with its judge', () => {
  const text = line('ready') + line('ok', 'é\n4') + line('failed', 'assert x') + line('unknown') + 'cut';
  for (const size of [1, 7, text.length]) {
    const report = createReport();
    for (let at = 0; at < text.length; at += size) report.add(text.slice(at, at + size));
    assert.deepEqual([report.isReady, report.isEnded], [true, false]);
    assert.deepEqual(runsOf(report, 3), [
      { isOk: true, text: 'é\n4' },
      { isOk: false, text: 'assert x' },
      { isOk: false, text: 'the program or its tests ended the process that judges them' },
    ]);
  }
});

test('what the machine is to blame for is no verdict', () => {
  const busy = createReport();
  busy.add(line('ready') + line('ok') + line('machine', 'no time') + line('end'));
  assert.throws(
    () => runsOf(busy, 2),
    (error) => error instanceof SandboxFailure && error.isBusy,
  );
  const broken = createReport();
  broken.add(line('broken', 'no memory'));
  assert.throws(
    () => runsOf(broken, 1),
    (error) => error instanceof SandboxFailure && !error.isBusy,
  );
});
