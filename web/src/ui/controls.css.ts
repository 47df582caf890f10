import { css } from 'lit';

/** Native inputs in the studio's look; `<persopt-field>` gives them label, hint and error. */
export const controls = css`
  input:not([type='checkbox'], [type='radio'], [type='range']),
  select,
  textarea {
    inline-size: 100%;
    min-block-size: var(--p-control);
    padding: var(--p-2) var(--p-3);
    border: 1px solid var(--p-edge);
    border-radius: var(--p-radius);
    background: var(--p-surface);
    color: var(--p-ink);
    font: inherit;
    line-height: 1.4;
  }
  /* Where a path or a number stands follows the page; how it reads does not. */
  :host(:dir(rtl)) input[dir='ltr'] {
    text-align: right;
  }
  select {
    padding-block: 0;
  }
  textarea {
    min-block-size: 5rem;
    resize: vertical;
  }
  input:hover,
  select:hover,
  textarea:hover {
    border-color: var(--p-ink);
  }
  input:focus-visible,
  select:focus-visible,
  textarea:focus-visible {
    outline-offset: -1px;
  }
  input[aria-invalid='true'],
  select[aria-invalid='true'],
  textarea[aria-invalid='true'] {
    border-color: var(--p-bad);
  }
  input[type='checkbox'],
  input[type='radio'],
  input[type='range'] {
    accent-color: var(--p-accent);
  }
  input[type='checkbox'],
  input[type='radio'] {
    inline-size: 1.125rem;
    block-size: 1.125rem;
    margin: 0;
    flex: none;
  }
  .check {
    display: flex;
    align-items: start;
    gap: var(--p-2);
  }
  .check input {
    margin-block-start: 0.3em;
  }
  :placeholder-shown {
    text-overflow: ellipsis;
  }
  ::placeholder {
    color: var(--p-soft);
    opacity: 1;
  }
`;
