import type { RecordBatch } from 'apache-arrow';
import type { Clock } from '../clock.js';
import { type ErrorCode, ERROR_CODES, ScaleQuestError } from '../errors.js';
import type { StepResult } from '../flow/stepResults/stepResult.js';
import type { WorkerLink } from './link.js';
import {
  type ModelCounts,
  type PlanMessage,
  type WorkerMessage,
  type CoordinatorMessage,
  keysIn,
  textsBody,
  textsIn,
  KEY_CHARS,
} from './messages.js';
import type { OwnedDesk, ReplyDesk } from './replyDesk.js';
import { decodeResults, encodeRows } from './unitCodec.js';

/** A batch for the steps [first, end) of the plan. */
export interface Unit {
  /** Its first source position: units go out oldest row first. */
  lo: number;
  first: number;
  end: number;
  /** With all columns that the steps read. */
  rows: RecordBatch;
}

export type WorkerEvent =
  | { event: 'workerJoined'; worker: string; workers: number }
  | { event: 'workerLeft'; worker: string; workers: number; units: number; reason: string };

export interface DispatcherDeps {
  clock: Clock;
  plan: PlanMessage;
  /** Null in a run without a store. */
  desk: ReplyDesk | null;
  /** Does a unit in this process. */
  runHere(unit: Unit): Promise<StepResult[]>;
  onEvent?: (event: WorkerEvent) => void;
  /** A worker that says nothing for so long is given up. */
  silentMs?: number;
  /** Without any worker for so long, this process does the units itself. */
  aloneMs?: number;
  /** The same before the first worker has come: processes take their time to start. */
  firstMs?: number;
}

/** Hands units to workers and takes their answers. It alone knows who has which; nothing of it is on the disk. */
export interface Dispatcher {
  run(unit: Unit): Promise<StepResult[]>;
  /** A worker has come. `name` is for people. */
  join(link: WorkerLink<CoordinatorMessage, WorkerMessage>, name: string): void;
  /** The last counts of each worker, also of those that have left. */
  counts(): readonly ModelCounts[];
  /** Units given to another worker, answers that came too late, units done here. */
  readonly tally: Readonly<UnitTally>;
  /** Tells the workers that all rows are done, or leaves them to wait for the next start. */
  close(isDone: boolean): void;
}

export interface UnitTally {
  givenAgain: number;
  late: number;
  here: number;
}

const SILENT_MS = 5_000;
const ALONE_MS = 5_000;
const FIRST_MS = 30_000;
const LOOK_MS = 1_000;
/** A unit at which so many workers failed fails the run. */
const FAILURES_MAX = 2;

interface OpenUnit extends Unit {
  id: number;
  failures: number;
  holder: Member | null;
  resolve(results: StepResult[]): void;
  reject(error: unknown): void;
}

interface Member {
  name: string;
  link: WorkerLink<CoordinatorMessage, WorkerMessage>;
  desk: OwnedDesk | null;
  /** Units that it can have at a time; 0 until it is ready. */
  places: number;
  held: Set<OpenUnit>;
  heardMs: number;
  isGone: boolean;
}

interface State {
  deps: DispatcherDeps;
  members: Set<Member>;
  /** Units that are not answered, by number. */
  units: Map<number, OpenUnit>;
  /** Those of them that nobody has: oldest row first. */
  queue: OpenUnit[];
  /** Last counts of every worker that was here, by its name. */
  countsOf: Map<string, ModelCounts>;
  tally: UnitTally;
  /** From then on this process does units itself, while there is no worker. */
  aloneFromMs: number;
}

