import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import said from '../../src/i18n/en/said.json';
import { describeProgress } from '../../src/i18n/progress-words';
import { Translator } from '../../src/i18n/translator';

const [fa, en] = [new Translator('fa'), new Translator('en')];

beforeAll(async () => {
  await Promise.all([fa.load('said'), en.load('said')]);
});

const bare = (text: string) => text.replace(/[\u2066-\u2069]/g, '');

test.each([
  ['loading the model', 'بارگذاری مدل'],
  ['pruning model-00001-of-00002.safetensors', 'هرس model-00001-of-00002.safetensors'],
  ['judging words-int8', 'سنجش کیفیت words-int8'],
  ['candidate 4, in earnest: dynamic 8 bits', 'نامزد ۴: آموزش و سنجش کامل'],
  ['something new', 'something new'],
])('%s', (message, told) => {
  expect(bare(describeProgress(message, fa))).toBe(told);
});

test('English has words of its own for the stages too', () => {
  expect(describeProgress('cutting units', en)).toBe('Cutting units');
});

test('each stage that has a text is one that the server says', () => {
  const root = fileURLToPath(new URL('../../../src/persopt/', import.meta.url));
  const files = (readdirSync(root, { recursive: true }) as string[]).filter((name) => name.endsWith('.py'));
  const written = files.map((file) => readFileSync(root + file, 'utf8')).join('\n');
  const stages = Object.keys(said).filter((key) => /^progress\.[a-z]+ /.test(key));
  expect(stages.length).toBeGreaterThan(10);
  for (const stage of stages) expect(written).toContain(stage.replace('progress.', ''));
});
