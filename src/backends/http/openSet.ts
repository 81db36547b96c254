/** An item of a set. It keeps its own index there; the set alone writes it. */
export interface OpenItem {
  index: number;
}

/** The items that are open now, in no order. */
export interface OpenSet<Item extends OpenItem> {
  readonly items: readonly Item[];
  add(item: Item): void;
  /** Does nothing if the item is in no set. */
  remove(item: Item): void;
}

/** The index of an item that is in no set. */
export const UNLISTED = -1;

/**
 * Does what a Set does, for items that come and go by the thousand. V8's Set takes a new table whenever it has seen enough
 * items, and the old table keeps pointing to the new one and to the items that were open then. Once one such table has grown
 * old, each later one lives on until the next full collection, with all that was ever open in it.
 */
export function createOpenSet<Item extends OpenItem>(): OpenSet<Item> {
  const items: Item[] = [];
  return {
    items,
    add(item) {
      item.index = items.length;
      items.push(item);
    },
    remove(item) {
      const { index } = item;
      if (index === UNLISTED) return;
      const last = items.pop()!;
      if (last !== item) {
        items[index] = last;
        last.index = index;
      }
      item.index = UNLISTED;
    },
  };
}
