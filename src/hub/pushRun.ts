import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { ScaleQuestError } from '../errors.js';
import { readWhole } from '../io/files/files.js';
import { HUB_ENDPOINT } from '../io/hub/hubAccess.js';
import { readChecksums } from '../io/runFolder/checksums.js';
import { hasManifest } from '../io/runFolder/runFolder.js';
import { isSecretName } from '../process/childEnvironment.js';
import { CARD_FILE } from '../io/runFolder/card.js';
import { readManifestUpTo } from '../io/runFolder/manifest.js';
import { MANIFEST_FILE } from '../io/runFolder/runPaths.js';
import { type SystemWorld, systemWorld } from '../run/systemWorld.js';
import { type RunVerification, verifyRun } from '../run/verify/verifyRun.js';
import { type HubRepo, type RemoteFile, openHubRepo } from './hubClient.js';
import { type PushedFile, listPushedFiles } from './pushedFiles.js';

/** How a run is pushed to a hub. */
export interface PushOptions {
  /**
   * Make the repository public.
   * @default false
   */
  public?: boolean;
  /**
   * Push what an unfinished run has committed so far.
   * @default false
   */
  partial?: boolean;
  /**
   * Push the lost rows too.
   * @default false
   */
  rejects?: boolean;
  /**
   * Push to a repository that holds another set.
   * @default false
   */
  replace?: boolean;
  /**
   * List the files, and send nothing.
   * @default false
   */
  dryRun?: boolean;
  /** Stops the push; the next one goes on with what has come. */
  signal?: AbortSignal;
  /** Told each file that has been sent. */
  onSent?: (path: string) => void;
  /** Told why it is tried again, and in how many seconds. */
  onRetry?: (reason: string, waitS: number) => void;
}

/** What a push has sent, or would send. */
export interface PushResult {
  /** Where the set is, or would be. */
  url: string;
  /** All files of the set. */
  files: readonly { path: string; sizeBytes: number }[];
  /** Those of them that were sent; without the ones that were there already. Null for a dry run. */
  sent: readonly string[] | null;
  /** Files of an earlier push that are no part of the set any more, and were removed. */
  removed: readonly string[];
}

/**
 * Pushes the set of a run folder to a data set repository `owner/name` of the Hugging Face hub, after it has verified the run. The token
 * is in HF_TOKEN, another hub in HF_ENDPOINT. Pushed again, it sends what is not there yet.
 *
 * @throws ERR_RUN_FOLDER for an unfinished run, ERR_DATA_INVALID for a damaged one, ERR_HUB_REFUSED, ERR_HUB_UNREACHABLE.
 * @example
 * await pushRun('runs/quickstart', 'me/quickstart');
 */
export async function pushRun(
  folder: string,
  repo: string,
  options: PushOptions = {},
  world: Pick<SystemWorld, 'env' | 'files' | 'clock'> = systemWorld(),
): Promise<PushResult> {
  const { signal = new AbortController().signal, onSent = () => {}, onRetry = () => {} } = options;
  assertName(repo);
  const endpoint = (world.env['HF_ENDPOINT'] ?? HUB_ENDPOINT).replace(/\/+$/, '');
  const token = options.dryRun ? '' : tokenIn(world.env);
  if (!(await hasManifest(world.files, folder))) throw noRun(folder);
  const { content } = await readManifestUpTo(world.files, join(folder, MANIFEST_FILE));
  const verified = await verifyRun(folder, world.files);
  assertPushable(verified, options.partial ?? false);
  const exports = verified.isComplete ? await exportsIn(world, folder) : [];
  const parts = { repo, commits: content.commits, exports, hasRejects: options.rejects ?? false };
  const files = await listPushedFiles(world.files, folder, parts);
  await assertNoSecret(world, folder, files);
  const url = `${endpoint}/datasets/${repo}`;
  if (options.dryRun) return { url, files, sent: null, removed: [] };

  const hub = await openHubRepo({ repo, token, endpoint, clock: world.clock, signal, onRetry });
  await ready(hub, content.run.identity, options);
  const remote = await hub.files();
  const add = await changedFiles(world, folder, files, remote);
  const removed = remote
    .map(({ path }) => path)
    .filter((path) => isOurs(path) && !files.some((file) => file.path === path));
  if (add.size + removed.length > 0) {
    const title = `${content.run.name}: ${verified.rows} rows, ${content.run.identity.slice(0, 12)}`;
    await hub.commit({ title, add, remove: removed }, onSent);
  }
  return { url, files, sent: [...add.keys()], removed };
}

const NAME = /^[A-Za-z0-9][\w.-]{0,95}\/[A-Za-z0-9][\w.-]{0,95}$/;

function assertName(repo: string): void {
  if (NAME.test(repo)) return;
  throw new ScaleQuestError(
    'ERR_USAGE',
    `found ${JSON.stringify(repo)}, expected owner/name, as me/quickstart`,
  );
}

