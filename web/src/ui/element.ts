import { ContextConsumer } from '@lit/context';
import { html, LitElement, type TemplateResult } from 'lit';
import type { Formats } from '../i18n/formats';
import type { MessageKey } from '../i18n/keys';
import type { Values } from '../i18n/messages';
import { sessionContext, type Session } from '../state/session';
import { Watch } from '../state/signal';
import { base } from './base.css';

/**
 * What every element inside a studio derives from: it finds the session of the studio that it is in, and renders anew
 * when the language changes. The session is there from the first render on.
 */
export class StudioElement extends LitElement {
  static override styles = [base];

  private readonly consumer = new ContextConsumer(this, {
    context: sessionContext,
    callback: (session) => {
      if (session === this.attached) return;
      this.attached = session;
      new Watch(this, session.translator.version);
      this.sessionReady(session);
    },
  });
  private attached: Session | undefined;

  get session(): Session {
    const session = this.consumer.value;
    if (!session) throw new Error(`<${this.localName}> stands outside of a studio`);
    return session;
  }

  /** A text in the person's language. */
  text(key: MessageKey, values?: Values): string {
    return this.session.translator.text(key, values);
  }

  get formats(): Formats {
    return this.session.translator.formats;
  }

  /** Called once, before the first render; the place to watch signals: `new Watch(this, session.connection)`. */
  protected sessionReady(_session: Session): void {
    return;
  }
}

/** A name, a path or code: left to right whatever stands around it. */
export function ltr(text: string): TemplateResult {
  return html`<bdi dir="ltr">${text}</bdi>`;
}

/** The place of a file or a folder: its last two parts, and the whole of it as a tip. */
export function place(path: string): TemplateResult {
  const parts = path.split('/');
  const isLong = path.startsWith('/') && parts.length > 3;
  return isLong ? html`<bdi dir="ltr" title=${path}>…/${parts.slice(-2).join('/')}</bdi>` : ltr(path);
}

/** A text that people wrote, in the direction of its own first letter. */
export function own(text: string): TemplateResult {
  return html`<bdi dir="auto">${text}</bdi>`;
}
