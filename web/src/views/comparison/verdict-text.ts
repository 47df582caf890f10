/** Cuts a text after its sentences; a point inside of a number or a name has no space behind it. */
export function sentences(text: string): string[] {
  return text.split(/(?<=\.)\s+/u).filter(Boolean);
}
