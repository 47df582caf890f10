import type { QuantizeSpec } from '../../api/types';
import type { Options } from '../../forms';
import type { MessageKey } from '../../i18n/keys';
import { dataDraft, dataSpec, NO_DATA, type DataDraft } from '../making/data-form';
import { compact, numbers, splitList } from '../making/drafts';

/** What the quantization form holds; numbers are null where the server's default counts. */
export interface QuantizeDraft extends DataDraft {
  method: string;
  /** As text, so that a select holds it. */
  bits: string;
  symmetric: boolean;
  perChannel: boolean;
  groupSize: number | null;
  rounding: string;
  floatType: string;
  ranges: string;
  percentile: number | null;
  smooths: boolean;
  smoothing: number | null;
  activationSymmetric: string;
  activationGranularity: string;
  keep: string;
  backend: string;
  backendOptions: Options;
  /** Measure quality and rank layers on a data set, where none is needed. */
  measures: boolean;
  calibrationRows: number | null;
  batchSize: number | null;
  device: string;
  threads: number | null;
  epochs: number | null;
  learningRate: number | null;
  distill: boolean;
  distillTemperature: number | null;
  distillWeight: number | null;
  timeLimit: number | null;
  measureLatency: boolean;
  batchSizes: string;
  lengths: string;
  measureMemory: boolean;
  rankLayers: boolean;
  seed: number | null;
}

export const FIRST_DRAFT: QuantizeDraft = {
  model: '',
  output: null,
  ...NO_DATA,
  method: 'dynamic',
  bits: '8',
  symmetric: true,
  perChannel: true,
  groupSize: 32,
  rounding: 'nearest',
  floatType: 'bf16',
  ranges: 'min-max',
  percentile: 99.99,
  smooths: false,
  smoothing: 0.5,
  activationSymmetric: '',
  activationGranularity: '',
  keep: '',
  backend: 'auto',
  backendOptions: {},
  measures: false,
  calibrationRows: 256,
  batchSize: 16,
  device: 'auto',
  threads: null,
  epochs: 1,
  learningRate: 2e-5,
  distill: false,
  distillTemperature: 2,
  distillWeight: 0.5,
  timeLimit: null,
  measureLatency: true,
  batchSizes: '',
  lengths: '',
  measureMemory: true,
  rankLayers: true,
  seed: 0,
};

/** With so many bits numbers stay in floating point: a cast or an export. */
export function isCast({ bits }: QuantizeDraft): boolean {
  return Number(bits) >= 16;
}

/** Whether activations are quantized. */
export function hasActivations(draft: QuantizeDraft): boolean {
  return !isCast(draft) && draft.method !== 'weight-only';
}

/** Whether the ranges of activations are found beforehand. */
export function isCalibrated(draft: QuantizeDraft): boolean {
  return draft.bits === '8' && (draft.method === 'static' || draft.method === 'qat');
}

export function isTrained(draft: QuantizeDraft): boolean {
  return !isCast(draft) && draft.method === 'qat';
}

/** Why a data set has to be named; none if it need not be. */
export function dataReasons(draft: QuantizeDraft): readonly MessageKey[] {
  const reasons: MessageKey[] = [];
  if (!isCast(draft)) {
    if (draft.method === 'static') reasons.push('quantization.data.static');
    if (draft.method === 'qat') reasons.push('quantization.data.qat');
    if (draft.bits === '4' && draft.rounding === 'gptq') reasons.push('quantization.data.gptq');
    if (draft.smooths && hasActivations(draft)) reasons.push('quantization.data.smoothing');
  }
  if (draft.measures && reasons.length === 0) reasons.push('quantization.data.measures');
  return reasons;
}

/** The spec that a draft asks for: only what the person sees, so that the server refuses nothing that is hidden. */
export function toSpec(draft: QuantizeDraft, output: string): QuantizeSpec {
  return compact({
    modelPath: draft.model,
    outputPath: output,
    config: config(draft),
    seed: given(draft.seed),
    ...(dataReasons(draft).length > 0 ? dataSpec(draft) : {}),
    calibrationRows: given(draft.calibrationRows),
    batchSize: given(draft.batchSize),
    device: draft.device === 'auto' ? undefined : draft.device,
    threads: given(draft.threads),
    training: isTrained(draft) ? training(draft) : undefined,
    measureLatency: draft.measureLatency,
    batchSizes: draft.measureLatency ? numbers(draft.batchSizes) : undefined,
    lengths: draft.measureLatency ? numbers(draft.lengths) : undefined,
    measureMemory: draft.measureMemory,
    rankLayers: draft.rankLayers,
  }) as QuantizeSpec;
}

