import type { PruneSpec } from '../../api/types';
import type { Options } from '../../forms';
import { latinDigits } from '../../i18n/formats';
import type { MessageKey } from '../../i18n/keys';
import { dataDraft, dataSpec, NO_DATA, type DataDraft } from '../making/data-form';
import { compact, numbers, splitList } from '../making/drafts';

/** What the pruning form holds; numbers are null where the server's default counts. */
export interface PruneDraft extends DataDraft {
  /** Single weights become zero, whole units go, or nothing but the vocabulary is trimmed. */
  what: 'weights' | 'units' | 'vocabulary';
  method: string;
  methodOptions: Options;
  /** How much is said: of weights by a sparsity or a pattern, of units by a sparsity or by ratios of each kind. */
  by: 'sparsity' | 'pattern' | 'ratios';
  sparsity: number | null;
  scope: string;
  pattern: string;
  heads: number | null;
  feedForward: number | null;
  hidden: number | null;
  layers: number | null;
  keepLayers: string;
  layerRule: string;
  multipleOf: number | null;
  vocabulary: boolean;
  minCount: number | null;
  maxSize: number | null;
  keepSingleCharacters: boolean;
  /** Whether there is a data set to measure and train on. */
  trains: boolean;
  gradual: boolean;
  schedule: string;
  pruningSteps: number | null;
  pruningEpochs: number | null;
  recoveryEpochs: number | null;
  learningRate: number | null;
  distill: boolean;
  distillTemperature: number | null;
  distillWeight: number | null;
  timeLimit: number | null;
  include: string;
  exclude: string;
  sparseCopy: boolean;
  onnx: boolean;
  latency: string;
  calibrationRows: number | null;
  batchSize: number | null;
  device: string;
  seed: number | null;
  /** Whether the server has asked for data that nothing else in the form wants: a plugin's method gathers on them. */
  isAsked: boolean;
}

export const FIRST_DRAFT: PruneDraft = {
  model: '',
  output: null,
  ...NO_DATA,
  what: 'weights',
  method: 'magnitude',
  methodOptions: {},
  by: 'sparsity',
  sparsity: 0.5,
  scope: '',
  pattern: '2:4',
  heads: 0,
  feedForward: 0.5,
  hidden: 0,
  layers: 0,
  keepLayers: '',
  layerRule: 'importance',
  multipleOf: 1,
  vocabulary: false,
  minCount: 1,
  maxSize: null,
  keepSingleCharacters: true,
  trains: false,
  gradual: false,
  schedule: 'cubic',
  pruningSteps: null,
  pruningEpochs: null,
  recoveryEpochs: null,
  learningRate: 5e-5,
  distill: false,
  distillTemperature: 2,
  distillWeight: 0.5,
  timeLimit: null,
  include: '',
  exclude: '',
  sparseCopy: false,
  onnx: false,
  latency: '',
  calibrationRows: 256,
  batchSize: 16,
  device: 'auto',
  seed: 0,
  isAsked: false,
};

/** What the built-in methods gather on data, and so need some. */
const GATHERING: Readonly<Record<string, MessageKey>> = {
  gradient: 'pruning.data.gradient',
  wanda: 'pruning.data.wanda',
  movement: 'pruning.data.movement',
  'lottery-ticket': 'pruning.data.lottery-ticket',
};
const TRAINING_METHODS: ReadonlySet<string> = new Set(['movement', 'lottery-ticket']);

/** Why a data set has to be named; none if it need not be. */
export function dataReasons(draft: PruneDraft): readonly MessageKey[] {
  const reasons: MessageKey[] = [];
  const gathering = draft.what === 'vocabulary' ? undefined : GATHERING[draft.method];
  if (trimsVocabulary(draft)) reasons.push('pruning.data.vocabulary');
  if (gathering) reasons.push(gathering);
  if (draft.what !== 'vocabulary' && draft.trains) reasons.push('pruning.data.training');
  if (draft.isAsked && reasons.length === 0) reasons.push('pruning.data.asked');
  return reasons;
}

export function trimsVocabulary(draft: PruneDraft): boolean {
  return draft.vocabulary || draft.what === 'vocabulary';
}

/** Whether training goes on while the model is pruned. */
export function trainsWhilePruning(draft: PruneDraft): boolean {
  return draft.what !== 'vocabulary' && ((draft.trains && draft.gradual) || TRAINING_METHODS.has(draft.method));
}

/** Whether the form's fields of the training count. */
export function isTrained(draft: PruneDraft): boolean {
  return draft.what !== 'vocabulary' && (draft.trains || TRAINING_METHODS.has(draft.method));
}

/** The spec that a draft asks for: only what the person sees, so that the server refuses nothing that is hidden. */
export function toSpec(draft: PruneDraft, output: string): PruneSpec {
  return compact({
    modelPath: draft.model,
    outputPath: output,
    seed: given(draft.seed),
    config: config(draft),
    ...(dataReasons(draft).length > 0 ? dataSpec(draft) : {}),
    training: isTrained(draft) ? training(draft) : undefined,
    calibrationRows: given(draft.calibrationRows),
    batchSize: given(draft.batchSize),
    device: draft.device === 'auto' ? undefined : (draft.device as PruneSpec['device']),
    export: draft.onnx ? ('onnx' as const) : undefined,
    measureLatency: draft.latency === '' ? undefined : draft.latency === 'yes',
  }) as PruneSpec;
}

