import { describe, expect, test } from 'vitest';
import type { CompressSpec, Job, Trial } from '../../src/api/types';
import english from '../../src/i18n/en/comparison.json';
import persian from '../../src/i18n/fa/comparison.json';
import { Formats, type Language } from '../../src/i18n/formats';
import { fill, type Catalogue } from '../../src/i18n/messages';
import {
  compareDraft,
  compareSpec,
  compressDraft,
  compressSpec,
  modelOf,
  NEW_COMPARE,
  NEW_COMPRESS,
  readCounts,
  readNames,
} from '../../src/views/comparison/drafts';
import {
  isBeyondChance,
  judge,
  judgeSize,
  judgeSpeed,
  metricsOf,
  pooledLatency,
  shapesOf,
  tradePoints,
} from '../../src/views/comparison/figures';
import {
  askedLimits,
  bestNumber,
  brokenLimits,
  keepsLimits,
  limitsOf,
  readRecipe,
  readTrial,
} from '../../src/views/comparison/recipes';
import type { CompareReport, ComparedModel, Estimate, MetricChange } from '../../src/views/comparison/reports';
import { reasonText } from '../../src/views/comparison/said';
import { sentences } from '../../src/views/comparison/verdict-text';
import { chance, changeText, interval, recipeSteps, sliceName, type Speaker } from '../../src/views/comparison/wording';

const catalogues: Record<Language, Catalogue> = { fa: persian, en: english };

function speaker(language: Language): Speaker {
  const formats = new Formats(language);
  return { formats, text: (key, values = {}) => fill(catalogues[language][key] ?? key, values, formats) };
}

const bare = (text: string) => text.replace(/[\u2066-\u2069\u200e\u061c]/g, '');

const estimate = (value: number, low = value, high = value): Estimate => ({ value, low, high, confidence: 0.95 });

const change = (value: number, adjustedP = 1): MetricChange => ({
  change: estimate(value),
  test: 'bootstrap',
  pValue: adjustedP,
  adjustedP,
  rowsNeeded: null,
});

function model(label: string, times: Record<string, number>, accuracy: number | null): ComparedModel {
  return {
    label,
    path: label,
    format: 'onnx',
    weightBytes: 10,
    totalBytes: 20,
    parameters: null,
    memory: null,
    speed: Object.entries(times).map(([length, p50]) => ({
      batch: 1,
      length: Number(length),
      p50,
      p95: p50,
      p99: p50,
      throughput: 1,
      calls: 9,
    })),
    quality: accuracy === null ? {} : { loss: estimate(1), accuracy: estimate(accuracy) },
  };
}

const report = (models: ComparedModel[]) => ({ models, metric: 'accuracy' }) as unknown as CompareReport;

describe('figures of a comparison', () => {
  test('latency is the geometric mean over the shapes that all have', () => {
    const models = [model('a', { 16: 2, 32: 8 }, 0.9), model('b', { 16: 1, 32: 4, 64: 100 }, 0.8), model('c', {}, 0.7)];
    expect(models.map((one) => pooledLatency(one, models))).toEqual([4, 2, null]);
    expect(shapesOf(report(models)).map(({ length }) => length)).toEqual([16, 32, 64]);
    expect(tradePoints(report(models), 'latency').map(({ label, cost }) => [label, cost])).toEqual([
      ['a', 4],
      ['b', 2],
    ]);
    expect(tradePoints(report(models), 'size')).toHaveLength(3);
  });

  test('the own metric of the task comes first', () => {
    expect(metricsOf(report([model('a', {}, 0.9)]))).toEqual(['accuracy', 'loss']);
  });

  test('less loss is better, less accuracy is worse, and chance is told by the corrected p-value', () => {
    expect(judge('loss', change(-0.1))).toBe('better');
    expect(judge('accuracy', change(-0.1))).toBe('worse');
    expect(judge('accuracy', change(0))).toBe('equal');
    expect(isBeyondChance(change(0.1, 0.049), 0.95)).toBe(true);
    expect(isBeyondChance(change(0.1, 0.051), 0.95)).toBe(false);
  });

  test('ratios below two percent, or whose interval holds one, are no difference', () => {
    expect(judgeSpeed(estimate(1.5, 1.2, 1.8))).toBe('faster');
    expect(judgeSpeed(estimate(1.5, 0.9, 2))).toBe('same');
    expect(judgeSpeed(estimate(0.5, 0.4, 0.6))).toBe('slower');
    expect(judgeSpeed(estimate(1.01, 1.005, 1.015))).toBe('same');
    expect([1.69, 1.01, 0.5].map(judgeSize)).toEqual(['smaller', 'same', 'larger']);
  });
});

