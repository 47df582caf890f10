import type { NumberRule, Scalar } from '../../forms/schema';
import table from './hyperparameters.json';
import type { Domain } from './space';

/** A hyperparameter of the trainer: what it accepts, as `persopt.domain.hyperparameters` has it. */
export interface Knob {
  name: string;
  kind: 'int' | 'float' | 'str' | 'bool';
  rule: NumberRule;
  choices: readonly Scalar[];
}

export const KNOBS: readonly Knob[] = table.map(({ name, kind, ...more }) => ({
  name,
  kind: kind as Knob['kind'],
  rule: {
    min: 'min' in more ? more.min : undefined,
    max: 'max' in more ? more.max : undefined,
    above: 'above' in more ? more.above : undefined,
    below: 'below' in more ? more.below : undefined,
    integer: kind === 'int',
  },
  choices: kind === 'bool' ? [false, true] : 'choices' in more ? (more.choices ?? []) : [],
}));

export function findKnob(name: string): Knob | undefined {
  return KNOBS.find((knob) => knob.name === name);
}

const linear = (min: number, max: number): Domain => ({ mode: 'range', min, max, log: false, points: null });
const log = (min: number, max: number): Domain => ({ mode: 'range', min, max, log: true, points: null });
const choices = (...values: Scalar[]): Domain => ({ mode: 'choices', values });

/** What is worth trying, for fine-tuning a pretrained model. */
const SUGGESTED: Record<string, Domain> = {
  learningRate: log(1e-5, 1e-4),
  batchSize: choices(16, 32),
  epochs: linear(1, 4),
  warmupSteps: linear(0, 100),
  weightDecay: linear(0, 0.1),
  dropout: linear(0, 0.3),
  attentionDropout: linear(0, 0.3),
  classifierDropout: linear(0, 0.3),
  maxLength: choices(64, 128),
  gradientAccumulationSteps: choices(1, 2, 4),
  maxGradNorm: linear(0.5, 2),
  labelSmoothingFactor: linear(0, 0.2),
  adamBeta1: linear(0.8, 0.95),
  adamBeta2: linear(0.95, 0.999),
  adamEpsilon: log(1e-8, 1e-6),
  lrSchedulerType: choices('linear', 'cosine'),
  optim: choices('adamw_torch', 'adafactor'),
  neftuneNoiseAlpha: linear(0, 10),
  bf16: choices(false, true),
  gradientCheckpointing: choices(false),
  loraRank: choices(0, 8, 16),
  loraAlpha: choices(16, 32),
  loraDropout: linear(0, 0.2),
  loraTargets: choices('attention', 'all-linear'),
};

/** The hyperparameters that a new search begins with. */
export const FIRST_KNOBS = ['learningRate', 'batchSize', 'epochs'] as const;

export function suggestDomain(name: string): Domain {
  return SUGGESTED[name] ?? { mode: 'fixed', value: null };
}
