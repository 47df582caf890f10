import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { extname } from 'node:path';
import type { AddressInfo } from 'node:net';

const FOLDER = new URL('../../examples/host/', import.meta.url);
const EXAMPLE_SERVER = /http:\/\/127\.0\.0\.1:8000/g;
const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };

/** The rules of a page that means harm, or knows no better. */
const HOSTILE = `
html { font-size: 40px; direction: ltr; }
* { color: red; font: italic 900 40px/3 fantasy; border: 7px solid lime; background: yellow; letter-spacing: 1em;
  text-transform: uppercase; text-align: center; padding: 9px; opacity: .5; cursor: wait; visibility: visible; }
* { text-shadow: 2px 2px red !important; word-spacing: 2em !important; white-space: pre !important; }
button, a, h1, h2, p, dl, table, input, select, persopt-studio, persopt-jobs { color: lime !important; zoom: 2; }
`;

/** The example page of another origin, served as it is but for where the server is; `/hostile.css` beside it. */
export class HostPage {
  /** Where persopt's server is; it has to be named before the page is asked for. */
  api = '';

  private constructor(
    private readonly server: Server,
    readonly origin: string,
  ) {}

  static async start(): Promise<HostPage> {
    const server = createServer(
      (request, answer) =>
        void host.answer(request.url ?? '/').then(
          ({ type, text }) => answer.writeHead(200, { 'Content-Type': type }).end(text),
          () => answer.writeHead(404).end(),
        ),
    );
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    const host = new HostPage(server, `http://localhost:${(server.address() as AddressInfo).port}`);
    return host;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((ended) => this.server.close(ended));
  }

  private async answer(path: string): Promise<{ type: string; text: string }> {
    if (path === '/hostile.css') return { type: 'text/css', text: HOSTILE };
    const name = path === '/' ? 'index.html' : path.slice(1);
    const text = await readFile(new URL(name, FOLDER), 'utf8');
    return { type: TYPES[extname(name)] ?? 'text/plain', text: text.replace(EXAMPLE_SERVER, this.api) };
  }
}
