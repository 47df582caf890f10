import { css, html, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { ViewName } from '../views/names';
import type { Session } from '../state/session';
import { Watch } from '../state/signal';
import { StudioElement } from '../ui/element';
import '../ui/state';
import { loadView } from '../views/loading';

const ELEMENTS: Record<ViewName, () => TemplateResult> = {
  tuning: () => html`<persopt-tuning-view></persopt-tuning-view>`,
  pruning: () => html`<persopt-pruning-view></persopt-pruning-view>`,
  quantization: () => html`<persopt-quantization-view></persopt-quantization-view>`,
  comparison: () => html`<persopt-comparison-view></persopt-comparison-view>`,
  jobs: () => html`<persopt-jobs-view></persopt-jobs-view>`,
};

/** `<persopt-outlet>`: the view that the address names, loaded when it is first looked at. */
@customElement('persopt-outlet')
export class OutletElement extends StudioElement {
  static override styles = [
    ...StudioElement.styles,
    css`
      :host {
        display: block;
        padding-block: var(--p-6) var(--p-8);
      }
    `,
  ];

  @state() private readonly loaded = new Set<ViewName>();
  @state() private fault: unknown = null;
  private asked: ViewName | null = null;

  protected override sessionReady(session: Session): void {
    new Watch(this, session.router.place);
  }

  override willUpdate(): void {
    const { view } = this.session.router.place.value;
    if (view === null || view === this.asked) return;
    this.asked = view;
    this.fault = null;
    void this.load(view);
  }

  override render() {
    const { view } = this.session.router.place.value;
    if (view === null) {
      return html`<persopt-state kind="missing">${this.text('state.missing.text')}</persopt-state>`;
    }
    if (this.loaded.has(view)) return ELEMENTS[view]();
    if (this.fault !== null) {
      return html`<persopt-state kind="error" .error=${this.fault} @retry=${() => this.load(view)}></persopt-state>`;
    }
    return html`<persopt-state kind="loading"></persopt-state>`;
  }

  private async load(view: ViewName): Promise<void> {
    try {
      await loadView(view, this.session.translator);
      this.loaded.add(view);
      this.fault = null;
    } catch (error) {
      this.fault = error;
    }
    this.requestUpdate();
  }
}
