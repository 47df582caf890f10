import type { CompareSpec, CompressSpec, Job } from '../../api/types';
import { latinDigits } from '../../i18n/formats';

type Split = NonNullable<CompareSpec['split']>;
type Technique = NonNullable<CompressSpec['techniques']>[number];

export const TECHNIQUES: readonly Technique[] = ['vocabulary', 'pruning', 'quantization'];

/** What stands in the form of a comparison. */
export interface CompareDraft {
  models: readonly string[];
  dataset: string;
  split: Split;
  rows: number | null;
  batchSizes: string;
  lengths: string;
  seconds: number | null;
  threads: number | null;
  confidence: number | null;
  sliceBy: string;
  lengthSlices: number | null;
  speed: boolean;
  memory: boolean;
  name: string;
}

export const NEW_COMPARE: CompareDraft = {
  models: ['', ''],
  dataset: '',
  split: 'validation',
  rows: null,
  batchSizes: '',
  lengths: '',
  seconds: 4,
  threads: null,
  confidence: 95,
  sliceBy: '',
  lengthSlices: 3,
  speed: true,
  memory: true,
  name: '',
};

/** What stands in the form of a compression; megabytes, milliseconds and minutes, as people type them. */
export interface CompressDraft {
  model: string;
  dataset: string;
  output: string | null;
  maxAccuracyDrop: number | null;
  confidence: number | null;
  minimize: 'latency' | 'size';
  maxSize: number | null;
  maxLatency: number | null;
  budget: number | null;
  maxCandidates: number | null;
  maxEpochs: number | null;
  techniques: readonly Technique[];
  methods: readonly string[];
  backends: readonly string[];
  strategy: string;
  latencyBatchSize: number | null;
  latencyLength: number | null;
  seconds: number | null;
  threads: number | null;
  measureMemory: boolean;
  name: string;
}

export const NEW_COMPRESS: CompressDraft = {
  model: '',
  dataset: '',
  output: null,
  maxAccuracyDrop: 1,
  confidence: null,
  minimize: 'latency',
  maxSize: null,
  maxLatency: null,
  budget: 30,
  maxCandidates: 40,
  maxEpochs: 4,
  techniques: TECHNIQUES,
  methods: [],
  backends: [],
  strategy: 'bayesian',
  latencyBatchSize: 1,
  latencyLength: null,
  seconds: 2,
  threads: null,
  measureMemory: true,
  name: '',
};

/** Reads whole numbers that a person typed, one after another, in any script. */
export function readCounts(text: string): number[] {
  return latinDigits(text)
    .split(/[^\d.-]+/)
    .filter(Boolean)
    .map(Number);
}

/** Reads names that a person typed with commas between them. */
export function readNames(text: string): string[] {
  return text
    .split(/[,،]/)
    .map((name) => name.trim())
    .filter(Boolean);
}

/** What the server is sent; fields left empty keep its defaults. */
export function compareSpec(draft: CompareDraft, language: 'fa' | 'en'): CompareSpec {
  const hasData = draft.dataset !== '';
  return {
    kind: 'compare',
    modelPaths: draft.models.filter(Boolean),
    datasetPath: draft.dataset,
    ...(hasData ? { split: draft.split, rows: draft.rows, sliceBy: readNames(draft.sliceBy) } : {}),
    ...(hasData && draft.lengthSlices !== null ? { lengthSlices: draft.lengthSlices } : {}),
    batchSizes: readCounts(draft.batchSizes),
    lengths: readCounts(draft.lengths),
    ...(draft.seconds === null ? {} : { seconds: draft.seconds }),
    threads: draft.threads,
    ...(draft.confidence === null ? {} : { confidence: draft.confidence / 100 }),
    speed: draft.speed,
    memory: draft.memory,
    name: draft.name,
    reportLanguage: language,
  };
}

