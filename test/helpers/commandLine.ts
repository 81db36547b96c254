import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PACKAGE_FOLDER } from '../../src/io/files/packageFiles.js';

export const MAIN = join(PACKAGE_FOLDER, 'dist', 'src', 'cli', 'main.js');

const COMMAND_MS_MAX = 90_000;

export interface CommandResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunningCommand {
  child: ChildProcess;
  result: Promise<CommandResult>;
  /** Resolves when the error stream holds a text. */
  stderrHas(text: string): Promise<void>;
}

/**
 * Starts `scalequest` with arguments, in a process group of its own, as a terminal would. `before`: what a shell runs first
 * in the same process, as `ulimit -n 100`.
 */
export function startCommand(
  args: readonly string[],
  cwd = PACKAGE_FOLDER,
  before: string | null = null,
): RunningCommand {
  const command = [process.execPath, MAIN, ...args];
  const shell = before === null ? [] : ['sh', '-c', `${before} && exec "$0" "$@"`];
  const [program, ...rest] = [...shell, ...command];
  const child = spawn(program!, rest, {
    cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // A command that does not end must fail its test, not hold up all of them.
  const giveUp = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), COMMAND_MS_MAX);
  const said = { stdout: '', stderr: '' };
  const waiting = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      said[name] += chunk;
      for (const look of waiting) look();
    });
  }
  const result = new Promise<CommandResult>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(giveUp);
      resolve({ code, ...said });
    });
  });
  async function stderrHas(text: string): Promise<void> {
    await Promise.race([
      new Promise<void>((resolve) => {
        const look = (): void => (said.stderr.includes(text) ? resolve() : undefined);
        waiting.add(look);
        look();
      }),
      result.then(({ stderr }) => {
        if (!stderr.includes(text)) throw new Error(`ended without saying "${text}": ${stderr}`);
      }),
    ]);
  }
  return { child, result, stderrHas };
}

export function runCommand(...args: string[]): Promise<CommandResult> {
  return startCommand(args).result;
}

const temporaryFolders: string[] = [];

function removeTemporaryFolders(): void {
  for (const folder of temporaryFolders) rmSync(folder, { recursive: true, force: true });
}

/** A folder that is removed at the end of the process. */
export function temporaryFolder(): string {
  // One listener for all: Node warns of more than ten.
  if (temporaryFolders.length === 0) process.once('exit', removeTemporaryFolders);
  const folder = mkdtempSync(join(tmpdir(), 'scalequest-'));
  temporaryFolders.push(folder);
  return folder;
}

/** A pipeline file on the bundled model; gives its path. */
export function writePipeline(folder: string, lines: readonly string[], model = 'tiny.gguf'): string {
  const file = join(folder, 'pipeline.yaml');
  const path = model.startsWith('/') ? model : join(PACKAGE_FOLDER, 'models', model);
  const models = `models: { tiny: { llamaCpp: { path: ${JSON.stringify(path)}, processes: 1 } } }`;
  // Each run asks for itself, but where the store is what is tested.
  const store = lines.some((line) => line.startsWith('store:')) ? [] : ['store: none'];
  writeFileSync(file, ['name: small', 'seed: 5', models, ...store, ...lines, ''].join('\n'));
  return file;
}

/** SHA-256 of every file below a folder, by path. */
export function hashesOf(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true }) as string[];
  const files = names.filter((name) => statSync(join(folder, name)).isFile()).sort();
  return Object.fromEntries(
    files.map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(folder, name)))
        .digest('hex'),
    ]),
  );
}
