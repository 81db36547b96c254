import { join } from 'node:path';
import { PACKAGE_FOLDER } from '../../../io/files/packageFiles.js';
import { readTextFile } from '../../../io/files/textFile.js';

/** What a page is made of: made by `npm run build` in dist/bundle/page. */
export interface PageFiles {
  script: string;
  /** The style sheet, and that of formulas with its fonts. */
  styles: string;
  /** The licences of what the script holds. */
  licences: string;
}

/** Throws ERR_IO_READ where the package is not whole. */
export function readPageFiles(): PageFiles {
  const read = (name: string): string => readTextFile(join(PACKAGE_FOLDER, 'dist', 'bundle', 'page', name));
  return {
    script: read('report.js'),
    styles: `${read('style.css')}\n${read('math.css')}`,
    licences: read('LICENSES.txt'),
  };
}
