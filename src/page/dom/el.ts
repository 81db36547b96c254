type Child = Node | string | null;

/** An element with attributes and children; texts stay texts. */
export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null));
  return element;
}

export function button(text: string, onClick: () => void): HTMLButtonElement {
  const element = el('button', { type: 'button' }, text);
  element.addEventListener('click', onClick);
  return element;
}

/** A table; columns of numbers stand to the right. */
export function table(
  caption: string,
  head: readonly string[],
  rows: readonly (readonly Child[])[],
  isNumber: readonly boolean[] = [],
): HTMLElement {
  const attributes = (at: number): Record<string, string> => (isNumber[at] ? { class: 'number' } : {});
  const cells = rows.map((row) =>
    el('tr', {}, ...row.map((cell, at) => el('td', attributes(at), isNumber[at] ? cell : breakable(cell)))),
  );
  const titles = head.map((title, at) => el('th', { scope: 'col', ...attributes(at) }, title));
  return el(
    'div',
    { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption },
    el(
      'table',
      {},
      el('caption', { class: 'unseen' }, caption),
      el('thead', {}, el('tr', {}, ...titles)),
      el('tbody', {}, ...cells),
    ),
  );
}

/** A name may go on in the next line where a word of it ends, as in `sampleDifficulty`, and nowhere else. */
function breakable(cell: Child): Child {
  if (typeof cell !== 'string') return cell;
  const parts = cell.split(/(?<=[a-z])(?=[A-Z])|(?<=[.:_/])(?=\w)/);
  const pieces = document.createDocumentFragment();
  for (const [at, part] of parts.entries()) pieces.append(...(at > 0 ? [el('wbr'), part] : [part]));
  return pieces;
}
