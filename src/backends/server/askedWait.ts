import type { HttpReply } from '../http/httpClient.js';
import { retryAfterMs } from '../http/tryFailure.js';

/**
 * How long a server that refuses asks to be left alone: `retry-after-ms` (OpenAI, Azure: milliseconds), else `Retry-After`
 * (seconds, or a date), else what its body says. 0 where it does not say.
 */
export function askedMs(reply: HttpReply, inBody: string | undefined, nowMs: number): number {
  const exact = reply.header('retry-after-ms');
  if (exact !== undefined && /^\s*\d{1,15}(\.\d+)?\s*$/.test(exact)) return Number(exact);
  return retryAfterMs(reply.header('retry-after') ?? inBody, nowMs);
}
