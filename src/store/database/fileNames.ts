/** What a store's folder holds. The first two are LMDB's. */
export const STORE_DATA_FILE = 'data.mdb';
export const STORE_LOCK_FILE = 'lock.mdb';

/** Says that the database was made: from then on, a missing or empty data file is damage. */
export const STORE_MARK_FILE = 'store.json';

/** Exists for a moment, while we check that the disk has space. */
export const STORE_SPACE_FILE = 'space.tmp';

/** Says which process has the store open. */
export const HOLDER_FILE = /^open-.+\.json$/;

/** A name that matches HOLDER_FILE, of the `claim`-th time that the process opens a store. */
export function holderFile(host: string, pid: number, claim: number): string {
  return `open-${encodeURIComponent(host)}-${pid}-${claim}.json`;
}
