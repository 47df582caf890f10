import { css } from 'lit';

/**
 * The design's constants, set where a studio is mounted; everything inside inherits them. What is important in a shadow
 * tree is stronger than any rule of the host's page, so `all: initial` keeps even a page's `* { … }` out. Colours keep 4.5:1 for text and 3:1 for what is drawn, in both themes.
 */
export const tokens = css`
  :host {
    all: initial !important;
    display: block !important;
    color-scheme: light dark !important;

    --p-rem: 1em;

    --p-paper: light-dark(#f6f3ec, #0f1519);
    --p-surface: light-dark(#fcfaf5, #151d22);
    --p-sunken: light-dark(#eeeae0, #1b252b);
    --p-ink: light-dark(#1f1c18, #ebe6da);
    --p-soft: light-dark(#5e5850, #a9a498);
    --p-line: light-dark(#ddd7ca, #28333a);
    --p-edge: light-dark(#8d8577, #6d7a82);
    --p-accent: light-dark(#0b6670, #5fc3c6);
    --p-accent-hover: light-dark(#084f57, #86d5d6);
    --p-accent-soft: light-dark(#dbe9e7, #17353a);
    --p-on-accent: light-dark(#fbf9f4, #07171a);
    --p-good: light-dark(#2c6a3c, #86c491);
    --p-warn: light-dark(#845400, #dcab5c);
    --p-bad: light-dark(#a1322a, #ea9087);
    --p-bad-soft: light-dark(#f4e1dc, #3a2222);
    /* Series of charts, in the order of use; told apart by lightness too, and always by shape or label. */
    --p-series-1: var(--p-accent);
    --p-series-2: light-dark(#b4552d, #ec9a73);
    --p-series-3: light-dark(#6b4f9c, #b7a0e6);
    --p-series-4: light-dark(#7c6a12, #d3bd55);
    --p-series-5: light-dark(#3f6fae, #8db6ec);
    --p-series-6: light-dark(#8a3d63, #e39ac0);

    --p-font: 'Vazirmatn Variable', 'Vazirmatn', system-ui, 'Segoe UI', Tahoma, sans-serif;
    --p-mono: ui-monospace, 'Cascadia Code', 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace;
    /* Vazirmatn's tabular Persian digits stand too far apart; its common ones are nearly of one width. */
    --p-numerals: normal;
    --p-text-xs: 0.75rem;
    --p-text-s: 0.8125rem;
    --p-text: 0.9375rem;
    --p-text-l: 1.125rem;
    --p-text-xl: 1.5rem;
    --p-text-figure: clamp(2rem, 1.4rem + 2vw, 3rem);

    --p-1: 0.25rem;
    --p-2: 0.5rem;
    --p-3: 0.75rem;
    --p-4: 1rem;
    --p-5: 1.5rem;
    --p-6: 2rem;
    --p-7: 3rem;
    --p-8: 4.5rem;
    --p-radius: 3px;
    --p-gutter: clamp(1rem, 4vw, 3rem);
    --p-control: 2.5rem;
    --p-quick: 120ms ease-out;
  }
  :host([lang='en']) {
    --p-numerals: tabular-nums;
  }
  :host([theme='light']) {
    color-scheme: light !important;
  }
  :host([theme='dark']) {
    color-scheme: dark !important;
  }
`;
