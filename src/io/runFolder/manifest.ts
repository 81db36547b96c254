import { z } from 'zod';
import { ScaleQuestError } from '../../errors.js';
import { writeAtomic } from '../files/atomicFile.js';
import { type Files, readWhole } from '../files/files.js';
import { endOfSealed, openJson, sealJson } from '../files/seal.js';

/** The version of the manifest and of everything that it names. A reader refuses other versions. */
export const RUN_FORMAT_VERSION = 1;

const count = z.int().min(0);

/** A file as it was written, by its path inside the folder that its record is about. */
export const fileRecord = z.strictObject({
  file: z.string().describe('Path inside the folder, with forward slashes.'),
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
  /** Checksum of the last whole line, which the next one goes on from; empty where an older version wrote lines without. */
  check: string;
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
  const { line, check } = encodeLine(runRecord.parse(run), '');
  await writeAtomic(files, path, line);
  return appendingManifest(files, path, { run, commits: [], bytes: line.length, tornBytes: 0, check });
}

/** Opens a manifest to append to it, and truncates a torn last line. Throws as `readManifest` does. */
export async function resumeManifest(files: Files, path: string): Promise<Manifest> {
  const content = await readManifest(files, path);
  return appendingManifest(files, path, content);
}

async function appendingManifest(files: Files, path: string, content: ManifestContent): Promise<Manifest> {
  const file = await files.open(path, 'append');
  const commits = [...content.commits];
  let before = content.check;
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
    const { line, check } = encodeLine(checked, before);
    try {
      await file.write(line);
      await file.sync();
    } catch (error) {
      broken = error as Error;
      throw error;
    }
    before = check;
    commits.push(checked);
  }

  return { content: { ...content, commits }, append, close: () => file.close() };
}

/**
 * Reads and checks a manifest. Each line has a checksum of itself and of the line before it, so that a changed, lost or moved
 * line is noticed; lines of older versions have none. A last line that a crash has left half written does not count and is
 * reported. Throws ERR_DATA_INVALID naming file and line for anything else that is wrong, and ERR_IO_READ.
 */
export async function readManifest(files: Files, path: string): Promise<ManifestContent> {
  const { content, fault } = await readManifestUpTo(files, path);
  if (fault) throw fault;
  return content;
}

/** The same up to the first line that is wrong, with what is wrong with it. Throws for a wrong first line, and ERR_IO_READ. */
export async function readManifestUpTo(
  files: Files,
  path: string,
): Promise<{ content: ManifestContent; fault: ScaleQuestError | null }> {
  const bytes = await readWhole(files, path);
  const lines = splitLines(bytes);
  const torn = findTorn(lines);
  const whole = torn ? lines.slice(0, -1) : lines;
  const [head, ...rest] = whole;
  if (!head)
    throw refuse(path, 1, 'found no whole line, expected the header of a run. The file is not a manifest');
  const { body, check, isWhole } = openJson(lineText(head));
  const run = parseLine(path, 1, body, runRecord, 'the header of a run of format version 1');
  if (check !== null && !isWhole) throw changedLine(path, 1);
  const tornBytes = torn?.bytes ?? 0;
  const content = {
    run,
    commits: [] as CommitRecord[],
    bytes: bytes.length - tornBytes,
    tornBytes,
    check: check ?? '',
  };
  const fault = readCommits(path, rest, content);
  return { content, fault };
}

/** Adds commits to `content` up to the first wrong line, and gives what is wrong with it. */
function readCommits(path: string, lines: readonly Line[], content: ManifestContent): ScaleQuestError | null {
  try {
    for (const [at, line] of lines.entries()) {
      const opened = openJson(lineText(line), content.check);
      if (content.check !== '' && !opened.isWhole) throw changedLine(path, at + 2);
      const commit = parseLine(path, at + 2, opened.body, commitRecord, 'a commit');
      if (opened.check !== null && !opened.isWhole) throw changedLine(path, at + 2);
      const fault = findOrderFault(content.commits.at(-1), commit);
      if (fault) throw refuse(path, at + 2, fault);
      content.commits.push(commit);
      content.check = opened.check ?? '';
    }
    return null;
  } catch (error) {
    return error as ScaleQuestError;
  }
}

function lineText({ text }: Line): string {
  return text.endsWith('\n') ? text.slice(0, -1) : text;
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

/**
 * What a crash leaves of a line that was being appended: a first part, or zeros where the data did not make it. A line that was
 * whole once, and has something else at its end or inside, was changed afterwards and is no torn line.
 */
function findTorn(lines: readonly Line[]): Line | undefined {
  const last = lines.at(-1);
  if (!last) return undefined;
  const end = endOfSealed(last.text);
  if (!last.ended) return end === null || end === last.text.length ? last : undefined;
  if (/^\0|\0\0/.test(last.text)) return last;
  // Older versions wrote no checksums, and believed this of any line that is no JSON.
  const isOlder = lines.slice(0, -1).every(({ text }) => endOfSealed(text) === null);
  return isOlder && end === null && parseJson(last.text) === undefined ? last : undefined;
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

function changedLine(file: string, line: number): ScaleQuestError {
  const rest =
    line === 1
      ? 'restore it, or start in another folder'
      : `restore it; or, if there is no copy, remove line ${line} and all below it: the run then makes their rows again`;
  return new ScaleQuestError(
    'ERR_DATA_INVALID',
    `found a line that does not fit its checksum, expected it as the run wrote it: the file was changed or damaged. It is the ` +
      `only record of what was committed: ${rest}. \`scalequest verify\` checks the other files.`,
    { at: { file, line } },
  );
}

function encodeLine(record: RunRecord | CommitRecord, before: string): { line: Uint8Array; check: string } {
  const text = sealJson(JSON.stringify(record), before);
  return { line: new TextEncoder().encode(`${text}\n`), check: openJson(text, before).check! };
}
