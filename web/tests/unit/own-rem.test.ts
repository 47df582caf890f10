import { expect, test } from 'vitest';
import { rootRem } from '../../scripts/own-rem';

test('lengths in rem become multiples of the studio own text size', () => {
  expect(rootRem('css`a { margin: -0.5rem 1rem; font: 500 clamp(2rem, .5rem + 2vw, 3rem) x; }`')).toBe(
    'css`a { margin: calc(var(--p-rem) * -0.5) calc(var(--p-rem) * 1); ' +
      'font: 500 clamp(calc(var(--p-rem) * 2), calc(var(--p-rem) * .5) + 2vw, calc(var(--p-rem) * 3)) x; }`',
  );
});

test('conditions of containers get pixels, those of media stay', () => {
  const sheet =
    'css`@container page (max-width: 44rem) { a { gap: 1rem } } @media (max-width: 30rem) { b { gap: 2rem } }`';
  expect(rootRem(sheet)).toBe(
    'css`@container page (max-width: 704px) { a { gap: calc(var(--p-rem) * 1) } } ' +
      '@media (max-width: 30rem) { b { gap: calc(var(--p-rem) * 2) } }`',
  );
});

test('nothing else is touched', () => {
  const code = "const text = '2rem'; const theorem = css`.p1rem { --x1rem: 2em }`; // 3rem";
  expect(rootRem(code)).toBe(code);
});
