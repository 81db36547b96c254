import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Model } from '../../../src/backends/model.js';
import { openModel } from '../../../src/backends/openModel.js';
import { sandboxLack } from '../../../src/backends/sandbox/bubblewrap.js';
import {
  asserts,
  bubblewrapOptions,
  execute,
  inputs,
  lacksSandbox,
  openSandbox,
} from '../../helpers/sandbox.js';

test('where bubblewrap or Python is missing, it says what to install, and no sandbox opens', async () => {
  const nowhere = { PATH: '/nowhere' };
  const lack = (await sandboxLack(bubblewrapOptions(), nowhere))!;
  assert.match(lack, process.platform === 'linux' ? /apt-get install bubblewrap/ : /needs Linux/);
  await assert.rejects(
    openModel('box', { bubblewrap: {} }, { env: nowhere, folder: '.' }),
    (error: Error) => {
      assert.match(error.message, /^sandbox box: .*sandboxFusion$/);
      return (error as { code?: string }).code === 'ERR_SANDBOX';
    },
  );
  if (await lacksSandbox()) return;
  const other = (await sandboxLack(bubblewrapOptions({ python: '/usr/bin/no-python' }), process.env))!;
  assert.match(other, /no-python.*Name the interpreter in `python`/);
});

/** A few of those that `npm run test:sandbox` runs. */
const HOSTILE: Record<string, string> = {
  'ends itself': 'import os\nos._exit(0)',
  'kills its judge': 'import os\nfor p in (1, 2, -1): os.kill(p, 9)',
  'forks for ever': 'import os\nwhile True: os.fork()',
  'runs for ever': 'while True: pass',
  'takes all memory': 'x = [b"x" * 2**20 for _ in range(10**6)]',
  'reads the tests': 'import os\ndef answer(x): return open("/proc/2/mem", "rb").read(10)',
  'is equal to all':
    'class A:\n    def __eq__(s, o): return True\n    def __sub__(s, o): return 0\ndef answer(x): return A()',
  'changes Python':
    'import builtins\nbuiltins.AssertionError = builtins.abs = lambda *a: 0\ndef answer(x): return 1',
  'writes a verdict':
    'import os\nfor fd in range(64):\n    try: os.write(fd, b"ok \\nend \\n")\n    except OSError: pass',
  'asks the network': 'import urllib.request\nurllib.request.urlopen("http://127.0.0.1:1")',
};

describe('a hostile program fails its tests, and stops nothing', () => {
  let model: Model | undefined;
  let lack: string | false = false;
  before(async () => {
    lack = await lacksSandbox();
    if (!lack) model = await openSandbox();
  });
  after(() => model?.close());

  for (const [what, program] of Object.entries(HOSTILE)) {
    test(what, async (t) => {
      if (lack) return t.skip(lack);
      const tests = asserts('assert answer(6) == 42', 'assert abs(answer(6) - 42) < 1');
      const runs = await execute(model!, program, tests, { cpuSeconds: 1 });
      assert.deepEqual(
        runs.map(({ isOk }) => isOk),
        [false, false],
      );
      for (const { text } of runs) assert.ok(text.length > 10, text);
    });
  }

  test('and the next program runs; one that is not Python ends the run', async (t) => {
    if (lack) return t.skip(lack);
    assert.deepEqual(await execute(model!, 'print(input())', inputs('a')), [{ isOk: true, text: 'a\n' }]);
    const cpp = { seq: 0, language: 'cpp', program: '', tests: inputs(''), cpuSeconds: 1, memoryMiB: 64 };
    await assert.rejects(model!.execute(cpp), { code: 'ERR_PIPELINE_MODEL' });
    const { requests, failures, retries, inFlight, queued } = model!.stats();
    assert.deepEqual([failures, retries, inFlight, queued], [0, 0, 0, 0]);
    assert.equal(requests, Object.keys(HOSTILE).length + 1);
  });
});

test('a sandbox that is gone in the middle is tried again, then ends the run: it is no failed test', async (t) => {
  const lack = await lacksSandbox();
  if (lack) return t.skip(lack);
  const env = { PATH: process.env['PATH'] };
  const waits: number[] = [];
  const clock = {
    nowMs: () => performance.now(),
    sleep: async (ms: number, signal?: AbortSignal): Promise<void> => {
      // The judge's silence is waited for without end here.
      if (ms > 20_000)
        return new Promise((_, reject) => signal!.addEventListener('abort', () => reject(signal!.reason)));
      waits.push(ms);
    },
  };
  const model = await openModel('box', { bubblewrap: { slots: 1 } }, { env, folder: '.', clock });
  env.PATH = '/nowhere';
  await assert.rejects(execute(model, 'x = 1', asserts('assert x')), (error: Error) => {
    assert.match(error.message, /sandbox box could not be started in 7 tries: bwrap is not installed/);
    return (error as { code?: string }).code === 'ERR_SANDBOX';
  });
  assert.deepEqual(waits, [250, 500, 1000, 2000, 4000, 8000]);
  const { retries, failures } = model.stats();
  assert.deepEqual([retries, failures], [6, 1]);
  await model.close();
});
