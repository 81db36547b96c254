import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Trainers of node that behave in one way each: `[node, trainer.mjs, <way>, <folder>, …]`. They write their pids first. */
const TRAINER = `import { spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
const [way, folder, output, ...more] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
appendFileSync(join(folder, 'starts.jsonl'), JSON.stringify(more) + '\\n');
const worker = spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)'], { stdio: 'inherit' });
writeFileSync(join(folder, 'pids'), JSON.stringify([process.pid, worker.pid]));
const forever = () => setInterval(() => {}, 1000);
const write = () => { mkdirSync(output, { recursive: true }); writeFileSync(join(output, 'weights'), 'w'); };
const loss = (value) => console.log("{'loss': '" + value + "', 'epoch': '0.5'}");
if (way === 'good') { loss(2); console.error('warning: slow'); loss(0.5); write(); process.exit(0); }
if (way === 'idle') { loss(2); process.exit(0); }
if (way === 'nan') { loss(2); loss('nan'); write(); process.exit(0); }
if (way === 'dies') { loss(2); console.error('CUDA out of memory'); process.exit(3); }
if (way === 'killed') { loss(2); setTimeout(() => process.kill(process.pid, 'SIGKILL'), 50); }
if (way === 'hangs') { loss(2); forever(); }
if (way === 'talks') { setInterval(() => loss(1), 20); }
if (way === 'stubborn') { process.on('SIGTERM', () => console.log('not yet')); loss(2); forever(); }
if (way === 'secret') { console.log('token ' + process.env.HF_TOKEN + ' key ' + process.env.SERVER_KEY); write(); process.exit(0); }
`;

export function writeTrainer(folder: string): string {
  const path = join(folder, 'trainer.mjs');
  writeFileSync(path, TRAINER);
  return path;
}

/** Of the trainer and of the worker that it leaves, once it has written them. */
export async function pidsOf(folder: string, command?: Promise<{ stderr: string }>): Promise<number[]> {
  let said: string | null = null;
  void command?.then(({ stderr }) => (said = stderr));
  for (let look = 0; look < 2400; look++) {
    try {
      return JSON.parse(readFileSync(join(folder, 'pids'), 'utf8')) as number[];
    } catch {
      if (said !== null) throw new Error(`the command ended before its trainer started: ${said}`);
      await delay(25);
    }
  }
  throw new Error(`no trainer has started in ${folder}`);
}

/** Arguments of every start so far. */
export function startsOf(folder: string): string[][] {
  const lines = readFileSync(join(folder, 'starts.jsonl'), 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as string[]);
}

export function isAlive(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', `${pid}`], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z');
}

/** Those that are still alive after a moment. */
export async function leftOf(pids: readonly number[]): Promise<number[]> {
  for (let look = 0; look < 200 && pids.some(isAlive); look++) await delay(50);
  return pids.filter(isAlive);
}
