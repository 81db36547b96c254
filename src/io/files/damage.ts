/** What is wrong with the bytes of a file, in words. Whoever opened the file catches it, and adds its name and a code. */
export class Damage extends Error {}