/** Reads a spec back into the form. */
export function compareDraft(spec: CompareSpec): CompareDraft {
  return {
    ...NEW_COMPARE,
    models: spec.modelPaths ?? NEW_COMPARE.models,
    dataset: spec.datasetPath ?? '',
    split: spec.split ?? 'validation',
    rows: spec.rows ?? null,
    batchSizes: (spec.batchSizes ?? []).join(', '),
    lengths: (spec.lengths ?? []).join(', '),
    seconds: spec.seconds ?? NEW_COMPARE.seconds,
    threads: spec.threads ?? null,
    confidence: Math.round((spec.confidence ?? 0.95) * 1000) / 10,
    sliceBy: (spec.sliceBy ?? []).join(', '),
    lengthSlices: spec.lengthSlices ?? 3,
    speed: spec.speed ?? true,
    memory: spec.memory ?? true,
    name: spec.name ?? '',
  };
}

const MEGABYTE = 1e6;
const MINUTE = 60;

/** A spec of a server that also takes how sure one wants to be. */
export type SureSpec = CompressSpec & { confidence?: number };

export function compressSpec(draft: CompressDraft, folder: string): SureSpec {
  const given = <K extends string>(name: K, value: number | null) => (value === null ? {} : { [name]: value });
  return {
    kind: 'compress',
    modelPath: draft.model,
    datasetPath: draft.dataset,
    outputPath: folder,
    ...given('maxAccuracyDrop', draft.maxAccuracyDrop),
    ...given('confidence', draft.confidence === null ? null : draft.confidence / 100),
    minimize: draft.minimize,
    maxSize: draft.maxSize === null ? null : Math.round(draft.maxSize * MEGABYTE),
    maxLatency: draft.maxLatency,
    budget: draft.budget === null ? null : draft.budget * MINUTE,
    ...given('maxCandidates', draft.maxCandidates),
    ...given('maxEpochs', draft.maxEpochs),
    techniques: [...draft.techniques],
    methods: [...draft.methods],
    backends: [...draft.backends],
    strategy: draft.strategy,
    ...given('latencyBatchSize', draft.latencyBatchSize),
    latencyLength: draft.latencyLength,
    ...given('seconds', draft.seconds),
    threads: draft.threads,
    measureMemory: draft.measureMemory,
    name: draft.name,
  };
}

export function compressDraft(spec: SureSpec): CompressDraft {
  const number = (value: unknown, unit = 1) => (typeof value === 'number' ? value / unit : null);
  return {
    model: spec.modelPath ?? '',
    dataset: spec.datasetPath ?? '',
    output: null, // the folder of the job that this begins with is not empty any more
    maxAccuracyDrop: spec.maxAccuracyDrop ?? 1,
    confidence: spec.confidence === undefined ? null : Math.round(spec.confidence * 1000) / 10,
    minimize: spec.minimize ?? 'latency',
    maxSize: number(spec.maxSize, MEGABYTE),
    maxLatency: number(spec.maxLatency),
    budget: number(spec.budget, MINUTE),
    maxCandidates: spec.maxCandidates ?? NEW_COMPRESS.maxCandidates,
    maxEpochs: spec.maxEpochs ?? NEW_COMPRESS.maxEpochs,
    techniques: spec.techniques ?? TECHNIQUES,
    methods: spec.methods ?? [],
    backends: spec.backends ?? [],
    strategy: spec.strategy ?? NEW_COMPRESS.strategy,
    latencyBatchSize: spec.latencyBatchSize ?? 1,
    latencyLength: spec.latencyLength ?? null,
    seconds: spec.seconds ?? NEW_COMPRESS.seconds,
    threads: spec.threads ?? null,
    measureMemory: spec.measureMemory ?? true,
    name: spec.name ?? '',
  };
}

/** The model that a finished job has made: what it is called, and its folder; null if it made none. */
export function modelOf(job: Job): { path: string; name: string } | null {
  const path = (job.result as { modelPath?: string } | null)?.modelPath;
  if (job.state !== 'succeeded' || !path) return null;
  const folder = path.split('/').filter(Boolean).pop() ?? path;
  return { path, name: job.spec.name || (folder === 'model' ? job.id : folder) };
}
