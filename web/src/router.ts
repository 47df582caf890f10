import { Signal } from './state/signal';
import { VIEWS, type ViewName } from './views/names';

/** A place in the studio: `/jobs/ID?sort=value` is the view `jobs` with the rest `['ID']`. */
export interface Place {
  view: ViewName | null;
  rest: readonly string[];
  query: URLSearchParams;
}

/** `history`: addresses below `/studio`. `hash`: after the `#` of a host's page. `none`: the address stays as it is. */
export type Routing = 'history' | 'hash' | 'none';

const BASE = '/studio';

/** Reads a path such as `/jobs/ID?x=1`; the empty one is the first view. */
export function readPlace(path: string): Place {
  const [before = '', after = ''] = path.split('?', 2);
  const [name = '', ...rest] = before.split('/').filter(Boolean).map(decode);
  const view = name === '' ? VIEWS[0] : (VIEWS.find((known) => known === name) ?? null);
  return { view, rest, query: new URLSearchParams(after) };
}

/** Where the studio is, told by the browser's address, and how to go elsewhere. */
export class Router {
  readonly place: Signal<Place>;
  private path: string;

  constructor(
    private readonly routing: Routing,
    start = '/',
  ) {
    this.path = routing === 'none' ? start : this.read();
    this.place = new Signal(readPlace(this.path));
  }

  connect(): void {
    if (this.routing !== 'none') window.addEventListener('popstate', this.follow);
  }

  disconnect(): void {
    window.removeEventListener('popstate', this.follow);
  }

  /** Returns what to put into the `href` of a link to a path. */
  href(path: string): string {
    return this.routing === 'history' ? BASE + path : `#${path}`;
  }

  /** Goes to a path, such as `/jobs/ID`; `replace` leaves no step to go back to. */
  go(path: string, { replace = false } = {}): void {
    if (path === this.path) return;
    if (this.routing === 'none') return this.arrive(path);
    if (replace) history.replaceState(null, '', this.href(path));
    else history.pushState(null, '', this.href(path));
    this.arrive(path);
  }

  /** Takes over a click on one of the studio's links; others, and those into a new tab, stay the browser's. */
  readonly click = (event: MouseEvent): void => {
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    const link = event.composedPath().find((node) => node instanceof HTMLAnchorElement);
    const href = link?.getAttribute('href') ?? '';
    const start = this.href('/');
    if (!link || link.target || link.hasAttribute('download') || !href.startsWith(start)) return;
    event.preventDefault();
    this.go(href.slice(start.length - 1));
  };

  private readonly follow = (): void => this.arrive(this.read());

  private arrive(path: string): void {
    this.path = path;
    this.place.value = readPlace(path);
  }

  private read(): string {
    if (this.routing === 'hash') return location.hash.slice(1) || '/';
    const { pathname, search } = location;
    return (pathname.startsWith(`${BASE}/`) ? pathname.slice(BASE.length) : '/') + search;
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
