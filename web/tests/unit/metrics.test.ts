import { beforeAll, describe, expect, test } from 'vitest';
import { knobName } from '../../src/i18n/knobs';
import { isBetter, metricInSentence, metricName, metricValue } from '../../src/i18n/metrics';
import { Translator } from '../../src/i18n/translator';

const [fa, en] = [new Translator('fa'), new Translator('en')];

beforeAll(async () => {
  await Promise.all([fa.load('shell', 'knobs'), en.load('shell', 'knobs')]);
});

describe('metrics', () => {
  test('are called the same wherever they stand; one that is not known by its own name', () => {
    expect([metricName('accuracy', en), metricName('accuracy', fa)]).toEqual(['Accuracy', 'صحت']);
    expect([metricInSentence('accuracy', en), metricInSentence('f1', en)]).toEqual(['accuracy', 'F1 score']);
    expect(metricName('mine', en)).toBe('\u2068mine\u2069');
  });

  test.each([
    ['accuracy', 0.875, '87.5%'],
    ['loss', 0.87512, '0.8751'],
    ['latency', 0.03968, '0.0397 ms'],
    ['size', 78_400, '78.4 kB'],
    ['seconds', 42, '42s'],
  ])('%s of %d is written with its unit', (metric, value, text) => {
    expect(metricValue(metric, value, en.formats)).toBe(text);
  });

  test('a loss is better the smaller it is', () => {
    expect([isBetter('loss', -1), isBetter('accuracy', -1)]).toEqual([true, false]);
  });

  test('the sign of percent follows its digits in a text from right to left, whatever stands before', () => {
    expect(metricValue('accuracy', 0.5, fa.formats)).toBe('\u2067۵۰\u061c٪\u2069');
  });
});

test('hyperparameters have names in both languages', () => {
  expect([knobName('learningRate', en), knobName('learningRate', fa)]).toEqual(['Learning rate', 'نرخ یادگیری']);
  expect(knobName('mine', fa)).toBe('mine');
});
