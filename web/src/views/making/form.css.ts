import { css } from 'lit';

/** How the forms of jobs are set: a heading beside each part, on narrow screens above it. */
export const formStyles = css`
  :host {
    display: block;
    container-type: inline-size;
  }
  form {
    display: grid;
  }
  .part {
    display: grid;
    grid-template-columns: minmax(9rem, 14rem) minmax(0, 42rem);
    gap: var(--p-4) var(--p-7);
    padding-block: var(--p-6);
    border-block-start: 1px solid var(--p-line);
  }
  .part > header {
    display: grid;
    align-content: start;
    gap: var(--p-1);
  }
  .part > header p {
    color: var(--p-soft);
    font-size: var(--p-text-s);
    line-height: 1.7;
  }
  .part > div {
    display: grid;
    gap: var(--p-5);
    min-inline-size: 0;
  }
  .pair {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr));
    gap: var(--p-5);
  }
  fieldset {
    display: grid;
    gap: var(--p-3);
    min-inline-size: 0;
    margin: 0;
    padding: 0;
    border: 0;
  }
  legend {
    margin-block-end: var(--p-2);
    padding: 0;
    font-size: var(--p-text-s);
    font-weight: 500;
  }
  .choices {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr));
    gap: 0 var(--p-5);
  }
  .choice,
  .check {
    display: flex;
    align-items: start;
    gap: var(--p-3);
    padding-block: var(--p-2);
    cursor: pointer;
  }
  .choice input,
  .check input {
    margin-block-start: 0.3em;
  }
  .choice b,
  .check b {
    display: block;
    font-weight: 500;
  }
  .choice span span,
  .check span span {
    display: block;
    color: var(--p-soft);
    font-size: var(--p-text-s);
    line-height: 1.7;
  }
  .error {
    color: var(--p-bad);
    font-size: var(--p-text-s);
  }
  details {
    border-block-start: 1px solid var(--p-line);
  }
  details > summary {
    padding-block: var(--p-4);
    color: var(--p-accent);
    font-weight: 500;
    cursor: pointer;
  }
  details > .part:first-of-type {
    border: 0;
    padding-block-start: var(--p-3);
  }
  .start {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--p-4) var(--p-5);
    padding-block: var(--p-5);
    border-block-start: 1px solid var(--p-edge);
  }
  .start p {
    flex: 1 1 20rem;
  }
  @container (max-width: 48rem) {
    .part {
      grid-template-columns: minmax(0, 1fr);
      padding-block: var(--p-5);
    }
  }
`;
