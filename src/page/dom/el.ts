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
  const cells = rows.map((row) => el('tr', {}, ...row.map((cell, at) => el('td', attributes(at), cell))));
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
