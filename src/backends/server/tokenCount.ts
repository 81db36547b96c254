/** No prompt and no reply has as many. */
const TOKENS_MAX = 1e9;

/** A number of tokens as a server said it; undefined where it is not a whole number that can be one. */
export function tokenCount(value: unknown): number | undefined {
  return isTokenCount(value) ? value : undefined;
}

export function isTokenCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= TOKENS_MAX;
}

/** A note for the user on each field of a server's usage that is there and is no count. */
export function usageNotes(usage: unknown, fields: readonly string[]): string[] {
  if (usage === null || usage === undefined) return [];
  if (typeof usage !== 'object') return ['usage is no object, so no tokens were counted'];
  const said = usage as Record<string, unknown>;
  return fields
    .filter((field) => said[field] !== undefined && said[field] !== null && !isTokenCount(said[field]))
    .map((field) => `usage.${field} is no whole number of tokens, so it was not counted`);
}
