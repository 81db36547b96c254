import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { printTable } from '../../src/run/report/report.js';
import { flag } from '../figures.js';
import type { CommitFigures } from './commitsChild.js';

/**
 * What grows with the rows of a run that are committed: anonymous memory of a process whose rows pass pure steps, of which none is
 * kept, or all are, and of one that writes, reads and applies a state. Each in a process of its own, started anew.
 *   npm run bench:commits -- [--rows=100000] [--times=3] [--entries=2000000] [--questions=200000]
 * Goal: a run of `times` the rows takes at most 1.2 times the memory; nothing holds the event loop for 100 ms.
 */

const rows = flag('rows', 100_000);
const times = flag('times', 3);
const entries = flag('entries', 2_000_000);
const questions = flag('questions', 200_000);
const CHILD = fileURLToPath(new URL('./commitsChild.js', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'scalequest-commits-'));
try {
  console.log(`load ${loadavg()[0]!.toFixed(1)}`);
  const lines: [string, CommitFigures][] = [];
  for (const kept of ['none', 'all'] as const)
    for (const count of [rows, times * rows])
      lines.push([`${count} rows, ${kept} kept`, measured(kept, count)]);
  lines.push([`${entries} entries of a state, written`, measured('write', entries)]);
  lines.push(['the same, read and applied', measured('read', entries)]);
  lines.push([`${questions} rows, deduplicated`, measured('deduplicate', questions)]);
  lines.push(['the same, going on: its state restored', measured('resume', questions)]);
  console.log(
    printTable(
      [
        'what',
        'anonymous MiB, peak',
        'after a collection',
        'CPU s',
        'us of CPU each',
        'event loop held at most, ms',
        'commits',
      ],
      lines.map(([what, { anonymousMiB, heldMiB, cpuMs, heldMs, commits, count }]) => [
        ...[
          what,
          anonymousMiB.toFixed(0),
          heldMiB.toFixed(0),
          (cpuMs / 1000).toFixed(1),
          ((1000 * cpuMs) / count).toFixed(1),
        ],
        ...[heldMs.toFixed(0), `${commits}`],
      ]),
    ),
  );
} finally {
  rmSync(folder, { recursive: true });
}

function measured(kind: string, count: number): CommitFigures {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--expose-gc', CHILD, kind, `${count}`, folder],
    {
      encoding: 'utf8',
    },
  );
  if (status !== 0) throw new Error(`${kind} ended with ${status}:\n${stderr}`);
  return JSON.parse(stdout) as CommitFigures;
}
