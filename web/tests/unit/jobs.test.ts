import { describe, expect, test } from 'vitest';
import type { Job, Trial } from '../../src/api/types';
import { elapsedSeconds, nameOf, shareOf, subjectOf } from '../../src/views/jobs/job-facts';
import { filterPath, readFilter, shownJobs } from '../../src/views/jobs/list-window';
import { LogLines, readLine } from '../../src/views/jobs/log-lines';
import { arrange, parameterNames } from '../../src/views/jobs/trial-rows';
import { curveLines, historyLines, parallelOf } from '../../src/views/jobs/tune-charts';
import type { TuneReport } from '../../src/views/jobs/tune-report';

const WORDS = {
  trials: 'trials',
  stopped: 'stopped',
  best: 'best',
  trial: (number: number) => `trial ${number}`,
  metric: (label: string) => ({ label }),
  knob: (name: string) => name,
};

function job(given: Partial<Job> = {}): Job {
  return {
    id: '019ab3c4d5e6f7a8b9c0',
    kind: 'tune',
    state: 'running',
    spec: { kind: 'tune', baseModelPath: 'models/bert', datasetPath: 'reviews.csv' },
    createdAt: '2026-11-24T08:00:00Z',
    startedAt: '2026-11-24T08:00:10Z',
    finishedAt: null,
    progress: { done: 2, total: 8, failed: 0, best: 0.9, share: 0.25, message: '' },
    fault: null,
    result: null,
    environment: {},
    resumes: 0,
    crashes: 0,
    cancelRequested: false,
    activeSeconds: 0,
    ...given,
  };
}

function trial(number: number, value: number | null, given: Partial<Trial> = {}): Trial {
  return {
    number,
    state: 'succeeded',
    params: { learningRate: 10 ** -(number + 1), batchSize: 8 },
    attempt: 1,
    values: value === null ? [] : [value],
    metrics: {},
    fault: null,
    seconds: 1,
    checkpoint: null,
    startedAt: null,
    finishedAt: null,
    ...given,
  };
}

describe('facts of a job', () => {
  const now = Date.parse('2026-11-24T08:01:10Z');

  test('its name is what was given, or its models', () => {
    expect(nameOf(job())).toBe('bert');
    expect(nameOf(job({ spec: { kind: 'tune', name: ' film reviews ' } }))).toBe('film reviews');
    expect(nameOf(job({ spec: { kind: 'compare', modelPaths: ['a/x', 'b/y/'] } as Job['spec'] }))).toBe('x · y');
    expect(nameOf(job({ spec: { kind: 'tune' } }))).toBe('019ab3c4');
    expect(subjectOf(job({ spec: { kind: 'tune', command: 'python train.py' } })).models).toEqual(['python train.py']);
  });

  test('its time runs while it does', () => {
    expect(elapsedSeconds(job(), now)).toBe(60);
    expect(elapsedSeconds(job({ startedAt: null }), now)).toBeNull();
    expect(elapsedSeconds(job({ state: 'succeeded', activeSeconds: 42 }), now)).toBe(42);
    expect(elapsedSeconds(job({ resumes: 1, activeSeconds: 7 }), now)).toBe(7);
  });

  test('its share comes from what is done where nothing else tells', () => {
    const progress = { done: 2, total: 8, failed: 0, best: null, share: null, message: '' };
    expect(shareOf(job({ progress }))).toBe(0.25);
    expect(shareOf(job({ progress: { ...progress, total: null } }))).toBeNull();
    expect(shareOf(job({ state: 'succeeded', progress }))).toBe(1);
  });
});

describe('the list of jobs', () => {
  const jobs = [job({ id: 'b' }), job({ id: 'c', state: 'failed' }), job({ id: 'a', kind: 'prune' }), job({ id: 'd' })];

  test('holds what matches, the newest first, down to the oldest that was read', () => {
    const ids = (...given: Parameters<typeof shownJobs>) => shownJobs(...given).map(({ id }) => id);
    expect(ids(jobs, { kind: '', state: '' }, null)).toEqual(['d', 'c', 'b', 'a']);
    expect(ids(jobs, { kind: 'tune', state: 'running' }, null)).toEqual(['d', 'b']);
    expect(ids(jobs, { kind: '', state: '' }, 'c')).toEqual(['d', 'c']);
  });

  test('keeps its filter in the address', () => {
    const filter = { kind: 'prune', state: 'failed' } as const;
    expect(readFilter(new URLSearchParams(filterPath(filter).split('?')[1]))).toEqual(filter);
    expect(readFilter(new URLSearchParams('kind=x&state='))).toEqual({ kind: '', state: '' });
    expect(filterPath({ kind: '', state: '' })).toBe('/jobs');
  });
});

