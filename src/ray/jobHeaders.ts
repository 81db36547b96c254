import { z } from 'zod';
import { ScaleQuestError } from '../errors.js';

const HEADERS = z.record(z.string().regex(/^[!#$%&'*+.^_`|~\w-]+$/), z.string().regex(/^[^\r\n\0]*$/));

/**
 * The headers that a protected dashboard wants, from where Ray's own command takes them: RAY_JOB_HEADERS, a JSON map, and
 * RAY_AUTH_TOKEN. Throws ERR_USAGE, without the value.
 */
export function jobHeaders(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const { RAY_JOB_HEADERS: map, RAY_AUTH_TOKEN: token } = env;
  const headers = map ? parsedHeaders(map) : {};
  if (!token) return headers;
  const trimmed = token.trim();
  if (/^[\x21-\x7e]+$/.test(trimmed)) return { authorization: `Bearer ${trimmed}`, ...lowerCased(headers) };
  throw new ScaleQuestError(
    'ERR_USAGE',
    'found characters in RAY_AUTH_TOKEN that no header may hold, expected a token of one word',
  );
}

function lowerCased(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function parsedHeaders(text: string): Record<string, string> {
  try {
    return HEADERS.parse(JSON.parse(text));
  } catch {
    throw new ScaleQuestError(
      'ERR_USAGE',
      'found in RAY_JOB_HEADERS what is no map of headers, expected JSON as {"Authorization": "Basic …"}',
    );
  }
}
