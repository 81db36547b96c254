/** What a store's folder holds. The first two are LMDB's. */
export const STORE_DATA_FILE = 'data.mdb';
export const STORE_LOCK_FILE = 'lock.mdb';

/** Says that the database was made: that its file is missing or empty is damage from then on. */
export const STORE_MARK_FILE = 'store.json';

/** For a moment, to see that the disk has room. */
export const STORE_ROOM_FILE = 'room.tmp';

/** Says which process has the store open. */
export const HOLDER_FILE = /^open-.+\.json$/;