describe('the table of trials', () => {
  const trials = [
    trial(0, 0.5),
    trial(1, null, {
      state: 'failed',
      fault: { message: 'out of memory', path: '', code: '', hint: '', passing: false },
    }),
    trial(2, 0.9),
    trial(3, 0.7, { state: 'stopped', params: { learningRate: 1, batchSize: 32, optim: 'sgd' } }),
  ];
  const all = { state: '', words: '' } as const;
  const numbers = (...given: Parameters<typeof arrange>) => arrange(...given).map(({ number }) => number);

  test('is sorted either way, with those that have no value last', () => {
    expect(numbers(trials, { by: 'value.0', down: true }, all)).toEqual([2, 3, 0, 1]);
    expect(numbers(trials, { by: 'value.0', down: false }, all)).toEqual([0, 3, 2, 1]);
    expect(numbers(trials, { by: 'param.optim', down: false }, all)).toEqual([3, 0, 1, 2]);
    expect(numbers(trials, { by: 'number', down: true }, all)).toEqual([3, 2, 1, 0]);
  });

  test('is narrowed down by state and by words', () => {
    expect(numbers(trials, { by: 'number', down: false }, { state: 'failed', words: '' })).toEqual([1]);
    expect(numbers(trials, { by: 'number', down: false }, { state: '', words: 'batchsize=32 SGD' })).toEqual([3]);
    expect(
      numbers(trials, { by: 'number', down: false }, { state: '', words: 'دسته=۳۲ sgd' }, (name) =>
        name === 'batchSize' ? 'دسته' : name,
      ),
    ).toEqual([3]);
    expect(numbers(trials, { by: 'number', down: false }, { state: '', words: 'memory' })).toEqual([1]);
  });

  test('has a column for each parameter of any trial', () => {
    expect(parameterNames(trials)).toEqual(['learningRate', 'batchSize', 'optim']);
  });
});

describe('charts of a tuning', () => {
  const trials = [
    trial(0, 0.5),
    trial(1, 0.9),
    trial(2, 0.6, { state: 'stopped' }),
    trial(3, null, { state: 'running' }),
  ];
  const report = {
    objectives: [{ metric: 'accuracy', direction: 'maximize' }],
    best: trials[1],
    trials,
    spec: { kind: 'tune', config: { learningRate: { min: 1e-5, max: 1, distribution: 'log_uniform' } } },
    curves: [
      { number: 0, step: 1, share: 0.5, metrics: { accuracy: 0.4 } },
      { number: 0, step: 2, share: 1, metrics: { accuracy: 0.5 } },
      { number: 1, step: 4, share: 0.5, metrics: { accuracy: 0.8 } },
      { number: 2, step: 4, share: 0.5, metrics: { accuracy: 0.6, loss: 2 } },
      { number: 3, step: 4, share: 0.5, metrics: { loss: 2 } },
    ],
  } as unknown as TuneReport;

  test('the history has the best so far, and stopped trials apart', () => {
    const lines = historyLines(trials, { metric: 'accuracy', direction: 'maximize' }, WORDS);
    expect(lines.map(({ name, points }) => [name, points.map(({ x, y }) => [x, y])])).toEqual([
      [
        'trials',
        [
          [0, 0.5],
          [1, 0.9],
        ],
      ],
      ['stopped', [[2, 0.6]]],
      [
        'best',
        [
          [0, 0.5],
          [1, 0.9],
        ],
      ],
    ]);
  });

  test('curves lie at the shares of their trials, the best in front, a cross where one was stopped', () => {
    const lines = curveLines(report, 'accuracy', WORDS);
    expect(lines.map(({ name, faint, end }) => [name, faint, end])).toEqual([
      ['trial 0', true, undefined],
      ['trial 2', true, 'cross'],
      ['trial 1', false, undefined],
    ]);
    expect(lines[0]?.points.map(({ x }) => x)).toEqual([0.5, 1]);
  });

  test('parallel axes are those that vary, with the scale on which they were searched', () => {
    const { axes, lines } = parallelOf(report, WORDS);
    expect(axes.map(({ label, log }) => [label, log])).toEqual([
      ['learningRate', true],
      ['accuracy', undefined],
    ]);
    expect(lines.map(({ weight, chosen }) => [weight, chosen])).toEqual([
      [0, false],
      [1, true],
      [0.25, false],
    ]);
  });
});

describe('a log', () => {
  test('is read line by line, records and what programs write', () => {
    const line = '{"time": "2026-11-24T08:00:00Z", "level": "WARNING", "logger": "x", "message": "slow"}';
    expect(readLine(line, 3)).toEqual({ number: 3, time: '2026-11-24T08:00:00Z', level: 'warning', text: 'slow' });
    for (const text of ['{"loss": 1}', '{broken', '100%|####']) {
      expect(readLine(text, 0)).toEqual({ number: 0, time: null, level: '', text });
    }
  });

  test('keeps its last lines and counts the others', () => {
    const log = new LogLines(100);
    for (let at = 0; at < 1000; at++) log.add(`line ${at}`);
    const kept = log.find('');
    expect(kept.length).toBeGreaterThanOrEqual(100);
    expect(kept.length).toBeLessThanOrEqual(125);
    expect(kept[kept.length - 1]?.text).toBe('line 999');
    expect(log.dropped + kept.length).toBe(1000);
    expect(log.find('LINE 999')).toHaveLength(1);
  });
});
