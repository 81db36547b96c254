import type { StartEncoder } from '../../src/io/parquet/encoderThread.js';
import { createShardAnswers } from '../../src/io/parquet/shardAnswers.js';
import type { FromWorker, ToWorker } from '../../src/io/parquet/shardMessages.js';
import type { SimulatedClock } from '../helpers/simulatedClock.js';
import type { Draws } from './draws.js';

/** The encoder of the thread without the thread: it answers in virtual time. `loadZstd` must have been awaited. */
export function simulatedEncoder(clock: SimulatedClock, draws: Draws): StartEncoder {
  return (options, onMessage) => {
    let life = 0;
    let answer: ((message: ToWorker) => void) | null = null;
    let answered = Promise.resolve();

    function start(): (message: ToWorker) => void {
      const born = life;
      const send = (message: FromWorker): void => {
        if (born === life) onMessage(message);
      };
      return createShardAnswers(options, send);
    }

    return {
      send(message) {
        const to = (answer ??= start());
        const takesMs = draws.whole(0, 20);
        answered = answered.then(() => clock.sleep(takesMs)).then(() => to(message));
      },
      async stop() {
        life += 1;
        answer = null;
      },
    };
  };
}
