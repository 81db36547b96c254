import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { PACKAGE_FOLDER } from '../../src/io/files/packageFiles.js';

/**
 * CPU seconds of `check` on one file, user and system together, against those of other checkouts by turns:
 * `npm run bench:check -- [--runs=N] [another checkout …]`. CPU time, because other work on the machine lengthens only the wall time.
 */

/** CPU seconds that node takes for these arguments. */
function cpuSecondsOf(args: readonly string[]): number {
  const shell = spawnSync(
    '/bin/sh',
    ['-c', '"$0" "$@" >/dev/null || exit 1; times', process.execPath, ...args],
    {
      encoding: 'utf8',
    },
  );
  if (shell.status !== 0) throw new Error(`the check failed with exit code ${shell.status}: ${shell.stderr}`);
  // The second line of `times` is that of the children: user and system, as 0m0.350s.
  const [, children] = shell.stdout.trim().split('\n');
  return [...children!.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, m, s]) => sum + Number(m) * 60 + Number(s),
    0,
  );
}

function main(args: readonly string[]): void {
  const runs = Number(args.find((arg) => arg.startsWith('--runs='))?.slice(7) ?? 11);
  const checkouts = [
    PACKAGE_FOLDER,
    ...args.filter((arg) => !arg.startsWith('--')).map((path) => resolve(path)),
  ];
  const commands = new Map<string, string[]>([['node alone', ['-e', '0']]]);
  for (const folder of checkouts)
    commands.set(`check in ${folder}`, [
      `${folder}/dist/src/cli/main.js`,
      'check',
      `${folder}/pipelines/quickstart.yaml`,
    ]);
  const seconds = new Map([...commands.keys()].map((name): [string, number[]] => [name, []]));
  for (let run = 0; run < runs; run++)
    for (const [name, command] of commands) seconds.get(name)!.push(cpuSecondsOf(command));
  for (const [name, all] of seconds) {
    const sorted = all.sort((a, b) => a - b);
    const [least, median] = [sorted[0]!, sorted[sorted.length >> 1]!];
    console.log(`${median.toFixed(2)} s of CPU, at least ${least.toFixed(2)}, of ${runs} runs: ${name}`);
  }
}

main(process.argv.slice(2));
