import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { describeFault, describeFaultText } from '../../src/i18n/fault-words';
import { Translator } from '../../src/i18n/translator';

const [fa, en] = [new Translator('fa'), new Translator('en')];
beforeAll(() => Promise.all([fa.load('said'), en.load('said')]));

/** What the server says, each with the part of it that its sources must hold, and what the Persian text must hold. */
const SAID: readonly (readonly [said: string, source: string, held: string])[] = [
  ['is required', 'is required', 'الزامی'],
  ["expected 'a' or 'b', got 'c'; did you mean 'b'?", '; did you mean {near!r}?', "'b'"],
  ['expected int of at least 1, got 0', 'of at least', 'int of at least 1'],
  ["no model 'x'; looked at /a, /b", 'no model {given!r}; looked at {looked}', '/a, /b'],
  ["no data set 'x'; looked at /a", 'no data set {given!r}; looked at {looked}', "'x'"],
  ["there is no job 'ab'", 'there is no job {given!r}', "'ab'"],
  ["lies inside the model's folder /m; got /m/x", "lies inside the model's folder {folder}; got ", '/m'],
  ['/m/x is in use: it must be new or empty', ' is in use: it must be new or empty', '/m/x'],
  [
    '/m/x is in use: job 01ab, which is running, puts its model there',
    'is in use: job {job.id}, which is {job.state}, puts its model there',
    'صف',
  ],
  ['is empty; expected a folder, new or empty', 'is empty; expected a folder, new or empty', 'خالی'],
  ['is empty; give at least one parameter', 'is empty; give at least one parameter', 'پارامتر'],
  ['min must not exceed max, got min 3 and max 1', 'min must not exceed max, got min {low!r} and max {high!r}', '3'],
  ['a log_uniform range must lie above zero, got 0', 'a log_uniform range must lie above zero, got {low!r}', '0'],
  ['the list of choices is empty; give one value or more', 'the list of choices is empty', 'گزینه'],
  ["column 'a' does not hold one label for each row", 'does not hold one label for each row', "'a'"],
  ['no column could be the label; x', 'no column could be the label; ', 'برچسب'],
  ["no device 'cuda' here; PyTorch sees no GPU", 'no device {device!r} here', "'cuda'"],
  ['out of memory while training with batch size 8', 'out of memory while training', 'حافظه'],
  ['the disk is full: x', 'the disk is full: ', 'دیسک'],
  [
    'the training loss became nan at step 5 with a learning rate of 1',
    'loss became {loss} at step {step} with a learning rate',
    '5',
  ],
  ['the program ended with exit status 3', 'the program ended with exit status {number}', '3'],
  ['onnxruntime cannot do this: why', '{backend.name} cannot do this: {reason.reason}', 'why'],
];

describe('faults of the server', () => {
  test.each(SAID)('%s', (said, _, held) => {
    const told = describeFaultText(said, fa);
    expect(told).not.toBe(said);
    expect(told).toContain(held);
    expect(describeFaultText(said, en)).toBe(said);
  });

  /* The server's words are its own; this finds out when they change. */
  test('are those that the server writes', () => {
    const root = fileURLToPath(new URL('../../../src/persopt/', import.meta.url));
    const files = (readdirSync(root, { recursive: true }) as string[]).filter((name) => name.endsWith('.py'));
    const written = files.map((file) => readFileSync(root + file, 'utf8')).join('\n');
    for (const [, source] of SAID) expect(written).toContain(source);
  });

  test('that are not known stay as they came, with their hint', () => {
    expect(describeFault({ message: 'of a plugin', hint: 'mend it' }, fa)).toBe('of a plugin — mend it');
  });
});
