/**
 * What `GET /jobs/{id}/report` gives of a pruning and of a quantization. The OpenAPI document leaves reports open, so
 * the fields that are shown are written down here, as `domain/prune_reports.py` and `domain/quantize_reports.py` have them.
 */

/** A measured value with the interval that holds the true one. */
export interface Estimate {
  value: number;
  low: number;
  high: number;
  confidence: number;
}

export interface ModelSize {
  bytes: number;
  parameters: number;
  nonzero: number;
}

export interface TensorSparsity {
  name: string;
  shape: number[];
  pruned: boolean;
  parameters: number;
  zerosBefore: number;
  zeros: number;
  sparsity: number;
}

/** Times in milliseconds; inputs are rows by tokens, or by the sides of an image. */
export interface LatencyComparison {
  before: number;
  after: number;
  speedup: number;
  low: number;
  high: number;
  confidence: number;
  pairs: number;
  inputs: number[];
  device: string;
  threads: number;
}

export interface StructuredReport {
  changed: Record<string, unknown>;
  layers: Record<string, number[]>;
  heads: Record<string, number[]>;
  feedForward: Record<string, number[]>;
  hidden: number[];
}

export interface VocabularyReport {
  kind: string;
  tokensBefore: number;
  tokensAfter: number;
  rowsBefore: number;
  rowsAfter: number;
  tokenizerBytesBefore: number;
  tokenizerBytesAfter: number;
  corpusTexts: number;
  corpusTokens: number;
  droppedTokens: number;
  checkedTexts: number;
  changedTexts: number;
  unknownWordsBefore: number;
  unknownWordsAfter: number;
  leftOut: Record<string, string>;
}

export interface OnnxExport {
  file: string;
  inputs: string[];
  outputs: string[];
  size: number;
  largestDifference: number;
  exporter: string;
}

/** A value by the name of its metric. */
export type Metrics = Record<string, number>;

export interface PruneQuality {
  metric: string;
  before: Metrics | null;
  after: Metrics | null;
  recovered: Metrics | null;
  steps: [number, number];
}

export interface Environment {
  cpu?: { model?: string; usableCores?: number };
  gpus?: { name?: string }[];
}

interface Finished {
  modelPath: string;
  artifacts: Record<string, string>;
  notes: string[];
  seconds: number;
  environment: Environment;
  jobId: string | null;
}

export interface PruneReport extends Finished {
  method: string;
  scope: string;
  pattern: string | null;
  asked: number;
  sparsity: number;
  modelSparsity: number;
  before: ModelSize;
  after: ModelSize;
  sparseBytes: number;
  sparsePath: string | null;
  tensors: TensorSparsity[];
  structured: StructuredReport | null;
  vocabulary: VocabularyReport | null;
  latency: LatencyComparison | null;
  onnx: OnnxExport | null;
  quality: PruneQuality | null;
}

/** Times of a call in milliseconds; `throughput` in rows a second. */
export interface SpeedMeasurement {
  batch: number;
  length: number;
  p50: number;
  p95: number;
  p99: number;
  throughput: number;
  calls: number;
}

export interface SpeedComparison {
  before: SpeedMeasurement;
  after: SpeedMeasurement;
  speedup: Estimate;
  threads: number;
  device: string;
}

/** In bytes. */
export interface MemoryUse {
  peak: number;
  base: number;
  loadSeconds: number;
}

export interface OutputError {
  largest: number;
  mean: number;
  cosine: number;
  rows: number;
}

export interface LayerError {
  name: string;
  parameters: number;
  error: number;
  cosine: number;
}

export interface QuantizeQuality {
  metric: string;
  before: Record<string, Estimate>;
  after: Record<string, Estimate>;
  change: Record<string, Estimate>;
  rows: number;
}

export interface BackendTried {
  backend: string;
  latency: number | null;
  reason: string;
}

export interface QuantizeReport extends Finished {
  config: { method: string; bits: number; floatType: string; rounding: string; groupSize: number };
  backend: string;
  format: string;
  bytesBefore: number;
  bytesAfter: number;
  totalBytes: number;
  speed: SpeedComparison[];
  memoryBefore: MemoryUse | null;
  memoryAfter: MemoryUse | null;
  quality: QuantizeQuality | null;
  outputs: OutputError | null;
  layers: LayerError[];
  tried: BackendTried[];
}
