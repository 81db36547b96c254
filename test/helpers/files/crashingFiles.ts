import { dirname } from 'node:path';
import {
  type Files,
  type FileStat,
  type OpenFile,
  type OpenMode,
  byCodeUnits,
  fileError,
} from '../../../src/io/files/files.js';

/**
 * A file system in memory that fails and crashes when it is told to. It is as forgetful as POSIX lets a disk be: data that
 * were not synced, and names whose folder was not, may be gone, torn or there after a power cut.
 */
export interface CrashingFiles extends Files {
  /** Calls that were begun so far. */
  readonly operations: number;
  readonly isCrashed: boolean;
  /** Handles not yet closed. */
  readonly openHandles: number;
  /** From now on nothing is written and every call rejects, until `restart`. */
  crash(): void;
  /**
   * Comes back as after SIGKILL (`process`: everything written is there) or after a power cut (`machine`: only what was
   * synced surely is). Handles from before are dead. `random`: uniform in [0, 1).
   */
  restart(kind: CrashKind, random: () => number): void;
  /** Every file as a reader would find it now: path → bytes. */
  snapshot(): Map<string, Uint8Array>;
}

export type CrashKind = 'process' | 'machine';

export interface Operation {
  kind: keyof Files | keyof OpenFile;
  path: string;
  /** Counts from 0. */
  index: number;
  /** Bytes of a write; 0 for other operations. */
  bytes: number;
}

/** What goes wrong with an operation. */
export type Fault =
  /** Rejects; of a write, so many bytes are in the file all the same. */
  { kind: 'error'; errno: string; bytesWritten?: number } | { kind: 'crash'; bytesWritten?: number };

/** Asked before each operation: it may take its time; null lets the operation through. */
export type Meddle = (operation: Operation) => Fault | null | Promise<Fault | null>;

interface Inode {
  bytes: Uint8Array;
  /** The content at the last sync. */
  durable: Uint8Array;
  /** Emptied and written anew since the last sync. */
  isRewritten: boolean;
}

type Entry = Inode | 'folder';

/** A change of names that is not durable yet; a rename is one change of two names. */
type Change = readonly (readonly [path: string, entry: Entry | null])[];

interface Disk {
  names: Map<string, Entry>;
  durableNames: Map<string, Entry>;
  /** By folder, oldest first. */
  changes: Map<string, Change[]>;
  operations: number;
  openHandles: number;
  isCrashed: boolean;
  /** Counts restarts: a handle works in its own life only. */
  life: number;
}

export function crashingFiles(meddle: Meddle = () => null): CrashingFiles {
  const disk: Disk = {
    names: new Map([['/', 'folder']]),
    durableNames: new Map([['/', 'folder']]),
    changes: new Map(),
    operations: 0,
    openHandles: 0,
    isCrashed: false,
    life: 0,
  };

  async function step<T>(
    kind: Operation['kind'],
    path: string,
    work: () => T,
    bytes = 0,
    part?: (bytesWritten: number) => void,
    isReading = READS.includes(kind),
  ): Promise<T> {
    const life = disk.life;
    const code = isReading ? 'ERR_IO_READ' : 'ERR_IO_WRITE';
    const fail = (errno: string): never => {
      throw fileError(code, path, Object.assign(new Error(`simulated ${errno}`), { code: errno }));
    };
    if (disk.isCrashed) return fail('ECRASHED');
    const fault = await meddle({ kind, path, index: disk.operations++, bytes });
    if (disk.isCrashed || life !== disk.life) return fail('ECRASHED');
    if (fault) part?.(fault.bytesWritten ?? 0);
    if (fault?.kind === 'crash') disk.isCrashed = true;
    if (fault) return fail(fault.kind === 'crash' ? 'ECRASHED' : fault.errno);
    try {
      return work();
    } catch (error) {
      throw fileError(code, path, error);
    }
  }

  function openInode(path: string, inode: Inode, isReading: boolean): OpenFile {
    const life = disk.life;
    let isOpen = true;
    disk.openHandles += 1;
    const on = <T>(kind: keyof OpenFile, work: () => T, bytes?: number, part?: (n: number) => void) =>
      step(
        kind,
        path,
        () => {
          if (!isOpen || life !== disk.life) throw errno('EBADF');
          return work();
        },
        bytes,
        part,
      );
    return {
      write: (bytes) =>
        on(
          'write',
          () => void (inode.bytes = joined(inode.bytes, bytes)),
          bytes.length,
          (count) => void (inode.bytes = joined(inode.bytes, bytes.subarray(0, count))),
        ),
      read: (at, length) => on('read', () => inode.bytes.slice(at, at + length)),
      truncate: (size) => on('truncate', () => void (inode.bytes = inode.bytes.slice(0, size))),
      sync: () =>
        on('sync', () => {
          inode.durable = inode.bytes;
          inode.isRewritten = false;
        }),
      close: async () => {
        // A handle is given up whatever close says, as on Linux.
        if (isOpen && life === disk.life) disk.openHandles -= 1;
        isOpen = false;
        await step('close', path, () => {}, 0, undefined, isReading);
      },
    };
  }

  return {
    get operations() {
      return disk.operations;
    },
    get isCrashed() {
      return disk.isCrashed;
    },
    get openHandles() {
      return disk.openHandles;
    },
    open(path, mode) {
      const isReading = mode === 'read';
      const work = (): OpenFile => openInode(path, inodeFor(disk, path, mode), isReading);
      return step('open', path, work, 0, undefined, isReading);
    },
    rename: (from, to) => step('rename', to, () => renameEntry(disk, from, to)),
    unlink: (path) => step('unlink', path, () => unlinkEntry(disk, path)),
    mkdir: (path) => step('mkdir', path, () => makeFolders(disk, path)),
    readdir: (path) => step('readdir', path, () => namesIn(disk, path)),
    stat: (path) => step('stat', path, () => statOf(disk, path)),
    syncFolder: (path) => step('syncFolder', path, () => syncNames(disk, path)),
    crash: () => void (disk.isCrashed = true),
    restart: (kind, random) => restart(disk, kind, random),
    snapshot: () =>
      new Map([...disk.names].flatMap(([path, entry]) => (entry === 'folder' ? [] : [[path, entry.bytes]]))),
  };
}

