import type { RunVerification } from '../../run/verify/verifyRun.js';
import type { CommandSpec } from '../command.js';
import { EXIT_CODES } from '../exitCodes.js';

export const verifyCommand: CommandSpec = {
  name: 'verify',
  summary:
    'Read every file of a run folder and name those that are not as they were written; writes nothing.',
  declare: (command) =>
    command
      .argument('<folder>', 'a run folder, finished or not')
      .option('--json', 'print the result as JSON'),
  action: verifyFolder,
};

interface VerifyFlags {
  json?: boolean;
}

async function verifyFolder(folder: string, { json = false }: VerifyFlags): Promise<void> {
  const { verifyRun } = await import('../../run/verify/verifyRun.js');
  const { printVerification } = await import('../show/verification.js');
  const result: RunVerification = await verifyRun(folder);
  process.stdout.write(json ? `${JSON.stringify(result, null, 2)}\n` : printVerification(result));
  if (result.findings.length > 0) process.exitCode = EXIT_CODES.io;
}
