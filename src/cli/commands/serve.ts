import { InvalidArgumentError } from 'commander';
import type { KeptServerEvent } from '../../run/open/serveListed.js';
import type { CommandSpec } from '../command.js';
import { signalOnInterrupt } from '../interrupt.js';

export const serveCommand: CommandSpec = {
  name: 'serve',
  summary: 'Start a model server here, and list it in a folder that runs follow (`replicasFrom`).',
  declare: (command) =>
    command
      .argument('<folder>', 'the folder of servers, shared by all machines; made where it is missing')
      .argument('<command...>', 'behind `--`: the server and its arguments; {port} stands for its port')
      .option('--host <name>', 'the name under which other machines reach this one; its own name if absent')
      .option('--port <port>', 'a free port if absent', parsePort)
      .option('--api-key-env <name>', 'the variable that holds the key that the server wants')
      .option('--start-timeout-ms <count>', 'how long it may take until it answers', parseMs, 900_000)
      .addHelpText('after', EXAMPLE),
  action: serve,
};

const EXAMPLE = `
The server is started again when it ends, and leaves the list while it does not answer.

Example:
  scalequest serve servers -- vllm serve Qwen/Qwen2-Math-7B-Instruct --port {port}
`;

interface ServeFlags {
  host?: string;
  port?: number;
  apiKeyEnv?: string;
  startTimeoutMs: number;
}

async function serve(folder: string, command: string[], flags: ServeFlags): Promise<void> {
  const { serveListed } = await import('../../run/open/serveListed.js');
  const { host, port, apiKeyEnv, startTimeoutMs } = flags;
  const interrupt = signalOnInterrupt();
  try {
    await serveListed({
      ...{ folder, command, host, port, apiKeyEnv, startTimeoutMs },
      signal: interrupt.signal,
      onEvent: (event) => process.stderr.write(`${eventText(event)}\n`),
    });
  } finally {
    interrupt.dispose();
  }
}

function eventText(event: KeptServerEvent): string {
  if (event.event === 'listed') return `${event.url} answers and is listed`;
  if (event.event === 'ended') return `${event.message}\nstarted again in ${event.againInMs / 1000} s`;
  const seconds = Math.round(event.waitedMs / 1000);
  return event.isReady ? `it answers after ${seconds} s` : `starting for ${seconds} s: ${event.line}`;
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port > 0 && port < 65_536) return port;
  throw new InvalidArgumentError('expected a port from 1 to 65535');
}

function parseMs(text: string): number {
  const milliseconds = Number(text);
  if (/^\d{1,9}$/.test(text) && milliseconds > 0) return milliseconds;
  throw new InvalidArgumentError('expected a whole number of milliseconds from 1 on');
}
