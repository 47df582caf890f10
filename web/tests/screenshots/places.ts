import { readFrames } from '../../src/api/sse';
import type { StudioServer } from '../e2e/server';

const API = '/api/optimization';

/** Ids of the jobs whose results are photographed. */
export interface Jobs {
  tune: string;
  prune: string;
  quantize: string;
  compare: string;
}

/** What is photographed: a file's name, and its address. A view or a state that is added gets its line here. */
export const PLACES: readonly (readonly [string, (jobs: Jobs) => string])[] = [
  ['tuning', () => '/studio/tuning'],
  ['pruning', () => '/studio/pruning'],
  ['pruning-result', ({ prune }) => `/studio/pruning/${prune}`],
  ['quantization', () => '/studio/quantization'],
  ['quantization-result', ({ quantize }) => `/studio/quantization/${quantize}`],
  ['comparison', () => '/studio/comparison'],
  ['comparison-result', ({ compare }) => `/studio/comparison/${compare}`],
  ['jobs', () => '/studio/jobs'],
  ['job', ({ tune }) => `/studio/jobs/${tune}`],
  ['job-trials', ({ tune }) => `/studio/jobs/${tune}/trials`],
  ['job-log', ({ tune }) => `/studio/jobs/${tune}/log`],
  ['job-spec', ({ tune }) => `/studio/jobs/${tune}/spec`],
];

const MODEL = 'models/tiny-bert-fa';
const DATA = 'datasets/word-kinds';
const SPECS: Record<keyof Jobs, readonly [string, object]> = {
  tune: [
    '/jobs',
    {
      name: 'تنظیم واژه‌ها',
      baseModelPath: MODEL,
      datasetPath: DATA,
      config: { learningRate: { min: 1e-4, max: 1e-2, distribution: 'log_uniform' }, batchSize: [16, 32], epochs: 1 },
      training: { evaluations: 3 },
      maxTrials: 8,
    },
  ],
  prune: ['/prune', { modelPath: MODEL, outputPath: 'models/pruned', config: { sparsity: 0.5 } }],
  quantize: ['/quantize', { modelPath: MODEL, outputPath: 'models/quantized', config: { backend: 'torch' } }],
  compare: ['/compare', { models: [MODEL, 'models/tiny-bert-fa-2'], datasetPath: DATA }],
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
