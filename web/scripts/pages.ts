import type { OutputBundle, OutputChunk } from 'rolldown';
import type { Plugin } from 'vite';
import { areasOf, VIEWS, type ViewName } from '../src/views/names.ts';

/** The language that the studio begins with. The server does not know what was chosen: for English these come in vain. */
const LANGUAGE = 'fa';

/**
 * Lets a page fetch its view's script and texts beside the studio's own: the page itself those of the first view, and
 * a copy of it for each other one, `pages/VIEW.html`, its own.
 */
export function viewPages(): Plugin {
  return {
    name: 'persopt-view-pages',
    enforce: 'post',
    generateBundle(_options, bundle) {
      const page = bundle['index.html'];
      if (page?.type !== 'asset') return this.error('the page itself is not built');
      const plain = String(page.source);
      const first = withImports(bundle, '/index.html');
      for (const view of VIEWS) {
        const wanted = new Set(needs(view).flatMap((module) => [...withImports(bundle, module)]));
        const links = [...wanted]
          .filter((file) => !first.has(file))
          .map((file) => `    <link rel="modulepreload" href="/studio/${file}" />\n`);
        const source = plain.replace('  </head>', `${links.join('')}  </head>`);
        if (view === VIEWS[0]) page.source = source;
        else this.emitFile({ type: 'asset', fileName: `pages/${view}.html`, source });
      }
    },
  };
}

/** Returns the modules that a view begins with, as their paths end. */
function needs(view: ViewName): string[] {
  const areas = ['shell', ...areasOf(view)];
  return [`/views/${view}/${view}-view.ts`, ...areas.map((area) => `/i18n/${LANGUAGE}/${area}.json`)];
}

/** Returns the files of a module and of all that it imports at once. */
function withImports(bundle: OutputBundle, module: string): Set<string> {
  const chunks = Object.values(bundle).filter((file): file is OutputChunk => file.type === 'chunk');
  const start = chunks.find(({ moduleIds }) => moduleIds.some((id) => id.endsWith(module)));
  if (!start) throw new Error(`no file was built of ${module}`);
  const files = new Set<string>();
  const visit = (file: string): void => {
    if (files.has(file)) return;
    files.add(file);
    const chunk = bundle[file];
    if (chunk?.type === 'chunk') chunk.imports.forEach(visit);
  };
  visit(start.fileName);
  return files;
}
