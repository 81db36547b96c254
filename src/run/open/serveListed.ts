import { type KeepServerOptions, keepServer } from '../../backends/server/keepServer.js';
import { type SystemWorld, systemWorld } from '../systemWorld.js';

export type { KeepServerOptions, KeptServerEvent } from '../../backends/server/keepServer.js';

/** Starts a model server on this machine, and lists it in a folder while it answers, as `scalequest serve` does. */
export function serveListed(
  options: KeepServerOptions,
  world: Pick<SystemWorld, 'env' | 'clock'> = systemWorld(),
): Promise<void> {
  return keepServer(options, world);
}
