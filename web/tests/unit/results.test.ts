import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { Translator } from '../../src/i18n/translator';
import { headline, judgeSpeed } from '../../src/views/results/headline';
import { describeNote } from '../../src/views/results/notes';
import { ratio } from '../../src/views/results/wording';

const [fa, en] = [new Translator('fa'), new Translator('en')];
const plain = (text: string) => text.replace(/[\u200e\u200f\u2066-\u2069]/g, '');
const faster = { value: 1.8, low: 1.7, high: 1.9 };

beforeAll(async () => {
  await Promise.all([fa.load('shell', 'results'), en.load('shell', 'results')]);
});

describe('the sentence of a result', () => {
  const outcome = {
    size: 2.4,
    speedups: [faster],
    change: { metric: 'accuracy', value: -0.003, low: -0.008, high: 0.002 },
  };

  test('in English', () => {
    expect(headline(outcome, en)).toBe(
      '2.4× smaller, 1.8× faster (1.7 to 1.9) and accuracy 0.3 points lower (between 0.8 points lower and 0.2 points higher).',
    );
  });

  test('in Persian', () => {
    expect(plain(headline(outcome, fa))).toBe(
      '۲٫۴ برابر کوچک‌تر، ۱٫۸ برابر سریع‌تر (۱٫۷ تا ۱٫۹)، و صحت ۰٫۳ واحد درصد کمتر (بین ۰٫۸ واحد درصد کمتر و ۰٫۲ واحد درصد بیشتر).',
    );
  });

  test('leaves out what was not measured', () => {
    expect(headline({ size: 1, speedups: [], change: null }, en)).toBe('The same size.');
  });

  test('tells the metric alone where it is not known what it was', () => {
    const now = { metric: 'accuracy', value: 0.91 };
    expect(headline({ size: 2, speedups: [], change: null, now }, en)).toBe('2× smaller and accuracy now 91%.');
  });

  test('calls a model slower by the inverse of its speed-up, the interval the right way round', () => {
    const slower = { value: 0.5, low: 0.4, high: 0.8 };
    expect(headline({ size: 0.5, speedups: [slower], change: null }, en)).toBe(
      '2× larger and 2× slower (1.25 to 2.5).',
    );
  });

  test('tells the span over several shapes', () => {
    const speedups = [faster, { value: 3, low: 2, high: 4 }];
    expect(headline({ size: 4, speedups, change: null }, en)).toContain('1.8 to 3× faster (by input)');
  });
});

test('a speed-up counts only where no interval holds 1', () => {
  expect(judgeSpeed([faster])).toBe('better');
  expect(judgeSpeed([faster, { value: 1.1, low: 0.9, high: 1.3 }])).toBe('level');
  expect(judgeSpeed([{ value: 0.5, low: 0.4, high: 0.99 }])).toBe('worse');
});

test('a ratio has as many digits as tell something', () => {
  expect([0.917, 1.234, 2.44, 12.3].map((value) => ratio(value, en.formats))).toEqual(['0.92', '1.23', '2.4', '12']);
});

describe('notes of the server', () => {
  test('have Persian texts with their parts', () => {
    expect(describeNote('The result is slower than the original here, at 1x32, 16x32 (rows by tokens).', fa)).toContain(
      '1x32, 16x32',
    );
    expect(describeNote('attention is one operator in 6 places', fa)).toContain('۶');
  });

  test('that are not known stay as they came', () => {
    expect(describeNote('a note of a plugin', fa)).toBe('a note of a plugin');
  });

  /* The server's words are its own; this finds out when they change. */
  test('are those that the server writes', () => {
    const read = (path: string) => readFileSync(new URL(`../../../src/persopt/${path}`, import.meta.url), 'utf8');
    const sources = [
      'pruning/results.py',
      'pruning/run.py',
      'quantization/results.py',
      'quantization/stages/measuring.py',
      'quantization/stages/preparation.py',
    ];
    const written = sources.map(read).join('\n');
    for (const beginning of [
      'The zeros lie in dense tensors: ',
      'Gradual: with no training between the steps, ',
      'A cut costs accuracy, which was not measured here',
      'The texts use every token, so ',
      'The latency could not be measured: ',
      'The result does not run on the GPU here',
      'Without a data set the outputs were compared on random inputs',
      'The quality was not measured: the model has no head trained for ',
      'The layers were not ranked: that needs a data set',
      'The weights were made float32 before',
      'The result is not smaller than the original',
      'The result is slower than the original here, at ',
    ]) {
      expect(written).toContain(beginning);
      expect(describeNote(`${beginning}x (rows by tokens)`, fa)).not.toContain(beginning);
    }
  });
});
