import { css } from 'lit';

/** The look of all charts: hairlines, small text, one accent. */
export const chartStyles = css`
  :host {
    display: block;
    min-inline-size: 0;
  }
  figcaption {
    margin-block-end: var(--p-2);
    font-size: var(--p-text-s);
    font-weight: 600;
  }
  .plot {
    position: relative;
  }
  .plot > svg {
    display: block;
    inline-size: 100%;
    overflow: visible;
    touch-action: pan-y;
    font-family: var(--p-font);
    font-size: 12px;
  }
  .plot > svg:focus-visible {
    outline-offset: 4px;
  }
  .plot text {
    fill: var(--p-soft);
    /* Keeps text legible where lines run below it. */
    stroke: var(--p-paper);
    stroke-width: 3px;
    stroke-linejoin: round;
    paint-order: stroke;
    font-variant-numeric: var(--p-numerals);
  }
  .plot text.name {
    fill: var(--p-ink);
  }
  .grid {
    stroke: var(--p-line);
    shape-rendering: crispEdges;
  }
  .base {
    stroke: var(--p-edge);
    shape-rendering: crispEdges;
  }
  .limit {
    stroke: var(--p-warn);
    stroke-dasharray: 4 3;
  }
  .plot text.limit-label {
    fill: var(--p-warn);
  }
  .front {
    fill: none;
    stroke: var(--p-ink);
    stroke-width: 1.25;
    opacity: 0.55;
  }
  .whisker {
    stroke-width: 1;
    opacity: 0.6;
  }
  .ring {
    fill: none;
    stroke: var(--p-ink);
    stroke-width: 1.5;
  }
  .line {
    fill: none;
    stroke-width: 1.75;
    stroke-linejoin: round;
  }
  .faint {
    opacity: 0.32;
  }
  .s1 {
    --c: var(--p-series-1);
  }
  .s2 {
    --c: var(--p-series-2);
  }
  .s3 {
    --c: var(--p-series-3);
  }
  .s4 {
    --c: var(--p-series-4);
  }
  .s5 {
    --c: var(--p-series-5);
  }
  .s6 {
    --c: var(--p-series-6);
  }
  .s0 {
    --c: var(--p-edge);
  }
  .mark {
    fill: var(--c);
    stroke: var(--p-paper);
    stroke-width: 1;
  }
  .mark.hollow {
    fill: var(--p-paper);
    stroke: var(--c);
    stroke-width: 1.5;
  }
  .stroke {
    stroke: var(--c);
  }
  .fill {
    fill: var(--c);
  }
  .tip {
    position: absolute;
    z-index: 5;
    inset-block-start: 0;
    left: 0;
    max-inline-size: 18rem;
    padding: var(--p-2) var(--p-3);
    border: 1px solid var(--p-edge);
    border-radius: var(--p-radius);
    background: var(--p-surface);
    font-size: var(--p-text-s);
    line-height: 1.5;
    pointer-events: none;
  }
  .tip strong {
    display: block;
    overflow-wrap: anywhere;
  }
  .tip dl {
    display: grid;
    grid-template-columns: auto auto;
    gap: 0 var(--p-3);
    justify-content: start;
  }
  .tip dt {
    color: var(--p-soft);
  }
  .legend {
    display: flex;
    flex-wrap: wrap;
    gap: var(--p-1) var(--p-4);
    margin-block-start: var(--p-2);
    padding: 0;
    color: var(--p-soft);
    font-size: var(--p-text-s);
    list-style: none;
  }
  .legend li {
    display: inline-flex;
    align-items: center;
    gap: var(--p-2);
  }
  .legend svg {
    inline-size: 14px;
    block-size: 14px;
    flex: none;
  }
  details {
    margin-block-start: var(--p-2);
    font-size: var(--p-text-s);
  }
  summary {
    inline-size: fit-content;
    color: var(--p-soft);
    cursor: pointer;
  }
  summary:hover {
    color: var(--p-ink);
  }
  details .scroller {
    max-block-size: 20rem;
    margin-block-start: var(--p-2);
    overflow: auto;
  }
  .none {
    padding-block: var(--p-5);
    color: var(--p-soft);
    font-size: var(--p-text-s);
  }
`;
