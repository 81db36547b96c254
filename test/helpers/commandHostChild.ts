import { pathToFileURL } from 'node:url';

/** The process of `commandHost.ts`: evaluates the command line's main module anew for each command it is sent. */

export interface HostedCommand {
  main: string;
  args: readonly string[];
  cwd: string;
}

export interface HostedResult {
  code: number;
  stdout: string;
  stderr: string;
}

let count = 0;

async function runHosted({ main, args, cwd }: HostedCommand): Promise<HostedResult> {
  const said = { stdout: '', stderr: '' };
  const writes = { stdout: process.stdout.write, stderr: process.stderr.write };
  for (const name of ['stdout', 'stderr'] as const) {
    process[name].write = (chunk: string | Uint8Array) => {
      said[name] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
      return true;
    };
  }
  process.argv = [process.execPath, main, ...args];
  process.exitCode = undefined;
  process.chdir(cwd);
  try {
    // The query makes it another module, and what it imports stays loaded.
    await import(`${pathToFileURL(main).href}?command=${++count}`);
    return { code: Number(process.exitCode ?? 0), ...said };
  } finally {
    process.exitCode = undefined;
    Object.assign(process.stdout, { write: writes.stdout });
    Object.assign(process.stderr, { write: writes.stderr });
  }
}

process.on('message', (command: HostedCommand) => {
  void runHosted(command).then((result) => process.send!(result));
});
