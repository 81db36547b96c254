import type { Usage } from './server/tally.js';

/** What one request may use at most. */
export type WorstUse = Pick<Usage, 'promptTokens' | 'completionTokens'>;

/**
 * What became of a request: what its reply used, `nothing` for one that the server answered with an error or that no server was
 * there for, and `unknown` for one that was given up or whose reply tells nothing: it may have cost all that it could.
 */
export type Used = Usage | 'nothing' | 'unknown';

/** Leave to send one request. Must be settled once. */
export type Admission = (used: Used) => void;

/** Lets the requests of one model through, as far as a budget reaches. */
export interface Allowance {
  /** Sets aside what the request may cost at most. It waits where others must settle first, and rejects with ERR_BUDGET at the end. */
  admit(worst: WorstUse): Admission | Promise<Admission>;
}

/** Templates of servers put tokens around what is sent. */
const TEMPLATE_TOKENS_MAX = 256;

/** No token is shorter than a byte, and a template adds a few. */
export function promptTokensMax(textBytes: number): number {
  return textBytes + TEMPLATE_TOKENS_MAX;
}
