/** The environment variable that holds the token of a run's workers. */
export const TOKEN_VARIABLE = 'SCALEQUEST_WORKER_TOKEN';

/** The token of a run's workers, from a file or the environment: never from the command line, which every process can read. */
export async function readToken(file: string | undefined): Promise<string> {
  const { readTokenFile, tokenOf } = await import('../run/workers/tokenFile.js');
  return tokenOf(file === undefined ? process.env[TOKEN_VARIABLE] : readTokenFile(file));
}
