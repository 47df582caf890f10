import { checkNumber, type Complaint } from './check';
import type { NumberRule } from './schema';

/** Says what is wrong with a range besides what is wrong with its ends. */
export function checkRange(low: number | null, high: number | null, rule: NumberRule, log: boolean): Complaint | null {
  const needed = { ...rule, required: true };
  const ends = checkNumber(low, needed) ?? checkNumber(high, needed);
  if (ends || low === null || high === null) return ends;
  if (log && low <= 0) return { key: 'form.above', limit: 0 };
  return high <= low ? { key: 'form.range' } : null;
}
