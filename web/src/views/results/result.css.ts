import { css } from 'lit';

/** How results are set: a sentence, large figures between hairlines, sections. */
export const resultStyles = css`
  :host {
    display: grid;
    gap: var(--p-6);
    min-inline-size: 0;
    container-type: inline-size;
  }
  .headline {
    max-inline-size: 46rem;
    font-size: clamp(1.25rem, 1.05rem + 1vw, 1.75rem);
    font-weight: 300;
    line-height: 1.6;
    text-wrap: pretty;
  }
  .figures {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr));
    border-block: 1px solid var(--p-line);
  }
  .figures > div {
    padding: var(--p-4) var(--p-5);
    border-inline-start: 1px solid var(--p-line);
  }
  .figures > div:first-child {
    padding-inline-start: 0;
    border: 0;
  }
  .figures dt {
    color: var(--p-soft);
    font-size: var(--p-text-s);
  }
  .figures .value {
    font-size: var(--p-text-figure);
    font-weight: 300;
    line-height: 1.35;
    font-variant-numeric: var(--p-numerals);
    letter-spacing: -0.01em;
    white-space: nowrap;
  }
  .figures small {
    color: var(--p-soft);
    font-size: 0.4em;
    font-weight: 400;
    letter-spacing: 0;
  }
  .figures .caption {
    color: var(--p-soft);
    font-size: var(--p-text-s);
    line-height: 1.6;
  }
  .good {
    color: var(--p-good);
  }
  .bad {
    color: var(--p-bad);
  }
  section {
    display: grid;
    gap: var(--p-3);
    min-inline-size: 0;
  }
  section > p {
    max-inline-size: 46rem;
  }
  .speeds th[scope='rowgroup'] {
    font-weight: 500;
    white-space: nowrap;
  }
  .speeds tr:last-child td:first-child {
    padding-inline-start: var(--p-3);
  }
  .speeds tr:first-child td {
    border-block-end: 0;
    color: var(--p-soft);
  }
  .notes {
    display: grid;
    gap: var(--p-2);
    padding-inline-start: 1.2em;
    max-inline-size: 46rem;
  }
  .path {
    font-family: var(--p-mono);
    font-size: 0.92em;
    overflow-wrap: anywhere;
  }
  details > summary {
    inline-size: fit-content;
    color: var(--p-accent);
    cursor: pointer;
  }
  details[open] > summary {
    margin-block-end: var(--p-3);
  }
  @container (max-width: 40rem) {
    .figures {
      grid-template-columns: 1fr 1fr;
    }
    .figures > div {
      padding: var(--p-3) var(--p-4);
    }
    .figures > div:nth-child(odd) {
      padding-inline-start: 0;
      border-inline-start: 0;
    }
    .figures > div:nth-child(n + 3) {
      border-block-start: 1px solid var(--p-line);
    }
  }
`;
