import { ContextProvider } from '@lit/context';
import { html, LitElement, nothing, type PropertyValues } from 'lit';
import { property, state } from 'lit/decorators.js';
import type { JobEvent } from '../api/events';
import type { Area } from '../i18n/keys';
import type { Language } from '../i18n/formats';
import type { Routing } from '../router';
import { Session, sessionContext } from '../state/session';
import type { Theme } from '../state/preferences';
import { base } from '../ui/base.css';
import { addFonts } from '../ui/fonts';
import { addRem } from '../ui/rem';
import { tokens } from '../ui/tokens.css';

const DARK = '(prefers-color-scheme: dark)';

/**
 * What a page mounts: an element that makes a session for all that is in it, and ends it when it is taken out.
 *
 * Attributes: `server` (origin of persopt's server, read when the element comes into the page; the page's own if left
 * out), `lang` (`fa`, `en`), `theme` (`light`, `dark`; the system's if left out), `routing` (`history`, `hash`,
 * `none`). The token is a property, so that it stands in no markup; it may be set again at any time.
 *
 * @fires persopt-ready when it can be used
 * @fires persopt-navigate with the path in `detail.path`
 * @fires persopt-connection with `live`, `polling`, `offline`, `refused` or `connecting` in `detail.state`
 * @fires persopt-job when a job was queued or started or has ended: `detail.jobId`, `detail.type`, `detail.time`
 * @fires persopt-token when the server wants a token, or another one; prevented, the studio does not ask the person
 */
export abstract class MountElement extends LitElement {
  static override styles = [tokens, base];

  @property() server = '';
  @property() routing: Routing = 'none';
  @property({ reflect: true }) theme: Theme | null = null;
  @property({ reflect: true }) override lang = '';
  @property({ attribute: false }) token: string | null = null;

  /** The texts that have to be there before the first render. */
  protected readonly areas: readonly Area[] = ['shell'];
  protected readonly start: string = '/';
  @state() protected isReady = false;
  @state() private asksToken = false;
  protected session!: Session;
  private readonly provider = new ContextProvider(this, { context: sessionContext });
  private ends: (() => void)[] = [];
  /** What the host's page has left to the person. */
  private leaves: { lang: boolean; theme: boolean } | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    addRem();
    addFonts();
    const language = this.lang === 'fa' || this.lang === 'en' ? this.lang : null;
    const { server, token, routing, start } = this;
    this.leaves ??= { lang: language === null, theme: this.theme === null };
    this.session = new Session({ server: server.replace(/\/+$/, ''), token, routing, start, language });
    this.theme ??= this.session.preferences.theme;
    this.lang = this.session.translator.language;
    this.provider.setValue(this.session);
    this.session.connect();
    const { translator, router } = this.session;
    this.ends = [
      translator.version.subscribe(() => this.requestUpdate()),
      router.place.subscribe(() => this.tellPlace()),
      this.session.connection.subscribe(() => this.tellConnection()),
      this.session.feed.subscribe((event) => this.tellJob(event)),
      onSystemTheme(() => this.requestUpdate()),
      onOtherTab(() => this.agree()),
    ];
    void this.begin();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const end of this.ends) end();
    this.session.disconnect();
    this.isReady = false;
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('lang') && this.isReady) this.switchLanguage();
    if (changed.has('token')) this.session.giveToken(this.token);
  }

  override render(): unknown {
    return this.isReady ? this.content() : nothing;
  }

  /** Goes to a place in the studio, such as `/jobs/ID`. */
  go(path: string): void {
    this.session.router.go(path);
  }

  protected abstract content(): unknown;

  /** What asks the person for a token; loaded when it is wanted. */
  protected tokenDialog(): unknown {
    return this.asksToken ? html`<persopt-token-dialog></persopt-token-dialog>` : nothing;
  }

  /** Changes the language for good, as a person's choice. */
  protected async chooseLanguage(language: Language): Promise<void> {
    this.session.preferences.language = language;
    await this.session.translator.change(language);
    this.lang = language;
  }

  protected chooseTheme(theme: Theme): void {
    this.session.preferences.theme = theme;
    this.theme = theme;
  }

  /** The theme that is seen now. */
  protected get shownTheme(): Theme {
    return this.theme ?? (matchMedia(DARK).matches ? 'dark' : 'light');
  }

  private async begin(): Promise<void> {
    await this.session.translator.load(...this.areas);
    this.isReady = true;
    await this.updateComplete;
    this.tell('persopt-ready');
  }

  private switchLanguage(): void {
    if (this.lang === 'fa' || this.lang === 'en') void this.session.translator.change(this.lang);
  }

  /** Takes over what the person has chosen in another tab. */
  private agree(): void {
    const { language, theme } = this.session.preferences;
    if (this.leaves?.theme) this.theme = theme;
    if (this.leaves?.lang) this.lang = language;
  }

  private tellPlace(): void {
    const { view, rest } = this.session.router.place.value;
    this.tell('persopt-navigate', { path: `/${[view, ...rest].join('/')}` });
  }

  private tellConnection(): void {
    const state = this.session.connection.value;
    this.requestUpdate();
    this.tell('persopt-connection', { state });
    if (state !== 'refused' || !this.tell('persopt-token', {}, true)) return;
    this.asksToken = true;
    void import('./token-dialog');
  }

  private tellJob({ type, jobId, time }: JobEvent): void {
    if (type.startsWith('persopt.job.') && type !== 'persopt.job.progress') {
      this.tell('persopt-job', { jobId, type, time });
    }
  }

  private tell(name: string, detail: object = {}, cancelable = false): boolean {
    return this.dispatchEvent(new CustomEvent(name, { detail, cancelable, bubbles: true, composed: true }));
  }
}

function onOtherTab(listener: () => void): () => void {
  const hear = ({ key }: StorageEvent) => void (key?.startsWith('persopt.') && listener());
  window.addEventListener('storage', hear);
  return () => window.removeEventListener('storage', hear);
}

function onSystemTheme(listener: () => void): () => void {
  const system = matchMedia(DARK);
  system.addEventListener('change', listener);
  return () => system.removeEventListener('change', listener);
}
