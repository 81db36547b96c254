import { z } from 'zod';
import { ScaleQuestError } from '../../errors.js';
import { writeAtomic } from '../files/atomicFile.js';
import { type Files, readWhole } from '../files/files.js';

/** The version of the manifest and of everything that it names. A reader refuses other versions. */
export const RUN_FORMAT_VERSION = 1;

const count = z.int().min(0);

const fileRecord = z.strictObject({
  file: z.string().describe('Path inside the run folder, with forward slashes.'),
  rows: count,
  bytes: count,
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits'),
});

const runRecord = z.strictObject({
  kind: z.literal('run'),
  version: z.literal(RUN_FORMAT_VERSION),
  identity: z.string().describe('Hash of everything that decides what the rows are.'),
  name: z.string().describe('Name of the pipeline.'),
  seed: z.int(),
  parts: z.record(z.string(), z.string()).describe('What the identity is a hash of, value by value.'),
});

const commitRecord = z.strictObject({
  kind: z.literal('commit'),
  index: count.describe('Counts from 0.'),
  next: count.describe('The first source position that no commit covers.'),
  kept: count.describe('Rows kept in all commits up to this one.'),
  shard: fileRecord.nullable(),
  rejects: fileRecord.nullable(),
  state: fileRecord.nullable().describe('What stateful steps added to their state.'),
  counts: z.record(z.string(), count).describe('Rows of this commit, by what became of them.'),
  done: z.boolean(),
});

export type FileRecord = z.infer<typeof fileRecord>;
export type RunRecord = z.infer<typeof runRecord>;
export type CommitRecord = z.infer<typeof commitRecord>;

export interface ManifestContent {
  run: RunRecord;
  commits: CommitRecord[];
  /** Size of the whole lines. */
  bytes: number;
  /** Size of a last line that a crash has torn off, 0 as a rule; that commit was never acknowledged. */
  tornBytes: number;
}

/** An open manifest. A commit that it does not name has not happened. */
export interface Manifest {
  readonly content: ManifestContent;
  /** Durable when it resolves. Throws ERR_IO_WRITE; ERR_INVARIANT for a commit out of order. */
  append(commit: CommitRecord): Promise<void>;
  close(): Promise<void>;
}

/** Begins a manifest with its first record, durably, whole or not at all. */
export async function createManifest(files: Files, path: string, run: RunRecord): Promise<Manifest> {
  const line = encodeLine(runRecord.parse(run));
  await writeAtomic(files, path, line);
  return appendingManifest(files, path, { run, commits: [], bytes: line.length, tornBytes: 0 });
}

/** Opens a manifest to append to it, and truncates a torn last line. Throws as `readManifest` does. */
export async function resumeManifest(files: Files, path: string): Promise<Manifest> {
  const content = await readManifest(files, path);
  return appendingManifest(files, path, content);
}

async function appendingManifest(files: Files, path: string, content: ManifestContent): Promise<Manifest> {
  const file = await files.open(path, 'append');
  const commits = [...content.commits];
  // A failed append may have left half a line: nothing may follow it until the next start has truncated it.
  let broken: Error | null = null;
  try {
    if (content.tornBytes > 0) await file.truncate(content.bytes);
    // A process that was killed may have written a record, which was read as true, and not flushed it.
    await file.sync();
  } catch (error) {
    await file.close().catch(() => {});
    throw error;
  }

  async function append(commit: CommitRecord): Promise<void> {
    const checked = commitRecord.parse(commit);
    const fault = findOrderFault(commits.at(-1), checked);
    if (fault) throw new ScaleQuestError('ERR_INVARIANT', `cannot commit: ${fault}`);
    if (broken) throw broken;
    try {
      await file.write(encodeLine(checked));
      await file.sync();
    } catch (error) {
      broken = error as Error;
      throw error;
    }
    commits.push(checked);
  }

  return { content: { ...content, commits }, append, close: () => file.close() };
}

/**
 * Reads and checks a manifest. A last line without its line end, or one that is no JSON, is what a crash
 * leaves: it does not count and is reported. Throws ERR_DATA_INVALID naming file and line for anything else
 * that is wrong, and ERR_IO_READ.
 */
export async function readManifest(files: Files, path: string): Promise<ManifestContent> {
  const bytes = await readWhole(files, path);
  const lines = splitLines(bytes);
  const torn = findTorn(lines);
  const whole = torn ? lines.slice(0, -1) : lines;
  const [head, ...rest] = whole;
  if (!head)
    throw refuse(path, 1, 'found no whole line, expected the header of a run. The file is not a manifest');
  const run = parseLine(path, 1, head.text, runRecord, 'the header of a run of format version 1');
  const commits: CommitRecord[] = [];
  for (const [at, { text }] of rest.entries()) {
    const commit = parseLine(path, at + 2, text, commitRecord, 'a commit');
    const fault = findOrderFault(commits.at(-1), commit);
    if (fault) throw refuse(path, at + 2, fault);
    commits.push(commit);
  }
  const tornBytes = torn?.bytes ?? 0;
  return { run, commits, bytes: bytes.length - tornBytes, tornBytes };
}

interface Line {
  text: string;
  bytes: number;
  ended: boolean;
}

function splitLines(bytes: Uint8Array): Line[] {
  const lines: Line[] = [];
  let from = 0;
  while (from < bytes.length) {
    const end = bytes.indexOf(10, from);
    const to = end < 0 ? bytes.length : end + 1;
    lines.push({
      text: Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString(),
      bytes: to - from,
      ended: end >= 0,
    });
    from = to;
  }
  return lines;
}

function findTorn(lines: readonly Line[]): Line | undefined {
  const last = lines.at(-1);
  return last && (!last.ended || parseJson(last.text) === undefined) ? last : undefined;
}

function parseLine<Schema extends z.ZodType>(
  path: string,
  line: number,
  text: string,
  schema: Schema,
  expected: string,
): z.output<Schema> {
  const value = parseJson(text);
  const start = text.length > 60 ? `${text.slice(0, 59)}…` : text.trim();
  if (value === undefined)
    throw refuse(path, line, `found ${JSON.stringify(start)}, expected ${expected} as JSON`);
  const checked = schema.safeParse(value);
  if (checked.success) return checked.data;
  throw refuse(path, line, `expected ${expected}: ${z.prettifyError(checked.error)}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function findOrderFault(before: CommitRecord | undefined, commit: CommitRecord): string | null {
  const index = before ? before.index + 1 : 0;
  if (before?.done) return `found commit ${commit.index} after the run was done, expected none`;
  if (commit.index !== index) return `found commit ${commit.index}, expected commit ${index}`;
  if (commit.next < (before?.next ?? 0))
    return `found next ${commit.next}, expected at least ${before?.next}`;
  if (commit.kept < (before?.kept ?? 0))
    return `found kept ${commit.kept}, expected at least ${before?.kept}`;
  return null;
}

function refuse(file: string, line: number, message: string): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_DATA_INVALID',
    `${message}. The manifest is the only record of what was committed: restore it, ` +
      'or start in another folder.',
    { at: { file, line } },
  );
}

function encodeLine(record: RunRecord | CommitRecord): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(record)}\n`);
}
