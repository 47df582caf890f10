import type { Fault } from '../api/types';
import { describeFault } from '../i18n/fault-words';
import type { Translator } from '../i18n/translator';

/** A field's own path, and everything in it: `$.config` holds `$.config.lr.min` and `$.config[0]`. */
export function isWithin(path: string, outer: string): boolean {
  return path === outer || path.startsWith(`${outer}.`) || path.startsWith(`${outer}[`);
}

/** Returns the texts of what is wrong at a path or inside of it, hints included. */
export function faultsAt(faults: readonly Fault[], path: string, translator: Translator): string {
  return faults
    .filter((fault) => isWithin(fault.path, path))
    .map((fault) => describeFault(fault, translator))
    .join(' ');
}

/** Leaves out the faults of a field that was changed since. */
export function withoutFaults(faults: readonly Fault[], path: string): Fault[] {
  return faults.filter((fault) => !isWithin(fault.path, path));
}

/**
 * Moves to the field of a path: the element, in any shadow tree below, whose `data-path` is the longest that holds it.
 * Returns whether there was one.
 */
export function focusField(root: ParentNode, path: string): boolean {
  let best: HTMLElement | null = null;
  for (const element of fieldsBelow(root)) {
    const own = element.dataset.path ?? '';
    if (isWithin(path, own) && own.length > (best?.dataset.path?.length ?? 0)) best = element;
  }
  if (!best) return false;
  const details = best.closest('details');
  if (details) details.open = true;
  best.scrollIntoView({ block: 'center' });
  best.focus();
  return true;
}

function* fieldsBelow(root: ParentNode): Generator<HTMLElement> {
  for (const element of root.querySelectorAll<HTMLElement>('*')) {
    if (element.dataset.path !== undefined) yield element;
    if (element.shadowRoot) yield* fieldsBelow(element.shadowRoot);
  }
}