export function createDispatcher(deps: DispatcherDeps): Dispatcher {
  const { clock, plan, desk, silentMs = SILENT_MS } = deps;
  const { firstMs = FIRST_MS } = deps;
  const ended = new AbortController();
  let isDone = false;
  let unitsSoFar = 0;
  const state: State = {
    deps,
    aloneFromMs: clock.nowMs() + firstMs,
    ...{ members: new Set(), units: new Map(), queue: [], countsOf: new Map() },
    tally: { givenAgain: 0, late: 0, here: 0 },
  };
  const { members, units, tally, countsOf } = state;

  async function look(): Promise<void> {
    while (!ended.signal.aborted) {
      await clock.sleep(LOOK_MS, ended.signal).catch(() => {});
      if (ended.signal.aborted) return;
      const oldestMs = clock.nowMs() - silentMs;
      for (const member of members) if (member.heardMs < oldestMs) leave(state, member, 'it was silent');
      assign(state);
    }
  }

  function dismiss({ link }: Pick<Member, 'link'>): void {
    // The socket's end takes what was sent last with it, so whoever listens ends it.
    if (isDone) link.send({ kind: 'done' });
    else link.close();
  }

  void look();
  return {
    tally,
    run(unit) {
      return new Promise((resolve, reject) => {
        const open: OpenUnit = { ...unit, id: unitsSoFar++, failures: 0, holder: null, resolve, reject };
        units.set(open.id, open);
        enqueue(state, open);
        assign(state);
      });
    },
    join(link, name) {
      // Whoever was on its way when the run ended is told so, too.
      if (ended.signal.aborted) return dismiss({ link });
      const member: Member = {
        ...{ name, link, places: 0, held: new Set(), heardMs: clock.nowMs(), isGone: false },
        desk: desk?.owner() ?? null,
      };
      members.add(member);
      link.listen(
        (message) => {
          if (!member.isGone) takeSafely(state, member, message);
        },
        () => leave(state, member, 'its connection ended'),
      );
      link.send(plan);
    },
    counts: () => [...countsOf.values()],
    close(areDone) {
      isDone = areDone;
      ended.abort();
      for (const member of members) {
        member.isGone = true;
        dismiss(member);
      }
      members.clear();
    },
  };
}

function readyMembers({ members }: State): Member[] {
  return [...members].filter(({ places }) => places > 0);
}

function enqueue({ queue }: State, unit: OpenUnit): void {
  const at = queue.findIndex((other) => isAfter(other, unit));
  queue.splice(at < 0 ? queue.length : at, 0, unit);
}

/** Hands out what waits, as far as there are places; does it here where nobody has been there for too long. */
function assign(state: State): void {
  const { queue, deps, aloneFromMs } = state;
  const ready = readyMembers(state);
  while (queue.length > 0) {
    const member = freest(ready);
    if (!member) break;
    give(queue.shift()!, member);
  }
  const isAlone = ready.length === 0 && deps.clock.nowMs() >= aloneFromMs;
  if (isAlone) for (const unit of queue.splice(0)) void doHere(state, unit);
}

function give(unit: OpenUnit, member: Member): void {
  const { id, first, end, rows } = unit;
  unit.holder = member;
  member.held.add(unit);
  member.link.send({ kind: 'unit', id, first, end, body: encodeRows(rows) });
}

async function doHere(state: State, unit: OpenUnit): Promise<void> {
  state.tally.here += 1;
  try {
    settle(state, unit, await state.deps.runHere(unit));
  } catch (error) {
    state.units.delete(unit.id);
    unit.reject(error);
  }
}

function settle({ units, queue }: State, unit: OpenUnit, results: StepResult[]): void {
  units.delete(unit.id);
  unit.holder?.held.delete(unit);
  const at = queue.indexOf(unit);
  if (at >= 0) queue.splice(at, 1);
  unit.resolve(results);
}

/** The first answer counts, whoever gives it: what a worker answers follows from the unit and the replies alone. */
function takeAnswer(state: State, member: Member, id: number, body: Uint8Array): void {
  const unit = state.units.get(id);
  if (unit) settle(state, unit, decodeResults(body));
  else state.tally.late += 1;
  for (const held of member.held) if (held.id === id) member.held.delete(held);
  assign(state);
}

function leave(state: State, member: Member, reason: string, failure?: ScaleQuestError): void {
  if (member.isGone) return;
  member.isGone = true;
  state.members.delete(member);
  member.desk?.leave();
  member.link.close();
  const workers = readyMembers(state).length;
  const { clock, aloneMs = ALONE_MS } = state.deps;
  if (workers === 0 && member.places > 0) state.aloneFromMs = clock.nowMs() + aloneMs;
  const held = [...member.held];
  for (const unit of held) putBack(state, unit, failure);
  state.tally.givenAgain += held.length;
  if (member.places > 0)
    state.deps.onEvent?.({
      ...{ event: 'workerLeft', worker: member.name, workers, units: held.length, reason },
    });
  assign(state);
}

