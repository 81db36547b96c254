import { InvalidArgumentError } from 'commander';

const PORT_MAX = 65_535;

/** `10.0.0.5:7000`, `[::1]:7000`, or `:7000` for this machine alone. */
export function parseAddress(text: string): { host: string; port: number } {
  const found = /^(\[[^\]]+\]|[^:]*):(\d{1,5})$/.exec(text);
  const port = Number(found?.[2]);
  if (!found || port > PORT_MAX)
    throw new InvalidArgumentError('expected host:port, as 10.0.0.5:7000, or 0.0.0.0:7000 for all addresses');
  return { host: found[1]!.replace(/^\[|\]$/g, '') || '127.0.0.1', port };
}

/** The same, or a port alone for this machine alone. */
export function parsePortOrAddress(text: string): { host: string; port: number } {
  return parseAddress(/^\d+$/.test(text) ? `:${text}` : text);
}

/** A port of this machine. */
export function parsePort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > PORT_MAX)
    throw new InvalidArgumentError(`expected a port from 0 to ${PORT_MAX}`);
  return Number(text);
}
