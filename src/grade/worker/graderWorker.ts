import { parentPort, workerData } from 'node:worker_threads';
import { gradeOne } from '../compare/gradeOne.js';
import type { FromGrader, GradeTask, GraderStart } from './graderMessages.js';

/** The thread behind `createGrader`: one answer at a time, no file, no socket. */
const port = parentPort;
if (port) {
  const send = (message: FromGrader): void => port.postMessage(message);
  port.on('message', (task: GradeTask) =>
    send({ kind: 'graded', graded: gradeOne(task, workerData as GraderStart) }),
  );
  send({ kind: 'ready' });
}