function config(draft: QuantizeDraft): QuantizeSpec['config'] {
  const cast = isCast(draft);
  const grouped = draft.bits === '4';
  const activations = hasActivations(draft);
  return compact({
    method: cast ? undefined : draft.method,
    bits: Number(draft.bits),
    symmetric: cast ? undefined : draft.symmetric,
    perChannel: cast ? undefined : draft.perChannel,
    groupSize: grouped ? given(draft.groupSize) : undefined,
    rounding: grouped ? draft.rounding : undefined,
    floatType: draft.bits === '16' ? draft.floatType : undefined,
    ranges: isCalibrated(draft) ? draft.ranges : undefined,
    percentile: isCalibrated(draft) && draft.ranges === 'percentile' ? given(draft.percentile) : undefined,
    smoothing: activations && draft.smooths ? given(draft.smoothing) : undefined,
    activationSymmetric:
      activations && draft.activationSymmetric !== '' ? draft.activationSymmetric === 'yes' : undefined,
    activationGranularity: activations && draft.activationGranularity !== '' ? draft.activationGranularity : undefined,
    keep: splitList(draft.keep),
    backend: draft.backend,
    backendOptions: draft.backend === 'auto' ? undefined : draft.backendOptions,
  }) as QuantizeSpec['config'];
}

function training(draft: QuantizeDraft): QuantizeSpec['training'] {
  return compact({
    epochs: given(draft.epochs),
    learningRate: given(draft.learningRate),
    distill: draft.distill || undefined,
    distillTemperature: draft.distill ? given(draft.distillTemperature) : undefined,
    distillWeight: draft.distill ? given(draft.distillWeight) : undefined,
    timeLimit: given(draft.timeLimit),
  }) as QuantizeSpec['training'];
}

function given(value: number | null): number | undefined {
  return value === null || Number.isNaN(value) ? undefined : value;
}

/* What is no number is sent as it was typed, so that the server names it in its fault. */
/** The draft that a job's spec comes from. Its output is left open: that folder is taken. */
export function fromSpec(spec: QuantizeSpec, short: (path: string) => string): QuantizeDraft {
  const config = spec.config ?? {};
  const training = spec.training ?? {};
  const symmetric = config.activationSymmetric;
  return {
    ...FIRST_DRAFT,
    model: short(spec.modelPath ?? ''),
    ...dataDraft(spec, short),
    method: config.method ?? 'dynamic',
    bits: String(config.bits ?? 8),
    symmetric: config.symmetric ?? true,
    perChannel: config.perChannel ?? true,
    groupSize: config.groupSize ?? 32,
    rounding: config.rounding ?? 'nearest',
    floatType: config.floatType ?? 'bf16',
    ranges: config.ranges ?? 'min-max',
    percentile: config.percentile ?? 99.99,
    smooths: (config.smoothing ?? null) !== null,
    smoothing: config.smoothing ?? FIRST_DRAFT.smoothing,
    activationSymmetric: symmetric === true ? 'yes' : symmetric === false ? 'no' : '',
    activationGranularity: config.activationGranularity ?? '',
    keep: (config.keep ?? []).join(', '),
    backend: config.backend ?? 'auto',
    backendOptions: (config.backendOptions ?? {}) as Options,
    measures: Boolean(spec.datasetPath),
    calibrationRows: spec.calibrationRows ?? 256,
    batchSize: spec.batchSize ?? 16,
    device: spec.device ?? 'auto',
    threads: spec.threads ?? null,
    epochs: training.epochs ?? 1,
    learningRate: training.learningRate ?? 2e-5,
    distill: training.distill ?? false,
    distillTemperature: training.distillTemperature ?? 2,
    distillWeight: training.distillWeight ?? 0.5,
    timeLimit: training.timeLimit ?? null,
    measureLatency: spec.measureLatency ?? true,
    batchSizes: (spec.batchSizes ?? []).join(', '),
    lengths: (spec.lengths ?? []).join(', '),
    measureMemory: spec.measureMemory ?? true,
    rankLayers: spec.rankLayers ?? true,
    seed: spec.seed ?? 0,
  };
}
