import { relative } from 'node:path';
import type { PushResult } from '../../hub/pushRun.js';
import type { CommandSpec } from '../command.js';
import { signalOnInterrupt } from '../interrupt.js';

export const pushCommand: CommandSpec = {
  name: 'push',
  summary:
    'Push the set of a run to the Hugging Face hub, private unless told otherwise; goes on where it was interrupted.',
  declare: (command) =>
    command
      .argument('<folder>', 'a run folder')
      .argument('<repository>', 'owner/name; the token is in HF_TOKEN, another hub in HF_ENDPOINT')
      .option('--public', 'make the repository public')
      .option('--dry-run', 'list the files and their sizes; send nothing')
      .option('--partial', 'push what an unfinished run has committed')
      .option('--rejects', 'push the lost rows too')
      .option('--replace', 'push to a repository that holds another set'),
  action: push,
};

interface PushFlags {
  public?: boolean;
  dryRun?: boolean;
  partial?: boolean;
  rejects?: boolean;
  replace?: boolean;
}

async function push(folder: string, repo: string, flags: PushFlags): Promise<void> {
  const { pushRun } = await import('../../hub/pushRun.js');
  const { signal, dispose } = signalOnInterrupt('Stopping: the same command goes on with what has come.');
  try {
    const result = await pushRun(folder, repo, {
      ...{ ...flags, signal },
      onSent: (path) => process.stderr.write(`sent ${path}\n`),
      onRetry: (reason, waitS) => process.stderr.write(`Again in ${waitS} s: ${reason}\n`),
    });
    process.stdout.write(result.sent ? pushedText(result, result.sent) : listText(folder, result, flags));
  } finally {
    dispose();
  }
}

function listText(
  folder: string,
  { files, url }: PushResult,
  { public: isPublic = false }: PushFlags,
): string {
  const lines = files.map(({ path, sizeBytes }) => `${String(sizeBytes).padStart(12)}  ${path}\n`);
  const bytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const visibility = isPublic ? 'public' : 'private';
  const total = `${String(bytes).padStart(12)}  in ${files.length} files of ${relative('', folder)}`;
  return `${lines.join('')}${total} would go to ${url} (${visibility}); nothing was sent\n`;
}

function pushedText({ files, url, removed }: PushResult, sent: readonly string[]): string {
  const gone = removed.length > 0 ? `, ${removed.length} of an earlier push removed` : '';
  return `${sent.length} of ${files.length} files sent${gone}\n${url}\n`;
}
