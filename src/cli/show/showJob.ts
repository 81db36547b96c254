import type { RayEvent, RayOutcome } from '../../run/cluster/runOnRay.js';
import { printable, printableLine } from '../../text/printable.js';
import { EXIT_CODES, EXIT_CODE_HELP } from '../exitCodes.js';

const MESSAGE_CHARS_MAX = 300;
/** Ray puts this before each line of the run; without it the run reads as it does elsewhere. */
const RUN_PREFIX = /^\(run pid=\d+(, ip=[^)]*)?\) /gm;

/** Where the words go. */
export interface JobOutput {
  /** What the job writes. */
  log(text: string): void;
  /** What is said of it. */
  say(line: string): void;
}

const PROCESS: JobOutput = {
  log: (text) => void process.stdout.write(text),
  say: (line) => void process.stderr.write(`${line}\n`),
};

/** Shows a job on a cluster: its log on standard output, the rest on standard error. */
export function showJob(
  on: string,
  { log, say }: JobOutput = PROCESS,
): { event(event: RayEvent): void; end(outcome: RayOutcome, isDetached: boolean): number } {
  return {
    event(event) {
      if (event.event === 'log') log(printable(event.text.replace(RUN_PREFIX, '')));
      else say(eventText(event, on));
    },
    end(outcome, isDetached) {
      if (outcome === null) {
        say('The job goes on. The same command follows it again; with --stop it stops it.');
        return isDetached ? EXIT_CODES.ok : EXIT_CODES.cancelled;
      }
      const { job, status, exitCode } = outcome;
      if (status === 'SUCCEEDED') say(`Job ${job} has done its work.`);
      else if (status === 'STOPPED') say(`Job ${job} was stopped. The same command goes on with the run.`);
      else say(`Job ${job} ended with exit code ${exitCode}${meaningOf(exitCode)}.`);
      if (status === 'SUCCEEDED') return EXIT_CODES.ok;
      return status === 'STOPPED' ? EXIT_CODES.cancelled : (exitCode ?? EXIT_CODES.cluster);
    },
  };
}

function eventText(event: Exclude<RayEvent, { event: 'log' }>, on: string): string {
  switch (event.event) {
    case 'submitted':
      return `Job ${event.job} is submitted to ${printable(on)} (Ray ${printable(event.ray)}). Ctrl-C leaves it to go on.`;
    case 'joined':
      return `Job ${event.job} runs already at ${printable(on)}; following it. Ctrl-C leaves it to go on.`;
    case 'stopping':
      return `Job ${event.job} is asked to stop: it commits and ends.`;
    case 'pending':
      return `The job waits: ${printableLine(event.message, MESSAGE_CHARS_MAX)}`;
    case 'lost':
      return `${printableLine(event.message, MESSAGE_CHARS_MAX)}\nThe job may go on; asking again.`;
    case 'found':
      return 'The cluster answers again.';
  }
}

function meaningOf(exitCode: number | null): string {
  const name = Object.entries(EXIT_CODES).find(([, code]) => code === exitCode)?.[0];
  const help = name && new Map(Object.entries(EXIT_CODE_HELP)).get(name);
  return help ? `: ${help}` : '';
}
