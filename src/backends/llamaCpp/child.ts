import { MEMORY_PERIOD_MS } from '../limits.js';
import { type Engine, openEngine } from './engine.js';
import type { FromEngine, ToEngine } from './messages.js';

/** The engine's own process. A native crash ends only this process, and two of them use two cores without sharing threads. */

let engine: Engine | null = null;

function send(message: FromEngine): void {
  process.send?.(message);
}

function sendMemory(): void {
  send({ kind: 'memory', peakBytes: process.resourceUsage().maxRSS * 1024 });
}

/** `gc` is there because the process is started with --expose-gc. */
function collectEverything(): void {
  gc?.();
}

process.on('message', (message: ToEngine) => {
  if (message.kind !== 'load') return engine!.submit(message);
  openEngine(message.options, send, collectEverything).then(
    (opened) => {
      engine = opened;
      send({ kind: 'loaded', tokenizer: opened.tokenizer });
      setInterval(sendMemory, MEMORY_PERIOD_MS).unref();
      sendMemory();
    },
    (error: NodeJS.ErrnoException) => {
      const missingPackage = error.code === 'ERR_MODULE_NOT_FOUND';
      send({ kind: 'loadFailed', missingPackage, message: error.message });
    },
  );
});

// The parent is gone, so nobody is left to answer to.
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches the whole group; the parent decides when its engines stop.
process.on('SIGINT', () => {});
