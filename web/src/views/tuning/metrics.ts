import type { TuneSpec } from '../../api/types';

export type Task = NonNullable<TuneSpec['task']>;
export type Objective = { metric: string; direction: 'maximize' | 'minimize' };

export const TASKS: readonly Task[] = [
  'text-classification',
  'token-classification',
  'causal-language-modeling',
  'translation',
  'summarization',
  'image-classification',
];

const CLASSES = ['accuracy', 'f1', 'f1Weighted', 'precision', 'recall', 'loss'];
const TEXTS = ['bleu', 'chrf', 'rouge1', 'rouge2', 'rougeL', 'loss'];
const METRICS: Record<Task, readonly string[]> = {
  'text-classification': CLASSES,
  'token-classification': CLASSES,
  'image-classification': CLASSES,
  'causal-language-modeling': ['perplexity', 'loss'],
  translation: TEXTS,
  summarization: ['rougeL', ...TEXTS.filter((name) => name !== 'rougeL')],
};
/** Measured of every training, whatever its task, where an objective names them. */
const MEASURED = ['latency', 'size', 'parameters', 'seconds'];
const MINIMIZED: ReadonlySet<string> = new Set(['loss', 'perplexity', ...MEASURED]);

/** What can be reached for in a task, its default first. */
export function metricsOf(task: Task | null): readonly string[] {
  return [...METRICS[task ?? 'text-classification'], ...MEASURED];
}

export function objectiveOf(metric: string): Objective {
  return { metric, direction: MINIMIZED.has(metric) ? 'minimize' : 'maximize' };
}

export function defaultObjective(task: Task | null): Objective {
  return objectiveOf(metricsOf(task)[0] ?? 'accuracy');
}
