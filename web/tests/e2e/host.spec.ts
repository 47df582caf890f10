import type { Page } from '@playwright/test';
import { expect, test as base } from './fixtures';
import { HostPage } from './host-page';
import { StudioServer } from './server';

const TOKEN = 'token-of-a-host-page-0123456789';
const API = '/api/optimization';

/** `host`: a page of another origin that the server allows, and asks for a token. No job is run, so each stays queued. */
const test = base.extend<object, { host: HostPage }>({
  host: [
    // eslint-disable-next-line no-empty-pattern -- how Playwright wants it
    async ({}, use) => {
      const host = await HostPage.start();
      await use(host);
      await host.stop();
    },
    { scope: 'worker' },
  ],
  server: [
    async ({ host }, use) => {
      const options = ['--allow-origin', host.origin, '--capacity', '0'];
      const server = await StudioServer.start(options, { PERSOPT_TOKEN: TOKEN });
      host.api = server.url;
      await use(server);
      await server.remove();
    },
    { scope: 'worker', timeout: 300_000 },
  ],
  baseURL: async ({ host, server }, use) => use(server.url && host.origin),
});

async function giveToken(page: Page): Promise<void> {
  await page.getByLabel('Token').fill(TOKEN);
  await page.getByRole('button', { name: 'Use it' }).click();
  await expect(page.locator('persopt-studio .status.live')).toBeAttached();
}

test('a page of another origin mounts the studio and the jobs, with a token that it keeps', async ({
  page,
  server,
}) => {
  await page.goto('/');
  await giveToken(page);
  const studio = page.locator('persopt-studio');
  const jobs = page.locator('persopt-jobs');
  await expect(studio.locator('persopt-system-load dt').first()).toBeVisible();
  await expect(studio.getByRole('heading', { level: 1 })).toHaveText('تنظیم ابرپارامترها');
  await expect(jobs.getByRole('heading', { level: 1 })).toHaveText('Jobs');

  // The studio's places are after the page's hash; the jobs have none there.
  await studio.getByRole('link', { name: 'هرس' }).first().click();
  await expect(page).toHaveURL(/\/#\/pruning$/);
  await expect(page.locator('#heard')).toContainText('persopt-studio: persopt-navigate {"path":"/pruning"}');
  await page.goBack();
  await expect(studio.getByRole('heading', { level: 1 })).toHaveText('تنظیم ابرپارامترها');

  // What happens on the server is seen in the element and heard by the page.
  const answer = await fetch(`${server.url}${API}/prune`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({
      name: 'from elsewhere',
      modelPath: 'models/tiny-bert-fa',
      outputPath: 'models/elsewhere',
      config: { sparsity: 0.5 },
    }),
  });
  const { id } = (await answer.json()) as { id: string };
  await expect(jobs.getByText('from elsewhere')).toBeVisible();
  await expect(page.locator('#heard')).toContainText(`persopt-jobs: persopt-job {"jobId":"${id}"`);
  await expect(page.locator('#heard')).toContainText('"type":"persopt.job.queued"');

  const kept = await page.evaluate(() => [location.href, document.body.innerHTML, ...Object.values(sessionStorage)]);
  expect(kept.join('\n')).not.toContain(TOKEN);
});

test('no style comes in, none goes out', async ({ page }) => {
  let open: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (open = resolve));
  await page.route('**/elements.js', async (route) => {
    await held;
    await route.continue();
  });
  await page.goto('/', { waitUntil: 'commit' });
  await expect(page.getByRole('heading', { name: 'What they tell' })).toBeVisible();
  const before = await page.evaluate(ownStyles);
  open();
  await giveToken(page);
  await expect(page.locator('persopt-jobs h1')).toBeVisible();
  await expect(page.locator('persopt-studio main h1')).toBeVisible();
  await page.evaluate(() => document.fonts.ready);
  expect(await page.evaluate(ownStyles)).toEqual(before);

  const seen = await page.evaluate(async () => {
    const link = Object.assign(document.createElement('link'), { rel: 'stylesheet', href: 'hostile.css' });
    const loaded = new Promise((resolve) => link.addEventListener('load', resolve));
    document.head.append(link);
    await loaded;
    const sheet = link.sheet as CSSStyleSheet;
    const names = [...'color,background-color,font-size,font-family,font-weight,font-style,line-height'.split(',')];
    names.push(...'letter-spacing,word-spacing,text-transform,text-align,text-shadow,white-space,cursor'.split(','));
    names.push(
      ...'border-top-width,border-top-color,padding-left,margin-top,opacity,zoom,direction,display'.split(','),
    );
    const all = (root: Document | ShadowRoot | Element): Element[] =>
      [...root.querySelectorAll('*')].flatMap((element) => [
        element,
        ...(element.shadowRoot ? all(element.shadowRoot) : []),
      ]);
    const inside = [...document.querySelectorAll('persopt-studio, persopt-jobs')].flatMap((element) => [
      element,
      ...all(element.shadowRoot as ShadowRoot),
    ]);
    const look = (disabled: boolean) => {
      sheet.disabled = disabled;
      return inside.map((element) => {
        const style = getComputedStyle(element);
        return names.map((name) => `${element.localName} ${name}: ${style.getPropertyValue(name)}`);
      });
    };
    const clean = look(true);
    const soiled = look(false);
    const hit = getComputedStyle(document.querySelector('section h2') as Element).color;
    return { count: inside.length, hit, wrong: soiled.flat().filter((line, index) => line !== clean.flat()[index]) };
  });
  expect(seen.count).toBeGreaterThan(60);
  expect(seen.hit).toBe('rgb(0, 255, 0)'); // the rules do hold for the page itself
  expect(seen.wrong).toEqual([]);
});

test('a page that is not allowed gets nothing', async ({ context, server }) => {
  const other = await HostPage.start();
  other.api = server.url;
  const page = await context.newPage();
  const blocked: string[] = [];
  page.on('console', (message) => blocked.push(message.text()));
  await page.goto(other.origin);
  await expect.poll(() => blocked.join('\n')).toContain('CORS policy');
  expect(await page.evaluate(() => customElements.get('persopt-studio') === undefined)).toBe(true);
  const told = await page.evaluate(
    ([url, token]) =>
      fetch(`${url}/api/optimization/jobs`, { headers: { Authorization: `Bearer ${token}` } }).then(
        (answer) => answer.text(),
        (error: Error) => error.name,
      ),
    [server.url, TOKEN],
  );
  expect(told).toBe('TypeError');
  await other.stop();
});

/** How the host's own parts look. */
function ownStyles(): string[] {
  const names = ['color', 'background-color', 'font-family', 'font-size', 'margin-top', 'line-height', 'color-scheme'];
  return [...document.querySelectorAll('html, body, body > h1, body > p, section, section > h2, body > h2')].map(
    (element) => names.map((name) => getComputedStyle(element).getPropertyValue(name)).join(' | '),
  );
}
