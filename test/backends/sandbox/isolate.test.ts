import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { systemClock } from '../../../src/clock.js';
import { isolate } from '../../../src/backends/sandbox/isolate.js';
import { SandboxFailure } from '../../../src/backends/sandbox/report.js';
import { asserts, bubblewrapOptions, inputs, lacksSandbox } from '../../helpers/sandbox.js';

const LIMITS = { cpuSeconds: 2, memoryMiB: 128 };

let lack: string | false = false;
before(async () => {
  lack = await lacksSandbox();
});

function run(program: string, tests: ReturnType<typeof asserts>, path = process.env['PATH']!, more = {}) {
  const deps = { path, clock: systemClock, signal: new AbortController().signal, ...more };
  return isolate({ program, tests, ...LIMITS }, bubblewrapOptions(), deps);
}

test('without tests nothing is run, and without bubblewrap nothing is run either', async () => {
  assert.deepEqual(await run('x', asserts(), '/nowhere'), []);
  await assert.rejects(
    run('x', asserts('assert 1'), '/nowhere:'),
    (error) => error instanceof SandboxFailure && !error.isBusy && error.message === 'bwrap is not installed',
  );
});

test('a program is judged by what its functions give, and sees nothing of the one that started it', async (t) => {
  if (lack) return t.skip(lack);
  const program = [
    'import os, math',
    'def double(x): return 2 * x',
    'def seen(): return (sorted(os.environ), os.listdir("/"), open("/proc/1/environ").read(), os.getcwd())',
    'class Box:',
    '    def __init__(self, x): self.x = x',
    '    def __eq__(self, other): return self.x == other.x',
    'class Odd(ValueError): pass',
    'def fail(): raise Odd("no")',
    'def sort(items): items.sort()',
    'def twice(f, x): return f(f(x))',
    'def lines(n): yield from range(n)',
  ].join('\n');
  const passing = [
    'assert double(2) == 4 and double([1]) == [1, 1] and double("é") == "éé"',
    'names, root, environment, folder = seen()\nassert names == ["HOME", "LC_CTYPE", "PATH", "PWD", "PYTHONHASHSEED", "PYTHONUTF8"], names\n' +
      'assert "etc" not in root and "home" not in root and environment == "" and folder == "/tmp", (root, environment)',
    'assert Box(1) == Box(1) and Box(1) != Box(2) and Box(3).x == 3 and isinstance(Box(1), Box)',
    'try:\n    fail()\nexcept Odd as error:\n    assert str(error).startswith("no")\nelse:\n    raise AssertionError',
    'items = [3, 1]\nsort(items)\nassert items == [1, 3]',
    'assert twice(lambda x: x + 1, 1) == 3',
    'assert list(lines(300)) == list(range(300)) and math.isclose(double(0.1), 0.2)',
  ];
  const failing = ['assert double(2) == 5', 'nothing()', 'double(', 'fail()'];
  const runs = await run(program, asserts(...passing, ...failing));
  assert.deepEqual(
    runs.map(({ isOk, text }) => (isOk ? 'ok' : text)),
    [
      ...passing.map(() => 'ok'),
      'assert double(2) == 5 failed; the last call gave 4',
      "NameError: name 'nothing' is not defined in nothing()",
      "SyntaxError: '(' was never closed (test, line 1) in double(",
      'Odd: no (line 8 of the program) in fail()',
    ],
  );
});

test('a script is run anew for each input', async (t) => {
  if (lack) return t.skip(lack);
  const program =
    'import sys\nif __name__ == "__main__":\n    print(int(input()) * 2)\n    open("/tmp/a", "x")';
  const runs = await run(program, inputs('3', '-1\n', 'x'));
  const wrong = "ValueError: invalid literal for int() with base 10: 'x' (line 3)";
  assert.deepEqual(runs, [
    { isOk: true, text: '6\n' },
    { isOk: true, text: '-2\n' },
    { isOk: false, text: `the program ended itself with code 1: ${wrong}` },
  ]);
});

test('an abort ends the program and all that it began', async (t) => {
  if (lack) return t.skip(lack);
  const ending = new AbortController();
  const running = run('import time\ntime.sleep(60)', inputs(''), process.env['PATH']!, {
    signal: ending.signal,
  });
  const reason = new Error('over');
  setTimeout(() => ending.abort(reason), 150);
  await assert.rejects(running, reason);
});
