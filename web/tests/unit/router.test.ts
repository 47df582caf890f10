import { expect, test } from 'vitest';
import { readPlace } from '../../src/router';

test.each([
  ['/', 'tuning', []],
  ['', 'tuning', []],
  ['/jobs', 'jobs', []],
  ['/jobs/0123456789abcdef0123', 'jobs', ['0123456789abcdef0123']],
  ['/comparison/a%2Fb/c', 'comparison', ['a/b', 'c']],
  ['/elsewhere', null, []],
  ['/jobs/%zz', 'jobs', ['%zz']],
])('%s is a place', (path, view, rest) => {
  expect(readPlace(path)).toMatchObject({ view, rest });
});

test('a query belongs to the place', () => {
  expect(readPlace('/jobs?state=failed&kind=tune').query.getAll('state')).toEqual(['failed']);
});
