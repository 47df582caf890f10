import { describe, expect, test } from 'vitest';
import { readNearest, shortPath, splitList } from '../../src/views/making/drafts';
import * as prune from '../../src/views/pruning/prune-draft';
import * as quantize from '../../src/views/quantization/quantize-draft';

const same = (path: string) => path;

describe('drafts', () => {
  test('name what lies in the workspace by its name there', () => {
    expect(shortPath('/home/x/models/bert', ['models/bert'])).toBe('models/bert');
    expect(shortPath('/home/x/models/other-bert', ['models/bert', 'bert'])).toBe('/home/x/models/other-bert');
  });

  test('cut lists at commas of both scripts', () => {
    expect(splitList('a, b،c ,')).toEqual(['a', 'b', 'c']);
  });

  test.each([
    ['the nearest: symmetric=true', { symmetric: 'true' }],
    ['the nearest: method=weight-only', { method: 'weight-only' }],
    ["the nearest: bits=8 with method 'static', or bits=4 with method 'weight-only'", { bits: '8' }],
    ['the nearest: bits=8, or leave the method out', { bits: '8' }],
    ['give more rows', {}],
  ])('the nearest of %j', (hint, values) => {
    expect(readNearest(hint)).toEqual(values);
  });
});

describe('a pruning', () => {
  const draft = { ...prune.FIRST_DRAFT, model: 'models/a', dataset: 'datasets/d' };

  test('of single weights asks for no data set', () => {
    const spec = prune.toSpec(draft, 'out');
    expect(spec.config?.sparsity).toBe(0.5);
    expect(spec.datasetPath).toBeUndefined();
    expect(spec.training).toBeUndefined();
  });

  test('sends either a sparsity or ratios or a pattern', () => {
    const ratios = prune.toSpec({ ...draft, what: 'units', by: 'ratios' }, 'out').config;
    expect(ratios?.sparsity).toBeUndefined();
    expect(ratios?.ratios?.feedForward).toBe(0.5);
    const pattern = prune.toSpec({ ...draft, by: 'pattern' }, 'out').config;
    expect(pattern).toMatchObject({ pattern: '2:4' });
    expect(pattern?.sparsity).toBeUndefined();
  });

  test('reads layers in every script, and sends what is no number as it was typed', () => {
    const layers = (keepLayers: string) =>
      prune.toSpec({ ...draft, what: 'units', by: 'ratios', keepLayers }, 'out').config?.keepLayers;
    expect(layers('۰، ۲')).toEqual([0, 2]);
    expect(layers('0, two')).toEqual([0, 'two']);
    expect(prune.toSpec({ ...draft, by: 'pattern', pattern: '۲:۴' }, 'out').config?.pattern).toBe('2:4');
  });

  test('names its reasons for a data set', () => {
    expect(prune.dataReasons({ ...draft, method: 'wanda' })).toEqual(['pruning.data.wanda']);
    expect(prune.dataReasons({ ...draft, what: 'vocabulary', method: 'wanda' })).toEqual(['pruning.data.vocabulary']);
    expect(prune.dataReasons({ ...draft, trains: true })).toEqual(['pruning.data.training']);
    expect(prune.dataReasons({ ...draft, method: 'mine', isAsked: true })).toEqual(['pruning.data.asked']);
  });

  test('of the vocabulary alone has no method', () => {
    const { config } = prune.toSpec({ ...draft, what: 'vocabulary' }, 'out');
    expect(config).toEqual({ method: 'none', vocabulary: { minCount: 1, keepSingleCharacters: true } });
  });

  test.each([
    { ...draft, by: 'pattern' as const },
    { ...draft, what: 'units' as const, by: 'ratios' as const, heads: 0.25, hidden: 0.5, multipleOf: 8 },
    { ...draft, trains: true, gradual: true, distill: true, recoveryEpochs: 2, pruningSteps: 5, pruningEpochs: 1 },
    { ...draft, include: 'a.*, b.*', onnx: true, latency: 'no', vocabulary: true, maxSize: 900 },
  ])('begins again as it was (%#)', (given) => {
    const again = prune.fromSpec(prune.toSpec(given, 'out'), same);
    const sent = prune.dataReasons(given).length > 0 ? {} : { dataset: '' };
    expect(again).toEqual({ ...given, ...sent });
  });
});

describe('a quantization', () => {
  const draft = { ...quantize.FIRST_DRAFT, model: 'models/a', dataset: 'datasets/d' };

  test('sends only what has an effect', () => {
    const config = quantize.toSpec({ ...draft, rounding: 'gptq', ranges: 'mse', floatType: 'fp16' }, 'out').config;
    expect(config).not.toHaveProperty('rounding');
    expect(config).not.toHaveProperty('ranges');
    expect(config).not.toHaveProperty('floatType');
    expect(quantize.toSpec({ ...draft, bits: '16', method: 'static' }, 'out').config).not.toHaveProperty('method');
  });

  test('names its reasons for a data set', () => {
    expect(quantize.dataReasons(draft)).toEqual([]);
    expect(quantize.dataReasons({ ...draft, method: 'static' })).toEqual(['quantization.data.static']);
    expect(quantize.dataReasons({ ...draft, bits: '4', rounding: 'gptq', method: 'weight-only' })).toEqual([
      'quantization.data.gptq',
    ]);
  });

  test('reads shapes in every script, and sends what is no number as it was typed', () => {
    const spec = quantize.toSpec({ ...draft, batchSizes: '۱، ۱۶', lengths: 'x' }, 'out');
    expect(spec.batchSizes).toEqual([1, 16]);
    expect(spec.lengths).toEqual(['x']);
  });

  test.each([
    { ...draft, method: 'static', ranges: 'percentile', percentile: 99.9, measures: true },
    { ...draft, method: 'qat', distill: true, epochs: 3, measures: true },
    { ...draft, bits: '4', method: 'weight-only', groupSize: 64, rounding: 'gptq', measures: true },
    {
      ...draft,
      task: 'text-classification',
      textColumns: 'a, b',
      labelColumn: 'c',
      measures: true,
      backend: 'torch',
      backendOptions: { layout: 'torchao' },
      keep: 'classifier',
    },
  ])('begins again as it was (%#)', (given) => {
    expect(quantize.fromSpec(quantize.toSpec(given, 'out'), same)).toEqual(given);
  });
});