describe('candidates of a compression', () => {
  const trial = (params: Trial['params'], metrics: Trial['metrics']) =>
    ({ number: 3, state: 'succeeded', params, metrics, fault: null, seconds: 1 }) as unknown as Trial;

  test('a point of the space is read as its recipe', () => {
    const recipe = readRecipe({
      cut: true,
      layers: 0.5,
      heads: 0,
      feedForward: 0.25,
      method: 'wanda',
      layerRule: 'evenly',
      epochs: 2,
      learningRate: 0.0001,
      quantization: 'onnxruntime/static/8/asymmetric',
      keep: 2,
    });
    expect(recipe.quantize).toEqual({
      backend: 'onnxruntime',
      method: 'static',
      bits: 8,
      symmetric: false,
      keepWorst: 2,
    });
    expect(recipeSteps(recipe, speaker('en')).map(bare)).toEqual([
      '50% of the layers and 25% of the neurons pruned by wanda',
      'trained 2 epochs at 0.0001',
      'static 8-bit quantization by ONNX Runtime, asymmetric, the 2 most sensitive layers kept in floating point',
    ]);
    expect(recipeSteps(recipe, speaker('fa')).map(bare)).toEqual([
      'هرس ۵۰٪ از لایه‌ها و ۲۵٪ از نورون‌ها با روش wanda',
      'آموزش ۲ دوره‌ای با نرخ ۰٫۰۰۰۱',
      'کوانتش ایستا ۸ بیتی با ONNX Runtime، نامتقارن، ۲ لایهٔ حساس در ممیز شناور',
    ]);
    expect(recipeSteps(readRecipe({ quantization: 'none', cut: false }), speaker('en'))).toEqual(['nothing done']);
  });

  test('limits are kept by what is known, by the bound where there is one', () => {
    const limits = askedLimits({ kind: 'compress', maxAccuracyDrop: 2, maxLatency: 5 } as CompressSpec);
    const one = readTrial(trial({}, { drop: 1, latency: 4, size: 9 }));
    expect(keepsLimits(one, limits)).toBe(true);
    expect(keepsLimits({ ...one, dropBound: 3 }, limits)).toBe(false);
    expect(keepsLimits({ ...one, latency: null }, limits)).toBe(false);
    expect(brokenLimits({ ...one, dropBound: 3 }, limits)).toEqual([{ name: 'drop', found: 3, most: limits.drop }]);
    expect(bestNumber([one], 'latency', 4)).toBe(3);
    expect(bestNumber([one], 'latency', null)).toBe(-1);
  });

  test('that what is minimized is below the original is no limit that was asked for', () => {
    const original = { path: '', latency: 10, size: 100, quality: {} };
    expect(limitsOf({ limits: { drop: 1, latency: 10 * (1 - 1e-9) }, original })).toEqual({
      drop: 1,
      size: null,
      latency: null,
    });
    expect(limitsOf({ limits: { drop: 1, latency: 5, size: 50 }, original })).toEqual({
      drop: 1,
      size: 50,
      latency: 5,
    });
  });
});

