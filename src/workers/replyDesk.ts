/** What the desk needs of the store of replies. */
export interface DeskStore {
  get(key: string): string | undefined;
  /** Resolves when the reply is durable. */
  put(key: string, text: string): Promise<void>;
}

/** The desk as one process of the run sees it. */
export interface OwnedDesk {
  /**
   * The reply of a request; undefined where this process is to ask the model, and nobody else asks it meanwhile. Where another
   * process asks it already, it is waited for.
   */
  get(key: string): string | undefined | Promise<string | undefined>;
  /** Resolves when the reply is durable, with the one that counts where another came first. */
  put(key: string, text: string): Promise<string | undefined>;
  /** Says that it asks a model already. */
  claim(key: string): void;
  /** Its request failed: another may ask. */
  release(key: string): void;
  /** It is gone: others may ask what it asked. */
  leave(): void;
}

export interface ReplyDesk {
  owner(): OwnedDesk;
}

interface Owner {
  isGone: boolean;
}

interface Claim {
  owner: Owner;
  waiting: { owner: Owner; resolve: (text: string | undefined) => void }[];
}

interface Desk {
  store: DeskStore;
  /** Requests that some process asks a model. */
  claims: Map<string, Claim>;
  /** Replies that are not durable yet. */
  keeping: Map<string, Promise<string>>;
}

/**
 * Stands between the store of replies and the processes of one run, so that a request is asked once, whichever of them need its
 * reply: who comes first asks, the others wait. Of two replies to one request, which a process that was given up for dead can
 * lead to, the first one counts everywhere.
 */
export function createReplyDesk(store: DeskStore): ReplyDesk {
  const desk: Desk = { store, claims: new Map(), keeping: new Map() };
  const { claims, keeping } = desk;
  return {
    owner() {
      const own: Owner = { isGone: false };
      return {
        get: (key) => getReply(desk, own, key),
        put: (key, text) => putReply(desk, key, text),
        claim(key) {
          if (!claims.has(key)) claims.set(key, { owner: own, waiting: [] });
        },
        release(key) {
          const claim = claims.get(key);
          if (claim?.owner === own && !keeping.has(key)) handOn(desk, key, claim);
        },
        leave() {
          own.isGone = true;
          for (const [key, claim] of claims)
            if (claim.owner === own && !keeping.has(key)) handOn(desk, key, claim);
        },
      };
    },
  };
}

function getReply(
  { store, claims, keeping }: Desk,
  owner: Owner,
  key: string,
): string | undefined | Promise<string | undefined> {
  const text = store.get(key);
  if (text !== undefined) return text;
  const kept = keeping.get(key);
  if (kept) return kept;
  const claim = claims.get(key);
  if (!claim) return void claims.set(key, { owner, waiting: [] });
  if (claim.owner === owner) return undefined;
  return new Promise((resolve) => claim.waiting.push({ owner, resolve }));
}

async function putReply(desk: Desk, key: string, text: string): Promise<string | undefined> {
  const first = desk.keeping.get(key) ?? desk.store.get(key);
  if (first === undefined) {
    const kept = keep(desk, key, text);
    desk.keeping.set(key, kept);
    settle(desk, key, await kept);
    return undefined;
  }
  const counts = await first;
  settle(desk, key, counts);
  return counts === text ? undefined : counts;
}

async function keep({ store, keeping }: Desk, key: string, text: string): Promise<string> {
  try {
    await store.put(key, text);
    return text;
  } finally {
    keeping.delete(key);
  }
}

function settle({ claims }: Desk, key: string, text: string): void {
  const claim = claims.get(key);
  claims.delete(key);
  for (const { resolve } of claim?.waiting ?? []) resolve(text);
}

function handOn(desk: Desk, key: string, claim: Claim): void {
  const next = claim.waiting.shift();
  if (!next) return void desk.claims.delete(key);
  if (next.owner.isGone) return handOn(desk, key, claim);
  claim.owner = next.owner;
  next.resolve(undefined);
}
