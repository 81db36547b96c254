/** A piece of a text file that stands for one row, such as a line. */
export interface TextRecord {
  text: string;
  /** The line that it begins in, from 1. */
  line: number;
  /** What is wrong with its bytes or its length, if anything is: "found …, expected …". */
  fault?: string;
}

/** One that is longer than it may be. */
export function tooLong(bytesMax: number): string {
  return (
    `found more than ${bytesMax} bytes without an end, expected shorter ones. ` +
    'Raise lineBytesMax if the file is as it should be'
  );
}
