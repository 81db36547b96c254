import type { RunReplay } from '../../run/verify/replayRun.js';
import type { CommandSpec } from '../command.js';
import { EXIT_CODES } from '../exitCodes.js';

export const verifyCommand: CommandSpec = {
  name: 'verify',
  summary:
    'Read every file of a run folder and name those that are not as they were written; writes nothing.',
  declare: (command) =>
    command
      .argument('<folder>', 'a run folder, finished or not')
      .option('--replay', 'also make its rows again from the stored replies, without a server, and compare')
      .option('--pipeline <file>', 'the pipeline file to replay; the copy in the run folder if absent')
      .option('--store <folder>', 'the store of replies; the one of the pipeline if absent')
      .option('--json', 'print the result as JSON'),
  action: verifyFolder,
};

interface VerifyFlags {
  json?: boolean;
  replay?: boolean;
  pipeline?: string;
  store?: string;
}

async function verifyFolder(
  folder: string,
  { json = false, replay = false, ...options }: VerifyFlags,
): Promise<void> {
  const { verifyRun } = await import('../../run/verify/verifyRun.js');
  const { printReplay, printVerification } = await import('../show/verification.js');
  const result = await verifyRun(folder);
  if (!json) process.stdout.write(printVerification(result));
  if (result.findings.length > 0) process.exitCode = EXIT_CODES.io;
  let replayed: RunReplay | null = null;
  try {
    if (replay) replayed = await (await import('../../run/verify/replayRun.js')).replayRun(folder, options);
  } finally {
    if (json)
      process.stdout.write(
        `${JSON.stringify({ ...result, ...(replay ? { replay: replayed } : {}) }, null, 2)}\n`,
      );
  }
  if (!replayed) return;
  if (!json) process.stdout.write(printReplay(replayed));
  if (replayed.difference || replayed.reasons.length > 0) process.exitCode = EXIT_CODES.io;
}
