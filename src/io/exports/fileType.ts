import { z } from 'zod';

/** The files that an export may be written as. */
const FILE_TYPES = ['parquet', 'jsonl'] as const;

export type FileType = (typeof FILE_TYPES)[number];

/** An option of every format. */
export const fileTypeOption = z
  .enum(FILE_TYPES)
  .optional()
  .describe(
    'What the files are: Parquet unless it says `jsonl`, a JSON object a line. For both, write two entries: a folder with files of ' +
      'two kinds is no data set.',
  );
