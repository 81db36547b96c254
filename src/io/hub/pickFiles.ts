import picomatch from 'picomatch';
import { ScaleQuestError } from '../../errors.js';
import { byCodeUnits } from '../files/files.js';

/** Which files of a data set are read. */
export interface HubPick {
  /** `owner/name`. */
  dataset: string;
  /** Paths or patterns in the repository; the Parquet files that the hub has made of the set if absent. */
  files?: string | readonly string[] | undefined;
  config?: string | undefined;
  split: string;
}

/** The branch on which the hub keeps what it has made of a data set: `<config>/<split>/0000.parquet`. */
export const CONVERTED = 'refs/convert/parquet';

/** The files among `paths` that are read, in name order. Throws ERR_DATA_INVALID where there is none, saying what is there. */
export function pickFiles(paths: readonly string[], pick: HubPick): string[] {
  return (pick.files === undefined ? converted(paths, pick) : named(paths, pick)).sort(byCodeUnits);
}

function named(paths: readonly string[], { dataset, files = [] }: HubPick): string[] {
  const patterns = [files].flat();
  for (const pattern of patterns)
    if (!paths.some(isMatch(pattern)))
      throw nothing(`found no file ${pattern} in ${dataset}, which has ${shown(paths)}`);
  return paths.filter(isMatch(patterns));
}

function isMatch(patterns: string | string[]): (path: string) => boolean {
  const match = picomatch(patterns);
  return (path) => match(path);
}

function converted(paths: readonly string[], { dataset, config, split }: HubPick): string[] {
  const parts = paths.filter((path) => path.endsWith('.parquet')).map((path) => path.split('/'));
  const configs = [...new Set(parts.map(([first]) => first!))];
  if (configs.length === 0)
    throw nothing(
      `found no Parquet files that the hub has made of ${dataset}; read its own files with \`files\``,
    );
  const own =
    config ?? (configs.length === 1 ? configs[0]! : configs.includes('default') ? 'default' : undefined);
  if (own === undefined || !configs.includes(own)) {
    const wanted = config === undefined ? 'none named' : `"${config}"`;
    throw nothing(
      `found ${wanted} of the configs of ${dataset}, expected \`config\`: one of ${shown(configs)}`,
    );
  }
  const splits = [...new Set(parts.flatMap(([first, second]) => (first === own ? [second!] : [])))];
  if (!splits.includes(split) && splits.includes(`partial-${split}`))
    throw nothing(
      `found only a first part of ${dataset} ${own} ${split} converted (it is large); read the files of the set itself with \`files\``,
    );
  if (!splits.includes(split))
    throw nothing(`found no split "${split}" in ${dataset} ${own}, expected one of ${shown(splits)}`);
  return parts.filter(([first, second]) => first === own && second === split).map((part) => part.join('/'));
}

const SHOWN_MAX = 12;

function shown(names: readonly string[]): string {
  const more = names.length > SHOWN_MAX ? ` and ${names.length - SHOWN_MAX} more` : '';
  return `${names.slice(0, SHOWN_MAX).join(', ')}${more}`;
}

function nothing(message: string): ScaleQuestError {
  return new ScaleQuestError('ERR_DATA_INVALID', message);
}
