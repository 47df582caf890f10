import { css } from 'lit';

/** What stands below the name in a picker: facts in one line, and notes. */
export const picker = css`
  :host {
    display: grid;
    align-content: start;
    gap: var(--p-3);
    min-inline-size: 0;
  }
  .facts {
    display: flex;
    flex-wrap: wrap;
    gap: var(--p-1) var(--p-4);
    color: var(--p-soft);
    font-size: var(--p-text-s);
  }
  .facts b {
    color: var(--p-ink);
    font-weight: 500;
  }
  .bad {
    color: var(--p-bad);
    font-size: var(--p-text-s);
  }
  .again {
    padding: 0;
    border: 0;
    background: none;
    color: var(--p-accent);
    font: inherit;
    text-decoration: underline;
    text-underline-offset: 0.25em;
    cursor: pointer;
  }
`;
