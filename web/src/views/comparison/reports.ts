/** What the reports of comparisons and compressions hold; they are no part of the OpenAPI document. */

/** A value with the interval that holds the true one with `confidence`. */
export interface Estimate {
  value: number;
  low: number;
  high: number;
  confidence: number;
}

/** Times of calls of one shape in milliseconds, and rows a second. */
export interface Speed {
  batch: number;
  length: number;
  p50: number;
  p95: number;
  p99: number;
  throughput: number;
  calls: number;
}

export interface ComparedModel {
  label: string;
  path: string;
  format: string;
  weightBytes: number;
  totalBytes: number;
  parameters: number | null;
  memory: { peak: number; base: number; loadSeconds: number } | null;
  speed: readonly Speed[];
  quality: Readonly<Record<string, Estimate>>;
}

export interface MetricChange {
  change: Estimate;
  test: 'mcnemar' | 'bootstrap';
  pValue: number;
  adjustedP: number;
  rowsNeeded: number | null;
}

export interface ModelPair {
  label: string;
  sizeRatio: number;
  memoryRatio: number | null;
  loadRatio: number | null;
  speedups: readonly { batch: number; length: number; speedup: Estimate }[];
  speedup: Estimate | null;
  changes: Readonly<Record<string, MetricChange>>;
  agreement: number | null;
  discordance: { both: number; onlyBaseline: number; onlyModel: number; neither: number } | null;
  outputs: { largest: number; mean: number; cosine: number; rows: number } | null;
}

export interface ComparedSlice {
  column: string | null;
  rows: number;
  quality: readonly Estimate[];
  changes: readonly MetricChange[];
  value: string | null;
  low: number | null;
  high: number | null;
  rest: boolean;
}

export interface CompareReport {
  models: readonly ComparedModel[];
  pairs: readonly ModelPair[];
  verdicts: Readonly<Record<string, readonly string[]>>;
  slices: readonly ComparedSlice[];
  differences: number;
  task: string | null;
  metric: string | null;
  rows: number;
  hasLabels: boolean;
  threads: number;
  device: string;
  confidence: number;
  notes: Readonly<Record<string, readonly string[]>>;
  artifacts: Readonly<Record<string, string>>;
  environment: Readonly<Record<string, unknown>>;
  seconds: number;
  spec: { split?: string; datasetPath?: string; name?: string } | null;
}

/** What is done to a model, in this order; a step that is not there is left out. */
export interface Recipe {
  trim?: boolean;
  cut?: {
    method: string;
    ratios?: { layers?: number; heads?: number; feedForward?: number; hidden?: number };
    layerRule?: string;
    keepLayers?: readonly number[] | null;
  } | null;
  train?: { epochs: number; learningRate: number } | null;
  quantize?: {
    backend: string;
    method?: string;
    bits?: number;
    symmetric?: boolean;
    keepWorst?: number;
  } | null;
}

export type CandidateState = 'judged' | 'passed-over' | 'repeated' | 'failed' | 'stopped';

export interface Candidate {
  number: number;
  recipe: Recipe;
  summary: string;
  state: CandidateState;
  reason: string;
  metrics: Readonly<Record<string, number>>;
  drop: Estimate | null;
  speedup: Estimate | null;
  onFront: boolean;
  within: boolean;
  stages: readonly { name: string; seconds: number; cached: boolean }[];
}

export interface Confirmation {
  rows: number;
  source: 'test-split' | 'held-out';
  original: Readonly<Record<string, Estimate>>;
  model: Readonly<Record<string, Estimate>>;
  drop: Estimate;
  met: boolean;
}

export interface CompressReport {
  met: boolean;
  chosen: Candidate;
  metric: string;
  limits: Readonly<Record<string, number>>;
  minimize: 'latency' | 'size';
  original: { path: string; latency: number; size: number; quality: Readonly<Record<string, Estimate>> };
  candidates: readonly Candidate[];
  pareto: readonly number[];
  confirmation: Confirmation;
  comparison: CompareReport | null;
  leftOut: Readonly<Record<string, string>>;
  endedBy: 'candidates' | 'exhausted' | 'budget';
  format: string;
  modelPath: string;
  rows: Readonly<Record<string, number>>;
  artifacts: Readonly<Record<string, string>>;
  notes: readonly string[];
  seconds: number;
}
