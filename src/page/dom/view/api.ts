import type { FetchBytes } from '../../view/rowTable.js';

/** Addresses are relative: the token stands in the path of the page. */
export async function getJson<Value>(path: string): Promise<Value> {
  const response = await fetch(path);
  if (!response.ok) throw new Error((await response.text()).trim());
  return (await response.json()) as Value;
}

export async function post(path: string): Promise<void> {
  const response = await fetch(path, { method: 'POST' });
  if (!response.ok) throw new Error((await response.text()).trim());
}

export const fetchBytes: FetchBytes = async (file, start, end) => {
  const response = await fetch(`files/${file}`, { headers: { range: `bytes=${start}-${end - 1}` } });
  if (response.status !== 206) throw new Error(`the server answered ${response.status} for ${file}`);
  return response.arrayBuffer();
};
