/** Numbers that a trainer reports in one line, by its own names: `loss`, `learning_rate`, `epoch` … */
export type Metrics = Record<string, number>;

const NUMBER = String.raw`[-+]?(?:\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|nan|NaN|inf|Infinity)`;
const ENTRY = new RegExp(String.raw`['"]([\w./-]+)['"]\s*:\s*['"]?(${NUMBER})['"]?(?=\s*[,}])`, 'g');
const LOSS = new RegExp(String.raw`(?<![\w/])(?:train[_/])?loss\s*[=:]\s*(${NUMBER})(?![\w.])`, 'i');

/**
 * Reads the line of a trainer's log. Hugging Face's Trainer prints a Python dictionary (`{'loss': 0.1, …}`, since version 5
 * with the numbers as strings), others JSON or `loss=0.1` somewhere in a line. Null for a line without any loss or reward.
 */
export function readMetrics(line: string): Metrics | null {
  const [start, end] = [line.indexOf('{'), line.lastIndexOf('}')];
  if (start >= 0 && start < end) {
    const metrics = Object.fromEntries(
      [...line.slice(start + 1, end + 1).matchAll(ENTRY)].map(([, name, value]) => [
        name!,
        readNumber(value!),
      ]),
    );
    if (Object.keys(metrics).some((name) => /loss|reward/.test(name))) return metrics;
  }
  const [, loss] = line.match(LOSS) ?? [];
  return loss === undefined ? null : { loss: readNumber(loss) };
}

function readNumber(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1;
  if (/nan/i.test(text)) return NaN;
  return /inf/i.test(text) ? sign * Infinity : Number(text);
}

const LINE_CHARS_MAX = 65_536;

/** Splits what a program prints into lines; a bar that is drawn over itself ends in a carriage return. Empty lines are left out. */
export function createLineReader(onLine: (line: string) => void): {
  read: (text: string) => void;
  /** Gives a last line that has no end. */
  end: () => void;
} {
  let partial = '';
  const give = (line: string): void => (line.trim() === '' ? undefined : onLine(line));
  return {
    read(text) {
      const lines = (partial + text).split(/\r\n|\n|\r(?!$)/);
      partial = lines.pop()!;
      lines.forEach(give);
      // A program that never ends its line must not fill the memory.
      for (; partial.length > LINE_CHARS_MAX; partial = partial.slice(LINE_CHARS_MAX))
        give(partial.slice(0, LINE_CHARS_MAX));
    },
    end() {
      give(partial.replace(/\r$/, ''));
      partial = '';
    },
  };
}
