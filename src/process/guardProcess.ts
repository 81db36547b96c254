import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/**
 * Stands between us and a program that we started: node guardProcess.js graceMs command args…
 * It lives in a session of its own and watches its standard input. When that ends, because we stopped the program or
 * because our process died in any way, SIGKILL included, it ends the program's whole process group and then itself.
 */

const [graceMs, command, ...args] = process.argv.slice(2);
const program = spawn(command!, args, { stdio: ['ignore', 'inherit', 'inherit'], detached: true });
let stopping = false;

program.on('error', (error) => {
  process.stderr.write(`${command} cannot be started: ${error.message}\n`);
  process.exit(127);
});
program.on('exit', (code, signal) => {
  // Workers that a program leaves behind in its group end with it.
  signalGroup('SIGKILL');
  process.exit(stopping ? 0 : (code ?? (signal ? 128 + constants.signals[signal] : 1)));
});

process.stdin.resume();
process.stdin.on('end', stop);
process.stdin.on('error', stop);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);

function stop(): void {
  if (stopping) return;
  stopping = true;
  signalGroup('SIGTERM');
  setTimeout(() => signalGroup('SIGKILL'), Number(graceMs));
}

function signalGroup(signal: NodeJS.Signals): void {
  try {
    if (program.pid) process.kill(-program.pid, signal);
  } catch {
    // The group is gone already.
  }
}
