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
 * What a Set would do, for items that come and go by the thousand. V8's Set takes a new table whenever it has seen enough of
 * them, and its old one keeps pointing to that, and to what was open then. Once one such table has grown old, each later one,
 * with all that was ever open in it, lives on until the next full collection.
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
