import type { WorkerState } from '../../run/workers/workerLoop.js';
import type { CommandSpec } from '../command.js';
import { signalOnInterrupt } from '../interrupt.js';
import { WORKER_TOKEN_VARIABLE } from '../../run/workers/tokenVariable.js';
import { readToken } from '../readToken.js';

export const workerCommand: CommandSpec = {
  name: 'worker',
  summary: 'Do steps that ask models for a run on another machine, until its rows are done.',
  declare: (command) =>
    command
      .argument('<url>', 'where `scalequest run --listen` listens, as http://10.0.0.5:7000')
      .option('--token-file <file>', `the file with the run's token; ${WORKER_TOKEN_VARIABLE} if absent`)
      .addHelpText('after', EXAMPLE),
  action: work,
};

const EXAMPLE = `
The pipeline file comes from the run. What it names (prompts, data, models) must be at the same
paths here, with the same contents.

Example:
  export ${WORKER_TOKEN_VARIABLE}=$(openssl rand -hex 32)
  scalequest run my-set.yaml --listen 10.0.0.5:7000      on one machine
  scalequest worker http://10.0.0.5:7000                 on others, with the same token
`;

const STATES: Record<WorkerState, string> = {
  waiting: 'Waiting for the run.',
  preparing: 'Checking the pipeline of the run, and opening its models.',
  working: 'Working.',
  done: 'All rows are done.',
};

async function work(url: string, { tokenFile }: { tokenFile?: string }): Promise<void> {
  const { openWorker } = await import('../../run/workers/openWorker.js');
  const { signal, dispose } = signalOnInterrupt();
  try {
    const onState = (state: WorkerState): void => void process.stderr.write(`${STATES[state]}\n`);
    await openWorker({ url, token: await readToken(tokenFile), signal, onState });
  } finally {
    dispose();
  }
}
