const SHEET = /css`(?:[^`\\]|\\.)*`/g;
const CONDITION = /(@(?:container|media)[^{]*)/;
const REM = /(?<![\w.])(-?(?:\d+\.?\d*|\.\d+))rem\b/g;
const PIXELS = 16;

/**
 * Writes lengths in `rem` in the sheets of a script as multiples of `--p-rem`, the studio's own. A condition of a
 * container cannot hold a variable, so it gets pixels; one of a medium means the browser's own text size anyway.
 */
export function rootRem(code: string): string {
  return code.replace(SHEET, (sheet) => sheet.split(CONDITION).map(rewrite).join(''));
}

function rewrite(part: string): string {
  if (part.startsWith('@media')) return part;
  if (part.startsWith('@container')) return part.replace(REM, (_, count: string) => `${Number(count) * PIXELS}px`);
  return part.replace(REM, (_, count: string) => `calc(var(--p-rem) * ${count})`);
}
