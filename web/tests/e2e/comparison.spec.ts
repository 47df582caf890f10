import type { Page } from '@playwright/test';
import { expect, openStudio, seriousFaults, test } from './fixtures';
import type { StudioServer } from './server';

const JOB_MS = 240_000;
const TEXT = 'گربه سگ اسب';

interface JobAnswer {
  id: string;
  state: string;
  result: { modelPath: string };
}

/** Runs a job to its end over HTTP. */
async function run(server: StudioServer, kind: string, spec: object): Promise<JobAnswer> {
  const api = `${server.url}/api/optimization`;
  const answer = await fetch(`${api}/${kind}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(spec),
  });
  expect(answer.status).toBe(202);
  let job = (await answer.json()) as JobAnswer;
  await expect
    .poll(
      async () => {
        job = (await (await fetch(`${api}/jobs/${job.id}`)).json()) as JobAnswer;
        return job.state;
      },
      { timeout: JOB_MS, intervals: [500] },
    )
    .toBe('succeeded');
  return job;
}

async function choose(page: Page, label: string, typed: string, option: string): Promise<void> {
  await page.getByRole('combobox', { name: label, exact: true }).fill(typed);
  await page.getByRole('option', { name: option }).first().click();
}

test.beforeAll(async ({ server }) => {
  test.setTimeout(2 * JOB_MS);
  await run(server, 'jobs', {
    baseModelPath: 'models/tiny-bert-fa',
    datasetPath: 'datasets/word-kinds',
    maxTrials: 1,
    config: { learningRate: 0.003, epochs: 2 },
    outputDir: 'models/words',
  });
  await run(server, 'quantize', {
    name: 'سبک',
    modelPath: 'models/words',
    outputPath: 'models/words-int8',
    measureLatency: false,
    measureMemory: false,
    config: { backend: 'onnxruntime', method: 'dynamic' },
  });
});

test('says at its field what is wrong, before and after it was sent', async ({ page }) => {
  await openStudio(page, '/studio/comparison');
  await page.getByRole('button', { name: 'آغاز مقایسه' }).click();
  await expect(page.getByRole('alert').getByRole('listitem')).toHaveCount(2);
  await page.getByRole('alert').getByRole('button', { name: 'مدل مبنا' }).click();
  await expect(page.getByRole('combobox', { name: 'مدل مبنا' })).toBeFocused();

  await choose(page, 'مدل مبنا', 'words', 'models/words');
  await page.getByRole('combobox', { name: 'مدل ۲' }).fill('models/nowhere');
  await page.getByRole('combobox', { name: 'مدل ۲' }).press('Tab');
  await page.getByRole('button', { name: 'آغاز مقایسه' }).click();
  await expect(page.getByRole('alert')).toContainText('nowhere');
  await expect(page.getByRole('combobox', { name: 'مدل ۲' })).toHaveAttribute('aria-invalid', 'true');
});

test('compares a checkpoint with its quantized artifact, from the form to the verdict', async ({ page }) => {
  test.setTimeout(JOB_MS + 60_000);
  await openStudio(page, '/studio/comparison?model=models/words');
  await choose(page, 'مدل ۲', 'سبک', 'سبک — کوانتش');
  await choose(page, 'دادگان', 'kinds', 'datasets/word-kinds');
  await page.getByText('شکل ورودی، رشته‌ها').click();
  await page.getByRole('checkbox', { name: 'حافظه و زمان بارگذاری سنجیده شود' }).uncheck();
  await page.getByRole('textbox', { name: 'سطر در هر فراخوانی' }).fill('۱');
  await page.getByRole('textbox', { name: 'توکن در هر سطر' }).fill('۱۶');
  await page.getByRole('textbox', { name: 'زمان سنجش (ثانیه)' }).fill('۰٫۲');
  await page.getByRole('textbox', { name: 'ستون‌ها' }).fill('label');
  await expect(page.getByText('۲ مدل مقایسه می‌شود')).toBeVisible();

  await page.goto('/studio/comparison'); // what was filled in is there again
  await expect(page.getByRole('combobox', { name: 'مدل ۲' })).toHaveValue('سبک — کوانتش');
  await expect(page.getByRole('combobox', { name: 'دادگان' })).toHaveValue('datasets/word-kinds');
  expect(await seriousFaults(page)).toEqual([]);

  await page.getByRole('button', { name: 'آغاز مقایسه' }).click();
  await expect(page).toHaveURL(/\/comparison\/[0-9a-f]{20}$/);
  await expect(page.getByRole('progressbar')).toBeVisible();
  const verdict = page.locator('persopt-verdict .said');
  await expect(verdict).toContainText('کوچک‌تر', { timeout: JOB_MS });
  await expect(verdict).toContainText('صحت آن');
  await expect(page.getByRole('heading', { name: 'کیفیت در برابر هزینه' })).toBeVisible();
  await expect(page.getByRole('region', { name: 'کیفیت', exact: true }).getByRole('row')).toHaveCount(7);
  await expect(page.getByRole('region', { name: /صحت در برش‌های داده/ })).toContainText('animal');
  await page.getByRole('radio', { name: 'اندازه' }).check();
  await expect(page.getByRole('img', { name: /صحت در برابر اندازه/ })).toBeVisible();
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: /گزارش کامل، فارسی/ }).click(),
  ]);
  expect(file.suggestedFilename()).toBe('report.fa.html');
  expect(await seriousFaults(page)).toEqual([]);
});

test('tries both models on a text that is typed', async ({ page }) => {
  test.setTimeout(JOB_MS); // the first question waits for a process that loads its libraries
  await openStudio(page, '/studio/comparison?model=models/words&model=models/words-int8');
  await page.getByRole('textbox', { name: 'متن' }).fill(TEXT);
  await page.getByRole('button', { name: 'پرسیدن از مدل‌ها' }).click();
  const answers = page.locator('persopt-try-models article');
  await expect(answers).toHaveCount(2, { timeout: JOB_MS });
  for (const place of [0, 1]) await expect(answers.nth(place).getByRole('listitem')).toHaveCount(3);
  await expect(answers.first().getByRole('listitem').first()).toContainText('٪');
});

test('compresses to a target, from the form to the front', async ({ page }) => {
  test.setTimeout(JOB_MS + 60_000);
  await openStudio(page, '/studio/comparison');
  await page.getByRole('tab', { name: 'فشرده‌سازی تا هدف' }).click();
  await expect(page).toHaveURL(/mode=compress/);
  await choose(page, 'مدل', 'words', 'models/words');
  await choose(page, 'دادگان', 'kinds', 'datasets/word-kinds');
  await page.getByRole('textbox', { name: 'بیشترین افت (واحد درصد)' }).fill('۱۰');
  await page.getByText('روش‌ها، زمان‌گیری').click();
  await page.getByRole('checkbox', { name: 'کوچک کردن واژگان' }).uncheck();
  await page.getByRole('checkbox', { name: 'هرس و آموزش' }).uncheck();
  await page.getByRole('checkbox', { name: 'ONNX Runtime' }).check();
  await page.getByRole('textbox', { name: 'حداکثر نامزدها' }).fill('۲');
  await page.getByRole('textbox', { name: 'توکن در هر سطر' }).fill('۱۶');
  await page.getByRole('textbox', { name: 'زمان سنجش (ثانیه)' }).fill('۰٫۲');
  await page.getByRole('checkbox', { name: /حافظهٔ مدل برگزیده/ }).uncheck();
  await expect(page.getByText('سریع‌ترین مدل با افت حداکثر ۱۰ واحد درصد.')).toBeVisible();
  expect(await seriousFaults(page)).toEqual([]);

  await page.getByRole('button', { name: 'آغاز جست‌وجو' }).click();
  await expect(page).toHaveURL(/\/comparison\/[0-9a-f]{20}$/);
  await expect(page.locator('persopt-compress-live')).toContainText('کوانتش', { timeout: JOB_MS }); // while it runs
  await expect(page.locator('persopt-compress-result .said').first()).toContainText('کوچک‌تر', { timeout: JOB_MS });
  const table = page.getByRole('region', { name: 'نامزدها' });
  await expect(table.getByRole('row')).toHaveCount(3);
  await expect(table).toContainText('برگزیده');
  await expect(page.getByRole('img', { name: /افت کیفیت در برابر تأخیر/ })).toBeVisible();
  await expect(page.locator('persopt-compress-result pre')).toContainText('persopt.load(');
  expect(await seriousFaults(page)).toEqual([]);

  await page.getByRole('link', { name: 'با همین تنظیم‌ها از نو' }).click();
  await expect(page.getByRole('textbox', { name: 'بیشترین افت (واحد درصد)' })).toHaveValue('۱۰');
});