const READS: readonly Operation['kind'][] = ['read', 'readdir', 'stat'];

function errno(code: string): Error {
  return Object.assign(new Error(code), { code });
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a);
  bytes.set(b, a.length);
  return bytes;
}

function inodeFor(disk: Disk, path: string, mode: OpenMode): Inode {
  const found = disk.names.get(path);
  if (found === 'folder') throw errno('EISDIR');
  if (found && mode === 'exclusive') throw errno('EEXIST');
  if (found && mode === 'write') {
    found.bytes = new Uint8Array();
    found.isRewritten = true;
  }
  if (found) return found;
  if (mode === 'read') throw errno('ENOENT');
  const inode: Inode = { bytes: new Uint8Array(), durable: new Uint8Array(), isRewritten: false };
  change(disk, dirname(path), [[path, inode]]);
  return inode;
}

/** In memory at once; durable when the folder is synced. */
function change(disk: Disk, folder: string, made: Change): void {
  if (disk.names.get(folder) !== 'folder') throw errno('ENOENT');
  apply(disk.names, made);
  disk.changes.set(folder, [...(disk.changes.get(folder) ?? []), made]);
}

function apply(names: Map<string, Entry>, made: Change): void {
  for (const [path, entry] of made) {
    if (entry) names.set(path, entry);
    else names.delete(path);
  }
}

function renameEntry(disk: Disk, from: string, to: string): void {
  const entry = disk.names.get(from);
  if (!entry) throw errno('ENOENT');
  // A rename between two folders is one change of both, as in a journal; a sync of the folder that it goes to makes it durable.
  change(disk, dirname(to), [
    [from, null],
    [to, entry],
  ]);
}

function unlinkEntry(disk: Disk, path: string): void {
  if (!disk.names.has(path)) throw errno('ENOENT');
  change(disk, dirname(path), [[path, null]]);
}

function makeFolders(disk: Disk, path: string): void {
  const found = disk.names.get(path);
  if (found === 'folder') return;
  if (found) throw errno('EEXIST');
  makeFolders(disk, dirname(path));
  change(disk, dirname(path), [[path, 'folder']]);
}

function namesIn(disk: Disk, folder: string): string[] {
  if (disk.names.get(folder) !== 'folder') throw errno('ENOENT');
  const paths = [...disk.names.keys()].filter((path) => path !== '/' && dirname(path) === folder);
  return paths.map((path) => path.slice(folder === '/' ? 1 : folder.length + 1)).sort(byCodeUnits);
}

function statOf(disk: Disk, path: string): FileStat | null {
  const entry = disk.names.get(path);
  if (!entry) return null;
  return { sizeBytes: entry === 'folder' ? 0 : entry.bytes.length, isFolder: entry === 'folder' };
}

function syncNames(disk: Disk, folder: string): void {
  if (disk.names.get(folder) !== 'folder') throw errno('ENOENT');
  for (const made of disk.changes.get(folder) ?? []) apply(disk.durableNames, made);
  disk.changes.delete(folder);
}

function restart(disk: Disk, kind: CrashKind, random: () => number): void {
  if (kind === 'machine') losePower(disk, random);
  disk.isCrashed = false;
  disk.openHandles = 0;
  disk.life += 1;
}

/** A journal keeps a folder's changes in order: of those not synced a first part survives. */
function losePower(disk: Disk, random: () => number): void {
  for (const changes of disk.changes.values()) {
    const survive = Math.floor(random() * (changes.length + 1));
    for (const made of changes.slice(0, survive)) apply(disk.durableNames, made);
  }
  disk.changes.clear();
  const isReachable = (path: string): boolean =>
    path === '/' || (disk.durableNames.get(dirname(path)) === 'folder' && isReachable(dirname(path)));
  for (const path of [...disk.durableNames.keys()]) if (!isReachable(path)) disk.durableNames.delete(path);
  disk.names = new Map(disk.durableNames);
  for (const entry of new Set(disk.names.values())) {
    if (entry === 'folder') continue;
    entry.bytes = survivor(entry, random);
    entry.durable = entry.bytes;
    entry.isRewritten = false;
  }
}

/**
 * All, nothing, a first part, or the whole length with zeros where the data did not make it. What was there before and was not
 * written again stays: an appended file keeps its beginning, and one that was cut is as long as before or as after.
 */
function survivor({ bytes, durable, isRewritten }: Inode, random: () => number): Uint8Array {
  const draw = random();
  if (bytes === durable || draw < 0.25) return durable;
  if (draw < 0.5) return bytes;
  const common = Math.min(bytes.length, durable.length);
  const isSame = !isRewritten && bytes.subarray(0, common).every((byte, at) => durable[at] === byte);
  const least = isSame ? common : 0;
  const cut = least + Math.floor(random() * (bytes.length - least));
  return draw < 0.75 ? bytes.slice(0, cut) : bytes.map((byte, at) => (at < cut ? byte : 0));
}
