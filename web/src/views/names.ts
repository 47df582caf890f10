/** The views by their places in the navigation. This file imports nothing: the build reads it too. */
export const VIEWS = ['tuning', 'pruning', 'quantization', 'comparison', 'jobs'] as const;
export type ViewName = (typeof VIEWS)[number];

/** Returns the areas of texts that a view begins with. */
export function areasOf(view: ViewName) {
  if (view === 'jobs') return [view, 'said', 'knobs'] as const;
  if (view === 'tuning') return [view, 'said', 'forms', 'knobs'] as const;
  return view === 'comparison' ? ([view, 'said', 'forms'] as const) : ([view, 'said', 'forms', 'results'] as const);
}
