import type { Area } from '../i18n/keys';
import type { ViewName } from '../router';

/** Returns the areas of texts that a view begins with. */
export function areasOf(view: ViewName): readonly Area[] {
  return view === 'jobs' ? [view, 'faults'] : [view, 'faults', 'forms'];
}
