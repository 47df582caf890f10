import { css } from 'lit';

/** What every element of the studio starts from: text, links, focus, buttons, small helpers. */
export const base = css`
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  :host([hidden]),
  [hidden] {
    display: none !important;
  }
  h1,
  h2,
  h3,
  p,
  dl,
  dd,
  ul,
  ol,
  figure {
    margin: 0;
    padding: 0;
  }
  h1,
  h2,
  h3 {
    font-weight: 600;
    line-height: 1.4;
    text-wrap: balance;
  }
  h1 {
    font-size: var(--p-text-xl);
  }
  h2 {
    font-size: var(--p-text-l);
  }
  h3 {
    font-size: var(--p-text);
  }
  ul[role='list'],
  ol[role='list'] {
    list-style: none;
  }
  a {
    color: var(--p-accent);
    text-decoration-thickness: 1px;
    text-underline-offset: 0.25em;
  }
  a:hover {
    color: var(--p-accent-hover);
  }
  :focus-visible {
    outline: 2px solid var(--p-accent);
    outline-offset: 2px;
  }
  bdi {
    unicode-bidi: isolate;
  }
  code,
  pre,
  .mono {
    font-family: var(--p-mono);
    font-size: 0.92em;
    direction: ltr;
    unicode-bidi: isolate;
  }
  svg.icon {
    inline-size: 1.25em;
    block-size: 1.25em;
    flex: none;
    fill: none;
    stroke: currentColor;
    stroke-width: 1.5;
    stroke-linecap: round;
    stroke-linejoin: round;
    vertical-align: -0.25em;
  }
  svg.icon.flips:dir(rtl) {
    transform: scaleX(-1);
  }
  .soft {
    color: var(--p-soft);
  }
  .small {
    font-size: var(--p-text-s);
  }
  .figure {
    font-variant-numeric: var(--p-numerals);
  }
  .visually-hidden {
    position: absolute;
    inline-size: 1px;
    block-size: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }

  .button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: var(--p-2);
    min-block-size: var(--p-control);
    padding-inline: var(--p-4);
    border: 1px solid var(--p-edge);
    border-radius: var(--p-radius);
    background: transparent;
    color: var(--p-ink);
    font: inherit;
    font-weight: 500;
    line-height: 1.2;
    text-decoration: none;
    white-space: nowrap;
    cursor: pointer;
    transition:
      background var(--p-quick),
      border-color var(--p-quick);
  }
  .button:hover {
    border-color: var(--p-ink);
    color: var(--p-ink);
  }
  .button.primary {
    border-color: var(--p-accent);
    background: var(--p-accent);
    color: var(--p-on-accent);
  }
  .button.primary:hover {
    border-color: var(--p-accent-hover);
    background: var(--p-accent-hover);
  }
  .button.quiet {
    border-color: transparent;
    color: var(--p-soft);
  }
  .button.quiet:hover {
    background: var(--p-sunken);
    color: var(--p-ink);
  }
  .button.danger {
    border-color: var(--p-bad);
    color: var(--p-bad);
  }
  .button.danger:hover {
    background: var(--p-bad-soft);
  }
  .button.icon-only {
    inline-size: var(--p-control);
    padding: 0;
  }
  .button:disabled,
  .button[aria-disabled='true'] {
    opacity: 0.5;
    cursor: default;
  }

  @media (prefers-reduced-motion: reduce) {
    *,
    *::before,
    *::after {
      animation-duration: 1ms !important;
      animation-iteration-count: 1 !important;
      transition-duration: 1ms !important;
      scroll-behavior: auto !important;
    }
  }
`;
