/** Bytes of a block of base64 that were deflated. */
export async function inflate(base64: string): Promise<Uint8Array> {
  const text = base64.trim();
  if (text === '') return new Uint8Array(0);
  const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
