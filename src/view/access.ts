import type { IncomingMessage } from 'node:http';
import { isSameToken } from '../workers/token.js';

/** Why a request is refused: the status, and a sentence for whoever reads it. */
export interface Refusal {
  status: number;
  reason: string;
}

/** A request that may be answered: what it asks for, behind the token. */
export interface Asked {
  method: 'GET' | 'HEAD' | 'POST';
  /** Behind the token, without the slash: `api/run`, or nothing for the page itself. */
  path: string;
  query: URLSearchParams;
}

type Head = Pick<IncomingMessage, 'method' | 'url' | 'headers'>;

/**
 * Whether a request may be answered. The token stands in the path, so that a page needs no cookie. A name that another site lets
 * point to this machine (DNS rebinding) is noticed by the Host header, a page of another site by Origin.
 */
export function askedBy(
  { method = '', url = '', headers }: Head,
  token: string,
  port: number,
): Asked | Refusal {
  if (!isOwnHost(headers.host, port))
    return { status: 403, reason: 'Open the page by the address that the command printed.' };
  const { origin } = headers;
  if (origin !== undefined && !isOwnOrigin(origin, port))
    return { status: 403, reason: 'Pages of other sites may not ask here.' };
  if (method !== 'GET' && method !== 'HEAD' && method !== 'POST')
    return { status: 405, reason: 'This server answers GET, HEAD and POST.' };
  const found = /^\/([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s.exec(url);
  if (!found || !isSameToken(found[1]!, token))
    return {
      status: 403,
      reason: 'The address lacks the token. Open the page by the address that the command printed.',
    };
  if (method === 'POST' && origin === undefined)
    return { status: 403, reason: 'A request that changes something must name its origin.' };
  const [, , path = '', query = ''] = found;
  const decoded = decodedPath(path);
  if (decoded === null) return { status: 400, reason: 'The path is not well-formed.' };
  return { method, path: decoded, query: new URLSearchParams(query) };
}

export function isRefusal(asked: Asked | Refusal): asked is Refusal {
  return 'status' in asked;
}

const OWN_NAMES = ['127.0.0.1', 'localhost'];

function isOwnHost(host: string | undefined, port: number): boolean {
  return OWN_NAMES.some((name) => host === `${name}:${port}`);
}

function isOwnOrigin(origin: string, port: number): boolean {
  return OWN_NAMES.some((name) => origin === `http://${name}:${port}`);
}

function decodedPath(path: string): string | null {
  try {
    return decodeURIComponent(path);
  } catch {
    return null;
  }
}
