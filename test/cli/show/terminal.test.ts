import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WriteStream } from 'node:tty';
import { openOutput, sayAbove } from '../../../src/cli/show/terminal.js';

interface Screen {
  stream: WriteStream;
  written: string[];
}

function screenOf(changes: Partial<WriteStream> = {}): Screen {
  const written: string[] = [];
  const write = (text: string): boolean => written.push(text) > 0;
  const stream = { isTTY: true, columns: 40, rows: 10, write, hasColors: () => false, ...changes };
  return { stream: stream as unknown as WriteStream, written };
}

test('bars are for terminals that can move their cursor, and that have a size; CI gets lines unless it asks', async () => {
  const modeOf = async (
    changes: Partial<WriteStream>,
    env: Record<string, string>,
    wanted?: 'bars',
  ): Promise<string> => (await openOutput(wanted, screenOf(changes).stream, env)).mode;
  assert.equal(await modeOf({}, { TERM: 'xterm' }), 'bars');
  assert.equal(await modeOf({}, { TERM: 'xterm', CI: 'true' }), 'lines');
  assert.equal(await modeOf({}, { TERM: 'xterm', CI: 'false' }), 'bars');
  assert.equal(await modeOf({}, { TERM: 'xterm', CI: 'true' }, 'bars'), 'bars');
  for (const wanted of [undefined, 'bars'] as const) {
    assert.equal(await modeOf({ isTTY: false }, { TERM: 'xterm' }, wanted), 'lines');
    assert.equal(await modeOf({}, { TERM: 'dumb' }, wanted), 'lines');
    assert.equal(await modeOf({ columns: 0, rows: 0 }, { TERM: 'xterm' }, wanted), 'lines');
  }
});

test('lines are written plainly; `json` and `none` write nothing here', async () => {
  for (const [mode, expected] of [
    ['lines', ['hello\n']],
    ['json', []],
    ['none', []],
  ] as const) {
    const { stream, written } = screenOf();
    const output = await openOutput(mode, stream, { TERM: 'xterm' });
    output.say('hello');
    output.draw(['never']);
    output.endDrawing(true);
    assert.deepEqual(written, expected, mode);
  }
});

test('what is said while a block is drawn comes above it, whoever says it', async () => {
  const { stream, written } = screenOf();
  const output = await openOutput('bars', stream, { TERM: 'xterm' });
  output.draw(['one', 'two']);
  sayAbove('stopping');
  const plain = written.join('').replace(/\x1b\[[?\d;]*[a-zA-Z]/g, '');
  assert.deepEqual(plain.split('\n'), ['one', 'two', 'stopping', 'one', 'two', '']);
  const before = written.length;
  output.endDrawing(false);
  assert.ok(written.length > before, 'it is taken away');
  output.say('after');
  assert.equal(written.at(-1), 'after\n');
});