function putBack(state: State, unit: OpenUnit, failure: ScaleQuestError | undefined): void {
  unit.holder = null;
  if (failure) unit.failures += 1;
  if (!failure || unit.failures < FAILURES_MAX) return enqueue(state, unit);
  state.units.delete(unit.id);
  unit.reject(failure);
}

/** What goes wrong with the store, or in this process, ends the run. */
function failAll({ units, queue }: State, error: unknown): void {
  for (const unit of units.values()) unit.reject(error);
  units.clear();
  queue.length = 0;
}

function takeSafely(state: State, member: Member, message: WorkerMessage): void {
  try {
    take(state, member, message);
  } catch (error) {
    failAll(state, error);
  }
}

function take(state: State, member: Member, message: WorkerMessage): void {
  member.heardMs = state.deps.clock.nowMs();
  if (message.kind === 'ready') return makeReady(state, member, message.identity, message.places);
  if (message.kind === 'answer') return takeAnswer(state, member, message.id, message.body);
  if (message.kind === 'beat') {
    state.countsOf.set(member.name, message.counts);
    return member.link.send({ kind: 'alive' });
  }
  if (message.kind === 'failed') return leave(state, member, message.message, errorOf(member, message));
  if (member.desk) answerDesk(member, member.desk, message, (error) => failAll(state, error));
}

function makeReady(state: State, member: Member, identity: string, places: number): void {
  const { plan, onEvent } = state.deps;
  if (identity !== plan.identity) {
    const message = 'its pipeline file came to another identity';
    member.link.send({ kind: 'refused', message });
    return leave(state, member, message);
  }
  member.places = places;
  onEvent?.({ event: 'workerJoined', worker: member.name, workers: readyMembers(state).length });
  assign(state);
}

function freest(members: readonly Member[]): Member | null {
  const free = members.filter(({ places, held }) => held.size < places);
  return free.reduce<Member | null>(
    (best, member) => (best && best.held.size <= member.held.size ? best : member),
    null,
  );
}

/** Oldest row first; of one row, the later steps first. */
function isAfter(one: OpenUnit, other: OpenUnit): boolean {
  return one.lo === other.lo ? one.first < other.first : one.lo > other.lo;
}

function errorOf({ name }: Member, { code, message }: { code: string; message: string }): ScaleQuestError {
  const known = Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : 'ERR_INVARIANT';
  return new ScaleQuestError(known, `the worker ${name}: ${message}`);
}

type DeskMessage = Exclude<WorkerMessage, { kind: 'ready' | 'answer' | 'beat' | 'failed' }>;

function answerDesk(
  { link }: Member,
  desk: OwnedDesk,
  message: DeskMessage,
  fail: (error: unknown) => void,
): void {
  if (message.kind === 'ask') return answerAsk(link, desk, message, fail);
  if (message.kind === 'put') return answerPut(link, desk, message, fail);
  const act = message.kind === 'claim' ? desk.claim : desk.release;
  for (const key of keysIn(message.body)) act(key);
}

/** What is known now goes back at once; what another worker asks already, when it has its reply. */
function answerAsk(
  link: Member['link'],
  desk: OwnedDesk,
  { numbers, body }: Extract<WorkerMessage, { kind: 'ask' }>,
  fail: (error: unknown) => void,
): void {
  const known: number[] = [];
  const texts: (string | null)[] = [];
  for (const [at, key] of keysIn(body).entries()) {
    const number = numbers[at]!;
    const found = desk.get(key);
    if (found instanceof Promise) {
      found.then(
        (text) => link.send({ kind: 'known', numbers: [number], ...textsBody([text ?? null]) }),
        fail,
      );
      continue;
    }
    known.push(number);
    texts.push(found ?? null);
  }
  if (known.length > 0) link.send({ kind: 'known', numbers: known, ...textsBody(texts) });
}

function answerPut(
  link: Member['link'],
  desk: OwnedDesk,
  { numbers, bytes, body }: Extract<WorkerMessage, { kind: 'put' }>,
  fail: (error: unknown) => void,
): void {
  const keys = keysIn(body, numbers.length);
  const texts = textsIn(body, bytes, numbers.length * KEY_CHARS) as string[];
  Promise.all(keys.map((key, at) => desk.put(key, texts[at]!))).then((others) => {
    link.send({ kind: 'kept', numbers, ...textsBody(others.map((other) => other ?? null)) });
  }, fail);
}
