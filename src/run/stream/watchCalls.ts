import type { CallRecord, Choice, Model } from '../../backends/model.js';
import { ScaleQuestError } from '../../errors.js';
import type { CalledEvent } from '../events.js';

/** Whose calls are watched, and who is told. */
export interface CallWatch {
  /** Share of the rows whose calls are told, 0 … 1: all calls of a row, or none. */
  share: number;
  /** Unix time in milliseconds, which never runs backwards. */
  nowMs: () => number;
  onCall: (event: CalledEvent) => void;
}

/** The models as a step gets them: what it asks about the watched rows is told. Others cost a comparison a call. */
export function watchCalls(
  models: Readonly<Record<string, Model>>,
  step: string,
  watch: CallWatch | undefined,
): Readonly<Record<string, Model>> {
  if (!watch || watch.share <= 0) return models;
  return Object.fromEntries(
    Object.entries(models).map(([name, model]) => [name, watched(model, step, watch)]),
  );
}

function watched(model: Model, step: string, watch: CallWatch): Model {
  const { share } = watch;
  const told = <R extends { seq: number }, T>(
    kind: CalledEvent['kind'],
    request: R,
    asked: Asked,
    call: (request: R) => Promise<T>,
  ): Promise<T> => {
    const about = { kind, ...asked, step, model: model.name, seq: request.seq };
    return tell(watch, about, (record) => call({ ...request, record }));
  };
  return {
    ...model,
    complete: (request) =>
      isWatched(request.seq, share)
        ? told('complete', request, askedOf(request), model.complete)
        : model.complete(request),
    choose: (request) =>
      isWatched(request.seq, share) ? told('choose', request, {}, model.choose) : model.choose(request),
    score: (request) =>
      isWatched(request.seq, share) ? told('score', request, {}, model.score) : model.score(request),
    embed: (request) =>
      isWatched(request.seq, share) ? told('embed', request, {}, model.embed) : model.embed(request),
    execute: (request) =>
      isWatched(request.seq, share) ? told('execute', request, {}, model.execute) : model.execute(request),
  };
}

type Asked = Pick<CalledEvent, 'choices' | 'tokensMax' | 'temperature' | 'topP'>;

function askedOf({
  n,
  tokensMax,
  temperature,
  topP,
}: Required<Pick<CalledEvent, 'tokensMax' | 'temperature' | 'topP'>> & { n: number }): Asked {
  return { choices: n, tokensMax, temperature, topP };
}

/** 2^32 divided by the golden ratio: multiples of it lie evenly, whichever part of the source is looked at. */
const GOLDEN = 0x9e3779b1;

/** Whether a row is among the share that is watched; the same rows in every step and every start. */
export function isWatched(seq: number, share: number): boolean {
  return Math.imul(seq + 1, GOLDEN) >>> 0 < share * 2 ** 32;
}

type About = Pick<CalledEvent, 'kind' | 'step' | 'model' | 'seq'> & Asked;

function tell<T>(
  { nowMs, onCall }: CallWatch,
  about: About,
  call: (record: CallRecord) => Promise<T>,
): Promise<T> {
  const record: CallRecord = { tries: 0, promptTokens: 0, completionTokens: 0, isStoreHit: false };
  const startedMs = nowMs();
  const end = (more: Pick<CalledEvent, 'finishes' | 'code'>): void =>
    onCall({ event: 'called', ...about, startedMs, tookMs: nowMs() - startedMs, ...record, ...more });
  return call(record).then(
    (answer) => {
      end(about.kind === 'complete' ? { finishes: (answer as Choice[]).map(({ finish }) => finish) } : {});
      return answer;
    },
    (error: unknown) => {
      end({ code: error instanceof ScaleQuestError ? error.code : 'ERR_INVARIANT' });
      throw error;
    },
  );
}
