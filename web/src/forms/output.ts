/** Returns a folder for what is made of a model, such as `models/bert-fa-tuned`; none of those that are taken. */
export function suggestFolder(model: string, suffix: string, taken: readonly string[] = []): string {
  const last =
    model
      .replace(/[\\/]+$/, '')
      .split(/[\\/]/)
      .pop() ?? '';
  if (!last) return '';
  const base = `models/${last}-${suffix}`;
  const used = new Set(taken);
  let name = base;
  for (let number = 2; used.has(name); number += 1) name = `${base}-${number}`;
  return name;
}
