import { describe, expect, test } from 'vitest';
import type { TuneSpec } from '../../src/api/types';
import { checkDraft } from '../../src/views/tuning/checks';
import { fromSpec, newDraft, toSpec } from '../../src/views/tuning/draft';
import { findKnob, KNOBS, suggestDomain } from '../../src/views/tuning/knobs';
import { metricsOf, objectiveOf, TASKS } from '../../src/views/tuning/metrics';
import { checkDomain, countPoints, fromConfig, previewShares, toConfig } from '../../src/views/tuning/space';

const LOG = { mode: 'range', min: 1e-5, max: 1e-3, log: true, points: null } as const;
const filled = () => ({ ...newDraft(), model: 'models/a', dataset: 'datasets/b' });

describe('a search space', () => {
  test.each(KNOBS.map(({ name }) => name))('of %s is suggested as it is accepted', (name) => {
    expect(checkDomain(findKnob(name), suggestDomain(name))).toBeNull();
  });

  test('is written as a spec has it, and read back', () => {
    const config: NonNullable<TuneSpec['config']> = {
      learningRate: { min: 1e-5, max: 1e-3, distribution: 'log_uniform', step: 5, type: 'float' },
      batchSize: [16, 32],
      epochs: 3,
      loraRank: [0, 8],
      loraAlpha: { choices: [16, 32], when: { loraRank: 8 } },
    };
    expect(toConfig(fromConfig(config))).toEqual(config);
  });

  test('of lists and whole numbers has points to count, a range of real numbers has not', () => {
    const finite = fromConfig({
      batchSize: [16, 32],
      epochs: { min: 1, max: 4 },
      dropout: { min: 0, max: 1, step: 3 },
    });
    expect(countPoints(finite)).toBe(24);
    expect(countPoints([...finite, { name: 'learningRate', domain: LOG }])).toBe(Infinity);
  });

  test.each([
    ['learningRate', { ...LOG, min: 0 }, false, 'form.above'],
    ['learningRate', { ...LOG, max: 1e-6 }, false, 'form.range'],
    ['learningRate', { ...LOG, max: 20 }, false, 'form.max'],
    ['learningRate', LOG, true, 'tuning.space.points.needed'],
    ['learningRate', { ...LOG, points: 4 }, true, null],
    ['learningRate', { ...LOG, points: 1 }, false, 'form.min'],
    ['batchSize', { mode: 'choices', values: [] }, false, 'tuning.space.choices.none'],
    ['batchSize', { mode: 'choices', values: [8, Number.NaN] }, false, 'form.number'],
    ['batchSize', { mode: 'choices', values: [8, 1.5] }, false, 'form.integer'],
    ['epochs', { mode: 'fixed', value: null }, false, 'form.required'],
    ['epochs', { mode: 'fixed', value: 0 }, false, 'form.min'],
    ['optim', { mode: 'choices', values: ['sgd'] }, false, null],
  ] as const)('of %s as %o, in a grid %s: %s', (name, domain, isGrid, key) => {
    expect(checkDomain(findKnob(name), domain, isGrid)?.key ?? null).toBe(key);
  });

  test('shows where a search would draw: crowded at the low end of a logarithmic scale', () => {
    const shares = previewShares(findKnob('learningRate'), LOG);
    expect(shares).toHaveLength(20);
    expect([shares[0], shares.at(-1)]).toEqual([0, 1]);
    expect(shares.filter((share) => share < 0.1)).toHaveLength(10);
    const whole = previewShares(findKnob('epochs'), { mode: 'range', min: 1, max: 4, log: false, points: null });
    expect(whole).toEqual([0, 1 / 3, 2 / 3, 1]);
  });
});

describe('the form', () => {
  test('sends nothing that the server would have by itself', () => {
    expect(toSpec({ ...filled(), strategy: 'random' })).toEqual({
      kind: 'tune',
      baseModelPath: 'models/a',
      datasetPath: 'datasets/b',
      config: {
        learningRate: { min: 1e-5, max: 1e-4, distribution: 'log_uniform', type: 'float' },
        batchSize: [16, 32],
        epochs: { min: 1, max: 4, distribution: 'uniform', type: 'int' },
      },
      strategy: 'random',
      maxTrials: 10,
      parallel: 1,
      seed: 0,
    });
  });

  test("keeps all of a job's spec, shown or not, except for where its result went", () => {
    const spec: TuneSpec = {
      kind: 'tune',
      name: 'again',
      baseModelPath: 'models/a',
      datasetPath: 'datasets/b',
      config: { epochs: 2 },
      strategy: 'bayesian',
      strategyOptions: { model: 'gp' } as never,
      maxTrials: 3,
      parallel: 2,
      seed: 5,
      objectives: [
        { metric: 'f1', direction: 'maximize' },
        { metric: 'latency', direction: 'minimize' },
      ],
      constraints: [{ metric: 'size', max: 1e6 }],
      earlyStopping: { method: 'asha', reductionFactor: 4 },
      task: 'text-classification',
      data: { textColumns: ['text'], labelColumn: 'label', maxLength: 64 },
      training: { patience: 2, measure: ['size'] },
      retries: 0,
    };
    expect(toSpec(fromSpec({ ...spec, outputDir: 'models/old' }))).toEqual(spec);
  });

  test('says what is wrong, by path', () => {
    expect([...checkDraft(newDraft()).keys()]).toEqual(['$.baseModelPath', '$.datasetPath']);
    expect(checkDraft(filled()).size).toBe(0);
    const twice = [objectiveOf('loss'), objectiveOf('f1'), objectiveOf('loss')];
    const draft = { ...filled(), maxTrials: 0, parallel: null, strategy: 'grid', objectives: twice };
    expect([...checkDraft(draft).keys()]).toEqual([
      '$.config.learningRate',
      '$.maxTrials',
      '$.parallel',
      '$.objectives[2]',
    ]);
  });
});

test('every task begins with what its search reaches for', () => {
  const first = TASKS.map((task) => [task, metricsOf(task)[0]]);
  expect(Object.fromEntries(first)).toMatchObject({
    'text-classification': 'accuracy',
    'causal-language-modeling': 'perplexity',
    translation: 'bleu',
    summarization: 'rougeL',
  });
  expect(objectiveOf('perplexity').direction).toBe('minimize');
});
