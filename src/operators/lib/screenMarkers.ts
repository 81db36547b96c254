import { columnValues } from '../../arrow/read.js';
import type { Outcome, Screen } from '../../flow/steps/outcome.js';
import { KNOWN_MARKERS } from '../../text/markers.js';

/** Rejects the rows of a source in whose texts a control token stands: it would reach the set, and whoever trains on it. */
export const screenMarkers: Screen = (rows) => {
  let outcomes: (Outcome | null)[] | null = null;
  for (const { name } of rows.schema.fields) {
    columnValues(rows, name).forEach((value, at) => {
      const marker = markerIn(value);
      if (marker === null) return;
      outcomes ??= Array.from({ length: rows.numRows }, () => null);
      outcomes[at] ??= rejected(name, marker);
    });
  }
  return outcomes;
};

/** The first marker in the texts of a value: a text, a list, or a record. */
function markerIn(value: unknown): string | null {
  if (typeof value === 'string') return KNOWN_MARKERS.find(value)?.text ?? null;
  if (value === null || typeof value !== 'object') return null;
  for (const item of Object.values(value)) {
    const marker = markerIn(item);
    if (marker !== null) return marker;
  }
  return null;
}

function rejected(column: string, marker: string): Outcome {
  return {
    kind: 'rejected',
    reason: 'ROW_MARKER',
    message:
      `the source's column "${column}" holds ${JSON.stringify(marker)}, which a tokenizer reads as the end or the start of a ` +
      'message; mend the source, or set source.markers: keep',
  };
}
