import { isWithin } from '../../forms/faults';
import type { MessageKey } from '../../i18n/keys';
import { knobName } from '../../i18n/knobs';
import type { Translator } from '../../i18n/translator';

/* The longest path that holds a fault's names its field. */
const NAMES: readonly (readonly [string, MessageKey])[] = [
  ['$.baseModelPath', 'forms.model'],
  ['$.datasetPath', 'forms.dataset'],
  ['$.task', 'tuning.task'],
  ['$.data.textColumns', 'tuning.column.text'],
  ['$.data.labelColumn', 'tuning.column.label'],
  ['$.data.maxTrainRows', 'tuning.rows'],
  ['$.data', 'forms.dataset'],
  ['$.config', 'tuning.space'],
  ['$.strategyOptions', 'tuning.strategy'],
  ['$.strategy', 'tuning.strategy'],
  ['$.maxTrials', 'tuning.trials'],
  ['$.parallel', 'tuning.parallel'],
  ['$.earlyStopping', 'tuning.stopping'],
  ['$.training.patience', 'tuning.patience'],
  ['$.training.maxSteps', 'tuning.steps'],
  ['$.objectives', 'tuning.objective'],
  ['$.targetValue', 'tuning.target'],
  ['$.timeLimit', 'tuning.time'],
  ['$.name', 'tuning.name'],
  ['$.outputDir', 'forms.output'],
  ['$.seed', 'tuning.seed'],
];

/** What a field of the tuning form is called; the path itself for what the form does not show. */
export function nameField(path: string, translator: Translator): string {
  const knob = /^\$\.config\.(\w+)/.exec(path)?.[1];
  if (knob) return knobName(knob, translator);
  const found = NAMES.find(([outer]) => isWithin(path, outer));
  return found ? translator.text(found[1]) : path.replace(/^\$\.?/, '');
}
