import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type RunningEndpoint, startEndpoint } from '../../../bench/endpoint/start.js';
import { KINDS, pipelineText } from '../../../bench/million/pipeline.js';
import { temporaryFolder } from '../commandLine.js';

/** The steps of the quickstart on a simulated server: two stages for workers, with deduplication between them. */
export interface WorkerRun {
  folder: string;
  file: string;
  endpoint: RunningEndpoint;
  /** A file with the token of the run. */
  tokenFile: string;
  /** Flags of a run in a folder of its own, with a store of its own. */
  flags(name: string): string[];
  manifest(name: string): string;
}

export interface WorkerRunOptions {
  rows: number;
  /** Of each reply of the server. */
  latencyMs?: number;
  batchRows?: number;
}

export async function createWorkerRun({
  rows,
  latencyMs = 5,
  batchRows = 16,
}: WorkerRunOptions): Promise<WorkerRun> {
  const folder = temporaryFolder();
  const endpoint = await startEndpoint({ timeScale: 0, latencyMs, kinds: KINDS });
  const file = join(folder, 'pipeline.yaml');
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, 'a-token-of-this-test\n');
  const text = pipelineText({ rows, url: endpoint.url });
  const source = `source: { batchRows: ${batchRows}, windowRows: ${4 * batchRows} }\noutput: { shardRows: 50 }`;
  writeFileSync(file, text.replace(/^source: .*$/m, source));
  return {
    ...{ folder, file, endpoint, tokenFile },
    flags(name) {
      mkdirSync(join(folder, name), { recursive: true });
      return ['--out', join(folder, name, 'run'), '--set', `store=${join(folder, name, 'store')}`];
    },
    manifest: (name) => readFileSync(join(folder, name, 'run', 'manifest.jsonl'), 'utf8'),
  };
}

/** A port that nobody had a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
