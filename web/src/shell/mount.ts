import { ContextProvider } from '@lit/context';
import { LitElement, nothing, type PropertyValues } from 'lit';
import { property, state } from 'lit/decorators.js';
import type { Area } from '../i18n/keys';
import type { Language } from '../i18n/formats';
import type { Routing } from '../router';
import { Session, sessionContext } from '../state/session';
import type { Theme } from '../state/preferences';
import { base } from '../ui/base.css';
import { addFonts } from '../ui/fonts';
import { tokens } from '../ui/tokens.css';

const DARK = '(prefers-color-scheme: dark)';

/**
 * What a page mounts: an element that makes a session for all that is in it, and ends it when it is taken out.
 *
 * Attributes: `server` (origin of persopt's server; the page's own if left out), `lang` (`fa`, `en`), `theme`
 * (`light`, `dark`; the system's if left out), `routing` (`history`, `hash`, `none`). The token is a property, so that
 * it stands in no markup.
 *
 * @fires persopt-ready when it can be used
 * @fires persopt-navigate with the path in `detail.path`
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
  protected session!: Session;
  private readonly provider = new ContextProvider(this, { context: sessionContext });
  private ends: (() => void)[] = [];

  override connectedCallback(): void {
    super.connectedCallback();
    addFonts();
    const language = this.lang === 'fa' || this.lang === 'en' ? this.lang : null;
    const { server, token, routing, start } = this;
    this.session = new Session({ server: server.replace(/\/+$/, ''), token, routing, start, language });
    this.theme ??= this.session.preferences.theme;
    this.lang = this.session.translator.language;
    this.provider.setValue(this.session);
    this.session.connect();
    const { translator, router } = this.session;
    this.ends = [
      translator.version.subscribe(() => this.requestUpdate()),
      router.place.subscribe(() => this.tellPlace()),
      onSystemTheme(() => this.requestUpdate()),
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
  }

  override render(): unknown {
    return this.isReady ? this.content() : nothing;
  }

  protected abstract content(): unknown;

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
    this.dispatchEvent(new CustomEvent('persopt-ready', { bubbles: true, composed: true }));
  }

  private switchLanguage(): void {
    if (this.lang === 'fa' || this.lang === 'en') void this.session.translator.change(this.lang);
  }

  private tellPlace(): void {
    const { view, rest } = this.session.router.place.value;
    const detail = { path: `/${[view, ...rest].join('/')}` };
    this.dispatchEvent(new CustomEvent('persopt-navigate', { detail, bubbles: true, composed: true }));
  }
}

function onSystemTheme(listener: () => void): () => void {
  const system = matchMedia(DARK);
  system.addEventListener('change', listener);
  return () => system.removeEventListener('change', listener);
}
