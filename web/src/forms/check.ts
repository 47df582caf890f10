import type { MessageKey } from '../i18n/keys';
import type { FieldPlan, NumberRule, OptionValue } from './schema';

/** What is wrong with a value: a text's key and the limit that it names. */
export interface Complaint {
  key: MessageKey;
  limit?: number;
}

/** Says what is wrong with a number; `NaN` stands for a text that is none, null for an empty field. */
export function checkNumber(value: number | null, rule: NumberRule): Complaint | null {
  if (value === null) return rule.required ? { key: 'form.required' } : null;
  if (!Number.isFinite(value)) return { key: 'form.number' };
  if (rule.integer && !Number.isInteger(value)) return { key: 'form.integer' };
  if (rule.min !== undefined && value < rule.min) return { key: 'form.min', limit: rule.min };
  if (rule.max !== undefined && value > rule.max) return { key: 'form.max', limit: rule.max };
  if (rule.above !== undefined && value <= rule.above) return { key: 'form.above', limit: rule.above };
  if (rule.below !== undefined && value >= rule.below) return { key: 'form.below', limit: rule.below };
  return null;
}

/** Says what is wrong with the value of a plugin's option. */
export function checkOption(plan: FieldPlan, value: OptionValue | undefined): Complaint | null {
  if (value === undefined) return plan.required && plan.initial === undefined ? { key: 'form.required' } : null;
  if (plan.kind === 'number') {
    return checkNumber(value as number | null, { ...plan.rule, required: !plan.nullable });
  }
  return null;
}

/** Returns the complaints about all options of a plugin, by name. */
export function checkOptions(
  plans: readonly FieldPlan[],
  values: Readonly<Record<string, OptionValue>>,
): Map<string, Complaint> {
  const found = new Map<string, Complaint>();
  for (const plan of plans) {
    const complaint = checkOption(plan, values[plan.name]);
    if (complaint) found.set(plan.name, complaint);
  }
  return found;
}
