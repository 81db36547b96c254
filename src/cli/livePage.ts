import type { Command } from 'commander';
import type { LiveView } from '../view/openLiveView.js';
import { parsePort } from './parseAddress.js';

/** The flag of the page. */
export interface LiveFlags {
  live?: number | true;
}

/** `--live`. */
export function declareLive(command: Command): Command {
  return command.option(
    '--live [port]',
    'show what runs on a page of this machine, with pause and stop; at any free port if none is given',
    parsePort,
  );
}

/** Opens the page where the flag asks for it, before anything is paid for. Throws ERR_VIEW_LISTEN. */
export async function openLivePage({ live }: LiveFlags, stop: () => void): Promise<LiveView | null> {
  if (live === undefined) return null;
  const { openLiveView } = await import('../view/openLiveView.js');
  const view = await openLiveView({ port: live === true ? 0 : live, stop });
  process.stderr.write(`The run is shown at\n  ${view.url}\n`);
  return view;
}

/** Keeps the page open at the end, where somebody is there to press Ctrl-C. */
export async function stayOpen({ url }: LiveView, interrupted: AbortSignal): Promise<void> {
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) return;
  process.stderr.write(`The page stays open until you press Ctrl-C:\n  ${url}\n`);
  if (!interrupted.aborted) await new Promise((resolve) => interrupted.addEventListener('abort', resolve));
}
