import type { Session } from '../state/session';

/* One draft a form and server; a browser that forbids storage forgets, and goes on. */
function keyOf(session: Session, form: string): string {
  return `persopt.draft.${form}:${session.client.address('')}`;
}

/** Keeps what stands in a form, so that it survives a reload. */
export function keepDraft(session: Session, form: string, draft: object): void {
  try {
    localStorage.setItem(keyOf(session, form), JSON.stringify(draft));
  } catch {
    return;
  }
}

/** Returns what stood in a form, over what a new one has; fields that are not of it any more are left out. */
export function readDraft<T extends object>(session: Session, form: string, fresh: T): T {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(keyOf(session, form)) ?? '{}');
    if (typeof kept !== 'object' || kept === null) return fresh;
    const known = Object.entries(kept).filter(([name]) => name in fresh);
    return { ...fresh, ...(Object.fromEntries(known) as Partial<T>) };
  } catch {
    return fresh;
  }
}

/** Forgets what stood in a form. */
export function dropDraft(session: Session, form: string): void {
  try {
    localStorage.removeItem(keyOf(session, form));
  } catch {
    return;
  }
}