function tokenIn(env: SystemWorld['env']): string {
  const token = env['HF_TOKEN']?.trim();
  if (token && /^hf_\w+$/.test(token)) return token;
  const found = token ? 'a text that is no token' : 'no HF_TOKEN';
  throw new ScaleQuestError(
    'ERR_HUB_REFUSED',
    `found ${found} in the environment, expected one that may write, as hf_…: make it in the settings of your account`,
  );
}

function noRun(folder: string): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_RUN_FOLDER',
    `found no run in ${folder}, expected a run folder with its ${MANIFEST_FILE}`,
  );
}

/** A card may be edited: that is the way to say more of a set. */
function assertPushable({ folder, isComplete, findings }: RunVerification, mayBePartial: boolean): void {
  const wrong = findings.filter(({ kind, file }) => kind === 'damaged' || file !== CARD_FILE);
  if (wrong.length > 0)
    throw new ScaleQuestError(
      'ERR_DATA_INVALID',
      `${folder}: found ${wrong.length} files that are not as they were written (${wrong[0]!.file}: ${wrong[0]!.problem}), ` +
        `expected none. \`scalequest verify ${folder}\` names each with what to do`,
    );
  if (isComplete || mayBePartial) return;
  throw new ScaleQuestError(
    'ERR_RUN_FOLDER',
    `found an unfinished run in ${folder}, expected a finished one. Start it again, or push what it has with --partial`,
  );
}

/** Only a finished run has them, and the list of its checksums. */
async function exportsIn({ files }: Pick<SystemWorld, 'files'>, folder: string): Promise<string[]> {
  const sums = await readChecksums(files, folder);
  return [...(sums?.keys() ?? [])].flatMap((path) => /^exports\/([^/]+)\.json$/.exec(path)?.[1] ?? []);
}

const SECRET_CHARS_MIN = 8;
const TEXTS = /\.(md|ya?ml|jsonl?|html|svg)$/;

/** The last door: what is public once is public for ever. */
async function assertNoSecret(
  { env, files }: Pick<SystemWorld, 'env' | 'files'>,
  folder: string,
  pushed: readonly PushedFile[],
): Promise<void> {
  const secrets = Object.entries(env).filter(
    ([name, value]) => isSecretName(name) && (value?.length ?? 0) >= SECRET_CHARS_MIN,
  );
  for (const { path, text } of pushed) {
    if (!TEXTS.test(path)) continue;
    const whole = text ?? Buffer.from(await readWhole(files, join(folder, path))).toString();
    const found = secrets.find(([, value]) => whole.includes(value!));
    if (!found) continue;
    throw new ScaleQuestError(
      'ERR_DATA_INVALID',
      `found the value of ${found[0]} in ${path}, expected no secret in what is pushed. Write \${${found[0]}} in the pipeline file instead`,
    );
  }
}

/** Makes the repository, or looks whether this set may go into the one that is there. */
async function ready(
  hub: HubRepo,
  identity: string,
  { public: isPublic = false, replace = false }: PushOptions,
): Promise<void> {
  const found = await hub.visibility();
  if (found === null) return hub.create(isPublic ? 'public' : 'private');
  if (found === 'public' && !isPublic)
    throw new ScaleQuestError(
      'ERR_HUB_REFUSED',
      `found ${hub.url} public, expected a private one. Push to it with --public, or name another`,
    );
  if (replace) return;
  const files = (await hub.files()).map(({ path }) => path).filter((path) => path !== '.gitattributes');
  if (files.length === 0) return;
  const head = files.includes(MANIFEST_FILE) ? await hub.head(MANIFEST_FILE) : '';
  if (IDENTITY.exec(head)?.[1] === identity) return;
  throw new ScaleQuestError(
    'ERR_HUB_REFUSED',
    `found another set in ${hub.url}, expected an empty repository or one of the same run. ` +
      'Name another, or replace that set with --replace',
  );
}

const IDENTITY = /"identity":"([^"]+)"/;

/** What of the set the repository does not have yet. */
async function changedFiles(
  { files }: Pick<SystemWorld, 'files'>,
  folder: string,
  pushed: readonly PushedFile[],
  remote: readonly RemoteFile[],
): Promise<Map<string, { file: string } | { text: string }>> {
  const there = new Map(remote.map((file) => [file.path, file]));
  const changed = new Map<string, { file: string } | { text: string }>();
  for (const own of pushed) {
    const found = there.get(own.path);
    if (found && (await isSame(own, found, () => readWhole(files, join(folder, own.path))))) continue;
    changed.set(own.path, own.text === undefined ? { file: resolve(folder, own.path) } : { text: own.text });
  }
  return changed;
}

async function isSame(own: PushedFile, found: RemoteFile, read: () => Promise<Uint8Array>): Promise<boolean> {
  if (found.sha256 !== undefined) return found.sha256 === own.sha256;
  if (found.sizeBytes !== own.sizeBytes) return false;
  const bytes = own.text === undefined ? await read() : Buffer.from(own.text);
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex') === found.gitHash;
}

/** Files that a push has written. Others, as pictures that a person has added, stay. */
function isOurs(path: string): boolean {
  return /^(shards\/shard-\d+\.parquet|rejects\/rejects-\d+\.parquet|exports\/.+)$/.test(path);
}
