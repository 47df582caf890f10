import { describe, expect, test } from 'vitest';
import { checkNumber, checkOptions } from '../../src/forms/check';
import { faultsAt, isWithin, withoutFaults } from '../../src/forms/faults';
import { atShare, round, shareOf, writeNumber } from '../../src/forms/numbers';
import { suggestFolder } from '../../src/forms/output';
import { checkRange } from '../../src/forms/range-check';
import { readSchema, type Schema } from '../../src/forms/schema';
import { Formats, readNumber } from '../../src/i18n/formats';
import { Translator } from '../../src/i18n/translator';

const SCHEMA: Schema = {
  type: 'object',
  properties: {
    model: { enum: ['gp', 'tpe'], default: 'tpe', title: 'Model', titles: { fa: 'مدل' } },
    population: { anyOf: [{ type: 'integer', minimum: 4 }, { type: 'null' }], default: null },
    step: { type: 'number', exclusiveMinimum: 0, maximum: 1, default: 0.2 },
    scramble: { type: 'boolean', default: true },
    joint: { anyOf: [{ type: 'boolean' }, { type: 'null' }], default: null },
    measure: { type: 'array', items: { enum: ['size', 'latency'] }, default: [] },
    columns: { type: 'array', items: { type: 'string' }, default: [] },
    rule: { $ref: '#/$defs/Rule', default: 'first' },
    nested: { type: 'object', properties: {} },
    needed: { type: 'string' },
  },
  required: ['needed'],
  $defs: { Rule: { enum: ['first', 'last'] } },
};

describe('a schema of options', () => {
  const plans = readSchema(SCHEMA);
  const kinds = Object.fromEntries(plans.map(({ name, kind }) => [name, kind]));

  test('becomes a field for each option that a field can show', () => {
    expect(kinds).toEqual({
      model: 'choice',
      population: 'number',
      step: 'number',
      scramble: 'boolean',
      joint: 'boolean',
      measure: 'choices',
      columns: 'texts',
      rule: 'choice',
      needed: 'text',
    });
  });

  test('keeps limits, null, default and texts', () => {
    const [model, population, step] = plans;
    expect(model).toMatchObject({ choices: ['gp', 'tpe'], initial: 'tpe', titles: { fa: 'مدل' }, nullable: false });
    expect(population).toMatchObject({ nullable: true, initial: null, rule: { min: 4, integer: true } });
    expect(step).toMatchObject({ rule: { above: 0, max: 1, integer: false } });
  });

  test('says which options are wrong', () => {
    expect([...checkOptions(plans, { needed: 'x' }).keys()]).toEqual([]);
    expect([...checkOptions(plans, { population: 2.5, step: 0 })]).toEqual([
      ['population', { key: 'form.integer' }],
      ['step', { key: 'form.above', limit: 0 }],
      ['needed', { key: 'form.required' }],
    ]);
  });
});

test.each([
  [null, {}, null],
  [null, { required: true }, 'form.required'],
  [Number.NaN, {}, 'form.number'],
  [1.5, { integer: true }, 'form.integer'],
  [0, { min: 1 }, 'form.min'],
  [1, { min: 1, max: 1 }, null],
  [2, { max: 1 }, 'form.max'],
  [1, { below: 1 }, 'form.below'],
])('%d under %o: %s', (value, rule, key) => {
  expect(checkNumber(value, rule)?.key ?? null).toBe(key);
});

test.each([
  [1, 2, false, null],
  [2, 1, false, 'form.range'],
  [1, 1, false, 'form.range'],
  [0, 1, true, 'form.above'],
  [0, 1, false, null],
  [null, 1, false, 'form.required'],
])('a range from %d to %d, log %s: %s', (low, high, log, key) => {
  expect(checkRange(low, high, {}, log)?.key ?? null).toBe(key);
});

test('numbers are written as they are read', () => {
  for (const formats of [new Formats('fa'), new Formats('en')]) {
    for (const value of [0, 5e-5, 1e-8, 0.1, 2, 1e4, 123456.5, 4e9, -3]) {
      expect(readNumber(writeNumber(value, formats))).toBe(value);
    }
  }
  expect(writeNumber(5e-5, new Formats('fa'))).toBe('۰٫۰۰۰۰۵');
  expect(writeNumber(5e-5, new Formats('en'))).toBe('5e-5');
  expect(writeNumber(null, new Formats('en'))).toBe('');
});

test('a share of a range leads back to it', () => {
  for (const log of [false, true]) {
    for (const share of [0, 0.25, 0.5, 1]) {
      expect(shareOf(atShare(share, 1e-6, 1e-3, log), 1e-6, 1e-3, log)).toBeCloseTo(share, 9);
    }
  }
  expect(round(atShare(0.5, 1e-6, 1e-2, true))).toBe(1e-4);
});

test('faults belong to the field that holds their path', () => {
  const fault = (path: string, hint = '') => ({ path, message: path, hint, code: 'bad-value', passing: false });
  const faults = [fault('$.config.learningRate.min', 'mend it'), fault('$.config[0]'), fault('$.configuration')];
  expect(isWithin('$.config[0]', '$.config')).toBe(true);
  expect(faultsAt(faults, '$.config.learningRate', new Translator('en'))).toBe('$.config.learningRate.min — mend it');
  expect(withoutFaults(faults, '$.config')).toEqual([faults[2]]);
});

test.each([
  ['models/bert-fa', [], 'models/bert-fa-tuned'],
  ['HooshvareLab/bert-fa/', [], 'models/bert-fa-tuned'],
  ['models/bert-fa', ['models/bert-fa-tuned', 'models/bert-fa-tuned-2'], 'models/bert-fa-tuned-3'],
  ['', [], ''],
])('the folder suggested for %s beside %o is %s', (model, taken, folder) => {
  expect(suggestFolder(model, 'tuned', taken)).toBe(folder);
});
