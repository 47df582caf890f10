import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expect, openStudio, seriousFaults, test } from './fixtures';

const TRAINING_MS = 240_000;
/** The first look into data in a server's life loads what reads them. */
const FIRST_LOOK_MS = 90_000;

/** Chooses from a combobox by typing a part of the name. */
async function choose(page: Page, label: string, typed: string, name: string): Promise<void> {
  const box = page.getByRole('combobox', { name: label, exact: true });
  await box.fill(typed);
  await page.getByRole('option', { name, exact: false }).first().click();
  await expect(box).toHaveValue(name);
}

/** The group of fields of a hyperparameter. */
const knob = (page: Page, name: string) => page.getByRole('group', { name, exact: true });

async function fillIn(page: Page): Promise<void> {
  await choose(page, 'مدل', 'bert fa', 'models/tiny-bert-fa');
  await choose(page, 'دادگان', 'kinds', 'datasets/word-kinds');
}

test('a tuning goes from the form to trials with results', async ({ page, server }) => {
  test.setTimeout(TRAINING_MS + FIRST_LOOK_MS + 60_000);
  await openStudio(page);
  await fillIn(page);
  await expect(page.locator('persopt-model-picker .facts')).toContainText('BertModel');

  const sample = page.getByRole('region', { name: /سطر نخست/ });
  await expect(sample.getByRole('columnheader', { name: 'text' })).toContainText('ورودی', { timeout: FIRST_LOOK_MS });
  await expect(sample.getByRole('columnheader', { name: 'label' })).toContainText('برچسب');
  await expect(page.getByRole('combobox', { name: 'وظیفه' })).toContainText('تشخیص خودکار: دسته‌بندی متن');

  await knob(page, 'نرخ یادگیری').getByRole('textbox', { name: 'از' }).fill('۰٫۰۰۰۱');
  await knob(page, 'نرخ یادگیری').getByRole('textbox', { name: 'تا' }).fill('5e-3');
  await knob(page, 'دوره‌ها').getByRole('combobox', { name: 'جست‌وجو در' }).selectOption({ label: 'مقدار ثابت' });
  await knob(page, 'اندازهٔ دسته').getByRole('textbox', { name: 'مقدارها' }).fill('۱۶، ۳۲');
  await page.getByRole('textbox', { name: 'شمار آزمایش‌ها' }).fill('۲');
  await page.getByRole('combobox', { name: 'راهبرد' }).selectOption('random');
  await page.getByRole('textbox', { name: 'نام کار' }).fill('واژه‌ها');
  await expect(page.locator('persopt-tuning-summary .lead')).toHaveText(
    '۲ آزمایش با جست‌وجوی تصادفی روی ۳ ابرپارامتر، برای بهترین صحت.',
  );
  expect(await seriousFaults(page)).toEqual([]);

  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.url().endsWith('/jobs') && response.request().method() === 'POST'),
    page.getByRole('button', { name: 'آغاز تنظیم' }).click(),
  ]);
  const { id, spec } = (await answer.json()) as { id: string; spec: Record<string, unknown> };
  expect(spec).toMatchObject({
    name: 'واژه‌ها',
    strategy: 'random',
    maxTrials: 2,
    reportLanguage: 'fa',
    config: {
      learningRate: { min: 0.0001, max: 0.005, distribution: 'log_uniform' },
      batchSize: [16, 32],
      epochs: 1,
    },
  });
  await expect(page).toHaveURL(new RegExp(`/studio/jobs/${id}$`));

  await page.getByRole('link', { name: 'تنظیم', exact: true }).first().click();
  await expect(page.locator('persopt-running-tunings').getByRole('link', { name: 'واژه‌ها' })).toBeVisible();
  await expect(page.locator('persopt-running-tunings')).toContainText('مانده', { timeout: TRAINING_MS });

  const trials = await page.evaluate(async (job) => {
    for (;;) {
      const state = await (await fetch(`/api/optimization/jobs/${job}`)).json();
      if (!['queued', 'running'].includes(state.state))
        return (await (await fetch(`/api/optimization/jobs/${job}/trials`)).json()).trials;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }, id);
  expect(trials.map((trial: { state: string }) => trial.state)).toEqual(['succeeded', 'succeeded']);
  expect(readdirSync(join(server.home, 'jobs')).join()).toContain(id);
});

test('says what is missing, and leads to the field', async ({ page }) => {
  await openStudio(page);
  await page.getByRole('button', { name: 'آغاز تنظیم' }).click();
  const summary = page.getByRole('alert');
  await expect(summary).toContainText('۲ مورد باید درست شود');
  await expect(summary).toBeFocused();
  await summary.getByRole('button', { name: 'دادگان' }).click();
  await expect(page.getByRole('combobox', { name: 'دادگان', exact: true })).toBeFocused();
  expect(await seriousFaults(page)).toEqual([]);
});

test('puts what the server refuses at its field', async ({ page }) => {
  test.setTimeout(FIRST_LOOK_MS + 60_000);
  await openStudio(page);
  await fillIn(page);
  const box = page.getByRole('combobox', { name: 'مدل', exact: true });
  await box.fill('models/nowhere');
  await box.press('Tab');
  await page.getByRole('textbox', { name: 'پوشهٔ خروجی' }).fill('models/tiny-bert-fa-2');
  await page.getByRole('button', { name: 'آغاز تنظیم' }).click();
  const summary = page.getByRole('alert');
  await expect(summary.getByRole('button', { name: 'مدل' })).toBeVisible({ timeout: FIRST_LOOK_MS });
  await expect(summary.getByRole('button', { name: 'پوشهٔ خروجی' })).toBeVisible();
  await expect(box).toHaveAttribute('aria-invalid', 'true');
  await box.fill('models/tiny-bert-fa');
  await box.press('Tab');
  await expect(box).not.toHaveAttribute('aria-invalid');
});

test('keeps the form over a reload, and shows what a scale does', async ({ page }) => {
  await openStudio(page);
  await fillIn(page);
  const places = () =>
    knob(page, 'نرخ یادگیری')
      .locator('persopt-domain-preview .point')
      .evaluateAll((lines) => lines.map((line) => Number(line.getAttribute('x1'))));
  const half = (shares: number[]) => shares.filter((share) => share < 120).length;
  expect(half(await places())).toBeGreaterThan(12);
  await knob(page, 'نرخ یادگیری').getByRole('combobox', { name: 'مقیاس' }).selectOption('linear');
  expect(half(await places())).toBe(10);

  await page.getByRole('combobox', { name: 'افزودن ابرپارامتر' }).selectOption('lrSchedulerType');
  await expect(knob(page, 'برنامهٔ نرخ یادگیری').getByRole('checkbox', { name: 'cosine', exact: true })).toBeChecked();
  await page.getByRole('combobox', { name: 'راهبرد' }).selectOption('grid');
  await page.getByRole('button', { name: 'آغاز تنظیم' }).click();
  await expect(page.getByRole('alert')).toContainText('شبکه');

  await page.reload();
  await expect(page.getByRole('combobox', { name: 'مدل', exact: true })).toHaveValue('models/tiny-bert-fa');
  await expect(page.getByRole('combobox', { name: 'راهبرد' })).toHaveValue('grid');
  await expect(knob(page, 'برنامهٔ نرخ یادگیری')).toBeVisible();
  await page.getByRole('button', { name: 'خالی کردن فرم' }).click();
  await expect(page.getByRole('combobox', { name: 'مدل', exact: true })).toHaveValue('');
});
