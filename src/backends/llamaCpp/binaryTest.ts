import childProcess, { type ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { syncBuiltinESMExports } from 'node:module';
import { basename } from 'node:path';

/** The module that node-llama-cpp forks to test its binary. */
const TEST_FILE = 'testBindingBinary.js';

/** What the two say to each other, in this order: ready, start, loaded, test, done, exit. */
const ANSWERS: ReadonlyMap<string, string> = new Map([
  ['start', 'loaded'],
  ['test', 'done'],
]);

/**
 * Runs `load`, which loads llama.cpp's binary, without the process in which node-llama-cpp loads that binary once before: a
 * binary that crashes ends the engine's own process, which is there for that, and the other one took 40 % of an engine's start.
 * For a binary without a GPU alone: where one for a GPU fails its test, another is taken. If the package calls its test by
 * another name some day, the test runs again.
 */
export async function withoutBinaryTest<T>(load: () => Promise<T>): Promise<T> {
  if (loading++ === 0) replaceFork(forkOthers as typeof fork);
  try {
    return await load();
  } finally {
    if (--loading === 0) replaceFork(fork);
  }
}

/** How many loads have begun and not ended: the first replaces `fork`, and the last puts it back. */
let loading = 0;

const { fork } = childProcess;

function forkOthers(module: string | URL, ...rest: never[]): ChildProcess {
  return basename(String(module)) === TEST_FILE ? passedTest() : fork(module, ...rest);
}

function replaceFork(by: typeof fork): void {
  childProcess.fork = by;
  // The package has it from an `import`, which sees the change only after this.
  syncBuiltinESMExports();
}

/** Says what the process of a test that passes says. */
function passedTest(): ChildProcess {
  const test = Object.assign(new EventEmitter(), {
    exitCode: null as number | null,
    killed: false,
    kill: () => true,
    send({ type }: { type: string }): boolean {
      if (type === 'exit') end();
      else say(ANSWERS.get(type)!);
      return true;
    },
  });
  const say = (type: string): void => void setImmediate(() => test.emit('message', { type }));
  function end(): void {
    test.exitCode = 0;
    setImmediate(() => test.emit('exit', 0, null));
  }
  say('ready');
  return test as unknown as ChildProcess;
}
