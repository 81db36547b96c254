import type { FailureKind } from '../http/tryFailure.js';
import { CONSECUTIVE_FAILURES_MAX, EJECTION_BACKOFF } from '../limits.js';

/**
 * Outlier ejection, as in Envoy: a replica that cannot be reached, or that fails again and again while another one is well,
 * gets no calls for a while. Each consecutive ejection lasts twice as long as the one before it, until the replica answers
 * a call.
 */
export interface ReplicaHealth {
  isEjected: boolean;
  /** What it was last ejected for. */
  ejectedFor: FailureKind | null;
  /** When it was last ejected or readmitted, and when it last answered a call. */
  changedMs: number;
  answeredMs: number;
  /** Since its last answer. */
  consecutiveFailures: number;
  /** Since its last answer, for anything but being unreachable: it failed, or was gone again at once. */
  consecutiveEjections: number;
}

export function newHealth(): ReplicaHealth {
  return {
    isEjected: false,
    ejectedFor: null,
    changedMs: -Infinity,
    answeredMs: -Infinity,
    consecutiveFailures: 0,
    consecutiveEjections: 0,
  };
}

/** Not ejected, and not failing either. Where all replicas fail, none is worse than the others. */
export function isWell({ isEjected, consecutiveFailures }: ReplicaHealth): boolean {
  return !isEjected && consecutiveFailures < CONSECUTIVE_FAILURES_MAX / 2;
}

/** A replica that fails at once is always idle, so its failures count as load. */
export function failureLoad({ consecutiveFailures }: ReplicaHealth): number {
  return consecutiveFailures / CONSECUTIVE_FAILURES_MAX;
}

/** Notes an answer to a call that began at `startedMs`; tells whether it says anything about the replica as it is now. */
export function noteAnswer(health: ReplicaHealth, startedMs: number, nowMs: number): boolean {
  if (startedMs < health.changedMs && health.consecutiveEjections > 0) return false;
  health.answeredMs = nowMs;
  health.consecutiveFailures = 0;
  health.consecutiveEjections = 0;
  return true;
}

/** Notes a failure; tells whether it ejects the replica. `isOtherWell`: another replica can take its calls. */
export function noteFailure(health: ReplicaHealth, kind: FailureKind, isOtherWell: () => boolean): boolean {
  health.consecutiveFailures += 1;
  if (health.isEjected) return false;
  if (kind === 'unreachable') return true;
  // A replica that was ejected before and has answered nothing since is ejected by its first failure.
  const failuresMax = health.consecutiveEjections > 0 ? 1 : CONSECUTIVE_FAILURES_MAX;
  return health.consecutiveFailures >= failuresMax && isOtherWell();
}

export function eject(health: ReplicaHealth, kind: FailureKind, nowMs: number): void {
  const isGone = kind === 'unreachable' || kind === 'reset';
  // A restart is no reason to mistrust a replica, unless it is gone again before it has answered anything.
  if (!isGone || health.answeredMs < health.changedMs) health.consecutiveEjections += 1;
  health.isEjected = true;
  health.ejectedFor = kind;
  health.changedMs = nowMs;
}

export function readmit(health: ReplicaHealth, nowMs: number): void {
  health.isEjected = false;
  health.changedMs = nowMs;
  health.consecutiveFailures = 0;
}

/** When an ejected replica is checked again. */
export function checkDueMs({ changedMs, consecutiveEjections }: ReplicaHealth): number {
  if (consecutiveEjections === 0) return changedMs;
  const { firstMs, maxMs } = EJECTION_BACKOFF;
  return changedMs + Math.min(maxMs, firstMs * 2 ** (consecutiveEjections - 1));
}