describe('forms of the comparison tab', () => {
  test('counts and names are read in any script', () => {
    expect(readCounts('۱، ۱۶, 32')).toEqual([1, 16, 32]);
    expect(readNames(' source، label ,')).toEqual(['source', 'label']);
  });

  test('a draft becomes a spec and is read back from it', () => {
    const draft = {
      ...NEW_COMPARE,
      models: ['a', 'b'],
      dataset: 'd',
      rows: 50,
      batchSizes: '1, 8',
      sliceBy: 'x',
      confidence: 99,
    };
    const spec = compareSpec(draft, 'fa');
    expect(spec).toMatchObject({
      modelPaths: ['a', 'b'],
      rows: 50,
      batchSizes: [1, 8],
      confidence: 0.99,
      reportLanguage: 'fa',
    });
    expect(compareDraft(spec)).toEqual(draft);
    expect(compareSpec({ ...draft, dataset: '' }, 'en')).not.toHaveProperty('rows');
  });

  test('megabytes and minutes are sent as bytes and seconds', () => {
    const draft = { ...NEW_COMPRESS, model: 'a', dataset: 'd', maxSize: 19.5, budget: 2 };
    const spec = compressSpec(draft, 'models/out');
    expect(spec).toMatchObject({ maxSize: 19_500_000, budget: 120, outputPath: 'models/out', maxAccuracyDrop: 1 });
    expect(spec).not.toHaveProperty('confidence');
    expect(compressDraft(spec)).toEqual(draft);
  });

  test('a job offers its model by its name, or by its folder', () => {
    const job = {
      id: '0123',
      state: 'succeeded',
      spec: { name: '' },
      result: { modelPath: '/w/models/tiny' },
    } as unknown as Job;
    expect(modelOf(job)).toEqual({ path: '/w/models/tiny', name: 'tiny' });
    expect(modelOf({ ...job, spec: { name: 'سبک' } } as Job)?.name).toBe('سبک');
    expect(modelOf({ ...job, result: { modelPath: '/w/jobs/0123/model' } } as unknown as Job)?.name).toBe('0123');
    expect(modelOf({ ...job, state: 'failed' })).toBeNull();
  });
});

describe('words of a comparison', () => {
  test('what the server says of a run is said in the language, and what is not known stays', () => {
    expect(reasonText('candidate 2 cuts less and lost too much already', speaker('en'))).toBe(
      'candidate 3 was cut less and lost too much already',
    );
  });

  test('figures carry their unit and sign', () => {
    expect(bare(changeText('accuracy', -0.0123, speaker('en')))).toBe('-1.23 points');
    expect(bare(changeText('accuracy', 0.02, speaker('fa')))).toBe('+۲ واحد درصد');
    expect(bare(changeText('loss', -0.0123, speaker('en')))).toBe('-0.0123');
    expect(chance(0.0001, speaker('en'))).toBe('< 0.001');
    expect(chance(0.5, speaker('fa'))).toBe('۰٫۵۰');
    expect(bare(interval('1', '2', speaker('fa')))).toBe('1 تا 2');
  });

  test('slices are named by what they hold', () => {
    const slice = {
      column: 'source',
      rows: 9,
      quality: [],
      changes: [],
      value: 'news',
      low: null,
      high: null,
      rest: false,
    };
    expect(bare(sliceName(slice, speaker('en')))).toBe('source = news');
    expect(bare(sliceName({ ...slice, value: null, column: null, low: 3, high: 9 }, speaker('fa')))).toBe(
      'طول به توکن از ۳ تا ۹',
    );
    expect(bare(sliceName({ ...slice, rest: true }, speaker('en')))).toBe('all other source');
  });

  test('a verdict is cut after its sentences, not inside of numbers', () => {
    expect(sentences('a is 1.5× faster (p = 0.41). To tell more, 20 rows are needed.')).toEqual([
      'a is 1.5× faster (p = 0.41).',
      'To tell more, 20 rows are needed.',
    ]);
  });
});
