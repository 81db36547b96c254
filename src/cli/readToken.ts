import { WORKER_TOKEN_VARIABLE } from '../run/workers/tokenVariable.js';

/** The token of a run's workers, from a file or the environment: never from the command line, which every process can read. */
export async function readToken(file: string | undefined): Promise<string> {
  const { readTokenFile, tokenOf } = await import('../run/workers/tokenFile.js');
  return tokenOf(file === undefined ? process.env[WORKER_TOKEN_VARIABLE] : readTokenFile(file));
}
