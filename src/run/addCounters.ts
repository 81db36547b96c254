/** The sums of two groups of counters, name by name; one that a group does not have counts nothing. */
export function addCounters<Name extends string>(
  names: readonly Name[],
  one: Counters<Name>,
  other: Counters<Name>,
): Record<Name, number> {
  const sums = names.map((name) => [name, (one[name] ?? 0) + (other[name] ?? 0)]);
  return Object.fromEntries(sums) as Record<Name, number>;
}

type Counters<Name extends string> = { readonly [Each in Name]?: number | undefined };
