import { css } from 'lit';

/** How the two forms of the tab are laid out: what a part is about beside its fields, one below the other when narrow. */
export const formStyles = css`
  :host {
    display: block;
    container: form / inline-size;
  }
  section {
    display: grid;
    gap: var(--p-4);
    padding-block: var(--p-6);
    border-block-start: 1px solid var(--p-line);
  }
  form > section:first-child {
    padding-block-start: 0;
    border: 0;
  }
  section > header {
    display: grid;
    align-content: start;
    gap: var(--p-1);
  }
  section > header p {
    color: var(--p-soft);
    font-size: var(--p-text-s);
    line-height: 1.7;
  }
  .fields {
    display: grid;
    gap: var(--p-5);
    min-inline-size: 0;
  }
  @container form (min-width: 52rem) {
    section {
      grid-template-columns: 15rem minmax(0, 1fr);
      gap: var(--p-7);
    }
  }
  .pair {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 13rem), 1fr));
    align-items: start;
    gap: var(--p-5);
  }
  .pair.two {
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 18rem), 1fr));
  }
  .checks {
    display: grid;
    gap: var(--p-3);
  }
  fieldset {
    margin: 0;
    padding: 0;
    border: 0;
  }
  legend {
    padding: 0;
    margin-block-end: var(--p-2);
    font-size: var(--p-text-s);
    font-weight: 500;
  }
  .choices {
    display: flex;
    flex-wrap: wrap;
    gap: var(--p-2) var(--p-5);
  }
  details > summary {
    padding-block: var(--p-4);
    border-block-start: 1px solid var(--p-line);
    color: var(--p-accent);
    cursor: pointer;
  }
  .foot {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--p-3) var(--p-5);
    padding-block: var(--p-5);
    border-block-start: 1px solid var(--p-line);
  }
  .foot p {
    flex: 1 1 16rem;
    max-inline-size: 34rem;
    color: var(--p-soft);
    font-size: var(--p-text-s);
    line-height: 1.7;
  }
`;