function config(draft: PruneDraft): NonNullable<PruneSpec['config']> {
  const vocabulary = trimsVocabulary(draft)
    ? compact({
        minCount: given(draft.minCount),
        maxSize: given(draft.maxSize),
        keepSingleCharacters: draft.keepSingleCharacters,
      })
    : undefined;
  if (draft.what === 'vocabulary') return compact({ method: 'none', vocabulary }) as NonNullable<PruneSpec['config']>;
  const units = draft.what === 'units';
  const ratios = units && draft.by === 'ratios';
  const pattern = !units && draft.by === 'pattern';
  const keepLayers = numbers(draft.keepLayers);
  return compact({
    method: draft.method,
    methodOptions: draft.methodOptions,
    structured: units || undefined,
    sparsity: ratios || pattern ? undefined : given(draft.sparsity),
    scope: units || pattern || draft.scope === '' ? undefined : draft.scope,
    pattern: pattern ? latinDigits(draft.pattern.trim()) : undefined,
    ratios: ratios
      ? compact({
          heads: given(draft.heads),
          feedForward: given(draft.feedForward),
          hidden: given(draft.hidden),
          layers: keepLayers.length > 0 ? undefined : given(draft.layers),
        })
      : undefined,
    keepLayers: ratios && keepLayers.length > 0 ? keepLayers : undefined,
    layerRule: ratios && draft.layerRule !== 'importance' ? draft.layerRule : undefined,
    multipleOf: units ? given(draft.multipleOf) : undefined,
    vocabulary,
    gradual: (draft.trains && draft.gradual) || undefined,
    include: units ? undefined : splitList(draft.include),
    exclude: units ? undefined : splitList(draft.exclude),
    sparseCopy: (!units && draft.sparseCopy) || undefined,
  }) as NonNullable<PruneSpec['config']>;
}

function training(draft: PruneDraft): PruneSpec['training'] {
  const during = trainsWhilePruning(draft);
  return compact({
    schedule: during ? draft.schedule : undefined,
    pruningSteps: during ? given(draft.pruningSteps) : undefined,
    pruningEpochs: during ? given(draft.pruningEpochs) : undefined,
    // By default some methods would not train at all; who asks for a recovery gets one.
    recoveryEpochs: given(draft.recoveryEpochs) ?? (draft.trains ? 1 : undefined),
    learningRate: given(draft.learningRate),
    distill: draft.distill || undefined,
    distillTemperature: draft.distill ? given(draft.distillTemperature) : undefined,
    distillWeight: draft.distill ? given(draft.distillWeight) : undefined,
    timeLimit: given(draft.timeLimit),
  }) as PruneSpec['training'];
}

/* A number that is none goes to the server as it is not, as null; the field says so before. */
function given(value: number | null): number | undefined {
  return value === null || Number.isNaN(value) ? undefined : value;
}

const NOTHING = { heads: 0, feedForward: 0, hidden: 0, layers: 0 };

/** The draft that a job's spec comes from. Its output is left open: that folder is taken. */
export function fromSpec(spec: PruneSpec, short: (path: string) => string): PruneDraft {
  const config = spec.config ?? {};
  const training = spec.training ?? {};
  const { ratios, vocabulary } = config;
  const onlyVocabulary = config.method === 'none';
  // The server fills ratios in where a sparsity was asked for.
  const byRatios = Boolean(ratios ?? config.keepLayers?.length) && (config.sparsity ?? null) === null;
  const draft: PruneDraft = {
    ...FIRST_DRAFT,
    model: short(spec.modelPath ?? ''),
    ...dataDraft(spec, short),
    what: onlyVocabulary ? 'vocabulary' : config.structured ? 'units' : 'weights',
    method: onlyVocabulary ? FIRST_DRAFT.method : (config.method ?? FIRST_DRAFT.method),
    methodOptions: (config.methodOptions ?? {}) as Options,
    by: config.pattern ? 'pattern' : byRatios ? 'ratios' : 'sparsity',
    sparsity: config.sparsity ?? FIRST_DRAFT.sparsity,
    scope: config.scope ?? '',
    pattern: config.pattern ?? FIRST_DRAFT.pattern,
    ...(byRatios ? { ...NOTHING, ...ratios } : {}),
    keepLayers: (config.keepLayers ?? []).join(', '),
    layerRule: config.layerRule ?? 'importance',
    multipleOf: config.multipleOf ?? 1,
    vocabulary: Boolean(vocabulary),
    minCount: vocabulary?.minCount ?? 1,
    maxSize: vocabulary?.maxSize ?? null,
    keepSingleCharacters: vocabulary?.keepSingleCharacters ?? true,
    trains: Boolean(training.recoveryEpochs) || Boolean(config.gradual) || Boolean(training.distill),
    gradual: config.gradual ?? false,
    schedule: training.schedule ?? 'cubic',
    pruningSteps: training.pruningSteps ?? null,
    pruningEpochs: training.pruningEpochs ?? null,
    recoveryEpochs: training.recoveryEpochs ?? null,
    learningRate: training.learningRate ?? FIRST_DRAFT.learningRate,
    distill: training.distill ?? false,
    distillTemperature: training.distillTemperature ?? 2,
    distillWeight: training.distillWeight ?? 0.5,
    timeLimit: training.timeLimit ?? null,
    include: (config.include ?? []).join(', '),
    exclude: (config.exclude ?? []).join(', '),
    sparseCopy: config.sparseCopy ?? false,
    onnx: spec.export === 'onnx',
    latency: spec.measureLatency === true ? 'yes' : spec.measureLatency === false ? 'no' : '',
    calibrationRows: spec.calibrationRows ?? 256,
    batchSize: spec.batchSize ?? 16,
    device: spec.device ?? 'auto',
    seed: spec.seed ?? 0,
    isAsked: false,
  };
  return { ...draft, isAsked: draft.dataset !== '' && dataReasons(draft).length === 0 };
}
