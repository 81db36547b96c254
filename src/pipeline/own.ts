/** What a record itself has under a name: users call things `constructor`, which every object inherits. */
export function own<Value>(
  record: Readonly<Record<PropertyKey, Value>>,
  name: PropertyKey,
): Value | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
