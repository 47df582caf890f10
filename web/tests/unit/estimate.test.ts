import { expect, test } from 'vitest';
import { estimateLeft, spentSeconds, type Estimated } from '../../src/state/estimate';

const START = '2026-01-01T00:00:00Z';
const NOW = new Date(START).getTime() + 60_000;

function job(progress: Partial<Estimated['progress']>, more: Partial<Estimated> = {}): Estimated {
  const none = { done: 0, total: 10, failed: 0, best: null, share: null, message: '' };
  return {
    state: 'running',
    startedAt: START,
    activeSeconds: 0,
    resumes: 0,
    progress: { ...none, ...progress },
    ...more,
  };
}

test.each([
  ['the share of a running trial counts', { done: 2, share: 0.25 }, 180],
  ['without a share the trials do', { done: 2 }, 240],
  ['the last one has nothing left', { done: 10, share: 1 }, 0],
  ['before the first trial has ended nothing is said', { done: 0, share: 0.05 }, null],
  ['unless it is a good part of the whole', { done: 0, share: 0.5 }, 60],
  ['nor where the whole is not known', { done: 3, total: null }, null],
])('%s', (_, progress, seconds) => {
  const left = estimateLeft(job(progress), NOW);
  if (seconds === null) expect(left).toBeNull();
  else expect(left).toBeCloseTo(seconds, 6);
});

test('only a running job has an end', () => {
  for (const state of ['queued', 'succeeded', 'failed', 'cancelled'] as const) {
    expect(estimateLeft(job({ done: 5 }, { state }), NOW)).toBeNull();
  }
});

test('a time limit ends it sooner', () => {
  expect(estimateLeft(job({ done: 1 }, { spec: { timeLimit: 90 } }), NOW)).toBe(30);
  expect(estimateLeft(job({ done: 1 }, { spec: { timeLimit: 30 } }), NOW)).toBe(0);
  expect(estimateLeft(job({ done: 1 }, { spec: { timeLimit: null } }), NOW)).toBeCloseTo(540, 6);
});

test('time in which it lay still after a crash does not count, nor does a clock that is behind', () => {
  expect(spentSeconds(job({}, { resumes: 1, activeSeconds: 20 }), NOW)).toBe(20);
  expect(spentSeconds(job({}, { activeSeconds: 20 }), NOW - 120_000)).toBe(20);
  expect(spentSeconds(job({}), NOW)).toBe(60);
});
