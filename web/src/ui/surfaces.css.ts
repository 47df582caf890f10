import { css } from 'lit';

/** Cards, tables, definition lists, tags and notes: what views are put together from. */
export const surfaces = css`
  .view-head {
    display: grid;
    gap: var(--p-1);
    max-inline-size: 42rem;
    margin-block-end: var(--p-6);
  }
  .card {
    padding: var(--p-5);
    border: 1px solid var(--p-line);
    border-radius: var(--p-radius);
    background: var(--p-surface);
  }
  .section + .section {
    margin-block-start: var(--p-6);
    padding-block-start: var(--p-6);
    border-block-start: 1px solid var(--p-line);
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--p-3);
  }
  .grid {
    display: grid;
    gap: var(--p-5);
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 16rem), 1fr));
  }

  .scroller {
    position: relative; /* holds what is placed in it, such as texts for screen readers only */
    overflow-x: auto;
  }
  /* What goes on beyond the end fades out there, until it is reached. */
  @supports (animation-timeline: scroll()) {
    .scroller {
      animation: more-ltr auto linear both;
      animation-timeline: scroll(self inline);
    }
    .scroller:dir(rtl) {
      animation-name: more-rtl;
    }
  }
  @keyframes more-ltr {
    0%,
    96% {
      mask-image: linear-gradient(to left, transparent, #000 3rem);
    }
    100% {
      mask-image: none;
    }
  }
  @keyframes more-rtl {
    0%,
    96% {
      mask-image: linear-gradient(to right, transparent, #000 3rem);
    }
    100% {
      mask-image: none;
    }
  }
  table {
    inline-size: 100%;
    border-collapse: collapse;
    font-size: var(--p-text-s);
    font-variant-numeric: var(--p-numerals);
  }
  caption {
    padding-block-end: var(--p-2);
    color: var(--p-soft);
    text-align: start;
  }
  th,
  td {
    padding: var(--p-2) var(--p-3);
    border-block-end: 1px solid var(--p-line);
    text-align: start;
    vertical-align: baseline;
  }
  th:first-child,
  td:first-child {
    padding-inline-start: 0;
  }
  th:last-child,
  td:last-child {
    padding-inline-end: 0;
  }
  thead th {
    border-block-end-color: var(--p-edge);
    color: var(--p-soft);
    font-weight: 500;
    white-space: nowrap;
  }
  th.number,
  td.number {
    text-align: end;
    white-space: nowrap;
  }

  dl.facts {
    display: grid;
    grid-template-columns: max-content 1fr;
    gap: var(--p-2) var(--p-5);
    font-size: var(--p-text-s);
  }
  dl.facts dt {
    color: var(--p-soft);
  }
  dl.facts dd {
    overflow-wrap: anywhere;
  }

  .tag {
    display: inline-flex;
    align-items: baseline;
    gap: var(--p-2);
    font-size: var(--p-text-s);
    white-space: nowrap;
  }
  .tag::before {
    content: '';
    align-self: center;
    inline-size: 0.5rem;
    block-size: 0.5rem;
    border: 1.5px solid currentColor;
    border-radius: 50%;
  }
  .tag.running,
  .tag.queued {
    color: var(--p-accent);
  }
  .tag.succeeded {
    color: var(--p-good);
  }
  .tag.failed {
    color: var(--p-bad);
  }
  .tag.cancelled {
    color: var(--p-soft);
  }
  .tag.running::before,
  .tag.succeeded::before,
  .tag.failed::before {
    background: currentColor;
  }
  .tag.failed::before {
    border-radius: 0;
  }

  .bar {
    display: block;
    inline-size: 100%;
    block-size: 4px;
    border: 0;
    border-radius: 2px;
    background: var(--p-line);
    overflow: hidden;
    appearance: none;
  }
  .bar::-webkit-progress-bar {
    background: var(--p-line);
  }
  .bar::-webkit-progress-value {
    background: var(--p-accent);
    transition: inline-size 300ms ease-out;
  }
  .bar::-moz-progress-bar {
    background: var(--p-accent);
  }

  .note {
    padding: var(--p-3) var(--p-4);
    border-inline-start: 2px solid var(--p-accent);
    background: var(--p-accent-soft);
    font-size: var(--p-text-s);
  }
  .note.bad {
    border-color: var(--p-bad);
    background: var(--p-bad-soft);
  }
`;
