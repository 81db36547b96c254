import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { PACKAGE_FOLDER } from '../../src/io/files/packageFiles.js';
import { type CommandResult, MAIN } from './commandLine.js';
import type { HostedCommand, HostedResult } from './commandHostChild.js';

const CHILD = fileURLToPath(new URL('./commandHostChild.js', import.meta.url));

let child: ChildProcess | null = null;
let last: Promise<unknown> = Promise.resolve();

/**
 * Runs the command line's main module, one command after the other in one process that stays: a start costs more than most
 * commands. Its process can neither be signalled nor seen to end: what is about these starts its own (`startCommand`).
 */
export function hostCommand(args: readonly string[], cwd = PACKAGE_FOLDER): Promise<CommandResult> {
  const result = last.then(() => ask({ main: MAIN, args, cwd }));
  last = result.catch(() => {});
  return result;
}

async function ask(command: HostedCommand): Promise<CommandResult> {
  const host = (child ??= startHost());
  const done = new AbortController();
  host.ref();
  host.channel?.ref();
  host.send(command);
  const ended = once(host, 'exit', { signal: done.signal }).then(([code, signal]) => {
    throw new Error(`the process of the commands ended amid ${command.args.join(' ')}: ${signal ?? code}`);
  });
  ended.catch(() => {});
  try {
    const [result] = (await Promise.race([once(host, 'message', { signal: done.signal }), ended])) as [
      HostedResult,
    ];
    return result;
  } finally {
    done.abort();
    host.channel?.unref();
    host.unref();
  }
}

function startHost(): ChildProcess {
  // The environment as it is now, with what the test has put there.
  const host = fork(CHILD, { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  process.once('exit', () => host.kill('SIGKILL'));
  return host;
}

const END_MS_MAX = 20_000;

// Without its channel only what a command has left open would keep it alive.
after(async () => {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit', { signal: AbortSignal.timeout(END_MS_MAX) });
  child.ref();
  child.disconnect();
  await ended.catch((cause: unknown) => {
    throw new Error('a command left something open: the process of the commands does not end', { cause });
  });
});
