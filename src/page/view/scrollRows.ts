/** Browsers draw no element of more than some ten million pixels, so the list of very many rows is squeezed. */
export const LIST_PX_MAX = 8_000_000;

/** The height of a list of so many rows. */
export function listHeightPx(rows: number, rowPx: number): number {
  return Math.min(LIST_PX_MAX, rows * rowPx);
}

/** The row at the top of the view, for a place of the scroll bar. */
export function rowAt(scrollPx: number, rows: number, rowPx: number, viewPx: number): number {
  const rowsMax = Math.max(0, rows - Math.floor(viewPx / rowPx));
  const heightPx = listHeightPx(rows, rowPx);
  if (heightPx === rows * rowPx) return Math.min(rowsMax, Math.floor(scrollPx / rowPx));
  const share = scrollPx / Math.max(1, heightPx - viewPx);
  return Math.round(Math.min(1, Math.max(0, share)) * rowsMax);
}

/** The place of the scroll bar for a row at the top of the view: `rowAt` gives the row back. */
export function scrollOf(row: number, rows: number, rowPx: number, viewPx: number): number {
  const heightPx = listHeightPx(rows, rowPx);
  if (heightPx === rows * rowPx) return row * rowPx;
  const rowsMax = Math.max(1, rows - Math.floor(viewPx / rowPx));
  return (row / rowsMax) * (heightPx - viewPx);
}
