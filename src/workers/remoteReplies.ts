import type { Clock } from '../clock.js';
import type { WorkerLink } from './link.js';
import { type WorkerMessage, type CoordinatorMessage, keysBody, textsBody, textsIn } from './messages.js';

/** The store of replies as a worker sees it: the coordinator has it. */
export interface RemoteReplies {
  readonly path: string;
  /** Undefined where this worker is to ask the model. */
  get(key: string): Promise<string | undefined>;
  /** Resolves when the coordinator says that the reply is durable, with the one that counts where another came first. */
  put(key: string, text: string): Promise<string | undefined>;
  release(key: string): void;
  count(): void;
  /** A link to a coordinator is open: what still waits for an answer is sent (again). */
  attach(link: WorkerLink<WorkerMessage, CoordinatorMessage>): void;
  detach(): void;
  /** Takes the answers. */
  take(message: Extract<CoordinatorMessage, { kind: 'known' | 'kept' }>): void;
}

/** Requests of a moment are sent together: a message costs more than what it carries. */
const GATHER_MS = 5;

interface Waiting {
  key: string;
  /** Of a reply to be kept. */
  text: string | null;
  resolve: (text: string | undefined) => void;
}

/**
 * Asks the coordinator for replies, and hands it new ones. What it has not answered when it dies is sent to the next one, so that a
 * reply that was paid for is not lost with the coordinator.
 */
export function createRemoteReplies(path: string, clock: Pick<Clock, 'sleep'>): RemoteReplies {
  const waiting = new Map<number, Waiting>();
  /** Keys that this worker asks its models. */
  const claimed = new Set<string>();
  let unsent: number[] = [];
  let link: WorkerLink<WorkerMessage, CoordinatorMessage> | null = null;
  let asked = 0;
  let isGathering = false;

  function wait(key: string, text: string | null): Promise<string | undefined> {
    return new Promise((resolve) => {
      const number = asked++;
      waiting.set(number, { key, text, resolve });
      unsent.push(number);
      void gather();
    });
  }

  async function gather(): Promise<void> {
    if (isGathering) return;
    isGathering = true;
    await clock.sleep(GATHER_MS);
    isGathering = false;
    send();
  }

  function send(): void {
    if (!link || unsent.length === 0) return;
    const all = unsent.map((number) => ({ number, ...waiting.get(number)! }));
    unsent = [];
    sendAll(link, all);
  }

  return {
    path,
    get: (key) => wait(key, null),
    put: (key, text) => wait(key, text),
    release(key) {
      claimed.delete(key);
      link?.send({ kind: 'release', body: keysBody([key]) });
    },
    count() {},
    attach(opened) {
      link = opened;
      if (claimed.size > 0) link.send({ kind: 'claim', body: keysBody([...claimed]) });
      unsent = [...waiting.keys()];
      send();
    },
    detach() {
      link = null;
    },
    take({ kind, numbers, bytes, body }) {
      const texts = textsIn(body, bytes);
      for (const [at, number] of numbers.entries()) {
        const found = waiting.get(number);
        if (!found) continue;
        waiting.delete(number);
        const text = texts[at] ?? undefined;
        if (kind === 'known' && text === undefined) claimed.add(found.key);
        if (kind === 'kept') claimed.delete(found.key);
        found.resolve(text);
      }
    },
  };
}

function sendAll(
  link: WorkerLink<WorkerMessage, CoordinatorMessage>,
  all: readonly (Waiting & { number: number })[],
): void {
  const asks = all.filter(({ text }) => text === null);
  const puts = all.filter(({ text }) => text !== null);
  const numbersOf = (some: typeof all): number[] => some.map(({ number }) => number);
  const keysOf = (some: typeof all): Buffer => keysBody(some.map(({ key }) => key));
  if (puts.length > 0) {
    const { bytes, body } = textsBody(puts.map(({ text }) => text));
    link.send({
      ...{ kind: 'put', numbers: numbersOf(puts), bytes: bytes as number[] },
      body: Buffer.concat([keysOf(puts), body]),
    });
  }
  if (asks.length > 0) link.send({ kind: 'ask', numbers: numbersOf(asks), body: keysOf(asks) });
}
