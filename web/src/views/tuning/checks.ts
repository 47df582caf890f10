import { checkNumber, type Complaint } from '../../forms/check';
import type { NumberRule } from '../../forms/schema';
import type { Draft } from './draft';
import { findKnob } from './knobs';
import { checkDomain } from './space';

/** What a number in the form accepts, by the JSON path of its field. */
export const RULES = {
  '$.maxTrials': { min: 1, integer: true },
  '$.parallel': { min: 1, max: 256, integer: true, required: true },
  '$.seed': { min: 0, max: 4_294_967_295, integer: true, required: true },
  '$.timeLimit': { above: 0 },
  '$.targetValue': {},
  '$.training.patience': { min: 1, integer: true },
  '$.training.maxSteps': { min: 1, integer: true },
  '$.data.maxTrainRows': { min: 1, integer: true },
} satisfies Record<string, NumberRule>;

/** The least that the numbers of the rules of early stopping accept; all are whole. */
export const LEAST = { startupTrials: 0, warmupSteps: 0, reductionFactor: 2, minResource: 1 } as const;

export type NumberPath = keyof typeof RULES;

/** Where each of these numbers is in the form. */
export const FIELDS = {
  '$.maxTrials': 'maxTrials',
  '$.parallel': 'parallel',
  '$.seed': 'seed',
  '$.timeLimit': 'timeLimit',
  '$.targetValue': 'targetValue',
  '$.training.patience': 'patience',
  '$.training.maxSteps': 'maxSteps',
  '$.data.maxTrainRows': 'maxTrainRows',
} as const satisfies Record<NumberPath, keyof Draft>;

/** Everything that is wrong with the form as far as it can be told without the server, by JSON path. */
export function checkDraft(draft: Draft): Map<string, Complaint> {
  const found = new Map<string, Complaint>();
  if (!draft.model) found.set('$.baseModelPath', { key: 'tuning.model.needed' });
  if (!draft.dataset) found.set('$.datasetPath', { key: 'tuning.dataset.needed' });
  if (draft.space.length === 0) found.set('$.config', { key: 'tuning.space.none' });
  for (const { name, domain } of draft.space) {
    const complaint = checkDomain(findKnob(name), domain, draft.strategy === 'grid');
    if (complaint) found.set(`$.config.${name}`, complaint);
  }
  for (const path of Object.keys(RULES) as NumberPath[]) {
    const complaint = checkNumber(draft[FIELDS[path]], RULES[path]);
    if (complaint) found.set(path, complaint);
  }
  for (const [name, min] of Object.entries(LEAST)) {
    const complaint = checkNumber(draft.stopping[name as keyof typeof LEAST] ?? null, { min, integer: true });
    if (complaint) found.set(`$.earlyStopping.${name}`, complaint);
  }
  for (const [name, value] of Object.entries(draft.strategyOptions)) {
    if (Number.isNaN(value)) found.set(`$.strategyOptions.${name}`, { key: 'form.number' });
  }
  const metrics = draft.objectives.map(({ metric }) => metric);
  const twice = metrics.findIndex((metric, index) => metrics.indexOf(metric) < index);
  if (twice >= 0) found.set(`$.objectives[${twice}]`, { key: 'tuning.objective.twice' });
  return found;
}
