/** An item's place in the set; the set alone writes it. */
export interface OpenItem {
  place: number;
}

/** The items that are open now, in no order. */
export interface OpenSet<Item extends OpenItem> {
  readonly items: readonly Item[];
  add(item: Item): void;
  /** Nothing, if it is not there. */
  remove(item: Item): void;
}

/** The place of an item that is in no set. */
export const NO_PLACE = -1;

/**
 * What a Set would do, for items that come and go by the thousand. V8's Set leaves its old table, with all that was in it,
 * pointing to the next one whenever it has seen enough come and go; once one such table is old, each later one, and each
 * request that was in it, lives on until the next full collection. That cost more than the rest of our bookkeeping.
 */
export function createOpenSet<Item extends OpenItem>(): OpenSet<Item> {
  const items: Item[] = [];
  return {
    items,
    add(item) {
      item.place = items.length;
      items.push(item);
    },
    remove(item) {
      const { place } = item;
      if (place === NO_PLACE) return;
      const last = items.pop()!;
      if (last !== item) {
        items[place] = last;
        last.place = place;
      }
      item.place = NO_PLACE;
    },
  };
}
