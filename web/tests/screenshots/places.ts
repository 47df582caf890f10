import { readFrames } from '../../src/api/sse';
import type { StudioServer } from '../e2e/server';

const API = '/api/optimization';

/** The pictures that the documentation shows: what is seen first of them goes into docs/images. */
export const DOCUMENTED: ReadonlySet<string> = new Set([
  'tuning-chosen-fa-light-wide',
  'job-fa-dark-wide',
  'comparison-result-en-light-wide',
  'compress-result-en-dark-wide',
  'quantization-result-fa-light-wide',
  'pruning-result-en-light-wide',
  'jobs-fa-light-narrow',
  'job-en-dark-narrow',
]);

/** Ids of the jobs whose results are photographed. */
export interface Jobs {
  tune: string;
  prune: string;
  quantize: string;
  compare: string;
  compress: string;
}

/** What is photographed: a file's name, and its address. A view or a state that is added gets its line here. */
export const PLACES: readonly (readonly [string, (jobs: Jobs) => string])[] = [
  ['tuning', () => '/studio/tuning'],
  ['tuning-chosen', () => `/studio/tuning?model=models/tiny-bert-fa&dataset=${DATA}`],
  ['pruning', () => '/studio/pruning'],
  ['pruning-result', ({ prune }) => `/studio/pruning/${prune}`],
  ['quantization', () => '/studio/quantization'],
  ['quantization-result', ({ quantize }) => `/studio/quantization/${quantize}`],
  ['comparison', () => '/studio/comparison'],
  ['comparison-result', ({ compare }) => `/studio/comparison/${compare}`],
  ['compress', () => '/studio/comparison?mode=compress'],
  ['compress-result', ({ compress }) => `/studio/comparison/${compress}`],
  ['jobs', () => '/studio/jobs'],
  ['job', ({ tune }) => `/studio/jobs/${tune}`],
  ['job-trials', ({ tune }) => `/studio/jobs/${tune}/trials`],
  ['job-log', ({ tune }) => `/studio/jobs/${tune}/log`],
  ['job-events', ({ tune }) => `/studio/jobs/${tune}/events`],
  ['job-files', ({ prune }) => `/studio/jobs/${prune}/files`],
  ['job-spec', ({ tune }) => `/studio/jobs/${tune}/spec`],
];

const DATA = 'datasets/word-mixtures';
const TUNED = 'models/words';
const PRUNED = 'models/words-pruned';
const QUANTIZED = 'models/words-int8';
const SPECS: Record<keyof Jobs, readonly [string, object]> = {
  tune: [
    '/jobs',
    {
      name: 'تنظیم واژه‌ها',
      baseModelPath: 'models/tiny-bert-fa',
      datasetPath: DATA,
      outputDir: TUNED,
      config: { learningRate: { min: 1e-4, max: 1e-2, distribution: 'log_uniform' }, batchSize: [8, 16], epochs: 2 },
      training: { evaluations: 6 },
      maxTrials: 12,
    },
  ],
  prune: [
    '/prune',
    {
      modelPath: TUNED,
      outputPath: PRUNED,
      datasetPath: DATA,
      config: { structured: true, ratios: { feedForward: 0.5 }, method: 'gradient' },
      measureLatency: true,
    },
  ],
  quantize: [
    '/quantize',
    {
      modelPath: TUNED,
      outputPath: QUANTIZED,
      datasetPath: DATA,
      config: { method: 'static', backend: 'onnxruntime' },
      lengths: [16, 32],
      rankLayers: true,
    },
  ],
  compare: ['/compare', { modelPaths: [TUNED, PRUNED, QUANTIZED], datasetPath: DATA }],
  compress: [
    '/compress',
    {
      name: 'فشرده‌سازی واژه‌ها',
      modelPath: TUNED,
      datasetPath: DATA,
      outputPath: 'models/words-small',
      maxAccuracyDrop: 3,
      maxCandidates: 8,
      latencyLength: 32,
      seconds: 1,
    },
  ],
};

/** Runs the jobs one after another, each to its end. */
export async function runJobs({ url }: StudioServer): Promise<Jobs> {
  const ids: Partial<Jobs> = {};
  for (const kind of Object.keys(SPECS) as (keyof Jobs)[]) {
    const [path, spec] = SPECS[kind];
    const given = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(spec) };
    const answer = await fetch(url + API + path, given);
    if (!answer.ok) throw new Error(`${kind}: ${await answer.text()}`);
    ids[kind] = ((await answer.json()) as { id: string }).id;
    await ended(`${url}${API}/events?job=${ids[kind]}&start=all`);
  }
  return ids as Jobs;
}

/** Reads a job's events until the one that tells its end; throws if it has failed. */
async function ended(events: string): Promise<void> {
  const stopping = new AbortController();
  const answer = await fetch(events, { signal: stopping.signal });
  for await (const { event, data } of readFrames(answer)) {
    if (event === 'persopt.job.failed') throw new Error(`a job has failed: ${data}`);
    if (event === 'persopt.job.succeeded') break;
  }
  stopping.abort();
}
