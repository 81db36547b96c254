import type { ColumnValue } from '../../../arrow/columnType.js';
import type { ValuesData } from '../../../page/charts/values.js';

/** More values than these are no categories, and nor are longer texts. */
const VALUES_MAX = 20;
const CHARS_MAX = 80;
/** Each value comes so often, on average: where most come once, the column has few rows and not few values. */
const ROWS_A_VALUE_MIN = 2;

/** Counts the rows by the value of a column, as long as it has few. */
export interface ValueCounts {
  add(value: ColumnValue): void;
  /** Null for a column of many values, or of one. */
  end(label: string): ValuesData | null;
}

export function valueCounts(): ValueCounts {
  let counts: Map<string, number> | null = new Map();
  let rows = 0;
  return {
    add(value) {
      if (!counts || value === null) return;
      const text = String(value as string | boolean);
      rows += 1;
      counts.set(text, (counts.get(text) ?? 0) + 1);
      if (counts.size > VALUES_MAX || text.length > CHARS_MAX) counts = null;
    },
    end(label) {
      if (!counts || counts.size < 2 || rows < ROWS_A_VALUE_MIN * counts.size) return null;
      const all = [...counts].map(([value, count]) => ({ value, rows: count }));
      // Equal counts by their text, so that the page follows from the rows alone.
      return { label, counts: all.sort((a, b) => b.rows - a.rows || (a.value < b.value ? -1 : 1)) };
    },
  };
}
