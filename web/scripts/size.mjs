// The first load of script, compressed: the page's entry, all that it imports at once, and the catalogue of the shell.
// Fails above the limit that the studio promises.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const LIMIT = 30 * 1024;
const folder = fileURLToPath(new URL('../../src/persopt/server/static', import.meta.url));
const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));

const wanted = new Set();
const visit = (key) => {
  if (wanted.has(key)) return;
  wanted.add(key);
  for (const next of manifest[key].imports ?? []) visit(next);
};
visit('index.html');
visit('src/i18n/fa/shell.json');

let gzip = 0;
let brotli = 0;
for (const key of wanted) {
  const bytes = readFileSync(join(folder, manifest[key].file));
  const small = gzipSync(bytes, { level: 9 }).length;
  gzip += small;
  brotli += readFileSync(join(folder, `${manifest[key].file}.br`)).length;
  console.log(`${String(small).padStart(7)}  ${manifest[key].file}`);
}
console.log(`${String(gzip).padStart(7)}  first load of script, gzip (${brotli} by Brotli); the limit is ${LIMIT}`);
if (gzip > LIMIT) process.exit(1);
