import { describeContents } from '../runFolder/card.js';
import { type ExportConfig, describeExport } from './registry.js';

/** The dataset card of an export: Markdown with the YAML head that Hugging Face datasets reads. */
export function renderExportCard({
  name,
  config,
  written: { rows, leftOut },
  contents,
}: {
  name: string;
  config: ExportConfig;
  written: { rows: number; leftOut: number };
  /** A hash of what the export was made of. */
  contents: string;
}): string {
  const columns = describeExport(config).writes.map(([element]) => `\`${element!.name}\``);
  return [
    '---',
    `pretty_name: ${JSON.stringify(name)}`,
    'tags:',
    '  - synthetic',
    '  - scalequest',
    'configs:',
    '  - config_name: default',
    describeContents(contents),
    '    data_files:',
    '      - split: train',
    '        path: train-*.parquet',
    '---',
    '',
    `# ${name}`,
    '',
    `${rows} rows in the form \`${config.format}\` (${columns.join(', ')}), made from the run in the folder above` +
      `${leftOut > 0 ? `; ${leftOut} rows of it gave none` : ''}. The run's own card says how they came about.`,
    '',
  ].join('\n');
}
