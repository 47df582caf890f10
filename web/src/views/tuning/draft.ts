import type { TuneSpec } from '../../api/types';
import type { Options } from '../../forms/schema-form';
import { FIRST_KNOBS, suggestDomain } from './knobs';
import type { Objective, Task } from './metrics';
import { fromConfig, toConfig, type Dimension } from './space';

export type StoppingMethod = 'none' | 'median' | 'asha' | 'hyperband';
type EarlyStopping = NonNullable<TuneSpec['earlyStopping']>;

/** What stands in the form. Null: left to the server. */
export interface Draft {
  name: string;
  model: string;
  dataset: string;
  task: Task | null;
  /** The task that the data set was found to be for; not sent. */
  detected: Task | null;
  textColumns: readonly string[];
  labelColumn: string | null;
  space: readonly Dimension[];
  strategy: string;
  strategyOptions: Options;
  maxTrials: number | null;
  parallel: number | null;
  seed: number | null;
  objectives: readonly Objective[];
  stopping: EarlyStopping & { method: StoppingMethod };
  patience: number | null;
  maxSteps: number | null;
  maxTrainRows: number | null;
  timeLimit: number | null;
  targetValue: number | null;
  output: string | null;
  /** Fields of an earlier job's spec that the form does not show. */
  more: Partial<TuneSpec>;
}

export function newDraft(): Draft {
  return {
    name: '',
    model: '',
    dataset: '',
    task: null,
    detected: null,
    textColumns: [],
    labelColumn: null,
    space: FIRST_KNOBS.map((name) => ({ name, domain: suggestDomain(name) })),
    strategy: 'bayesian',
    strategyOptions: {},
    maxTrials: 10,
    parallel: 1,
    seed: 0,
    objectives: [],
    stopping: { method: 'none' },
    patience: null,
    maxSteps: null,
    maxTrainRows: null,
    timeLimit: null,
    targetValue: null,
    output: null,
    more: {},
  };
}

/** What will be trained for, as far as it is known. */
export function taskOf(draft: Draft): Task | null {
  return draft.task ?? draft.detected;
}

/** The body that starts the job. What is as the server would have it is left out. */
export function toSpec(draft: Draft): TuneSpec {
  const { data, training, ...more } = draft.more;
  return clean({
    ...more,
    kind: 'tune',
    name: draft.name || undefined,
    baseModelPath: draft.model,
    datasetPath: draft.dataset,
    outputDir: draft.output || undefined,
    config: toConfig(draft.space),
    strategy: draft.strategy,
    strategyOptions: filled(draft.strategyOptions),
    maxTrials: draft.maxTrials ?? undefined,
    parallel: draft.parallel ?? undefined,
    seed: draft.seed ?? undefined,
    objectives: draft.objectives.length > 0 ? [...draft.objectives] : undefined,
    timeLimit: draft.timeLimit ?? undefined,
    targetValue: draft.targetValue ?? undefined,
    earlyStopping: draft.stopping.method === 'none' ? undefined : clean(draft.stopping),
    task: draft.task ?? undefined,
    data: filled({
      ...data,
      textColumns: draft.textColumns.length > 0 ? [...draft.textColumns] : undefined,
      labelColumn: draft.labelColumn ?? undefined,
      maxTrainRows: draft.maxTrainRows ?? undefined,
    }),
    training: filled({
      ...training,
      patience: draft.patience ?? undefined,
      maxSteps: draft.maxSteps ?? undefined,
    }),
  }) as unknown as TuneSpec;
}

/** The form for a spec, such as that of a job that is to be started again; the output folder has to be a new one. */
export function fromSpec(spec: TuneSpec): Draft {
  const { data = {}, training = {}, ...rest } = spec;
  const { textColumns = [], labelColumn = null, maxTrainRows = null, ...moreData } = data;
  const { patience = null, maxSteps = null, ...moreTraining } = training;
  const first = newDraft();
  const shown = ['kind', 'name', 'baseModelPath', 'datasetPath', 'outputDir', 'config', 'strategy', 'strategyOptions'];
  shown.push('maxTrials', 'parallel', 'seed', 'objectives', 'timeLimit', 'targetValue', 'earlyStopping', 'task');
  const more = Object.fromEntries(Object.entries(rest).filter(([name]) => !shown.includes(name)));
  return {
    name: spec.name ?? '',
    model: spec.baseModelPath ?? '',
    dataset: spec.datasetPath ?? '',
    task: spec.task ?? null,
    detected: null,
    textColumns,
    labelColumn,
    space: fromConfig(spec.config ?? {}),
    strategy: spec.strategy ?? 'random',
    strategyOptions: (spec.strategyOptions ?? {}) as Options,
    maxTrials: spec.maxTrials ?? null,
    parallel: spec.parallel ?? first.parallel,
    seed: spec.seed ?? first.seed,
    objectives: (spec.objectives ?? []).map(({ metric, direction = 'maximize' }) => ({ metric, direction })),
    stopping: { ...spec.earlyStopping, method: spec.earlyStopping?.method ?? 'none' },
    patience,
    maxSteps,
    maxTrainRows,
    timeLimit: spec.timeLimit ?? null,
    targetValue: spec.targetValue ?? null,
    output: null,
    more: clean({ ...more, data: filled(moreData), training: filled(moreTraining) }) as Partial<TuneSpec>,
  };
}

/** Returns the object without what is not given, and without empty lists. */
function clean<T extends object>(given: T): T {
  const isGiven = (value: unknown) => value !== undefined && value !== null && !(Array.isArray(value) && !value.length);
  return Object.fromEntries(Object.entries(given).filter(([, value]) => isGiven(value))) as T;
}

/** The same, or nothing where nothing is left. */
function filled(given: object): object | undefined {
  const found = clean(given);
  return Object.keys(found).length > 0 ? found : undefined;
}
