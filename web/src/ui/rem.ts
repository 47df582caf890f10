/**
 * Makes `--p-rem` a length that is worked out once, where a studio is mounted: the text size that the person has set in
 * the browser. `rem` itself would be the text size of the host's page; the build writes `--p-rem` for it.
 */
export function addRem(): void {
  try {
    CSS.registerProperty({ name: '--p-rem', syntax: '<length>', inherits: true, initialValue: '16px' });
  } catch {
    return; // it is known already
  }
}
