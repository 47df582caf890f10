import { css, html } from 'lit';
import { customElement } from 'lit/decorators.js';
import type { Routing } from '../router';
import { icon, mark } from '../ui/icons';
import '../ui/notices';
import './connection';
import './figures';
import { MountElement } from './mount';
import { loadView } from '../views/loading';
import './navigation';
import './outlet';
import './system-load';

/** `<persopt-studio>`: the whole studio. See `MountElement` for what it takes and fires. */
@customElement('persopt-studio')
export class StudioRootElement extends MountElement {
  static override styles = [
    ...MountElement.styles,
    css`
      .page {
        container: page / inline-size;
        display: flex;
        flex-direction: column;
        min-block-size: var(--persopt-min-height, 100dvh);
        background: var(--p-paper);
        color: var(--p-ink);
        font-family: var(--p-font);
        font-size: var(--p-text);
        line-height: 1.75;
        -webkit-text-size-adjust: 100%;
      }
      .page:lang(en) {
        line-height: 1.6;
      }
      .skip {
        position: absolute;
        z-index: 40;
        inset-block-start: var(--p-2);
        inset-inline-start: var(--p-2);
        padding: var(--p-2) var(--p-4);
        background: var(--p-ink);
        color: var(--p-paper);
      }
      .skip:not(:focus) {
        clip-path: inset(50%);
      }
      header {
        border-block-end: 1px solid var(--p-line);
      }
      .bar {
        display: flex;
        align-items: center;
        gap: var(--p-6);
        max-inline-size: 80rem;
        min-block-size: 4.5rem;
        margin-inline: auto;
        padding-inline: var(--p-gutter);
      }
      .brand {
        display: flex;
        align-items: center;
        gap: var(--p-2);
        color: var(--p-ink);
        font-size: var(--p-text-l);
        font-weight: 650;
        letter-spacing: -0.01em;
        text-decoration: none;
      }
      .mark {
        inline-size: 1.75rem;
        block-size: 1.75rem;
        color: var(--p-accent);
      }
      .tools {
        display: flex;
        align-items: center;
        gap: var(--p-1);
        margin-inline-start: auto;
      }
      .status {
        display: flex;
        align-items: center;
        gap: var(--p-2);
        margin-inline-end: var(--p-2);
        color: var(--p-soft);
        font-size: var(--p-text-s);
        white-space: nowrap;
      }
      .status::before {
        content: '';
        inline-size: 0.5rem;
        block-size: 0.5rem;
        border-radius: 50%;
        background: var(--p-edge);
      }
      .status.live::before {
        background: var(--p-good);
      }
      .status.polling::before {
        background: var(--p-warn);
      }
      .status.offline::before,
      .status.refused::before {
        border-radius: 0;
        background: var(--p-bad);
      }
      main,
      .overview {
        inline-size: 100%;
        max-inline-size: 80rem;
        margin-inline: auto;
        padding-inline: var(--p-gutter);
      }
      main {
        flex: 1;
      }
      main:focus {
        outline: none;
      }
      .foot {
        display: none;
      }
      @container page (max-width: 60rem) {
        .top {
          display: none;
        }
        .bar {
          min-block-size: 3.5rem;
        }
        .foot {
          position: sticky;
          z-index: 20;
          inset-block-end: 0;
          display: block;
          padding-block-end: env(safe-area-inset-bottom);
          border-block-start: 1px solid var(--p-line);
          background: var(--p-surface);
        }
      }
      @container page (max-width: 30rem) {
        .status:not(.offline, .refused) span {
          position: absolute;
          clip-path: inset(50%);
        }
      }
    `,
  ];

  override routing: Routing = 'history';

  /** What the window is called: the view, and the studio; empty until the texts are there. */
  get documentTitle(): string {
    if (!this.isReady) return '';
    const { translator, router } = this.session;
    const { view } = router.place.value;
    const title = translator.text('app.title');
    return view === null ? title : `${translator.text(`tab.${view}`)} · ${title}`;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const { router, translator } = this.session;
    const { view } = router.place.value;
    if (view) loadView(view, translator).catch(() => undefined); // beside the shell's texts; the outlet tells what fails
  }

  protected override content() {
    const { translator, router } = this.session;
    const language = translator.language;
    return html`
      <div class="page" lang=${language} dir=${translator.formats.direction} @click=${router.click}>
        <a class="skip" href="#main" @click=${this.skip}>${translator.text('app.skip')}</a>
        <header>
          <div class="bar">
            <a class="brand" href=${router.href('/tuning')} aria-label=${translator.text('app.title')}>
              ${mark()}<bdi dir="ltr">persopt</bdi>
            </a>
            <persopt-navigation class="top"></persopt-navigation>
            ${this.tools()}
          </div>
        </header>
        <persopt-connection></persopt-connection>
        <div class="overview">
          <persopt-figures></persopt-figures>
          <persopt-system-load></persopt-system-load>
        </div>
        <main id="main" tabindex="-1"><persopt-outlet></persopt-outlet></main>
        <persopt-navigation class="foot" foot></persopt-navigation>
        <persopt-notices></persopt-notices>
        ${this.tokenDialog()}
      </div>
    `;
  }

  private tools() {
    const { translator, connection } = this.session;
    const other = translator.language === 'fa' ? 'en' : 'fa';
    const theme = this.shownTheme === 'dark' ? 'light' : 'dark';
    const state = connection.value;
    return html`
      <div class="tools">
        <span class="status ${state}" role="status"><span>${translator.text(`connection.${state}`)}</span></span>
        <button
          class="button quiet"
          lang=${other}
          aria-label=${translator.text('app.language.label')}
          @click=${() => this.chooseLanguage(other)}
        >
          ${translator.text('app.language')}
        </button>
        <button
          class="button quiet icon-only"
          aria-label=${translator.text(`app.theme.${theme}`)}
          title=${translator.text(`app.theme.${theme}`)}
          @click=${() => this.chooseTheme(theme)}
        >
          ${icon(theme === 'dark' ? 'moon' : 'sun')}
        </button>
      </div>
    `;
  }

  private skip(event: Event): void {
    event.preventDefault();
    event.stopPropagation();
    this.renderRoot.querySelector<HTMLElement>('main')?.focus();
  }
}
