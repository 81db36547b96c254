import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ScaleQuestError } from '../../errors.js';

const FILE = join('src', 'backends', 'sandbox', 'judge.py');

let text: string | undefined;

/**
 * The program that judges a program, in Python: it runs inside the sandbox. It begins a second process for the program before it
 * reads the tests, keeps its own memory from it, and calls the program’s functions there; what comes back is read as data. So a
 * program can pass a test by giving the right value, and in no other way: see docs/security.md.
 */
export function judgeText(): string {
  return (text ??= readFileSync(judgePath(dirname(fileURLToPath(import.meta.url))), 'utf8'));
}

/** It lies in the package beside its TypeScript, wherever the compiled code is. */
function judgePath(folder: string): string {
  const path = join(folder, FILE);
  if (existsSync(path)) return path;
  const parent = dirname(folder);
  if (parent !== folder) return judgePath(parent);
  throw new ScaleQuestError(
    'ERR_IO_READ',
    `no ${FILE} above ${fileURLToPath(import.meta.url)}: the installation is broken`,
  );
}
