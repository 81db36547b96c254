/** Whether a run may read further rows. A paused run finishes the rows that it has read, and waits. */
export interface Pause {
  readonly isPaused: boolean;
  set(isPaused: boolean): void;
  /** Calls `listener` after each change; gives what ends that. */
  onChange(listener: () => void): () => void;
}

export function createPause(): Pause {
  const listeners = new Set<() => void>();
  let isPaused = false;
  return {
    get isPaused() {
      return isPaused;
    },
    set(next) {
      if (next === isPaused) return;
      isPaused = next;
      for (const listener of listeners) listener();
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
