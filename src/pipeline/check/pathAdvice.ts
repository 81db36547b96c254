/** What to do about a path at which nothing is, for the kinds of paths that other tools take. */
const KINDS: readonly { begins: RegExp; advice: string }[] = [
  {
    begins: /^file:/i,
    advice: 'an address of a file is no path: write the path alone, as /data/rows.jsonl',
  },
  {
    begins: /^hf:/i,
    advice:
      'nothing is read from a hub: fetch it first (`hf download --repo-type dataset NAME --local-dir data`), and name the files',
  },
  {
    begins: /^(?:s3|s3a|gs|gcs|az|abfss?|r2):/i,
    advice:
      'nothing is read from object storage: copy it first (`aws s3 cp`, `gcloud storage cp`, `azcopy copy`), or mount it, and ' +
      'name the files',
  },
  {
    begins: /^[a-z][a-z0-9+.-]+:\/\//i,
    advice: 'nothing is fetched from addresses: fetch the file first (`curl -LO`), and name it',
  },
  {
    begins: /^~/,
    advice: '`~` is a shell’s word: write the whole path, or `${HOME}/…`',
  },
];

/** The end of a message about a missing file: what was meant, if the path tells it. */
export function pathAdvice(written: string, otherwise: string): string {
  return KINDS.find(({ begins }) => begins.test(written))?.advice ?? otherwise;
}

/** The place that a message names: an address as it was written, a path from the root on. */
export function shownPath(written: string, resolved: string): string {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(written) ? written : resolved;
}
