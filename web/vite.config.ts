import { defineConfig, type Plugin } from 'vite';
import { configDefaults } from 'vitest/config';
import { rootRem } from './scripts/own-rem.ts';
import { viewPages } from './scripts/pages.ts';

const API = process.env.PERSOPT_SERVER ?? 'http://127.0.0.1:8000';

/** Lets the browser fetch the Persian font before the script has asked for it. */
function preloadFont(): Plugin {
  return {
    name: 'persopt-preload-font',
    enforce: 'post',
    transformIndexHtml(_html, { bundle }) {
      const name = Object.keys(bundle ?? {}).find((file) => /vazirmatn-arabic.*\.woff2$/.test(file));
      if (name === undefined) return [];
      const attrs = { rel: 'preload', href: `/studio/${name}`, as: 'font', type: 'font/woff2', crossorigin: true };
      return [{ tag: 'link', attrs, injectTo: 'head' }];
    },
  };
}

/** Lets sheets be written in `rem` and still not follow the text size of a host's page. */
function ownRem(): Plugin {
  return {
    name: 'persopt-own-rem',
    enforce: 'pre',
    transform: (code, id) => (/\/web\/src\/.*\.ts$/.test(id) ? { code: rootRem(code), map: null } : null),
  };
}

export default defineConfig({
  base: './',
  plugins: [ownRem(), preloadFont(), viewPages()],
  experimental: {
    // The page lies at any depth (deep links), so it names its files from the root; scripts name theirs relative to
    // themselves, so that a page of another origin can import them.
    renderBuiltUrl: (filename, { hostType }) => (hostType === 'html' ? `/studio/${filename}` : { relative: true }),
  },
  build: {
    outDir: '../src/persopt/server/static',
    emptyOutDir: true,
    target: 'es2022',
    manifest: 'manifest.json',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    rolldownOptions: {
      input: { studio: 'index.html', elements: 'src/elements.ts' },
      preserveEntrySignatures: 'exports-only',
      output: {
        // The one file that other pages name; everything else carries its hash.
        entryFileNames: ({ name }) => (name === 'elements' ? 'elements.js' : 'assets/[name]-[hash].js'),
      },
    },
  },
  server: { proxy: { '/api': API, '/health': API } },
  test: { include: ['tests/unit/**/*.test.ts'], exclude: configDefaults.exclude },
} as import('vitest/config').ViteUserConfig);
