import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const WRITER = fileURLToPath(new URL('./storeWriter.js', import.meta.url));

export interface Writer {
  acked: number[];
  failures: string[];
  /** Messages of the failures. */
  messages: string[];
  closed: boolean;
  code: number | null;
}

/** Starts a writer; kills it after `killMs`, if given. `shell`: a prefix such as a limit. */
export function runWriter(
  path: string,
  first: number,
  count: number,
  killMs?: number,
  shell = '',
): Promise<Writer> {
  const command = `${shell} exec "${process.execPath}" "${WRITER}" "${path}" "run${first}" ${first} ${count}`;
  const child = spawn('bash', ['-c', command], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  let timer: NodeJS.Timeout | undefined;
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk;
    // Counted from the first acknowledged reply: starting takes its time.
    if (killMs !== undefined) timer ??= setTimeout(() => child.kill('SIGKILL'), killMs);
  });
  return new Promise((resolve) => {
    child.on('close', (code) => {
      clearTimeout(timer);
      const lines = said.split('\n').slice(0, -1);
      const after = (word: string): string[] =>
        lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
      resolve({
        ...{ acked: after('acked').map(Number), failures: after('failed'), messages: after('said') },
        ...{ closed: lines.includes('closed'), code },
      });
    });
  });
}
