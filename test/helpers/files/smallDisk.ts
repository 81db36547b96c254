import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** A file system in memory, as small as a test wants it, until the test's end. Null without the rights to mount it. */
export function mountTmpfs(t: TestContext, options: string): string | null {
  const path = mkdtempSync(join(tmpdir(), 'scalequest-disk-'));
  t.after(() => {
    spawnSync('umount', ['--lazy', path]);
    rmdirSync(path);
  });
  return spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path]).status === 0 ? path : null;
}

export function remount(path: string, options: string): void {
  const { status, stderr } = spawnSync('mount', ['-o', `remount,${options}`, path], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`cannot mount ${path} again: ${stderr}`);
}

/** Leaves so much room on a disk of `sizeKiB`; gives the file that takes the rest. */
export function fillBut(disk: string, sizeKiB: number, freeKiB: number): string {
  const filler = join(disk, 'filler');
  writeFileSync(filler, Buffer.alloc((sizeKiB - freeKiB) << 10));
  return filler;
}
